"""The pairs of images that a generator is trained and tested on: given files, or the released pair maker's rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.datasets.image_names import ImageNames
from augment.workspace import PAIR_FILES, Workspace
from numerics.arrays import Array
from numerics.seeds import Stream, random_stream
from patn.keypoints import has_torso, joints_present, keypoint_array
from patn.pairs import read_pairs, released_sample, sample_pairs, training_pairs, write_pairs
from reid.data.market1501 import Split, of_identities

TEST_PAIRS = 12_000
"""Test pairs that the released pair maker draws for Market-1501; DeepFashion has its own number."""


def import_pairs(workspace: Workspace, files: Sequence[Path]) -> dict[str, int]:
    """Take pairs from files into the workspace's pairs/train.csv and pairs/test.csv.

    Pairs of images that are not in the workspace are left out, and so are those of images of two parts, and of queries.

    Args:
        workspace: whose images are paired.
        files: with the header from,to; a file's pairs may be of both parts.

    Returns:
        The numbers of pairs: train, test, left_out (an image is not there), apart (images of two parts or queries).

    Raises:
        AugmentError: where no pair is of this workspace, a pair cannot be one (see `refuse_unfit`), or it has other
            pairs already.
        patn.DataError: for another file.
    """
    data = Dataset.of(workspace)
    images = data.images
    pairs = _read_all(data, files)
    taken = {}
    for split in PAIR_FILES:
        names = images.loc[images["split"] == split, "name"]
        taken[split] = pairs[pairs["from"].isin(names) & pairs["to"].isin(names)]
    if not sum(map(len, taken.values())):
        example = ImageNames(data).example()
        raise AugmentError(f"{files[0]}: no pair is of two training or two test images of this workspace ({example})")
    for split, part in taken.items():
        held = given_pairs(data, split)
        if held is not None and held.to_numpy().tolist() != part.to_numpy().tolist():
            raise AugmentError(f"{workspace.pairs_csv(split)}: holds other pairs already; remove it")
        if len(part):
            write_pairs(part, workspace.pairs_csv(split))
    counts = {split: len(part) for split, part in taken.items()}
    there = int((pairs["from"].isin(images["name"]) & pairs["to"].isin(images["name"])).sum())
    return {
        "train": counts["train"],
        "test": counts["gallery"],
        "left_out": len(pairs) - there,
        "apart": there - sum(counts.values()),
    }


def _read_all(data: Dataset, files: Sequence[Path]) -> pd.DataFrame:
    """The pairs of the files under the images' own names, each once; raises AugmentError as `refuse_unfit`."""
    names = ImageNames(data)
    read: list[pd.DataFrame] = []
    for path in files:
        pairs = read_pairs(path)
        image_of = names.match(dict.fromkeys([*pairs["from"], *pairs["to"]]))
        pairs = pairs.apply(lambda column, known=image_of: column.map(known).fillna(column))
        refuse_unfit(pairs, data.images, path)
        read.append(pairs)
    return pd.concat(read, ignore_index=True).drop_duplicates(ignore_index=True)


def refuse_unfit(pairs: pd.DataFrame, images: pd.DataFrame, path: Path) -> None:
    """Refuse pairs of an image with itself, of two identities, or of images that are nobody's.

    Args:
        pairs: columns from and to; names that are no image's are passed over.
        images: columns name and pid.
        path: the file of the pairs, for the message.

    Raises:
        AugmentError: for the first such pair.
    """
    pid_of = dict(zip(images["name"], images["pid"], strict=True))
    for number, (first, second) in enumerate(zip(pairs["from"], pairs["to"], strict=True), start=1):
        if first == second:
            raise AugmentError(f"{path}: pair {number} is of {first} with itself; write two images of one identity")
        one, other = pid_of.get(first), pid_of.get(second)
        if one is None or other is None:
            continue
        if one != other:
            raise AugmentError(
                f"{path}: pair {number} is of two identities, {one} ({first}) and {other} ({second}); write two images "
                "of one identity"
            )
        if one <= 0:
            raise AugmentError(f"{path}: pair {number} ({first}, {second}) is of junk or distractors, which are nobody")


def given_pairs(data: Dataset, split: str) -> pd.DataFrame | None:
    """The pairs that were given for a split, columns from and to, or None.

    Args:
        data: whose pairs they are.
        split: train or gallery.

    Raises:
        AugmentError: where one cannot be a pair, see `refuse_unfit`.
    """
    path = data.pair_files[split]
    if not path.is_file():
        return None
    pairs = read_pairs(path)
    refuse_unfit(pairs, data.images, path)
    return pairs


