"""Key points of every image of a workspace: estimated over processes and resumable, or taken from annotation files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from augment.artefacts.artefact import Run, artefact, fingerprint
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input
from augment.plurals import counted
from augment.poses.agreement import Agreement, agreement, agreement_text
from augment.poses.annotations import completed, read_annotations, refuse_inside
from augment.poses.estimation import ESTIMATING, estimate_files
from augment.poses.estimators import DEFAULT, Choice, build_estimator
from augment.results import Result, spread
from augment.runtime import Runtime
from augment.workers import worker_pool
from augment.workspace import POSE_FILES, Workspace
from numerics.files import naming
from patn.keypoints import (
    has_torso,
    joints_present,
    keypoint_array,
    keypoint_table,
    read_keypoints,
    write_keypoints,
)

CHUNK = 64
PARTS = "parts"


@dataclass(frozen=True)
class PoseCounts(Result):
    """How many images there are, and what they lack.

    Attributes:
        images: all of them.
        no_row: those without a row of key points.
        no_pose: those without any joint, which includes those without a row.
        no_torso: those without both shoulders and both hips, which includes those without a pose.
    """

    images: int
    no_row: int
    no_pose: int
    no_torso: int


@dataclass(frozen=True)
class PoseSummary(PoseCounts):
    """The counts of all images, and those of each split.

    Attributes:
        splits: the counts of train, query and gallery.
    """

    splits: Mapping[str, PoseCounts]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """The summary that a JSON object holds.

        Args:
            record: as `as_dict` made it.
        """
        splits = {split: PoseCounts.of(counts) for split, counts in record.get("splits", {}).items()}
        return replace(super().of(record), splits=splits)


@dataclass(frozen=True)
class PosesMade(Result):
    """Key points of all images of a workspace.

    Attributes:
        source: the estimator's name, or `csv`.
        summary: counts of images and key points.
        rows_of_no_image: rows of the files that are of none of the images; None of an estimator.
        notes: what looks odd, sentences; None of an estimator.
        agreement: of an estimator with the exact joints, where they came with the data.
    """

    source: str
    summary: PoseSummary = field(metadata=spread(PoseSummary))
    rows_of_no_image: int | None = None
    notes: tuple[str, ...] | None = None
    agreement: Agreement | None = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """The result that a JSON object holds.

        Args:
            record: as `as_dict` made it.
        """
        exact = record.get("agreement")
        return replace(super().of(record), agreement=None if exact is None else Agreement.of(exact))


def estimate_poses(
    workspace: Workspace, *, estimator: str | Choice = DEFAULT, jobs: int = 1, runtime: Runtime | None = None
) -> PosesMade:
    """Estimate the key points of every image and write poses/{train,query,test}.csv, in the authors' format.

    Coordinates are in pixels of the workspace's size. Work is kept in parts of 64 images that appear by rename, so a
    run after a kill continues and ends with the same bytes, whatever `jobs` (processes) was.

    Args:
        workspace: whose images.
        estimator: what finds the joints.
        jobs: processes.
        runtime: whether work from something else is made again, and progress shown.

    Returns:
        What was made.

    Raises:
        AugmentError: where the estimator or its model file is missing, an image cannot be read, or poses/ holds other
            work.
    """
    runtime = runtime or Runtime()
    data, chosen = Dataset.of(workspace), Choice.of(estimator)
    options = {"estimator": chosen.name, "size": list(data.size)}
    inputs = {"images": images_input(data.images), **chosen.inputs}
    if runtime.force:
        build_estimator(chosen)  # what is there is not given up for one that cannot work
    with artefact(workspace.poses_dir, "poses", options, inputs=inputs, force=runtime.force) as run:
        if not run.finished:
            _estimate_parts(data, run.folder / PARTS, chosen, jobs, runtime.progress)
            tables = _join_parts(data.images, run.folder / PARTS)
            made = PosesMade(chosen.name, summarise(data.images, tables), agreement=agreement(data, tables))
            _finish(run, tables, made)
        shutil.rmtree(run.folder / PARTS, ignore_errors=True)
    return run.recorded(PosesMade)


def estimated_by(workspace: Workspace, estimator: str | Choice) -> bool:
    """Whether a workspace's key points are an estimator's, as it works now.

    Args:
        workspace: which may have none.
        estimator: what may have found them.
    """
    run, chosen = read_run(workspace.poses_dir), Choice.of(estimator)
    if run is None or run.options["estimator"] != chosen.name:
        return False
    return {name: mark for name, mark in run.inputs.items() if name in ("model", "method")} == chosen.inputs


def import_poses(
    workspace: Workspace,
    files: Sequence[Path],
    *,
    size: tuple[int, int] | None = None,
    own_pixels: bool = False,
    runtime: Runtime | None = None,
) -> PosesMade:
    """Take the key points of every image from the authors' annotation files; rows are matched by file name.

    They are scaled to the workspace's size. DeepFashion's files for 256 x 256 are not scaled but cropped like its
    images.
    Rows of other images are passed over; images without a row are counted in the summary and get no joint.

    Args:
        workspace: whose images they are.
        files: in the authors' format.
        size: (height, width) that the files' coordinates are for; None is the workspace's.
        own_pixels: the coordinates are in each image's own pixels.
        runtime: whether poses/ is made again.

    Raises:
        AugmentError: where no image has a row, two rows disagree on one, or the key points cannot be those of the
            images.
        patn.KeypointError: for a malformed file.
    """
    runtime = runtime or Runtime()
    data = Dataset.of(workspace)
    csv_size = "own" if own_pixels else list(size or data.size)
    options = {"estimator": "csv", "size": list(data.size), "csv_size": csv_size}
    inputs = {"images": images_input(data.images), "csv": fingerprint(list(files))}
    refuse_inside(files, workspace.poses_dir)
    read = partial(read_annotations, files, data, size=size, own_pixels=own_pixels)
    forced = read() if runtime.force else None  # what is there is not given up for files that cannot be used
    with artefact(workspace.poses_dir, "poses", options, inputs=inputs, force=runtime.force) as run:
        if not run.finished:
            taken = forced or read()
            summary = summarise(data.images, taken.tables)
            tables = {
                str(split): completed(taken.tables[str(split)], list(part["name"]))
                for split, part in data.images.groupby("split")
            }
            _finish(run, tables, PosesMade("csv", summary, rows_of_no_image=taken.unused, notes=taken.notes))
    return run.recorded(PosesMade)


def summarise(images: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> PoseSummary:
    """Counts of images with and without key points, of each split and of all.

    Args:
        images: columns name and split.
        tables: the key point table of each split, where there is one.
    """
    splits = {}
    for split in POSE_FILES:
        names = images.loc[images["split"] == split, "name"]
        rows = tables.get(split)
        present = names if rows is None else names[names.isin(rows.index)]
        points = keypoint_array(rows, present) if rows is not None else np.empty((0, 18, 2), np.float32)
        found = joints_present(points).any(axis=1)
        splits[split] = PoseCounts(
            images=len(names),
            no_row=len(names) - len(points),
            no_pose=len(names) - int(found.sum()),
            no_torso=len(names) - int(has_torso(points).sum()),
        )
    total = {each.name: sum(getattr(part, each.name) for part in splits.values()) for each in fields(PoseCounts)}
    return PoseSummary(**total, splits=splits)


def _estimate_part(
    part: Path, names: Sequence[str], paths: Sequence[str], estimator: Choice, size: tuple[int, int]
) -> int:
    """A worker's task: write one part; returns its number of images."""
    with naming(part):
        write_keypoints(keypoint_table(names, estimate_files(paths, estimator, size)), part)
    return len(names)


