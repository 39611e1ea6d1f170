"""`python -m crosslight` is `crosslight`, so that torchrun can start it: `torchrun -m crosslight train`."""

from crosslight.cli.main import main

if __name__ == "__main__":
    main()
