"""Wall-clock time of the steps of a pipeline, summed over runs that were interrupted and continued."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from augment.artefacts.files import write_json

TIMES = "times.json"


def read_times(folder: Path) -> dict[str, float]:
    """Seconds spent in each step so far.

    Args:
        folder: of the pipeline's results.

    Returns:
        In the order of the steps; empty where nothing was timed.
    """
    path = folder / TIMES
    if not path.exists():
        return {}
    return {name: entry["seconds"] for name, entry in json.loads(path.read_text(encoding="utf-8")).items()}


@contextmanager
def timed(folder: Path, step: str) -> Iterator[None]:
    """Add the time of a step to `times.json`, also when it is interrupted; a step finished before adds none.

    Args:
        folder: of the pipeline's results.
        step: what is timed, in words.
    """
    path = folder / TIMES
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    entry = entries.setdefault(step, {"seconds": 0.0, "finished": False})
    started, finished = time.monotonic(), False
    try:
        yield
        finished = True
    finally:
        if not entry["finished"]:
            entry["seconds"] = round(float(entry["seconds"]) + time.monotonic() - started, 2)
            entry["finished"] = finished
            write_json(path, entries)
