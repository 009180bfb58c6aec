"""What `--dry-run` says: every cell, what it still needs, and about how many hours that takes."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import patn
import reid
from augment import AugmentError
from augment.artefacts.artefact import is_busy
from augment.artefacts.records import PENDING
from augment.columns import aligned
from augment.datasets.dataset import Dataset
from augment.failures import sentence
from augment.plurals import counted
from augment.runtime import Runtime
from augment.workers import available_cores
from augment.workspace import Workspace
from pipelines.grid.pools import Placement
from pipelines.grid.scheduler import in_order
from pipelines.table5.estimates import MEASURED, TIMED, Estimates
from pipelines.table5.other_estimates import pace_of_test
from pipelines.table5.other_tests import OtherData, OtherTest
from pipelines.table5.requirements import Requirements
from pipelines.table5.stages import Model, Stage, is_finished

FINISHED, TO_DO = "finished", "to do"


@dataclass(frozen=True)
class Line:
    """A stage, and what is left of it.

    Attributes:
        stage: a generator, a generated set, a model or its test on other data.
        state: finished, at work (in another process), begun, or to do.
        needs: names of the stages that come first and are not finished.
        lacks: what only the user can make, and how.
        seconds: what is left of it, None where nothing tells.
        source: whether that was measured or timed.
    """

    stage: Stage | OtherTest
    state: str
    needs: tuple[str, ...] = ()
    lacks: str = ""
    seconds: float | None = None
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        rest = {"needs": list(self.needs), "lacks": self.lacks, "seconds": self.seconds, "source": self.source}
        return {"name": self.stage.name, "state": self.state, **rest}


def forecast(
    workspace: Workspace,
    models: Sequence[Model],
    placement: Placement,
    runtime: Runtime,
    *,
    probe: bool,
    others: Mapping[str, Workspace] | None = None,
) -> list[Line]:
    """The stages of models in the order in which they are done, without those that only finished models need.

    Behind them are the tests of the models on other data.

    Args:
        workspace: the workspace.
        models: what is asked for.
        placement: of which the threads count.
        runtime: with its `force` finished models are to be done again.
        probe: where nothing of a kind is finished here, time a few steps of it on this machine.
        others: the workspaces that the models are tested on, by name.
    """
    waiting = [model for model in models if runtime.force or not is_finished(workspace, model)]
    threads = placement.share if placement.jobs > 1 else placement.threads or runtime.threads or available_cores()
    try:
        estimates = Estimates(workspace, replace(runtime, threads=threads), probe=probe)
    except (AugmentError, reid.DataError):
        estimates = None  # without images there is nothing to estimate by
    lines: dict[Stage, Line] = {}
    requirements = Requirements(workspace)
    for stage in in_order(waiting):
        needs = tuple(need.name for need in stage.needs if lines[need].state != FINISHED)
        lacks = _lacks(stage, requirements)
        state = TO_DO if lacks or (stage in waiting and runtime.force) else _state(workspace, stage)
        line = Line(stage, state, needs, lacks)
        if estimates is not None and state != FINISHED and not lacks:
            pace = estimates.pace(stage)
            line = replace(line, seconds=estimates.seconds(stage), source=pace.source if pace else "")
        lines[stage] = line
    needed = [line for stage, line in lines.items() if stage not in models]
    found = {model: lines.get(model, Line(model, FINISHED)) for model in models}
    return [*needed, *found.values(), *_tests(workspace, found, others or {}, estimates)]


def _tests(
    workspace: Workspace, models: Mapping[Model, Line], others: Mapping[str, Workspace], estimates: Estimates | None
) -> Iterator[Line]:
    """The tests of models on other data; those of models that are not finished need them."""
    data = [OtherData(name, Dataset.of(other)) for name, other in others.items()]
    for model, line in models.items():
        for other in data:
            test = OtherTest(model.cell, other.name)
            needs = () if line.state == FINISHED else (model.name,)
            if not needs and test.is_finished(workspace, other):
                yield Line(test, FINISHED)
            else:
                pace = pace_of_test(estimates, test, other) if estimates is not None and not line.lacks else None
                yield Line(test, TO_DO, needs, "", *((pace.once, pace.source) if pace else ()))


def _state(workspace: Workspace, stage: Stage) -> str:
    folder = stage.folder(workspace)
    if is_finished(workspace, stage):
        return FINISHED
    if is_busy(folder):
        return "at work"
    return "begun" if (folder / PENDING).exists() else TO_DO


def _lacks(stage: Stage, requirements: Requirements) -> str:
    """What is missing that no stage makes, as one sentence; empty where nothing is."""
    try:
        requirements.check([stage])
    except (AugmentError, patn.DataError, reid.DataError) as error:
        return sentence(error)
    return ""


def elapsed(lines: Sequence[Line], jobs: int) -> float:
    """Seconds until all is done with `jobs` stages at a time, each as soon as what it needs is; unknown counts 0.

    Tests on other data come when all stages are done, one at a time.

    Args:
        lines: as of `forecast`.
        jobs: processes at a time.
    """
    left = [line for line in lines if line.state != FINISHED and not isinstance(line.stage, OtherTest)]
    running: list[tuple[float, str]] = []
    now = 0.0
    while left or running:
        open_names = {line.stage.name for line in left} | {name for _, name in running}
        ready = [line for line in left if open_names.isdisjoint(line.needs)]
        for line in ready[: jobs - len(running)]:
            heapq.heappush(running, (now + (line.seconds or 0.0), line.stage.name))
            left.remove(line)
        now, _ = heapq.heappop(running)
    return now + sum(line.seconds or 0.0 for line in lines if isinstance(line.stage, OtherTest))


@dataclass(frozen=True)
class Forecast:
    """How far work has come, and how long the rest takes.

    Attributes:
        lines: as of `forecast`.
        jobs: processes at a time.
    """

    lines: Sequence[Line]
    jobs: int

    @property
    def cells(self) -> dict[str, bool]:
        """Whether each cell is finished, by name."""
        return {line.stage.cell.name: line.state == FINISHED for line in self.lines if isinstance(line.stage, Model)}

    @property
    def left(self) -> list[Line]:
        """What is not finished."""
        return [line for line in self.lines if line.state != FINISHED]

    @property
    def seconds(self) -> float:
        """Of all work that is known."""
        return sum(line.seconds for line in self.left if line.seconds is not None)

    @property
    def unknown(self) -> int:
        """How many stages nothing tells the time of."""
        return sum(line.seconds is None for line in self.left)

    @property
    def tests(self) -> list[bool]:
        """Whether each test on other data is finished."""
        return [line.state == FINISHED for line in self.lines if isinstance(line.stage, OtherTest)]

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object: "elapsed" is the seconds until the end with `jobs`."""
        return {
            "cells": self.cells,
            "stages": [line.as_dict() for line in self.lines],
            "jobs": self.jobs,
            "seconds": self.seconds,
            "elapsed": elapsed(self.lines, self.jobs),
            "unknown": self.unknown,
        }


