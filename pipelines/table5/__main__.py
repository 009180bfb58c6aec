"""`python -m pipelines.table5` is `augment table5`."""

import sys

from augment.cli import augment

if __name__ == "__main__":
    augment(prog_name="augment", args=["table5", *sys.argv[1:]])
