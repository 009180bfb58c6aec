"""The lock of a folder, which falls with its owner, and who holds it."""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from augment import Busy
from numerics.files import naming

log = logging.getLogger(__name__)


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a folder, a file beside it; of processes that share a disk one at a time does.

    The system releases it when its owner dies.  Who holds it stands in a second file beside it for as long.

    Args:
        folder: need not be there; the folder around it is made.
        wait: for the process that holds it.

    Raises:
        Busy: where another process holds it and `wait` is False.
    """
    from filelock import FileLock, Timeout  # a tenth of the start-up time of `--help`

    folder.parent.mkdir(parents=True, exist_ok=True)
    lock, note = FileLock(folder.parent / f".{folder.name}.lock"), _note(folder)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not wait:
            raise Busy(f"{folder}: {_holder(folder)} is at work there") from None
        log.info("%s: %s is at work there; waiting for it", folder, _holder(folder))
        lock.acquire()
    try:
        with naming(note):
            note.write_text(json.dumps({"process": os.getpid(), "host": platform.node()}), encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


@contextmanager
def locked_if_possible(folder: Path, *, wait: bool = True) -> Iterator[OSError | None]:
    """Hold the lock of a folder as `locked` does, or nothing where there can be no lock, as on a read-only disk.

    Args:
        folder: as of `locked`.
        wait: as of `locked`.

    Yields:
        What stands in the way of the lock, to be raised where the folder is to be written to; None where it is held.

    Raises:
        Busy: as of `locked`.
    """
    with ExitStack() as stack:
        barred: OSError | None = None
        try:
            stack.enter_context(locked(folder, wait=wait))
        except OSError as error:
            barred = error
        yield barred


def _note(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.holder"


def _holder(folder: Path) -> str:
    """Who holds the lock of a folder, as far as is known."""
    try:
        by = json.loads(_note(folder).read_text(encoding="utf-8"))
        return f"process {by['process']} on {by['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
