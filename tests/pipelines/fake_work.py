"""Work for grids under test: cheap, in a module so that worker processes can import it."""

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from augment import AugmentError
from augment.runtime import Runtime


@dataclass(frozen=True)
class Item:
    """A number to be squared."""

    number: int

    @property
    def name(self) -> str:
        """Its name."""
        return f"item{self.number}"


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
    partial = root / f"{item.name}.partial"
    values = {"square": item.number**2, "pid": os.getpid(), "threads": runtime.threads, "progress": runtime.progress}
    partial.write_text(json.dumps(values))
    partial.replace(result_of(root, item))


def wait_for_ever(root: Path, item: Item, runtime: Runtime) -> None:
    """Note the process and never return."""
    result_of(root, item).write_text(str(os.getpid()))
    while True:
        time.sleep(60)
