"""`make bench`: every measurement, one after the other."""

from bench import decoding, training

training.main()
decoding.main()
