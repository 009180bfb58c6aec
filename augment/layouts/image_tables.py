"""A table of image paths and identities, made into a Market-1501 folder of links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from augment import AugmentError
from augment.layouts.identity_folders import photos_layout, split_identities
from augment.layouts.inventory import Inventory, Reason
from augment.layouts.kinds import DataLayout
from augment.layouts.natural_order import natural_key
from augment.layouts.photographs import Photo, alike_said, can_be_linked, is_nobody
from augment.layouts.registry import Layout
from augment.workers import thread_map
from numerics.seeds import Stream, random_stream
from reid.data.market1501 import FOLDERS

NEEDED = ("path", "identity")


def table_layout(
    images: pd.DataFrame,
    data: Path,
    *,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    test_share: float = 0.5,
    layout: DataLayout = DataLayout.FOLDERS,
) -> Layout:
    """Make `data` the Market-1501 view of the images of a table, as `identity_folders` does for a folder.

    Args:
        images: one row an image. Columns: `path`; `identity`, any text or number but 0 and -1; `camera`, optional, any
            text or number; `split`, optional, train, query or gallery. Other columns are passed over.
        data: the folder to make; it appears complete, by rename.
        size: (height, width) to work at; None takes the images' own.
        seed: chooses the identities for testing, where there is no column split.
        test_share: the share of the identities that are for testing, where there is no column split.
        layout: how the table was given.

    Returns:
        The layout with the decisions taken, in words.

    Raises:
        AugmentError: for a column or value that is missing, an image that cannot be read or is there twice, an unknown
            split, and `data` of other images.
    """
    photos = _photos(images)
    if "split" in images:
        parted = "their splits are the table's"
    else:
        photos = split_identities(photos, test_share, random_stream(seed, Stream.FOLDER_SPLIT))
        parted = f"identities were split by seed {seed}"
    files = Inventory(len(photos), {})
    said = alike_said(photo.identity for photo in photos)
    return photos_layout(photos, _cameras(photos), files, data, size=size, parted=parted, said=said, layout=layout)


def read_table(file: Path) -> pd.DataFrame:
    """The table of images that a CSV file holds.

    Args:
        file: its paths, of a column path, are from its own folder on.

    Raises:
        AugmentError: for a file that is no table.
    """
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8-sig")
        header = pd.read_csv(file, header=None, nrows=1, dtype=str, encoding="utf-8-sig").iloc[0]
    except (OSError, ValueError) as error:
        raise AugmentError(f"{file}: is not a CSV file ({error}); give one with columns path and identity") from error
    twice = header[header.duplicated()].tolist()
    if twice:
        raise AugmentError(f"{file}: has two columns {twice[0]}; keep one of them")
    if "path" in table:
        table["path"] = [None if pd.isna(path) else str(file.parent / path) for path in table["path"]]
    return table


def _photos(images: pd.DataFrame) -> list[Photo]:
    """The rows as photos; raises AugmentError as `table_layout`."""
    missing = [column for column in NEEDED if column not in images]
    if missing or images.empty:
        what = f"has no column {missing[0]}" if missing else "has no row"
        raise AugmentError(f"the table of images {what}; give one row per image, with columns path and identity")
    columns = [_texts(images, column) for column in (*NEEDED, "camera", "split")]
    if "split" in images and None in columns[-1]:
        row = columns[-1].index(None) + 1
        raise AugmentError(f"row {row} of the table: has no split; write one of {', '.join(FOLDERS)} in every row")
    photos = [_photo(number, *row) for number, row in enumerate(zip(*columns, strict=True), start=1)]
    counts = Counter(photo.source for photo in photos)
    for photo in photos:
        if counts[photo.source] > 1:
            raise AugmentError(f"{photo.file}: is in the table twice; keep one of the rows")
    kinds = list(thread_map(lambda photo: can_be_linked(photo.source), photos, 4))
    for photo, kind in zip(photos, kinds, strict=True):
        if isinstance(kind, Reason):
            raise AugmentError(f"{photo.file}: {kind.value}; replace it or leave its row out")
    return [replace(photo, plain=bool(kind)) for photo, kind in zip(photos, kinds, strict=True)]


def _texts(images: pd.DataFrame, column: str) -> list[str | None]:
    """A column's values as text, None where one is missing and where there is no such column."""
    if column not in images:
        return [None] * len(images)
    return [None if pd.isna(value) else str(value) for value in images[column]]


def _photo(number: int, path: str | None, identity: str | None, camera: str | None, split: str | None) -> Photo:
    """One row; raises AugmentError for a value that is missing or cannot be."""
    if not path or not Path(path).is_file():
        raise AugmentError(f"row {number} of the table: path is {path!r}, where there is no file; correct the row")
    if not identity or is_nobody(identity):
        raise AugmentError(
            f"row {number} of the table ({path}): identity is {identity!r}, which is none; leave the row out"
        )
    if split is not None and split not in FOLDERS:
        raise AugmentError(f"row {number} of the table: split is {split!r}; write one of {', '.join(FOLDERS)}")
    return Photo(path, Path(path).resolve(), identity, camera, False, split or "train")


def _cameras(photos: list[Photo]) -> tuple[Mapping[str, int], str]:
    """The number of each camera where every photo has one, else nothing; and a sentence that says so."""
    cameras = sorted({photo.camera for photo in photos if photo.camera is not None}, key=natural_key)
    if not all(photo.camera is not None for photo in photos):
        return {}, "not every row has a camera: queries count as cameras 1 and 2, gallery images as 3 to 6"
    if all(camera.isdigit() and int(camera) > 0 for camera in cameras):
        return {camera: int(camera) for camera in cameras}, "cameras are the table's"
    return {
        camera: number for number, camera in enumerate(cameras, start=1)
    }, "cameras are the table's, numbered from 1"
