"""Folders of real images as the Market-1501 layout that everything else reads; the given folder is never modified."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from augment import AugmentError
from augment.deepfashion import LAYOUT as DEEPFASHION
from augment.deepfashion import find_root
from augment.images import header_size
from augment.workers import thread_map
from reid.market1501 import DOWNLOADED_AS, FOLDERS, present_splits, read_market1501

LAYOUTS = ("market1501", "folders", "deepfashion")
USUAL_SIZE = (128, 64)
LARGEST = 512
MULTIPLE = 4


@dataclass(frozen=True)
class Layout:
    """What became of a folder of images: a Market-1501 folder, the working size and the decisions taken, in words.

    `size` is (height, width) in pixels; `decisions` are sentences for the user.
    """

    data: Path
    layout: str
    size: tuple[int, int]
    decisions: tuple[str, ...]

    def __post_init__(self) -> None:
        if min(self.size) < MULTIPLE or any(side % MULTIPLE for side in self.size):
            raise AugmentError(
                f"size {self.size[0]} x {self.size[1]}: height and width must be multiples of {MULTIPLE} pixels; "
                "give others with --size HEIGHT WIDTH"
            )


def detect_layout(folder: Path) -> str:
    """`market1501` for a folder that holds bounding_box_train (or the downloaded folder), `deepfashion` for one with
    MEN/ or WOMEN/CATEGORY/id_00000000/ (or for a folder around it), else `folders`.

    Raises AugmentError for a folder that is missing or without sub-folders.
    """
    if not folder.is_dir():
        raise AugmentError(f"{folder}: there is no such folder; give the folder of your images with --data")
    if any((root / FOLDERS["train"]).is_dir() for root in _roots(folder)):
        return "market1501"
    if find_root(folder) is not None:
        return DEEPFASHION
    if not any(entry.is_dir() and not entry.name.startswith(".") for entry in folder.iterdir()):
        raise AugmentError(
            f"{folder}: neither {FOLDERS['train']} (Market-1501) nor sub-folders, one an identity, are in it; "
            "sort the images into one sub-folder a person"
        )
    return "folders"


def market1501_layout(folder: Path, size: tuple[int, int] | None = None) -> Layout:
    """The layout of a Market-1501 folder as downloaded, used where it lies.

    size: (height, width) to work at; None takes the most common size of the training images (see common_size).
    Folders bounding_box_test and query may be missing or empty: then re-ID cannot be evaluated, and a decision says so.
    Raises AugmentError without bounding_box_train, and reid.DataError for names that cannot be read.
    """
    root = next((root for root in _roots(folder) if (root / FOLDERS["train"]).is_dir()), None)
    if root is None:
        raise AugmentError(
            f"{folder}: there is no folder {FOLDERS['train']} in it; give the Market-1501 folder as downloaded, or "
            "use --layout folders for one sub-folder an identity"
        )
    splits = present_splits(root)
    if not splits:
        raise AugmentError(f"{root}: there is no image in {', '.join(FOLDERS.values())}; give a folder with images")
    table = read_market1501(root, splits)
    decisions = [describe(table)]
    missing = [FOLDERS[split] for split in ("gallery", "query") if split not in splits]
    if missing:
        decisions.append(f"no images in {' and '.join(missing)}: generators can be trained, re-ID cannot be evaluated")
    if size is None:
        paths = table.loc[table["split"] == "train", "path"]
        size, sentence = common_size([Path(path) for path in (paths if len(paths) else table["path"])])
        decisions.append(sentence)
    return Layout(root.resolve(), "market1501", size, tuple(decisions))


def describe(table: pd.DataFrame) -> str:
    """Images and identities of each split of an image table, in words."""
    parts = []
    for split, word in (("train", "training"), ("query", "query"), ("gallery", "gallery")):
        part = table[table["split"] == split]
        people = part.loc[part["pid"] > 0, "pid"].nunique()
        parts.append(f"{len(part):,} {word} images of {people:,} identities")
    return f"{parts[0]}, {parts[1]}, {parts[2]}"


def common_size(paths: Sequence[Path], jobs: int = 4) -> tuple[tuple[int, int], str]:
    """The (height, width) to work at, and the sentence that says why.

    The most common size where at least half of the images share it and neither side is over 512 pixels, rounded to
    multiples of 4 (the generator halves twice); else 128 x 64. Only file headers are read; unreadable files are
    passed over here.
    """
    sizes = Counter(size for size in thread_map(header_size, paths, jobs) if size is not None)
    if not sizes:
        return USUAL_SIZE, "no image could be read; the working size is 128 x 64"
    (height, width), count = max(sizes.items(), key=lambda item: (item[1], item[0]))
    share = f"{count:,} of {sum(sizes.values()):,} images are {height} x {width}"
    if 2 * count < sum(sizes.values()) or max(height, width) > LARGEST:
        return USUAL_SIZE, f"images are resized to 128 x 64 when loaded (at most {share}); choose another with --size"
    rounded = (max(MULTIPLE, _to_multiple(height)), max(MULTIPLE, _to_multiple(width)))
    if rounded != (height, width):
        return rounded, f"{share}; the working size is {rounded[0]} x {rounded[1]}, multiples of {MULTIPLE}"
    return rounded, f"{share}, the working size" + ("; the others are resized when loaded" if len(sizes) > 1 else "")


def _roots(folder: Path) -> tuple[Path, ...]:
    return folder, folder / DOWNLOADED_AS


def _to_multiple(side: int) -> int:
    return MULTIPLE * round(side / MULTIPLE)
