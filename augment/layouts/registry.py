"""Folders of real images as the Market-1501 layout that everything else reads; the given folder is never modified."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from augment import AugmentError
from augment.images import header_size
from augment.layouts.detection import find_market1501
from augment.layouts.inventory import Inventory, Reason, printable, take_stock
from augment.layouts.kinds import DataLayout
from augment.plurals import counted
from augment.workers import thread_map
from reid.data.market1501 import FOLDERS, Split, present_splits, read_market1501

USUAL_SIZE = (128, 64)
LARGEST = 512
MULTIPLE = 4
HEADERS_AT_ONCE = 4


@dataclass(frozen=True)
class Layout:
    """What became of a folder of images.

    Attributes:
        data: the folder that is read from now on.
        layout: how the images were given.
        size: (height, width) in pixels to work at.
        decisions: that were taken for the user, sentences.
        files: says of every file below the folder whether it was taken.
    """

    data: Path
    layout: DataLayout
    size: tuple[int, int]
    decisions: tuple[str, ...]
    files: Inventory

    def __post_init__(self) -> None:
        if min(self.size) < MULTIPLE or any(side % MULTIPLE for side in self.size):
            raise AugmentError(
                f"size {self.size[0]} x {self.size[1]}: height and width must be multiples of {MULTIPLE} pixels; "
                "give others with ⟨size⟩ HEIGHT WIDTH"
            )


def market1501_layout(folder: Path, size: tuple[int, int] | None = None) -> Layout:
    """The layout of a Market-1501 folder as downloaded, used where it lies.

    Folders bounding_box_test and query may be missing or empty: then re-ID cannot be evaluated, and a decision says so.

    Args:
        folder: the downloaded one, or one with a single one below it.
        size: (height, width) in pixels to work at; None takes the most common one of the training images, see
            `common_size`.

    Raises:
        AugmentError: without bounding_box_train.
        reid.DataError: for names that cannot be read.
    """
    root = find_market1501(folder)
    if root is None:
        raise AugmentError(
            f"{folder}: there is no folder {FOLDERS['train']} in it; give the Market-1501 folder as downloaded, or "
            "use ⟨layout⟩ folders for one sub-folder per identity"
        )
    splits = present_splits(root)
    if not splits:
        raise AugmentError(
            f"{root}: there is no image in {', '.join(FOLDERS.values())}, where all images have to be; folders in "
            "these are not searched"
        )
    table = read_market1501(root, splits)
    files = _market_files(folder, root, table)
    decisions = [describe(table), *_odd_names(table)]
    if root != folder:
        decisions.insert(0, f"the images are those of {printable(root.relative_to(folder).as_posix())}")
    missing = [FOLDERS[split] for split in (Split.GALLERY, Split.QUERY) if split not in splits]
    if missing:
        decisions.append(f"no images in {' and '.join(missing)}: generators can be trained, re-ID cannot be evaluated")
    if size is None:
        paths = table.loc[table["split"] == Split.TRAIN, "path"]
        size, sentence = common_size([Path(path) for path in (paths if len(paths) else table["path"])])
        decisions.append(sentence)
    return Layout(root.resolve(), DataLayout.MARKET1501, size, (*decisions, *files.sentences()), files)


def _market_files(folder: Path, root: Path, table: pd.DataFrame) -> Inventory:
    """Which files below `folder` are in the image table of its Market-1501 folder `root`, and why others are not."""
    inside = tuple((root / part).relative_to(folder).as_posix() + "/" for part in FOLDERS.values())
    taken = {Path(path).relative_to(folder).as_posix() for path in table["path"]}
    return take_stock(folder, taken, lambda file: Reason.DEEPER if file.startswith(inside) else Reason.OUTSIDE)


NOT_TRAINED_ON = ("training image, which is not trained on, is", "training images, which are not trained on, are")


def _odd_names(table: pd.DataFrame) -> list[str]:
    """Sentences about names of an image table that mean something else to other code, or perhaps to the user."""
    said = []
    for split, what in ((Split.TRAIN, NOT_TRAINED_ON), (Split.QUERY, ("query is", "queries are"))):
        nobody = table.loc[(table["split"] == split) & (table["pid"] <= 0), "name"]
        if len(nobody):
            said.append(
                f"{counted(len(nobody), *what)} of identity 0 or -1, in Market-1501 background and junk, such as "
                f"{nobody.iloc[0]}; rename them if that is a person"
            )
    others = table.loc[~table["name"].str.endswith(".jpg"), "name"]
    if len(others):
        names = counted(len(others), "name does", "names do")
        said.append(f"{names} not end in .jpg, which other re-ID code may ask for: {others.iloc[0]}")
    marked = table.loc[(table["split"] == Split.TRAIN) & table["name"].str.contains(r"_gen\d*\.", regex=True), "name"]
    if len(marked):
        have = counted(len(marked), "training image has a name", "training images have names")
        said.append(f"{have} of generated ones, such as {marked.iloc[0]}")
    empty = [name for name, path in zip(table["name"], table["path"], strict=True) if not os.path.getsize(path)]
    if empty:
        files = counted(len(empty), "file is", "files are")
        said.append(f"{files} empty, such as {empty[0]}; `augment check` names all unreadable images")
    if (table["camid"] == 0).any():
        said.append("cameras count from 0 in the names; other re-ID code may ask for 1 and more")
    return said


def describe(table: pd.DataFrame) -> str:
    """Images and identities of each split of an image table, in words.

    Args:
        table: columns pid and split.
    """
    parts = []
    for split, word in (("train", "training"), ("query", "query"), ("gallery", "gallery")):
        part = table[table["split"] == split]
        people = part.loc[part["pid"] > 0, "pid"].nunique()
        parts.append(f"{counted(len(part), f'{word} image')} of {counted(people, 'identity', 'identities')}")
    return f"{parts[0]}, {parts[1]}, {parts[2]}"


def common_size(paths: Sequence[Path]) -> tuple[tuple[int, int], str]:
    """The (height, width) to work at, and the sentence that says why.

    The most common size where at least half of the images share it and neither side is over 512 pixels, rounded to
    multiples of 4 (the generator halves twice); else 128 x 64.

    Args:
        paths: of images; their headers alone are read, and unreadable ones passed over.
    """
    sizes = Counter(size for size in thread_map(header_size, paths, HEADERS_AT_ONCE) if size is not None)
    if not sizes:
        return USUAL_SIZE, "no image could be read; the working size is 128 x 64"
    (height, width), count = max(sizes.items(), key=lambda item: (item[1], item[0]))
    share = f"{count:,} of {counted(sum(sizes.values()), 'image is', 'images are')} {height} x {width}"
    if 2 * count < sum(sizes.values()) or max(height, width) > LARGEST:
        return USUAL_SIZE, f"images are resized to 128 x 64 when loaded (at most {share}); choose another with --size"
    rounded = (max(MULTIPLE, _to_multiple(height)), max(MULTIPLE, _to_multiple(width)))
    if rounded != (height, width):
        return rounded, f"{share}; the working size is {rounded[0]} x {rounded[1]}, multiples of {MULTIPLE}"
    return rounded, f"{share}, the working size" + ("; the others are resized when loaded" if len(sizes) > 1 else "")


def _to_multiple(side: int) -> int:
    return MULTIPLE * round(side / MULTIPLE)
