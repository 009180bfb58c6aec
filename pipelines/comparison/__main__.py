"""The generators compared at equal training time, from the shell."""

from pipelines.comparison.run import main

if __name__ == "__main__":
    main()
