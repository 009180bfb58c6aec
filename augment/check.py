"""What a workspace has and lacks: images, identities, key points, weight files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.datasets.copies import copies_said, inspect_copies
from augment.datasets.published import compare_market1501, compare_set, differences, set_lines
from augment.images import read_image
from augment.layouts.kinds import DataLayout
from augment.poses.estimate import summarise
from augment.poses.plausibility import doubts
from augment.weights import weights_report
from augment.workers import thread_map
from augment.workspace import Workspace
from patn.keypoints import keypoint_array

JUDGED = 5_000
"""Images whose key points are judged: of more, as many evenly spaced ones."""
SHOWN = 5


def check(
    workspace: Workspace, *, weights_dir: Path | None = None, jobs: int = 1, progress: bool = True
) -> dict[str, Any]:
    """Look at everything that later commands need; nothing is written.

    Every image is decoded, in `jobs` threads. Returns counts, images (unreadable, other sizes), identities, keypoints,
    weights; `problems` are sentences about what is wrong, `notes` about what is missing or odd, and `ok` says that
    there are no problems. Raises AugmentError where there is no image at all.
    """
    table = workspace.images()
    counts = count(table)
    published, dataset = workspace.layout.published_counts, workspace.dataset
    images = inspect_images(table["path"].tolist(), workspace.size, jobs, progress)
    report: dict[str, Any] = {
        "workspace": str(workspace.root),
        "data": str(workspace.data),
        "size": list(workspace.size),
        "counts": counts,
        "layout": workspace.layout.value,
        "market1501": compare_market1501(counts) if published is None and dataset is None else None,
        "dataset": compare_set(counts, dataset),
        "deepfashion": None if published is None else differences(counts, published),
        "images": images,
        "identities": identities(table),
        "copies": inspect_copies(table, jobs),
        "keypoints": inspect_keypoints(workspace, table),
        "pairs": inspect_pairs(workspace),
        "weights": weights_report(weights_dir),
    }
    problems, notes = judge(report)
    return {**report, "problems": problems, "notes": notes, "ok": not problems}


def count(table: pd.DataFrame) -> dict[str, int]:
    """Images and identities of each split, under the names that reid.data.market1501.COUNTS has."""
    train, query, gallery = (table[table["split"] == split] for split in ("train", "query", "gallery"))
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


def inspect_images(paths: Sequence[str], size: tuple[int, int], jobs: int, progress: bool) -> dict[str, Any]:
    """Decode every image: how many were `decoded`, how many `resized` (not of `size`), sentences on `unreadable`."""
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
    return {"decoded": len(paths) - len(unreadable), "resized": resized, "unreadable": unreadable}


def identities(table: pd.DataFrame) -> dict[str, int]:
    """What identities the data set holds, by number.

    Identities of one training image, in both parts, queries with a gallery image from another camera, and training
    images of identity 0 or -1.
    """
    train = table[(table["split"] == "train") & (table["pid"] > 0)]
    query, gallery = table[table["split"] == "query"], table[(table["split"] == "gallery") & (table["pid"] > 0)]
    sizes = train["pid"].value_counts()
    cameras = gallery.groupby("pid")["camid"].agg(set).to_dict()
    matched = sum(
        bool(cameras.get(pid, set()) - {camid}) for pid, camid in zip(query["pid"], query["camid"], strict=True)
    )
    return {
        "train_single": int((sizes < 2).sum()),
        "train_paired": int((sizes >= 2).sum()),
        "train_and_test": len(set(train["pid"]) & (set(query["pid"]) | set(gallery["pid"]))),
        "queries_matched": matched,
        "queries_unmatched": len(query) - matched,
        "train_nobody": int(((table["split"] == "train") & (table["pid"] <= 0)).sum()),
    }


def inspect_keypoints(workspace: Workspace, table: pd.DataFrame) -> dict[str, Any]:
    """Where the key points in use come from (None: there are none), what they lack, and what speaks against them.

    `impossible` and `odd` are the sentences of `augment.poses.plausibility`, about at most JUDGED images: imported
    ones were all judged.
    """
    source = workspace.keypoints_source()
    if source is None:
        return {"source": None}
    tables = {split: workspace.keypoints(split) for split in table["split"].unique()}
    names: list[str] = []
    arrays = []
    spacing = -(-len(table) // JUDGED)
    for split, rows in tables.items():
        own = table.loc[table["split"] == split, "name"]
        own = own[own.isin(rows.index)][::spacing]
        names += own.tolist()
        arrays.append(keypoint_array(rows, own))
    found = doubts(names, np.concatenate(arrays), workspace.size, cropped=workspace.layout.is_cropped)
    looked_at = f"of {len(names):,} images looked at, evenly spaced: " if spacing > 1 else ""
    said = {
        kind: [looked_at + doubt.sentence for doubt in found if doubt.impossible is wrong]
        for kind, wrong in (("impossible", True), ("odd", False))
    }
    return {"source": source, **summarise(table, tables), **said}


def inspect_pairs(workspace: Workspace) -> dict[str, Any] | None:
    """How many pairs DeepFashion's images make and where they come from; None on other data or without key points."""
    from augment.datasets.pairs import evaluation_pairs, given_pairs, pairable, pairs_among

    if workspace.layout.published_pairs is None or workspace.keypoints_source() is None:
        return None
    train = workspace.images().query("split == 'train'").set_index("name")["pid"]
    names = pairable(workspace, sorted(train.index))
    array = keypoint_array(workspace.keypoints("train"), names)
    pairs = {"train": len(pairs_among(workspace, names, [int(train[name]) for name in names], array))}
    try:
        pairs["gallery"] = len(evaluation_pairs(workspace))
    except AugmentError:
        pairs["gallery"] = 0
    given = [split for split in pairs if given_pairs(workspace, split) is not None]
    return {**pairs, "given": given}


