"""The whole job on real images: key points, generators, tables in order of importance, why, report."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint
from augment.artefacts.files import write_json
from augment.datasets.create import init_real
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input
from augment.plurals import counted
from augment.poses.comparison import compare_estimator
from augment.poses.estimate import estimate_poses, import_poses
from augment.poses.estimators import DEFAULT, Choice
from augment.results import Result
from augment.runtime import Runtime
from augment.settings import SETTINGS
from augment.training.generator import train_generator
from augment.training.initial import InitialWeights
from augment.versions import processor, versions
from augment.workers import available_cores
from augment.workspace import Workspace
from pipelines.demo.real_presets import METRIC_MODEL, RealPreset
from pipelines.demo.run import Gains, gains
from pipelines.demo.why import measure_rows
from pipelines.grid.pools import Placement
from pipelines.measurements.times import read_times, timed
from pipelines.report.page import write_report
from pipelines.table5.cells import Cell
from pipelines.table5.findings import NAMES
from pipelines.table5.results import declare
from pipelines.table5.rows import row_title
from pipelines.table5.run import Table5, one_a_set, run_table5

logger = logging.getLogger(__name__)
NAME, RUNS = "real", "runs.json"


@dataclass(frozen=True)
class RealData:
    """Where real images are and how they lie, see `augment.datasets.create.init_real`.

    Attributes:
        folder: None where the workspace is there already.
        layout: of `augment.layouts`, None is detected.
    """

    folder: Path | None = None
    layout: str | None = None

    def workspace(self, root: Path, *, seed: int, jobs: int, progress: bool) -> Workspace:
        """The workspace in `root`, made where it is not there yet.

        Args:
            root: the workspace's folder.
            seed: of a workspace that is made.
            jobs: processes that read the images.
            progress: whether a progress bar is shown.

        Raises:
            AugmentError: where it is of other images, or of none that can serve re-ID.
        """
        if self.folder is not None:
            init_real(root, self.folder, layout=self.layout, seed=seed, jobs=jobs, progress=progress)
        if not (root / SETTINGS).exists():
            raise AugmentError(f"{root}: is no workspace; give the folder of your images with ⟨folder --data⟩")
        workspace = Workspace.find(root)
        workspace.require_reid("demo")
        return workspace


@dataclass(frozen=True)
class RealDemo(Result):
    """What the demo on real images found.

    Attributes:
        minutes: it took.
        cells: how many there are.
        gain: of Ours, as of `pipelines.demo.run.gains`.
        report: its path, None until it is written.
    """

    minutes: float
    cells: int
    gain: Gains
    report: str | None = None


def run_real(
    workspace: Workspace,
    name: str,
    preset: RealPreset,
    *,
    csv: Sequence[Path] = (),
    seed: int,
    jobs: int,
    runtime: Runtime,
    command: str = "",
) -> RealDemo:
    """Do what is not finished of a preset and write the report.

    A run that was killed is continued by the same call, and cells that came to a preset since are added. After a
    failure the tables behind it are still done.

    Args:
        workspace: the workspace.
        name: the preset's.
        preset: what is trained and measured.
        csv: files of key points.
        seed: of the generators; the cells' own are in the preset.
        jobs: cells at a time.
        runtime: device, threads and precision, and whether finished work is made again.
        command: as the results page is to quote it.

    Raises:
        AugmentError: for the first failure, and where the workspace holds the results of another preset or seed.
    """
    folder = workspace.table_dir(NAME)
    with artefact(folder, NAME, {"preset": name}, seed=seed, force=runtime.force) as run:
        runtime = replace(runtime, force=False)
        _note_run(folder, name, command, runtime)
        with timed(folder, "key points"):
            find_poses(workspace, csv, jobs, runtime)
        if csv:
            with timed(folder, "key points against a pose estimator"):
                pose_agreement(workspace, csv, preset.pose_sample, jobs)
        for generator in preset.generators:
            start = None if generator.start is None else InitialWeights.find(workspace, generator.start)
            with timed(folder, f"training the generator {generator.name}"):
                train_generator(
                    workspace, generator.training, name=generator.name, seed=seed, initial=start, runtime=runtime
                )
        _run_tables(workspace, preset, folder, jobs, runtime)
        with timed(folder, "report"):
            report = write_report(workspace, runtime=runtime)
        minutes = round(sum(read_times(folder).values()) / 60, 2)
        result = RealDemo(minutes, len(preset.cells()), gains(workspace))
        run.finish(result)
        return replace(result, report=str(report))


def _run_tables(workspace: Workspace, preset: RealPreset, folder: Path, jobs: int, runtime: Runtime) -> None:
    """Train the cells of one table after another, and measure the images of the rows that are there."""
    tables = [(table_title(table), one_a_set(workspace, table.cells())) for table in preset.tables]
    declare(workspace, [cell for _, cells in tables for cell in cells])
    failures: list[AugmentError] = []
    done: list[Cell] = []
    for title, cells in tables:
        try:
            with timed(folder, title):
                logger.info("%s", title)
                run_table5(workspace, cells, placement=Placement(jobs), runtime=runtime, generator=preset.ours)
            done += cells
            with timed(folder, f"images of {title}"):
                measure_rows(workspace, done, preset.ours, METRIC_MODEL, preset.pairs, jobs, runtime)
        except AugmentError as error:
            logger.error("%s: %s", title, error)
            failures.append(error)
    if failures:
        raise failures[0]


def table_title(table: Table5) -> str:
    """What a table's cells are, in a line: `p = 0.1: None, Ours; plain, with erasing + jitter; equal updates; 3 seeds`.

    Args:
        table: a part of a preset.
    """
    portions = ", ".join(f"{portion:g}" for portion in table.portions)
    rows = ", ".join(map(row_title, table.rows))
    augmentations = ", ".join(NAMES[ordinary] for ordinary in table.ordinary)
    lengths = ", ".join(f"equal {length}" for length in table.lengths)
    backbones = "" if table.backbones == ("small",) else f"{', '.join(table.backbones)}; "
    seeds = counted(table.seeds, "seed")
    return f"{backbones}p = {portions}: {rows}; {augmentations}; {lengths}; {seeds}"


def find_poses(workspace: Workspace, csv: Sequence[Path], jobs: int, runtime: Runtime) -> None:
    """Key points from files, else those that are there, else by the estimator.

    Args:
        workspace: the workspace.
        csv: annotation files, empty for none.
        jobs: processes of the estimator.
        runtime: device, threads and precision, and whether finished work is made again.
    """
    if csv:
        import_poses(workspace, csv, runtime=runtime)
    elif workspace.keypoints_source() is None:
        estimate_poses(workspace, estimator=DEFAULT, jobs=jobs, runtime=runtime)


def pose_agreement(workspace: Workspace, csv: Sequence[Path], count: int, jobs: int) -> None:
    """Measure how far the estimator agrees with key points that were given; says so where it is not installed.

    Args:
        workspace: the workspace.
        csv: annotation files of the key points that were given.
        count: on how many images.
        jobs: processes of the estimator.
    """
    options = {"estimator": DEFAULT, "count": count}
    data = Dataset.of(workspace)
    inputs = {"csv": fingerprint(list(csv)), "images": images_input(data.train), **Choice(DEFAULT).inputs}
    with artefact(workspace.table_dir("poses"), "pose agreement", options, inputs=inputs, seed=0, renew=True) as run:
        if not run.finished:
            try:
                compared = compare_estimator(data, csv, estimator=DEFAULT, count=count, jobs=jobs)
            except AugmentError as error:
                logger.info("the pose estimator is not compared: %s", error)
                return
            run.finish(compared.as_dict())


def read_runs(folder: Path) -> list[dict[str, Any]]:
    """On which machines, from which commit and by which command a folder's results were made, first to last."""
    path = folder / RUNS
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def _note_run(folder: Path, preset: str, command: str, runtime: Runtime) -> None:
    """Add this run to those of the folder where it is not as the last one was."""
    here = {
        "preset": preset,
        "command": command,
        "commit": versions().get("commit", "unknown"),
        "processor": processor(),
        "cores": available_cores(),
        "device": runtime.torch_device().type,
        "precision": runtime.precision_name(),
    }
    runs = read_runs(folder)
    if not runs or runs[-1] != here:
        write_json(folder / RUNS, [*runs, here])
