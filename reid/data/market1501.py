"""The Market-1501 folder: the table of all images, torchreid's view of the same files.

Zheng et al., Scalable Person Re-identification: A Benchmark, ICCV 2015.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from numerics.arrays import Array
from reid import BrokenLink, DataError
from reid.data.names import is_image_name, parse_name

if TYPE_CHECKING:
    from torchreid.reid.data.datasets import Market1501


class Split(StrEnum):
    """What an image is for, as the column split of an image table says it."""

    TRAIN = "train"
    QUERY = "query"
    GALLERY = "gallery"


DOWNLOADED_AS = "Market-1501-v15.09.15"
FOLDERS = MappingProxyType({"train": "bounding_box_train", "gallery": "bounding_box_test", "query": "query"})
JUNK = -1
COUNTS = MappingProxyType(
    {
        "train": 12_936,
        "train identities": 751,
        "query": 3_368,
        "query identities": 750,
        "gallery": 19_732,
        "gallery junk": 3_819,
        "gallery distractors": 2_798,
        "gallery without junk": 15_913,
    }
)
"""Images and identities of the real Market-1501, as downloaded."""


def read_market1501(folder: str | Path, splits: Sequence[str] = ("train", "gallery", "query")) -> pd.DataFrame:
    """The image table of a Market-1501 folder.

    Files that are no images (Thumbs.db), hidden files and folders are passed over.

    Args:
        folder: the folder as downloaded, or a folder that holds it under its own name, Market-1501-v15.09.15.
        splits: which of "train", "gallery" and "query" to read; those left out need not exist.

    Returns:
        One row an image, columns name, path, pid, camid (as in the name) and split, sorted by split (in the order of
        `splits`) and name. Junk images (pid -1) are kept: see `drop_junk`.

    Raises:
        DataError: for a folder that is missing or has no image, or an image whose name cannot be read.
    """
    root = _root(Path(folder), splits)
    return pd.concat([read_images(root / FOLDERS[split], split) for split in splits], ignore_index=True)


def read_images(folder: Path, split: str) -> pd.DataFrame:
    """The image table, as of `read_market1501`, of the images that lie directly in one folder.

    Args:
        folder: of images.
        split: what the table calls them.

    Returns:
        One row an image, sorted by name.

    Raises:
        DataError: for no folder or one without an image, or an image whose name cannot be read.
        BrokenLink: for a link that leads to no file.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; give one of images")
    names = _image_names(folder)
    paths = [os.path.join(folder, name) for name in names]
    pids, camids = zip(*map(parse_name, paths), strict=True)
    return pd.DataFrame({"name": names, "path": paths, "pid": pids, "camid": camids, "split": split})


def drop_junk(table: pd.DataFrame) -> pd.DataFrame:
    """The image table without junk images (pid -1), numbered anew; distractors (pid 0) stay.

    Args:
        table: as of `read_market1501`.

    Returns:
        A new table.
    """
    return table[table["pid"] != JUNK].reset_index(drop=True)