def judge(report: dict[str, Any]) -> tuple[list[str], list[str]]:
    """(problems, notes) of a report of `check`, each one sentence."""
    counts, people, images = report["counts"], report["identities"], report["images"]
    problems, notes = [], []
    broken = images["unreadable"]
    problems += broken[:SHOWN]
    if len(broken) > SHOWN:
        problems.append(f"{len(broken) - SHOWN} more images are unreadable; --json lists them all")
    dataset = report["dataset"] or {"trains": True, "tests": True}
    notes += set_lines(report["dataset"])[1]
    if not counts["train"] and dataset["trains"]:
        problems.append(f"{report['data']}: no training images; nothing can be trained")
    if not DataLayout(report["layout"]).serves_reid:
        notes += _fashion_notes(report)
    elif dataset["tests"] and not people["queries_matched"]:
        problems.append(
            f"{report['data']}: no query image has a gallery image of the same identity from another camera; "
            "re-ID cannot be evaluated"
        )
    elif dataset["tests"] and people["queries_unmatched"]:
        notes.append(f"{people['queries_unmatched']} queries have no gallery image from another camera; none counts")
    if images["resized"]:
        notes.append(f"{images['resized']} images are of another size and are resized when loaded")
    if people["train_nobody"]:
        notes.append(f"{people['train_nobody']} training images are of identity 0 or -1 and are not trained on")
    if people["train_single"]:
        notes.append(f"{people['train_single']} identities have one training image only and give no pairs")
    if counts["train"] and not people["train_paired"]:
        notes.append("no identity has two training images: a generator cannot be trained")
    if people["train_and_test"]:
        notes.append(f"{people['train_and_test']} identities are in both the training and the test part")
    notes += copies_said(report["copies"])
    problems += _pose_problems(report["keypoints"])
    for name, (found, expected) in (report["market1501"] or {}).items():
        notes.append(f"{name}: {found:,} where Market-1501 has {expected:,}")
    return problems, [*notes, *_pose_notes(report["keypoints"])]


