"""The generators compared at equal training time, from the shell."""

from pipelines.comparison.run import main

main()
