"""Looking at what a workspace has: every image, identities, key points, pairs, weight files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.check.conclusions import conclusions
from augment.check.report import IdentitiesChecked, ImagesChecked, KeypointsChecked, PairsChecked, Report
from augment.datasets.copies import inspect_copies
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import evaluation_pairs, given_pairs, pairable, pairs_among
from augment.datasets.published import compare_market1501, compare_set, differences
from augment.datasets.transparency import Transparency, original_files
from augment.fields import as_options
from augment.images import read_image
from augment.poses.estimate import summarise
from augment.poses.plausibility import doubts
from augment.weights import weights_report
from augment.workers import thread_map
from augment.workspace import Workspace
from patn.keypoints import keypoint_array
from reid.data.market1501 import Split, identities_in_both, of_identities

JUDGED = 5_000
"""Images whose key points are judged: of more, as many evenly spaced ones."""


def check(workspace: Workspace, *, weights_dir: Path | None = None, jobs: int = 1, progress: bool = True) -> Report:
    """Look at everything that later commands need; nothing is written.

    Args:
        workspace: every image of it is decoded.
        weights_dir: a folder searched for files of weights before the hub's cache.
        jobs: threads that decode images.
        progress: show a bar.

    Raises:
        AugmentError: where there is no image at all.
    """
    data = Dataset.of(workspace)
    table, counts = data.images, count(data.images)
    published, dataset = data.layout.published_counts, workspace.dataset
    images = inspect_images(table["path"].tolist(), data.size, jobs, progress)
    source = workspace.keypoints_source()
    report = Report(
        workspace=str(data.root),
        data=str(data.folder),
        size=data.size,
        counts=counts,
        layout=data.layout.value,
        market1501=compare_market1501(counts) if published is None and dataset is None else None,
        dataset=compare_set(counts, dataset),
        deepfashion=None if published is None else differences(counts, published),
        images=images,
        identities=identities(table),
        copies=inspect_copies(table, jobs),
        transparency=Transparency.of_files(original_files(data.folder, table["path"].tolist()), jobs),
        keypoints=None if source is None else inspect_keypoints(data, source),
        pairs=None if source is None or data.layout.published_pairs is None else inspect_pairs(data),
        weights=weights_report(weights_dir),
    )
    problems, notes = conclusions(report)
    return replace(report, problems=tuple(problems), notes=tuple(notes))


def count(table: pd.DataFrame) -> dict[str, int]:
    """Images and identities of each split, under the names that reid.data.market1501.COUNTS has.

    Args:
        table: columns pid and split.
    """
    train, query, gallery = (table[table["split"] == split] for split in Split)
    return {
        "train": len(train),
        "train identities": int(train["pid"].nunique()),
        "query": len(query),
        "query identities": int(query["pid"].nunique()),
        "gallery": len(gallery),
        "gallery identities": int(gallery.loc[gallery["pid"] > 0, "pid"].nunique()),
        "gallery junk": int((gallery["pid"] == -1).sum()),
        "gallery distractors": int((gallery["pid"] == 0).sum()),
        "gallery without junk": int((gallery["pid"] != -1).sum()),
    }


def inspect_images(paths: Sequence[str], size: tuple[int, int], jobs: int, progress: bool) -> ImagesChecked:
    """Decode images; how many are readable and how many of another size.

    Args:
        paths: of the images.
        size: (height, width) in pixels that they should have.
        jobs: threads.
        progress: show a bar.
    """
    from tqdm import tqdm

    def look(path: str) -> tuple[int, int] | str:
        try:
            height, width, _ = read_image(path).shape
        except AugmentError as error:
            return str(error)
        return height, width

    resized, unreadable = 0, []
    seen = thread_map(look, paths, jobs)
    for shape in tqdm(seen, "check", len(paths), unit="image", disable=None if progress else True):
        if isinstance(shape, str):
            unreadable.append(shape)
        else:
            resized += shape != size
    return ImagesChecked(len(paths) - len(unreadable), resized, tuple(unreadable))


def identities(table: pd.DataFrame) -> IdentitiesChecked:
    """What identities the data set holds, by number.

    Args:
        table: columns pid, camid and split.
    """
    train, gallery = of_identities(table, Split.TRAIN), of_identities(table, Split.GALLERY)
    query = table[table["split"] == Split.QUERY]
    sizes = train["pid"].value_counts()
    cameras = gallery.groupby("pid")["camid"].agg(set).to_dict()
    matched = sum(
        bool(cameras.get(pid, set()) - {camid}) for pid, camid in zip(query["pid"], query["camid"], strict=True)
    )
    return IdentitiesChecked(
        train_single=int((sizes < 2).sum()),
        train_paired=int((sizes >= 2).sum()),
        train_and_test=identities_in_both(table),
        queries_matched=matched,
        queries_unmatched=len(query) - matched,
        train_nobody=int(((table["split"] == Split.TRAIN) & (table["pid"] <= 0)).sum()),
    )


def inspect_keypoints(data: Dataset, source: str) -> KeypointsChecked:
    """What key points there are and which are doubtful.

    Args:
        data: at most JUDGED of its images are looked at, evenly spaced: imported key points were all judged before.
        source: what made them.
    """
    table = data.images
    tables = {split: data.keypoints(split) for split in table["split"].unique()}
    names: list[str] = []
    arrays = []
    spacing = -(-len(table) // JUDGED)
    for split, rows in tables.items():
        own = table.loc[table["split"] == split, "name"]
        own = own[own.isin(rows.index)][::spacing]
        names += own.tolist()
        arrays.append(keypoint_array(rows, own))
    found = doubts(names, np.concatenate(arrays), data.size, cropped=data.layout.is_cropped)
    looked_at = f"of {len(names):,} images looked at, evenly spaced: " if spacing > 1 else ""
    said = {
        kind: tuple(looked_at + as_options(doubt.sentence) for doubt in found if doubt.impossible is wrong)
        for kind, wrong in (("impossible", True), ("odd", False))
    }
    return KeypointsChecked(source, summarise(table, tables), **said)


def inspect_pairs(data: Dataset) -> PairsChecked:
    """How many pairs the images make and where they come from.

    Args:
        data: with key points.
    """
    train = data.split("train")["pid"]
    names = pairable(data, sorted(train.index))
    array = keypoint_array(data.keypoints("train"), names)
    pairs = {"train": len(pairs_among(data, names, [int(train[name]) for name in names], array))}
    try:
        pairs["gallery"] = len(evaluation_pairs(data))
    except AugmentError:
        pairs["gallery"] = 0
    given = tuple(split for split in pairs if given_pairs(data, split) is not None)
    return PairsChecked(**pairs, given=given)