def _fashion_notes(report: dict[str, Any]) -> list[str]:
    notes = ["DeepFashion: generators can be trained and evaluated; it has no cameras and no queries, so no re-ID"]
    for name, (found, expected) in report["deepfashion"].items():
        notes.append(f"{name}: {found:,} where the authors' lists have {expected:,}".replace("gallery", "test"))
    published = DataLayout(report["layout"]).published_pairs or {}
    for split, expected in published.items() if report["pairs"] else ():
        found, word = report["pairs"][split], "training" if split == "train" else "test"
        if found != expected:
            notes.append(f"{found:,} {word} pairs where the paper has {expected:,}")
    return notes


def _pose_problems(keypoints: dict[str, Any]) -> list[str]:
    """What makes key points useless: they cannot be those of the images, or nobody has any."""
    if keypoints["source"] is None:
        return []
    problems = [f"key points ({keypoints['source']}): {sentence}" for sentence in keypoints["impossible"]]
    train = keypoints["splits"].get("train", {"images": 0})
    if keypoints["images"] == keypoints["no_pose"]:
        problems.append("no image has a joint: no generator can be trained; run `augment poses` again")
    elif train["images"] and train["images"] == train["no_torso"]:
        problems.append(
            "no training image shows both shoulders and both hips: no generator can be trained; run `augment poses` "
            "again"
        )
    return problems


def _pose_notes(keypoints: dict[str, Any]) -> list[str]:
    if keypoints["source"] is None:
        return ["no key points yet: run `augment poses`"]
    notes = [f"key points: {sentence}" for sentence in keypoints["odd"]]
    again = "" if keypoints["source"] == "exact" else " --force"
    if keypoints["no_row"]:
        notes.append(f"{keypoints['no_row']} images have no row in the key point files: run `augment poses{again}`")
    if keypoints["no_pose"]:
        notes.append(f"{keypoints['no_pose']} images have no pose")
    if keypoints["no_torso"]:
        notes.append(f"{keypoints['no_torso']} images lack a shoulder or hip and give no pairs")
    return notes


def check_text(report: dict[str, Any]) -> str:
    """A report of `check`, in words."""
    counts = report["counts"]
    height, width = report["size"]
    lines = [
        f"Workspace {report['workspace']}: images {report['data']}, working size {height} x {width}",
        f"training: {counts['train']:,} images of {counts['train identities']:,} identities",
        *_test_lines(DataLayout(report["layout"]), counts),
        f"key points: {report['keypoints']['source'] or 'none'}",
    ]
    if report["market1501"] == {}:
        lines.append("all counts are Market-1501's")
    if report["deepfashion"] == {}:
        lines.append("all counts are those of the authors' lists")
    lines += set_lines(report["dataset"])[0]
    if report["pairs"]:
        pairs = report["pairs"]
        lines.append(f"pairs: {pairs['train']:,} for training, {pairs['gallery']:,} for testing")
    for record in report["weights"]:
        lines.append(f"weights: {record['file']} {record['path'] or 'is missing; `augment info` says where to put it'}")
    lines += [f"note: {note}" for note in report["notes"]]
    lines += [f"WRONG: {problem}" for problem in report["problems"]]
    return "\n".join([*lines, "everything needed is there" if report["ok"] else "something needed is wrong"])


def _test_lines(layout: DataLayout, counts: dict[str, int]) -> list[str]:
    if not layout.serves_reid:
        return [f"test:     {counts['gallery']:,} images of {counts['gallery identities']:,} identities"]
    return [
        f"query:    {counts['query']:,} images of {counts['query identities']:,} identities",
        f"gallery:  {counts['gallery']:,} images, among them {counts['gallery distractors']:,} distractors "
        f"and {counts['gallery junk']:,} junk",
    ]