def pairable(data: Dataset, names: Sequence[str]) -> list[str]:
    """Those of the training images that can be in a pair, in their order.

    By the rule an image needs both shoulders and both hips; where pairs were given, an image needs to be in one and
    to have any joint.

    Args:
        data: whose key points and pairs are read.
        names: of training images.
    """
    given = given_pairs(data, "train")
    if given is None:
        return posed_names(data, names)
    return _given_and_posed(data, "train", given, names)


def posed_names(data: Dataset, names: Sequence[str]) -> list[str]:
    """Those training images whose key points have both shoulders and both hips, which PATN's pairs need.

    Args:
        data: whose key points are read.
        names: of training images, in the order returned.
    """
    table = data.keypoints("train")
    known = [name for name in names if name in table.index]
    return [name for name, usable in zip(known, has_torso(keypoint_array(table, known)), strict=True) if usable]


def pairs_among(data: Dataset, names: Sequence[str], pids: Sequence[int], array: Array) -> pd.DataFrame:
    """Training pairs, columns from and to, of some of the training images.

    Where pairs were given, those between the images; else all ordered pairs of one identity, of which DeepFashion
    takes the paper's 101,966 where there are more.

    Args:
        data: whose pairs are read.
        names: of the images.
        pids: their identities.
        array: their key points, N x 18 x 2.
    """
    given = given_pairs(data, "train")
    if given is not None:
        return given[given["from"].isin(names) & given["to"].isin(names)].reset_index(drop=True)
    pairs = training_pairs(names, pids, array)
    published = data.layout.published_pairs
    if published is not None and len(pairs) > published["train"]:
        return released_sample(pairs, published["train"])
    return pairs


def evaluation_pairs(data: Dataset, count: int | None = None, seed: int = 0) -> pd.DataFrame:
    """Test pairs, columns from and to, names of split `gallery`.

    The given ones whose images have a pose, in their order; else the released rule: all ordered pairs of one identity
    with whole torsos, of which 12,000, for DeepFashion 8,570, are sampled with its seed, 0.

    Args:
        data: whose key points and pairs are read.
        count: of a sample of these, where fewer are wanted.
        seed: of that sample.

    Raises:
        AugmentError: for missing key points, or where there is no pair.
    """
    given = given_pairs(data, "gallery")
    gallery = of_identities(data.images, Split.GALLERY)
    keypoints = data.keypoints("gallery")
    if given is not None:
        usable = _given_and_posed(data, "gallery", given, gallery["name"].tolist())
        pairs = given[given["from"].isin(usable) & given["to"].isin(usable)].reset_index(drop=True)
    else:
        gallery = gallery[gallery["name"].isin(keypoints.index)]
        names = gallery["name"].tolist()
        pairs = training_pairs(names, gallery["pid"].tolist(), keypoint_array(keypoints, names))
        published = data.layout.published_pairs
        most = TEST_PAIRS if published is None else published["gallery"]
        pairs = released_sample(pairs, min(most, len(pairs)))
    if pairs.empty:
        raise AugmentError(f"{data.folder}: no test identity has two images with a pose; see `augment check`")
    if count is None or count >= len(pairs):
        return pairs
    return sample_pairs(pairs, count, random_stream(seed, Stream.EVALUATION_PAIRS))


def identity_pairs(data: Dataset, split: str, count: int, seed: int) -> pd.DataFrame:
    """Random pairs, columns from and to, of two images of one identity that both have shoulders and hips.

    Args:
        data: whose key points are read.
        split: train or gallery.
        count: at most so many pairs.
        seed: of the sample.

    Raises:
        AugmentError: where no identity has two such images.
    """
    table = data.keypoints(split)
    images = of_identities(data.images, split)
    images = images[images["name"].isin(table.index)]
    names = images["name"].tolist()
    pairs = training_pairs(names, images["pid"].to_numpy(), keypoint_array(table, names))
    if pairs.empty:
        raise AugmentError(f"{data.folder}: no identity has two images with key points in split {split}")
    return sample_pairs(pairs, min(count, len(pairs)), random_stream(seed, Stream.IDENTITY_PAIRS))


def _given_and_posed(data: Dataset, split: str, pairs: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Those names that are in a pair and have any joint."""
    paired, table = {*pairs["from"], *pairs["to"]}, data.keypoints(split)
    known = [name for name in names if name in paired and name in table.index]
    posed = joints_present(keypoint_array(table, known)).any(axis=1)
    return [name for name, usable in zip(known, posed, strict=True) if usable]