def to_text(forecast: Forecast) -> str:
    """The same for the terminal: a line a stage, then what is finished and how long the rest takes."""
    table, lines, jobs = [], forecast.lines, forecast.jobs
    for line in lines:
        left = line.state != FINISHED
        needs = f"after {', '.join(line.needs)}" if line.needs else ""
        table.append([line.state, line.stage.name, span(line.seconds) if left else "", line.lacks or needs])
    cells = counted(len(forecast.cells), "cell is", "cells are")
    said = [f"{sum(forecast.cells.values())} of {cells} finished."]
    if forecast.tests:
        tests = counted(len(forecast.tests), "test on other data is", "tests on other data are")
        said.append(f"{sum(forecast.tests)} of {tests} finished.")
    if forecast.seconds:
        with_jobs = f", {span(elapsed(lines, jobs))} with --jobs {jobs}" if jobs > 1 else ""
        said.append(f"About {span(forecast.seconds)} of work{with_jobs}.")
    counts = {
        "as finished work of the kind took": sum(line.source == MEASURED for line in lines),
        "by a few steps timed on this machine": sum(line.source == TIMED for line in lines),
        "unknown until one of the kind is finished": forecast.unknown,
    }
    parts = [f"{count} {words}" for words, count in counts.items() if count]
    if parts:
        said.append(f"Times: {', '.join(parts)}.")
    return "\n".join([*([aligned(table)] if table else []), " ".join(said)])


def span(seconds: float | None) -> str:
    """A time in hours, below a tenth of one in minutes, below a minute in seconds.

    Args:
        seconds: None where it is not known.
    """
    if seconds is None:
        return "unknown"
    if seconds < 0.5:
        return "under 1 s" if seconds > 0 else "0 s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 3600:.1f} h" if seconds >= 360 else f"{seconds / 60:.1f} min"
