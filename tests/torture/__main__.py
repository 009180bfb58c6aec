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
from tests.torture.killing import STOP, Struck, kill, rounds, stop  # noqa: E402
from tests.torture.record import RECORD, Record, about, commit, kinds, publish  # noqa: E402
from tests.torture.sharing import share  # noqa: E402
from tests.torture.verbs import Whole, import_all, unbroken  # noqa: E402

KILLS, STOPS, SHARINGS = 100, 36, 4
PER_ROUND = 4
SHORT = 12
"""Kills and stops of the short form: one of each a verb."""
SHORT_SEED = 16114
"""Its moments lie well within every verb, so that one round is enough; its kills are of all kinds."""


def whole_torture(folder: Path, seed: int, whole: Whole) -> Struck:
    """A hundred kills and some dozens of stops, in rounds of their own."""
    killed = rounds(folder, (kill,) * PER_ROUND, KILLS, seed, whole)
    stopped = rounds(folder, (stop,), STOPS, seed + 1000, whole)
    return Struck([*killed.blows, *stopped.blows], [*killed.wrong, *stopped.wrong])


def torture(folder: Path, seed: int, *, short: bool) -> Record:
    """Kill, stop and share in workspaces below `folder`."""
    started = time.monotonic()
    import_all()
    whole = unbroken(folder / "whole" / "w")
    struck = rounds(folder, (kill, stop), SHORT, seed, whole) if short else whole_torture(folder, seed, whole)
    shared, wrong = [], struck.wrong
    for number in range(1 if short else SHARINGS):
        met, faults = share(folder, seed + number, whole)
        shared += met
        wrong += faults
    wrong = [fault.replace(str(folder), "") for fault in wrong]
    seconds = round(time.monotonic() - started, 1)
    kills, stops = ([blow for blow in struck.blows if (blow.kind == STOP) is stops] for stops in (False, True))
    return Record(commit(), processor(), seconds, kinds(whole.contents), kills, stops, shared, wrong)


def main() -> None:
    """Torture as asked for; exits with 1 where anything is wrong."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few kills, and write no documentation")
    parser.add_argument("--seed", type=int, help="of all moments")
    asked = parser.parse_args()
    seed = asked.seed or (SHORT_SEED if asked.short else 1)
    with tempfile.TemporaryDirectory() as folder:
        record = torture(Path(folder), seed, short=asked.short)
    if not asked.short:
        record.write(RECORD)
        publish(record)
    print(json.dumps(about(record)))
    sys.exit(1 if record.wrong else 0)


if __name__ == "__main__":
    main()