def _parts(table: pd.DataFrame, folder: Path) -> Iterator[tuple[Path, pd.DataFrame]]:
    """Every part's file and the images in it, in order."""
    for split, file in POSE_FILES.items():
        images = table[table["split"] == split]
        for start in range(0, len(images), CHUNK):
            name = f"{Path(file).stem}-{start // CHUNK:05d}.csv"
            yield folder / name, images.iloc[start : start + CHUNK]


def _estimate_parts(data: Dataset, folder: Path, estimator: Choice, jobs: int, progress: bool) -> None:
    """Write the parts that are not there yet, over `jobs` processes."""
    from tqdm import tqdm

    todo = [(part, images) for part, images in _parts(data.images, folder) if not part.exists()]
    done = len(data.images) - sum(len(images) for _, images in todo)
    bar = tqdm(total=len(data.images), initial=done, desc="poses", unit="image", disable=None if progress else True)
    with bar, worker_pool(min(jobs, len(todo)), ESTIMATING) as pool:
        futures = [
            pool.submit(_estimate_part, part, list(images["name"]), list(images["path"]), estimator, data.size)
            for part, images in todo
        ]
        for future in as_completed(futures):
            bar.update(future.result())


def _join_parts(table: pd.DataFrame, folder: Path) -> dict[str, pd.DataFrame]:
    """The key point table of each split from its parts."""
    read: dict[str, list[pd.DataFrame]] = {}
    for part, images in _parts(table, folder):
        read.setdefault(images["split"].iloc[0], []).append(read_keypoints(part))
    return {split: pd.concat(tables) for split, tables in read.items()}


def _finish(run: Run, tables: Mapping[str, pd.DataFrame], result: PosesMade) -> None:
    """Write the splits' files and record the result."""
    for split, rows in tables.items():
        with naming(run.folder / POSE_FILES[split]):
            write_keypoints(rows, run.folder / POSE_FILES[split])
    run.finish(result)


def poses_text(result: PosesMade, folder: Path) -> str:
    """The result of estimating or importing, in words.

    Args:
        result: as `estimate_poses` or `import_poses` returns it.
        folder: of the key points.
    """
    counts = result.summary
    splits = ", ".join(f"{POSE_FILES[split]} {part.images}" for split, part in counts.splits.items())
    lack = counted(counts.no_torso, "lacks a shoulder or hip and gives", "lack a shoulder or hip and give")
    lines = [
        f"{folder}: key points of {counted(counts.images, 'image')} ({splits}) from {result.source}",
        f"{counted(counts.no_pose, 'image has', 'images have')} no pose, {lack} no pairs",
    ]
    if counts.no_row:
        lines.append(f"{counted(counts.no_row, 'image')} had no row in the files")
    if result.rows_of_no_image:
        rows = counted(result.rows_of_no_image, "row was", "rows were")
        lines.append(f"{rows} of other images and passed over")
    lines += [f"note: {note}" for note in result.notes or ()]
    if result.agreement is not None:
        lines.append(agreement_text(result.agreement))
        lines.append("Later commands use these; delete poses/ to go back to the exact joints")
    return "\n".join(lines)
