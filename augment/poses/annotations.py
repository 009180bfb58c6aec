"""Key points from annotation files: read, matched with a workspace's images, checked, scaled to its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.datasets.image_names import ImageNames
from augment.images import header_size
from augment.layouts.deepfashion import UNCROPPED, crop_keypoints
from augment.plurals import counted
from augment.poses.plausibility import refuse_impossible
from augment.workers import thread_map
from numerics.arrays import Array
from patn.keypoints import MISSING, joints_present, keypoint_array, keypoint_table, read_keypoints, scale_keypoints

Size = tuple[int, int]
HEADERS = 4
"""Image headers read at once."""


@dataclass(frozen=True)
class Annotations:
    """Key points of a workspace's images as its files hold them.

    Attributes:
        tables: of each split, rows of the images that have one, in pixels of the workspace's size.
        unused: rows of no image.
        notes: sentences on what looks odd.
    """

    tables: Mapping[str, pd.DataFrame]
    unused: int
    notes: tuple[str, ...]


def read_annotations(
    files: Sequence[Path], data: Dataset, *, size: Size | None = None, own_pixels: bool = False
) -> Annotations:
    """The key points that files hold of a workspace's images.

    Args:
        files: in the authors' format; a row is matched by its image's name.
        data: whose images they are.
        size: (height, width) that the coordinates are for; None is the workspace's.
        own_pixels: the coordinates are in each image's own pixels.

    Raises:
        AugmentError: where no row is an image's, two rows of one image differ, or the key points cannot be those of the
            images (see `augment.poses.plausibility`).
    """
    rows = _read_all(files)
    images = data.images
    names = ImageNames(data)
    image_of = names.match(rows.index)
    if not image_of:
        raise AugmentError(f"{files[0]}: no row is of an image of this workspace (such as {names.example()})")
    used = rows[rows.index.isin(list(image_of))].rename(index=image_of)
    used = _unique(used, files[-1])
    points, found = keypoint_array(used, used.index), used.index.tolist()
    cropped = data.layout.is_cropped
    if own_pixels:
        points, size = _from_own_pixels(points, found, data), data.size
    elif size is None and not cropped:
        _refuse_own_pixels(files[0], points, found, data)
    notes = refuse_impossible(files[0], found, points, size or data.size, cropped=cropped)
    scaled = _scaled(points, data, size or data.size)
    table = keypoint_table(found, scaled)
    tables = {str(split): table[table.index.isin(part["name"])] for split, part in images.groupby("split")}
    return Annotations(tables, len(rows) - len(image_of), tuple(notes))


def refuse_inside(files: Sequence[Path], folder: Path) -> None:
    """Refuse files in the folder that is to be made anew from them.

    Args:
        files: to be read.
        folder: whose files are deleted before.

    Raises:
        AugmentError: naming the first.
    """
    for file in files:
        if file.resolve().is_relative_to(folder.resolve()):
            raise AugmentError(f"{file}: lies in the folder that is made anew from it; copy it elsewhere first")


def completed(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """One row for each name.

    Args:
        rows: a key point table by image name.
        names: in the order returned; those without a row get no joint.
    """
    return keypoint_table(names, keypoint_array(rows.reindex(list(names), fill_value=MISSING), names))


def _read_all(files: Sequence[Path]) -> pd.DataFrame:
    """All rows of the files."""
    return _unique(pd.concat([read_keypoints(path) for path in files]), files[-1])


def _unique(rows: pd.DataFrame, file: Path) -> pd.DataFrame:
    """The same row twice counts once; raises AugmentError for two rows of one image that differ."""
    rows = rows[~(rows.reset_index().duplicated().to_numpy())]
    if not rows.index.is_unique:
        twice = rows.index[rows.index.duplicated()][0]
        raise AugmentError(f"{file}: {twice} has other key points than in another line or file; give one of them")
    return rows


def _refuse_own_pixels(file: Path, points: Array, names: Sequence[str], data: Dataset) -> None:
    """Raise AugmentError where images are of other sizes and nothing tells in whose pixels the key points are.

    They are in the workspace's where most of those images have a joint outside of themselves.
    """
    own = np.array(_own_sizes(data, names))
    others = (own != data.size).any(axis=1) & joints_present(points).any(axis=1)
    if not others.any():
        return
    outside = (points[others] >= own[others][:, None]).any(axis=(1, 2))
    if 2 * outside.sum() > len(outside):
        return
    height, width = data.size
    first = names[int(others.argmax())]
    raise AugmentError(
        f"{file}: {counted(int(others.sum()), 'image is', 'images are')} of another size than {height} x {width}, such "
        f"as {first}, and key points may be in an image's own pixels; say so with ⟨own_pixels⟩, or with "
        f"⟨size --csv-size⟩ {height} {width} that they are for images resized to that"
    )


def _own_sizes(data: Dataset, names: Sequence[str]) -> list[Size]:
    """The (height, width) of each image's file; the workspace's where it cannot be read."""
    paths = data.images.drop_duplicates("name").set_index("name")["path"]
    sizes = thread_map(header_size, [paths[name] for name in names], HEADERS)
    return [data.size if size is None else size for size in sizes]


def _from_own_pixels(points: Array, names: Sequence[str], data: Dataset) -> Array:
    """Key points in pixels of each image's own size, in the workspace's."""
    sizes = _own_sizes(data, names)
    return np.stack([scale_keypoints(row, own, data.size) for row, own in zip(points, sizes, strict=True)])


def _scaled(points: Array, data: Dataset, size: Size) -> Array:
    """Key points for `size` in pixels of the workspace's; DeepFashion's uncropped ones are cropped like its images."""
    if data.layout.is_cropped and tuple(size) == UNCROPPED:
        return crop_keypoints(points)
    return scale_keypoints(points, size, data.size)
