"""Runs cells in worker processes; knows nothing of tables, and finished folders are the only truth about progress."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from tqdm import tqdm

import patn
import reid
from augment import AugmentError
from augment.runtime import Runtime
from augment.workers import start_worker

logger = logging.getLogger(__name__)


class Named(Protocol):
    """Plain data that can be pickled and has a name to show."""

    @property
    def name(self) -> str:
        """What messages call it."""


C = TypeVar("C", bound=Named)
Work = Callable[[Path, C, Runtime], object]


def run_cells(
    root: Path,
    cells: Sequence[C],
    work: Work[C],
    *,
    finished: Callable[[C], bool],
    jobs: int,
    runtime: Runtime,
    label: str = "cells",
) -> int:
    """Run `work(root, cell, runtime)` for every cell that is not finished; returns how many were run.

    jobs: cells at a time, each in a process of its own with cores // jobs threads, so that a cell that is continued
    with the same jobs ends the same; 1 runs them in this process.
    Workers start once, so that each imports torch once.  `work` is a module-level function; it resumes its own
    unfinished artefacts, hence a killed grid is started again and continues.
    Raises AugmentError naming the cell that failed or whose process died; Ctrl-C ends the workers.
    """
    waiting = [cell for cell in dict.fromkeys(cells) if runtime.force or not finished(cell)]
    logger.info("%s: %d of %d are finished", label, len(cells) - len(waiting), len(cells))
    bar = tqdm(total=len(waiting), desc=label, unit="cell", disable=None if runtime.progress else True)
    with bar:
        if jobs == 1:
            quiet = replace(runtime, progress=False)
            for cell in waiting:
                bar.set_postfix_str(cell.name)
                _attempt(work, root, cell, quiet)
                bar.update()
        else:
            share = max(1, available_cores() // jobs)  # of the jobs asked for: sums depend on the number of threads
            _run_parallel(root, waiting, work, jobs, replace(runtime, progress=False, threads=share), bar)
    return len(waiting)


def available_cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _attempt(work: Work[C], root: Path, cell: C, runtime: Runtime) -> object:
    """Do the work of one cell; a failure the user can mend is named after the cell."""
    try:
        return work(root, cell, runtime)
    except (AugmentError, patn.DataError, reid.DataError) as error:
        raise AugmentError(f"cell {cell.name}: {error}") from error


def _run_parallel(root: Path, cells: Sequence[C], work: Work[C], jobs: int, runtime: Runtime, bar: tqdm) -> None:
    """Spread cells over worker processes; whatever ends it early ends the workers too."""
    before = set(multiprocessing.active_children())
    spawn = multiprocessing.get_context("spawn")
    workers = max(1, min(jobs, len(cells)))
    pool = ProcessPoolExecutor(workers, spawn, initializer=_start_worker, initargs=(runtime.threads or 1,))
    try:
        pending: dict[Future[object], C] = {pool.submit(_attempt, work, root, cell, runtime): cell for cell in cells}
        while pending:
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                cell = pending.pop(future)
                try:
                    future.result()
                except BrokenProcessPool as error:
                    unfinished = [cell.name, *(other.name for other in pending.values())][:jobs]
                    raise AugmentError(
                        f"a worker process died (killed, or out of memory) at cell {' or '.join(unfinished)}; "
                        "run the same command again, it continues there, or use fewer --jobs"
                    ) from error
                bar.set_postfix_str(cell.name)
                bar.update()
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()


def _start_worker(threads: int) -> None:
    """Set a worker up: its threads, no traceback on Ctrl-C (the parent ends it), an end when the parent dies."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(threads)
    tqdm.set_lock(threading.RLock())  # its own is a semaphore that a killed worker would leave behind
    start_worker()