def of_identities(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """The rows of a split that show an identity, which junk (pid -1) and distractors (pid 0) do not.

    Args:
        table: columns pid and split.
        split: a `Split`.
    """
    return table[(table["split"] == split) & (table["pid"] > 0)]


def identities_in_both(table: pd.DataFrame) -> int:
    """How many identities the training part shares with queries or gallery; a benchmark has none.

    Args:
        table: columns pid and split.

    Example:
        >>> identities_in_both(pd.DataFrame({"pid": [1, 2, 0, 2, 0], "split": ["train"] * 3 + ["query", "gallery"]}))
        1
    """
    test = {pid for split in (Split.QUERY, Split.GALLERY) for pid in of_identities(table, split)["pid"]}
    return len(test.intersection(of_identities(table, Split.TRAIN)["pid"]))


def relabel(pids: Sequence[int] | Array | pd.Series) -> tuple[Array, Array]:
    """Class labels from 0, in increasing order of identity.

    Args:
        pids: N identities.

    Returns:
        (labels, identities): int64 (N,), and the C identities sorted, so that identities[labels] == pids.

    Example:
        >>> labels, identities = relabel([7, 2, 7])
        >>> labels.tolist(), identities.tolist()
        ([1, 0, 1], [2, 7])
    """
    identities, labels = np.unique(np.asarray(pids, dtype=np.int64), return_inverse=True)
    return labels.astype(np.int64), identities


def torchreid_dataset(folder: str | Path, **options: Any) -> Market1501:
    """torchreid's own Market1501 on exactly this folder, whatever its name; nothing is downloaded.

    Files, identities and cameras are those of `read_market1501` without junk; torchreid counts cameras from 0, one less
    than the names do unless a name has camera 0. Unlike torchreid's own reading, the files are sorted, labels follow
    the identities' order, and only base names are matched (torchreid searches the whole path, which a folder such as
    `run_12_c3` breaks).

    Args:
        folder: as of `read_market1501`.
        options: those of torchreid's ImageDataset (transform, mode, combineall, ...); verbose is False unless given.

    Returns:
        torchreid's data set.

    Raises:
        DataError: as `read_market1501`.
    """
    table = drop_junk(read_market1501(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on import torchreid warns that it has no Cython
        from torchreid.reid.data.datasets import Market1501
        from torchreid.reid.data.datasets.dataset import ImageDataset
    table["camid"] -= min(1, table["camid"].min())
    train, query, gallery = (table[table["split"] == split] for split in Split)
    dataset = Market1501.__new__(Market1501)  # its __init__ wants other folder names, and downloads what it misses
    dataset.data_dir = str(Path(table["path"].iloc[0]).parents[1])
    ImageDataset.__init__(
        dataset,
        _torchreid_rows(train, relabel(train["pid"])[0]),
        _torchreid_rows(query, query["pid"]),
        _torchreid_rows(gallery, gallery["pid"]),
        **{"verbose": False, **options},
    )
    return dataset


def _torchreid_rows(table: pd.DataFrame, pids: Array | pd.Series) -> list[tuple[str, int, int]]:
    """torchreid's (path, identity or label, camera from 0) of each image."""
    return [(path, int(pid), camid) for path, pid, camid in zip(table["path"], pids, table["camid"], strict=True)]


def present_splits(folder: str | Path) -> tuple[str, ...]:
    """Those of train, gallery and query whose folder holds at least one image or link to one.

    Args:
        folder: the Market-1501 folder itself.

    Returns:
        Their names, in that order.
    """
    parts = {split: Path(folder) / FOLDERS[split] for split in ("train", "gallery", "query")}
    return tuple(split for split, part in parts.items() if part.is_dir() and _holds_image(part))


def _root(folder: Path, splits: Sequence[str]) -> Path:
    """The folder that holds the splits' folders."""
    unknown = sorted(set(splits) - set(FOLDERS))
    if unknown:
        raise DataError(f"There is no split {unknown[0]!r}; the splits are {', '.join(FOLDERS)}")
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; give the Market-1501 folder as downloaded")
    candidates = (folder, folder / DOWNLOADED_AS, folder / "market1501" / DOWNLOADED_AS)
    root = next((root for root in candidates if (root / FOLDERS["train"]).is_dir()), folder)
    for split in splits:
        if not (root / FOLDERS[split]).is_dir():
            raise DataError(
                f"{root}: there is no folder {FOLDERS[split]} in it; give the Market-1501 folder as downloaded"
            )
    return root


def _image_names(folder: Path) -> list[str]:
    """The folder's image names, sorted; raises DataError where there are none, and for the first link to nothing."""
    found, broken = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_image(entry):
                found.append(entry.name)
            elif _leads_nowhere(entry):
                broken.append(entry.path)
    if broken:
        first = min(broken)
        raise BrokenLink(
            f"{first}: is a link to {os.path.realpath(first)}, where no file is; put the image back there, or take the "
            "link away"
        )
    if not found:
        raise DataError(f"{folder}: there is no image in it; give the Market-1501 folder as downloaded")
    return sorted(found)


def _holds_image(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(_is_image(entry) or _leads_nowhere(entry) for entry in entries)


def _is_image(entry: os.DirEntry[str]) -> bool:
    if not is_image_name(entry.name):
        return False
    return entry.is_file(follow_symlinks=False) or os.path.isfile(entry.path)  # a link in a circle is none


def _leads_nowhere(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and is_image_name(entry.name) and not os.path.exists(entry.path)
