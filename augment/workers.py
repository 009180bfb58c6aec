"""Worker processes that leave Ctrl-C to the process that started them and do not outlive it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection
from typing import TypeVar

from augment import AugmentError

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 2048
"""Items that a thread pool is given at a time."""


def thread_map(work: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> Iterator[Result]:
    """What a function gives for each item, in order; a million items take no more memory than a few.

    The first error, or whatever ends the iteration early, drops what has not begun.

    Args:
        work: the function, called in threads.
        items: what it is given, one a call.
        jobs: threads, at least one.
    """
    pool = ThreadPoolExecutor(max(1, jobs))
    try:
        for start in range(0, len(items), AHEAD):
            yield from pool.map(work, items[start : start + AHEAD])
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def worker_pool(jobs: int, doing: str) -> Iterator[ProcessPoolExecutor]:
    """A pool of spawned processes (libraries with threads do not survive a fork).

    Whatever ends the block early drops what has not begun and waits for what has.

    Args:
        jobs: how many at most, at least one.
        doing: what they do, for the message, such as "estimating poses".

    Raises:
        AugmentError: where a process was killed.
    """
    pool = ProcessPoolExecutor(max(1, jobs), multiprocessing.get_context("spawn"), initializer=start_worker)
    try:
        yield pool
    except BrokenProcessPool as error:
        raise AugmentError(
            f"a process died while {doing} (killed, or out of memory); run the same command again, it continues there, "
            "or use fewer ⟨jobs⟩"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def start_worker() -> None:
    """Set this worker process up: deaf to Ctrl-C, which its parent meets, and dead when the parent is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the parent's death, which would leave this worker waiting for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def available_cores() -> int:
    """The number of cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
