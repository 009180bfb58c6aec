"""Where work runs: in this process, in worker processes of this machine, or as Ray tasks."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from augment import AugmentError
from augment.runtime import Runtime
from augment.workers import available_cores, start_worker


@dataclass(frozen=True)
class Pool:
    """Takes a module-level function and its arguments.

    Attributes:
        submit: starts a call and returns its future.
        slots: at most so many calls wait or run at a time.
        runtime: the one that the work is to be given: its threads and device are those of the place.
    """

    submit: Callable[..., Future[Any]]
    slots: int
    runtime: Runtime


@dataclass(frozen=True)
class Placement:
    """Where work runs.

    A task that is continued with the same threads ends the same.

    Attributes:
        jobs: tasks at a time on one machine, each in a process of its own; 1 is this process.
        threads: of each task; None is its share of the cores, with one job all of them.
        ray: address of a Ray cluster, "auto", or "local" for one on this machine, None without.
        gpus_per_cell: of each task on Ray, a fraction where several share a GPU.

    Raises:
        AugmentError: for a number out of range.
    """

    jobs: int = 1
    threads: int | None = None
    ray: str | None = None
    gpus_per_cell: float = 1.0

    def __post_init__(self) -> None:
        if self.jobs < 1 or (self.threads is not None and self.threads < 1):
            raise AugmentError(f"⟨jobs⟩ {self.jobs}, ⟨threads⟩ {self.threads}: each must be at least 1")
        if not 0 < self.gpus_per_cell <= 1:
            raise AugmentError(f"⟨gpus_per_cell⟩ {self.gpus_per_cell}: must be above 0 and at most 1")

    @property
    def share(self) -> int:
        """The threads of one of `jobs` tasks on this machine."""
        return self.threads or max(1, available_cores() // self.jobs)


@contextmanager
def here(runtime: Runtime) -> Iterator[Pool]:
    """This process: what is submitted is done at once.

    Args:
        runtime: that the work is given.

    Yields:
        A pool of one slot.
    """
    yield Pool(_at_once, 1, runtime)


def _at_once(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(function(*arguments))
    return future


@contextmanager
def processes(workers: int, runtime: Runtime) -> Iterator[Pool]:
    """Worker processes of this machine; they start once, so that each imports torch once.

    Args:
        workers: how many.
        runtime: that the work is given.

    Yields:
        A pool of as many slots; leaving it early ends the workers.
    """
    before = set(multiprocessing.active_children())
    spawn = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(workers, spawn, initializer=_start_worker, initargs=(runtime.threads or 1,))
    try:
        yield Pool(executor.submit, workers, runtime)
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        executor.shutdown(wait=True, cancel_futures=True)
        raise
    executor.shutdown()


def _start_worker(threads: int) -> None:
    """Set a worker up: its threads, no traceback on Ctrl-C (the parent ends it), an end when the parent dies."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(threads)
    tqdm.set_lock(threading.RLock())  # its own is a semaphore that a killed worker would leave behind
    start_worker()
