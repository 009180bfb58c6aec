"""Runs work in the order of what needs what; knows nothing of tables, and finished folders are the only truth."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

import patn
import reid
from augment import AugmentError, Busy
from augment.failures import marked
from augment.runtime import Runtime
from pipelines.grid.pools import Placement, Pool, here, processes
from pipelines.grid.ray_tasks import ray_tasks

logger = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0


class Task(Protocol):
    """A piece of work: plain data that can be pickled and compared, with a name and the tasks that come before it."""

    @property
    def name(self) -> str:
        """The name by which messages call it."""

    @property
    def needs(self) -> Sequence[Any]:
        """The tasks that have to be finished first."""


Work = Callable[[Path, Any, Runtime], object]


class Ending(StrEnum):
    """How an attempt can end; busy: another process is at it."""

    DONE = "done"
    FAILED = "failed"
    BUSY = "busy"


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        ending: done, failed or busy.
        message: a sentence, of the latter two; fields are marked where it failed.
    """

    ending: Ending
    message: str = ""


def attempt(work: Work, root: Path, task: Task, runtime: Runtime) -> Outcome:
    """Do the work of one task.

    Args:
        work: as of `run_tasks`.
        root: the folder that the work is given.
        task: the one to do.
        runtime: that the work is given.

    Returns:
        How it ended; a failure that the user can correct is named after the task.
    """
    try:
        work(root, task, runtime)
    except Busy as error:
        return Outcome(Ending.BUSY, str(error))
    except (AugmentError, patn.DataError, reid.DataError) as error:
        return Outcome(Ending.FAILED, f"{task.name}: {marked(error)}")
    return Outcome(Ending.DONE)


def in_order(goals: Sequence[Task]) -> list[Any]:
    """The goals and all that they need: what is needed before what needs it, and the goals last.

    Args:
        goals: the tasks asked for.
    """
    needed: dict[Task, None] = {}

    def visit(task: Task) -> None:
        for need in task.needs:
            visit(need)
            needed.setdefault(need)

    for goal in goals:
        visit(goal)
    return [*needed, *(goal for goal in goals if goal not in needed)]


class OpenTasks:
    """What is left to do; a task is ready when all it needs is done and no other process was found at it lately.

    Args:
        tasks: in the order in which they are to be done.
        goals: those of them that were asked for.
    """

    def __init__(self, tasks: Iterable[Task], goals: set[Task]) -> None:
        self.left, self.goals = dict.fromkeys(tasks), goals
        self.started: set[Task] = set()
        self.failures: list[str] = []
        self._later: dict[Task, tuple[float, float]] = {}

    def ready(self) -> list[Task]:
        """What can be started now, in order."""
        now = time.monotonic()
        return [
            task
            for task in self.left
            if task not in self.started
            and not any(need in self.left for need in task.needs)
            and self._later.get(task, (0.0, 0.0))[0] <= now
        ]

    def settle(self, task: Task, outcome: Outcome) -> None:
        """Note how an attempt ended; what is busy is looked at again later, what needs a failed one is left out.

        Args:
            task: one that was started.
            outcome: how it ended.
        """
        self.started.discard(task)
        if outcome.ending is Ending.BUSY:
            if task not in self._later:
                logger.info("%s; it is looked at again later", outcome.message)
            pause = min(2 * self._later.get(task, (0.0, FIRST_PAUSE / 2))[1], LONGEST_PAUSE)
            self._later[task] = (time.monotonic() + pause, pause)
            return
        del self.left[task]
        if outcome.ending is Ending.FAILED:
            self.failures.append(outcome.message)
            self._leave_out(task)

    def _leave_out(self, failed: Task) -> None:
        for task in list(self.left):
            if task in self.left and failed in task.needs:
                del self.left[task]
                self._leave_out(task)

    def pause(self) -> float | None:
        """Seconds until something that was busy is to be looked at again, None where nothing was."""
        waits = [self._later[task][0] for task in self.left if task in self._later and task not in self.started]
        return max(0.0, min(waits) - time.monotonic()) if waits else None

    def verdict(self) -> None:
        """Raises AugmentError with the first failure's sentence and how many more there were."""
        if self.failures:
            more = f" ({len(self.failures) - 1} more failed)" if len(self.failures) > 1 else ""
            raise AugmentError(self.failures[0] + more)


