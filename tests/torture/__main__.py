"""`python -m tests.torture`: the whole torture, which writes docs/results/reliability.md; `--short` a part of it."""

import os

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"  # before torch and numpy are imported: a fork has one thread
os.environ["MPLBACKEND"] = "Agg"

import argparse  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from pathlib import Path  # noqa: E402

from augment.versions import processor  # noqa: E402
from tests.torture.killing import kill, rounds, stop  # noqa: E402
from tests.torture.record import RECORD, Record, about, commit, kinds, publish  # noqa: E402
from tests.torture.sharing import share  # noqa: E402
from tests.torture.verbs import import_all, unbroken  # noqa: E402

FULL, SHORT = (100, 36, 4), (6, 6, 1)
"""Kills, stops, and rounds of sharing."""


def torture(folder: Path, kills: int, stops: int, sharings: int, seed: int, per_round: int) -> Record:
    """Kill, stop and share in workspaces below `folder`."""
    started = time.monotonic()
    import_all()
    whole = unbroken(folder / "whole" / "w")
    killed = rounds(folder, kill, kills, seed, whole, per_round)
    stopped = rounds(folder, stop, stops, seed + 1000, whole, per_round=1)
    shared, wrong = [], [*killed.wrong, *stopped.wrong]
    for number in range(sharings):
        met, faults = share(folder, seed + number, whole)
        shared += met
        wrong += faults
    wrong = [fault.replace(str(folder), "") for fault in wrong]
    seconds = round(time.monotonic() - started, 1)
    return Record(commit(), processor(), seconds, kinds(whole.contents), killed.blows, stopped.blows, shared, wrong)


def main() -> None:
    """Torture as asked for; exits with 1 where anything is wrong."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few kills, and write no documentation")
    parser.add_argument("--seed", type=int, default=1, help="of all moments")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        record = torture(Path(folder), *(SHORT if asked.short else FULL), asked.seed, 1 if asked.short else 4)
    if not asked.short:
        record.write(RECORD)
        publish(record)
    print(json.dumps(about(record)))
    sys.exit(1 if record.wrong else 0)


if __name__ == "__main__":
    main()
