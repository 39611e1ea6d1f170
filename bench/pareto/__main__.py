"""python -m bench.pareto"""

from bench.pareto.run import main

if __name__ == "__main__":
    main()