def run_tasks(
    root: Path,
    goals: Sequence[Task],
    work: Work,
    *,
    finished: Callable[[Any], bool],
    placement: Placement,
    runtime: Runtime,
    label: str = "cells",
) -> int:
    """Run `work(root, task, runtime)` for unfinished goals and for what they need.

    What unfinished goals need is asked for again too: the work itself skips what is there and refuses what was made
    otherwise. `work` resumes its own unfinished artefacts, hence a run that was killed is started again and continues.
    A task that another process is at work on is passed over and looked at again later, so that several schedulers on
    one folder share their work. After a failure the tasks that do not need it are still done; Ctrl-C ends the workers.

    Args:
        root: the folder that the work is given.
        goals: the tasks asked for.
        work: a module-level function.
        finished: whether a goal is done.
        placement: where the work runs.
        runtime: that the work is given; with its `force` finished goals are done again.
        label: of the progress bar.

    Returns:
        How many goals were done.

    Raises:
        AugmentError: naming the first task that failed, or those at which a worker died.
    """
    remaining = _unfinished(goals, finished, runtime.force, label)
    if not remaining.left:
        return 0
    bar = tqdm(total=len(remaining.left), desc=label, unit="part", disable=None if runtime.progress else True)
    pending: dict[Future[Outcome], Task] = {}
    done = 0
    try:
        with bar, open_pool(placement, replace(runtime, progress=False, wait=False), most=len(remaining.left)) as pool:
            while remaining.left:
                for task in remaining.ready():
                    if len(pending) >= pool.slots:
                        break
                    if task in remaining.goals and not runtime.force and finished(task):  # by another process
                        remaining.settle(task, Outcome(Ending.DONE))
                        bar.update()
                        continue
                    bar.set_postfix_str(task.name)
                    remaining.started.add(task)
                    how = pool.runtime if task in remaining.goals else replace(pool.runtime, force=False)
                    pending[pool.submit(attempt, work, root, task, how)] = task
                for task, outcome in _collect(pending, remaining.pause() if len(pending) < pool.slots else None):
                    remaining.settle(task, outcome)
                    done += outcome.ending is Ending.DONE and task in remaining.goals
                    bar.update(outcome.ending is not Ending.BUSY)
    except BrokenExecutor as error:
        raise worker_died(pending.values()) from error
    remaining.verdict()
    return done


def _unfinished(goals: Sequence[Task], finished: Callable[[Any], bool], force: bool, label: str) -> OpenTasks:
    """Goals that are not done, all of them with `force`, and what they need; says how many are."""
    asked = list(dict.fromkeys(goals))
    waiting = [goal for goal in asked if force or not finished(goal)]
    logger.info("%s: %d of %d are finished", label, len(asked) - len(waiting), len(asked))
    return OpenTasks(in_order(waiting), set(waiting))


def worker_died(tasks: Iterable[Task]) -> AugmentError:
    """What is wrong where a worker process ended without a word.

    Args:
        tasks: those that were being worked at.
    """
    return AugmentError(
        f"a worker process died (killed, or out of memory) at {' or '.join(task.name for task in tasks)}"
        "; run the same command again, it continues there, or use fewer ⟨jobs⟩"
    )


def _collect(pending: dict[Future[Outcome], Task], pause: float | None) -> list[tuple[Task, Outcome]]:
    """What has ended, after at most `pause` seconds of waiting for it; raises BrokenExecutor where a worker died."""
    if not pending:
        time.sleep(pause or 0.0)
        return []
    ended, _ = wait(pending, timeout=pause, return_when=FIRST_COMPLETED)
    outcomes = [(pending[future], future.result()) for future in ended]
    for future in ended:
        del pending[future]
    return outcomes


def open_pool(placement: Placement, runtime: Runtime, most: int) -> AbstractContextManager[Pool]:
    """The pool for at most `most` tasks at a time.

    Args:
        placement: where the work runs.
        runtime: that the work is given.
        most: more workers than tasks are not started.

    Returns:
        A pool; leaving it early ends the workers.
    """
    if placement.ray is not None:
        return ray_tasks(placement, runtime)
    if placement.jobs == 1:
        return here(replace(runtime, threads=placement.threads or runtime.threads))
    share = placement.share  # of the jobs asked for: sums depend on the number of threads
    return processes(max(1, min(placement.jobs, most)), replace(runtime, threads=share))
