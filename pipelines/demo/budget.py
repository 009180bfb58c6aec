"""What is still to be done of a demo, on rendered pedestrians or real images, and about how long that takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from augment.artefacts.artefact import refuse_other
from augment.artefacts.records import read_run
from augment.columns import aligned
from augment.plurals import counted
from augment.poses.estimators import DEFAULT, SCORING
from augment.runtime import Runtime
from augment.settings import SETTINGS
from augment.workers import available_cores
from augment.workspace import Workspace
from pipelines.demo.presets import DemoPreset
from pipelines.demo.real import RealData, table_title
from pipelines.demo.real_presets import RealPreset
from pipelines.demo.run import OTHERS, demo_folder, demo_options, prepare
from pipelines.demo.why import generators_of_rows
from pipelines.grid.pools import Placement
from pipelines.grid.scheduler import in_order
from pipelines.measurements.heldout import heldout_name
from pipelines.table5.cells import Cell
from pipelines.table5.estimates import Estimates
from pipelines.table5.forecast import TO_DO, Line, elapsed, span
from pipelines.table5.rows import UNSEEN
from pipelines.table5.run import Table5, one_a_set
from pipelines.table5.stages import Model, Stage, is_finished

if TYPE_CHECKING:
    from patn.training.generator_training import GeneratorTraining


@dataclass(frozen=True)
class Part:
    """A part of the work, and how long it takes until it is done.

    Attributes:
        what: in words.
        seconds: of the wall clock; what is not known counts 0 and is in `unknown`.
        cells: how many it has.
        finished: how many of them are finished.
        unknown: number of stages whose time is not known.
    """

    what: str
    seconds: float
    cells: int = 0
    finished: int = 0
    unknown: int = 0


@contextmanager
def looked_at(data: RealData, root: Path, *, seed: int, jobs: int) -> Iterator[Workspace]:
    """The workspace in `root`, or where there is none yet one of the same images that is gone afterwards.

    Args:
        data: the real images.
        root: the workspace's folder.
        seed: of a workspace that is made.
        jobs: processes that read the images.

    Yields:
        A workspace that is only read.

    Raises:
        AugmentError: where the images cannot be a workspace.
    """
    if data.folder is None or (root / SETTINGS).exists():
        yield data.workspace(root, seed=seed, jobs=jobs, progress=False)
        return
    with TemporaryDirectory(prefix="augment-") as folder:
        yield data.workspace(Path(folder) / root.name, seed=seed, jobs=jobs, progress=False)


@contextmanager
def rendered_at(preset: DemoPreset, root: Path, *, seed: int, jobs: int) -> Iterator[tuple[Workspace, float]]:
    """The demo's workspace in `root`, or where there is none yet one of the same pedestrians that is gone afterwards.

    Args:
        preset: the demo's size.
        root: the workspace's folder.
        seed: of the rendered identities.
        jobs: processes that render.

    Yields:
        A workspace that is only read, and the seconds in which it was rendered.

    Raises:
        AugmentError: where `root` holds the demo of another preset or seed.
    """
    refuse_other(demo_folder(root), demo_options(preset, seed), seed=seed)
    if (root / SETTINGS).exists():
        yield Workspace.find(root), 0.0
        return
    with TemporaryDirectory(prefix="augment-") as folder:
        started = time.monotonic()
        workspace = prepare(Path(folder) / root.name, replace(preset.pedestrians, seed=seed), jobs)
        yield workspace, time.monotonic() - started


def budget(workspace: Workspace, preset: RealPreset, *, csv: Sequence[Path], jobs: int, runtime: Runtime) -> list[Part]:
    """The parts of a preset in their order; a few steps of what is not finished here are timed on this machine.

    Args:
        workspace: the workspace.
        preset: what is asked for.
        csv: files of key points, with which none has to be estimated.
        jobs: cells at a time.
        runtime: device, threads and precision, and whether finished work is made again.
    """
    planned = {generator.name: generator.training for generator in preset.generators}
    alone, shared = _estimates(workspace, planned, jobs, runtime)
    parts = [_poses(workspace, alone, csv, jobs), *_trainings(alone, planned)]
    parts += _tables(
        shared, [(table, one_a_set(workspace, table.cells())) for table in preset.tables], preset.ours, jobs
    )
    return [*parts, _quality(workspace, preset, alone, jobs)]


def rendered_budget(
    workspace: Workspace, preset: DemoPreset, rendering: float, *, jobs: int, runtime: Runtime
) -> list[Part]:
    """As `budget`, of a demo on rendered pedestrians.

    Args:
        workspace: the workspace, as of `rendered_at`.
        preset: the demo's size.
        rendering: the seconds of that; others are rendered as long where the preset has the row of that name.
        jobs: cells at a time.
        runtime: device, threads and precision, and whether finished work is made again.
    """
    planned = {preset.ours: preset.generator} | ({UNSEEN: preset.generator} if preset.unseen else {})
    alone, shared = _estimates(workspace, planned, jobs, runtime)
    others = rendering if preset.unseen and not (workspace.root / OTHERS / SETTINGS).exists() else 0.0
    left = [name for name in planned if read_run(workspace.table_dir(heldout_name(name))) is None]
    images = [alone.seconds_an_image(name) for name in left]
    heldout = preset.heldout.pairs * sum(each or 0.0 for each in images)
    return [
        Part("rendering identities", rendering + others),
        *_trainings(alone, planned),
        *_tables(shared, [(table, table.cells()) for table in preset.tables], preset.ours, jobs),
        Part(f"images of held-out identities, {preset.heldout.pairs:,} pairs", heldout, unknown=images.count(None)),
    ]


def _estimates(
    workspace: Workspace, planned: Mapping[str, GeneratorTraining], jobs: int, runtime: Runtime
) -> tuple[Estimates, Estimates]:
    """Of what has all cores, and of what runs beside others."""
    threads = (available_cores(), Placement(jobs).share)
    alone, shared = (
        Estimates(workspace, _with_threads(runtime, count), probe=True, planned=planned) for count in threads
    )
    return alone, shared


def _trainings(estimates: Estimates, planned: Mapping[str, GeneratorTraining]) -> list[Part]:
    """The generators."""
    left = {name: estimates.generator_seconds(name, training) for name, training in planned.items()}
    return [
        Part(f"training the generator {name}", seconds or 0.0, unknown=seconds is None)
        for name, seconds in left.items()
    ]


def _tables(estimates: Estimates, tables: Sequence[tuple[Table5, Sequence[Cell]]], ours: str, jobs: int) -> list[Part]:
    """Tables with their cells, each without what a table before it does."""
    workspace, parts, told = estimates.workspace, [], set[Stage]()
    for table, cells in tables:
        models = [Model(cell, ours) for cell in cells]
        waiting = [stage for stage in in_order(models) if stage not in told and not _done(workspace, stage)]
        told |= {*waiting}
        lines = [_line(estimates, stage, waiting) for stage in waiting]
        finished = sum(_done(workspace, model) for model in models)
        unknown = sum(line.seconds is None for line in lines)
        parts.append(Part(table_title(table), elapsed(lines, jobs), len(models), finished, unknown))
    return parts


def _with_threads(runtime: Runtime, threads: int) -> Runtime:
    return replace(runtime, threads=runtime.threads or threads, force=False)


def _done(workspace: Workspace, stage: Stage) -> bool:
    return is_finished(workspace, stage)


def _line(estimates: Estimates, stage: Stage, waiting: Sequence[Stage]) -> Line:
    """A stage as the forecast has it, after those of its needs that are not finished."""
    needs = tuple(need.name for need in stage.needs if need in waiting)
    return Line(stage, TO_DO, needs, seconds=estimates.seconds(stage))


def _poses(workspace: Workspace, estimates: Estimates, csv: Sequence[Path], jobs: int) -> Part:
    """Key points, which files and workspaces that have them give at once."""
    if csv or workspace.keypoints_source() is not None:
        return Part("key points", 0.0)
    each = estimates.seconds_a_pose(DEFAULT)
    return Part("key points", (each or 0.0) * len(workspace.images()) / jobs, unknown=each is None)


def _quality(workspace: Workspace, preset: RealPreset, estimates: Estimates, jobs: int) -> Part:
    """The images of every generator on test pairs: nearly all of it is finding poses, in the generated and the real."""
    names = {name for _, _, name in generators_of_rows(workspace, preset.cells(), preset.ours)}
    left = [name for name in names if not [*workspace.patn_dir(name).glob("eval-paper-test-*/run.json")]]
    each = estimates.seconds_a_pose(SCORING)
    seconds = 2 * preset.pairs * (each or 0.0) * len(left) / jobs
    return Part(f"images of {len(names)} generators, {preset.pairs:,} pairs each", seconds, unknown=each is None)


@dataclass(frozen=True)
class Budget:
    """The parts of a demo together.

    Attributes:
        parts: as of `budget`.
        jobs: cells at a time.
    """

    parts: Sequence[Part]
    jobs: int

    @property
    def cells(self) -> int:
        """How many there are."""
        return sum(part.cells for part in self.parts)

    @property
    def finished(self) -> int:
        """How many of the cells are finished."""
        return sum(part.finished for part in self.parts)

    @property
    def seconds(self) -> float:
        """Until all is done."""
        return sum(part.seconds for part in self.parts)

    @property
    def unknown(self) -> int:
        """How many stages nothing tells the time of."""
        return sum(part.unknown for part in self.parts)

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "parts": [
                {"what": part.what, "seconds": part.seconds, "cells": part.cells, "finished": part.finished}
                for part in self.parts
            ],
            "jobs": self.jobs,
            "cells": self.cells,
            "finished": self.finished,
            "seconds": self.seconds,
            "unknown": self.unknown,
        }


def _takes(part: Part) -> str:
    """How long a part takes, in words: nothing is left of it, or nothing tells, or a part of it is not known."""
    if not part.seconds:
        return "unknown" if part.unknown else "-"
    return f"{span(part.seconds)} and more" if part.unknown else span(part.seconds)


def budget_text(whole: Budget) -> str:
    """A line a part: cells, how long it takes, and when it is done counted from now."""
    ends = accumulate(part.seconds for part in whole.parts)
    lines = [["cells", "takes", "done after", "what"]]
    for part, end in zip(whole.parts, ends, strict=True):
        cells = f"{part.finished}/{part.cells}" if part.cells else ""
        lines.append([cells, _takes(part), span(end), part.what])
    said = (
        f"{whole.finished} of {counted(whole.cells, 'cell is', 'cells are')} finished. About {span(whole.seconds)} "
        f"with --jobs {whole.jobs}, timed by a few steps on this machine where nothing of the kind is finished; it may "
        "be stopped at any moment, and what is finished then is shown."
    )
    unknown = f" {counted(whole.unknown, 'stage is', 'stages are')} unknown." if whole.unknown else ""
    return f"{aligned(lines)}\n{said}{unknown}"
