"""`make bench`: every measurement, one after the other."""

from bench import decoding, distributed, training

training.main()
decoding.main()
distributed.main()
