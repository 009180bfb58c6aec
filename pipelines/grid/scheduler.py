"""Runs work in the order of what needs what; knows nothing of tables, and finished folders are the only truth."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

import patn
import reid
from augment import AugmentError, Busy
from augment.runtime import Runtime
from pipelines.grid.pools import Placement, Pool, here, processes
from pipelines.grid.ray_tasks import ray_tasks

logger = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0


class Item(Protocol):
    """Plain data that can be pickled and compared: a piece of work, by name, and the pieces that come before it."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def needs(self) -> Sequence[Any]:
        """The items that have to be done first."""


Work = Callable[[Path, Any, Runtime], object]


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: done, failed, or busy: another process is at it; the latter two with a sentence."""

    kind: str
    message: str = ""


def attempt(work: Work, root: Path, item: Item, runtime: Runtime) -> Outcome:
    """Do the work of one item; a failure the user can mend is named after the item."""
    try:
        work(root, item, runtime)
    except Busy as error:
        return Outcome("busy", str(error))
    except (AugmentError, patn.DataError, reid.DataError) as error:
        return Outcome("failed", f"{item.name}: {error}")
    return Outcome("done")


def in_order(goals: Sequence[Item]) -> list[Any]:
    """The goals and all that they need: what is needed before what needs it, and the goals last."""
    needed: dict[Item, None] = {}

    def visit(item: Item) -> None:
        for need in item.needs:
            visit(need)
            needed.setdefault(need)

    for goal in goals:
        visit(goal)
    return [*needed, *(goal for goal in goals if goal not in needed)]


class Agenda:
    """What is left to do; an item is ready when all it needs is done and nobody was found at work on it lately."""

    def __init__(self, items: Iterable[Item], goals: set[Item]) -> None:
        self.left, self.goals = dict.fromkeys(items), goals
        self.started: set[Item] = set()
        self.failures: list[str] = []
        self._later: dict[Item, tuple[float, float]] = {}

    def ready(self) -> list[Item]:
        """What can be started now, in order."""
        now = time.monotonic()
        return [
            item
            for item in self.left
            if item not in self.started
            and not any(need in self.left for need in item.needs)
            and self._later.get(item, (0.0, 0.0))[0] <= now
        ]

    def settle(self, item: Item, outcome: Outcome) -> None:
        """Note how an attempt ended; what is busy is looked at again later, what needs a failed one is left out."""
        self.started.discard(item)
        if outcome.kind == "busy":
            if item not in self._later:
                logger.info("%s; it is looked at again later", outcome.message)
            pause = min(2 * self._later.get(item, (0.0, FIRST_PAUSE / 2))[1], LONGEST_PAUSE)
            self._later[item] = (time.monotonic() + pause, pause)
            return
        del self.left[item]
        if outcome.kind == "failed":
            self.failures.append(outcome.message)
            self._leave_out(item)

    def _leave_out(self, failed: Item) -> None:
        for item in list(self.left):
            if item in self.left and failed in item.needs:
                del self.left[item]
                self._leave_out(item)

    def pause(self) -> float | None:
        """Seconds until something that was busy is to be looked at again, None where nothing was."""
        waits = [self._later[item][0] for item in self.left if item in self._later and item not in self.started]
        return max(0.0, min(waits) - time.monotonic()) if waits else None

    def verdict(self) -> None:
        """Raises AugmentError with the first failure's sentence and how many more there were."""
        if self.failures:
            more = f" ({len(self.failures) - 1} more failed)" if len(self.failures) > 1 else ""
            raise AugmentError(self.failures[0] + more)


def run_grid(
    root: Path,
    goals: Sequence[Item],
    work: Work,
    *,
    finished: Callable[[Any], bool],
    placement: Placement,
    runtime: Runtime,
    label: str = "cells",
) -> int:
    """Run `work(root, item, runtime)` for unfinished goals and for what they need; returns how many goals.

    What unfinished goals need is asked for again too: the work itself skips what is there and refuses what was made
    otherwise.  `work` is a module-level function; it resumes its own unfinished artefacts, hence a killed grid is
    started again and continues.  An item that another process is at work on is passed over and looked at again later,
    so that several grids on one folder share their work.  After a failure the items that do not need it are still done.
    Raises AugmentError naming the first item that failed or where a worker died; Ctrl-C ends the workers.
    """
    asked = list(dict.fromkeys(goals))
    waiting = [goal for goal in asked if runtime.force or not finished(goal)]
    logger.info("%s: %d of %d are finished", label, len(asked) - len(waiting), len(asked))
    agenda = Agenda(in_order(waiting), set(waiting))
    if not waiting:
        return 0
    bar = tqdm(total=len(agenda.left), desc=label, unit="part", disable=None if runtime.progress else True)
    pending: dict[Future[Outcome], Item] = {}
    done = 0
    try:
        with bar, open_pool(placement, replace(runtime, progress=False, wait=False), most=len(agenda.left)) as pool:
            while agenda.left:
                for item in agenda.ready():
                    if len(pending) >= pool.slots:
                        break
                    if item in agenda.goals and not runtime.force and finished(item):  # by another process meanwhile
                        agenda.settle(item, Outcome("done"))
                        bar.update()
                        continue
                    bar.set_postfix_str(item.name)
                    agenda.started.add(item)
                    how = pool.runtime if item in agenda.goals else replace(pool.runtime, force=False)
                    pending[pool.submit(attempt, work, root, item, how)] = item
                for item, outcome in _collect(pending, agenda.pause() if len(pending) < pool.slots else None):
                    agenda.settle(item, outcome)
                    done += outcome.kind == "done" and item in agenda.goals
                    bar.update(outcome.kind != "busy")
    except BrokenExecutor as error:
        raise AugmentError(
            f"a worker process died (killed, or out of memory) at {' or '.join(item.name for item in pending.values())}"
            "; run the same command again, it continues there, or use fewer --jobs"
        ) from error
    agenda.verdict()
    return done


def _collect(pending: dict[Future[Outcome], Item], pause: float | None) -> list[tuple[Item, Outcome]]:
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
    """The pool for at most `most` pieces at a time; leaving it early ends the workers."""
    if placement.ray is not None:
        return ray_tasks(placement, runtime)
    if placement.jobs == 1:
        return here(replace(runtime, threads=placement.threads or runtime.threads))
    share = placement.share  # of the jobs asked for: sums depend on the number of threads
    return processes(max(1, min(placement.jobs, most)), replace(runtime, threads=share))
