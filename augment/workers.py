"""Worker processes that leave Ctrl-C to the process that started them and do not outlive it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection
from typing import TypeVar

from augment import AugmentError

Item = TypeVar("Item")
Result = TypeVar("Result")
Read = TypeVar("Read")
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


def overlapped(
    items: Sequence[Item],
    read: Callable[[Item], Read],
    work: Callable[[Item, Read], Result],
    write: Callable[[Item, Result], None],
) -> None:
    """Read, work on and write items in order: the next one is read and the one before is written meanwhile.

    At most one item is read ahead, and one waits to be written. What has begun is finished where an error ends it.

    Args:
        items: what there is to do.
        read: called in a thread.
        work: called here, with an item and what was read of it.
        write: called in a thread, with an item and what the work gave.
    """
    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(read, item) for item in items[:1]]
        writing: list[Future[None]] = []
        for number, item in enumerate(items):
            found = reading.pop().result()
            reading += [pool.submit(read, following) for following in items[number + 1 : number + 2]]
            made = work(item, found)
            while writing:
                writing.pop().result()
            writing.append(pool.submit(write, item, made))
        while writing:
            writing.pop().result()


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
