"""Work for grids under test: cheap, in a module so that worker processes can import it."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from augment import AugmentError
from augment.artefacts.artefact import artefact
from augment.artefacts.files import write_json, write_text
from augment.runtime import Runtime


@dataclass(frozen=True)
class Item:
    """A number to be squared, after those that it needs."""

    number: int
    needs: "tuple[Item, ...]" = ()

    @property
    def name(self) -> str:
        """Its name."""
        return f"item{self.number}"


BASE = Item(10)
SHARED = (Item(11, (BASE,)), Item(12, (BASE,)))
GOALS = [Item(0), Item(1, (SHARED[0],)), Item(2, (SHARED[0],)), Item(3, SHARED)]
"""Seven items of ten files each: the goals need the shared ones, and these the base."""


def result_of(root: Path, item: Item) -> Path:
    """Where an item's result is."""
    return root / f"{item.name}.json"


def square(root: Path, item: Item, runtime: Runtime) -> None:
    """Write the square and who made it."""
    if (root / f"break-{item.name}").exists():
        raise AugmentError("the number is broken; mend it")
    if (root / f"die-{item.name}").exists():
        (root / f"die-{item.name}").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    seen = {"needs": [result_of(root, need).exists() for need in item.needs], "ended": time.monotonic()}
    how = {"pid": os.getpid(), "threads": runtime.threads, "progress": runtime.progress, "force": runtime.force}
    write_json(result_of(root, item), {"square": item.number**2, **how, **seen})


def slow_sum(root: Path, item: Item, runtime: Runtime) -> None:
    """An artefact in ten files that are made one by one; the last is the sum of the number and what it needs."""
    with artefact(root / item.name, "sum", {"number": item.number}, wait=runtime.wait) as run:
        if run.finished:
            return
        with (root / "starts.txt").open("a") as starts:
            starts.write(f"{item.name}\n")
        for step in range(10):
            if not (run.folder / f"{step}.txt").exists():
                time.sleep(0.02)
                write_text(run.folder / f"{step}.txt", f"{item.number} {step}\n")
        sums = [int((root / need.name / "sum.txt").read_text()) for need in item.needs]
        write_text(run.folder / "sum.txt", str(item.number + sum(sums)))
        run.finish({"sum": item.number + sum(sums)})


def wait_for_ever(root: Path, item: Item, runtime: Runtime) -> None:
    """Note the process and never return."""
    result_of(root, item).write_text(str(os.getpid()))
    while True:
        time.sleep(60)
