"""`python -m bench` is the comparison; `python -m bench.load` is one workload alone."""

from bench import compare

if __name__ == "__main__":
    compare.main()
