"""Key points of a body: the 18 joints, their table in memory, and the authors' annotation files."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from numerics.arrays import Array
from numerics.files import replacing
from patn import KeypointError

if TYPE_CHECKING:
    import torch

Points = TypeVar("Points", "Array", "torch.Tensor")

MISSING = -1
JOINTS = (
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
)
_ARMS = ((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7))
_LEGS = ((1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13))
_HEAD = ((1, 0), (0, 14), (14, 16), (0, 15), (15, 17), (1, 16), (1, 17))
LIMBS = (*_ARMS, *_LEGS, *_HEAD, (8, 11), (11, 5), (8, 2), (16, 17))
"""Pairs of joints between which the authors' code draws a limb."""
MIRROR = (0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16)
TORSO = (2, 5, 8, 11)
OTHER_JOINTS = {16: "MPII's joints", 17: "COCO's joints, without the neck", 25: "OpenPose's BODY_25", 33: "BlazePose's"}
"""Whose joints other numbers of them are."""
HEADER = "name:keypoints_y:keypoints_x"
COLUMNS = tuple(f"{axis}{joint}" for axis in "yx" for joint in range(len(JOINTS)))
_LARGEST = 1_000_000  # pixels; anything beyond is no coordinate, and float32 still holds these exactly


def read_keypoints(path: str | Path) -> pd.DataFrame:
    """Key point table of an annotation file.

    The file has the header `name:keypoints_y:keypoints_x`, then one line an image: its name, a JSON list of 18 y, a
    JSON list of 18 x, in pixels; spaces around the fields are allowed. A joint with one coordinate -1 (x = 39 before
    the crop of DeepFashion) is kept as it is.

    Args:
        path: the file.

    Returns:
        A table with index `name` and integer columns y0..y17, x0..x17, missing = -1.

    Raises:
        KeypointError: with file and line, for a missing header, a name that occurs twice, another number of joints, or
            values that are not numbers.

    Source: the released CSV files.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig") as lines:
            return _read_lines(path, lines)
    except UnicodeDecodeError as error:
        raise KeypointError(
            f"{path}: key points cannot be read ({error.reason}, not UTF-8); give an annotation CSV file saved as UTF-8"
        ) from error
    except OSError as error:
        raise KeypointError(f"{path}: key points cannot be read ({error}); give an annotation CSV file") from error


def _read_lines(path: Path, lines: Iterator[str]) -> pd.DataFrame:
    """The table of a file's lines, of which one is held at a time; raises KeypointError as `read_keypoints`."""
    if [field.strip() for field in next(lines, "").split(":")] != HEADER.split(":"):
        raise KeypointError(f"{path}, line 1: the header is not {HEADER}; give the authors' annotation format")
    first_line: dict[str, int] = {}
    values = array("q")
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        fields = line.split(":")
        if len(fields) != 3 or not fields[0].strip():
            raise KeypointError(f"{place}: not `name:[18 y]:[18 x]`; write one image a line with two `:`")
        name = fields[0].strip()
        if name in first_line:
            raise KeypointError(f"{place}: {name} was already given in line {first_line[name]}; keep one of the two")
        first_line[name] = number
        values.extend(_coordinates(fields[1], "y", place))
        values.extend(_coordinates(fields[2], "x", place))
    return _table(first_line, np.frombuffer(values, dtype=np.int64).reshape(-1, len(COLUMNS)))


def write_keypoints(table: pd.DataFrame, path: str | Path) -> None:
    """Write a key point table in the authors' format, by rename: `path` is never seen half-written.

    Args:
        table: as of `read_keypoints`; coordinates that are not whole numbers are rounded.
        path: the file; its folder is made.

    Raises:
        KeypointError: for a name that the format cannot hold (empty, twice, or with `:`, a line break or outer spaces)
            and for coordinates that are not numbers.
    """
    path = Path(path)
    names = [str(name) for name in table.index]
    table = keypoint_table(names, keypoint_array(table, table.index))
    for name in names:
        if not name.strip() or ":" in name or name != name.strip() or len(name.splitlines()) != 1:
            raise KeypointError(f"{path}: an image is named {name!r}; rename it, the format has `:` between its fields")
    joints = len(JOINTS)
    lines = [HEADER]
    for name, row in zip(names, table.to_numpy().tolist(), strict=True):
        lines.append(f"{name}: {json.dumps(row[:joints])}: {json.dumps(row[joints:])}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def keypoint_table(names: Sequence[str], array: Array) -> pd.DataFrame:
    """Key point table of an array; coordinates are rounded.

    A coordinate that is not -1 never becomes -1 by rounding (it goes to 0 or -2), so no joint gets lost.

    Args:
        names: of N images.
        array: N x 18 x 2 as (y, x) in pixels, missing = -1.

    Returns:
        A table as of `read_keypoints`.

    Raises:
        KeypointError: for another shape, another number of names, a name that occurs twice, or NaN.
    """
    array = np.asarray(array)
    names = [str(name) for name in names]
    if array.shape != (len(names), len(JOINTS), 2):
        raise KeypointError(f"key points are {array.shape}; {len(names)} images need ({len(names)}, 18, 2)")
    if not (np.abs(array) <= _LARGEST).all():
        bad = names[int(np.argmin((np.abs(array) <= _LARGEST).all(axis=(1, 2))))]
        raise KeypointError(f"key points of {bad}: a coordinate is not a number of pixels; mark missing joints with -1")
    rounded = np.rint(array)
    rounded = np.where((rounded == MISSING) & (array != MISSING), np.where(array > MISSING, 0, -2), rounded)
    table = _table(names, rounded.transpose(0, 2, 1).reshape(len(names), len(COLUMNS)).astype(np.int64))
    if not table.index.is_unique:
        raise KeypointError(f"key points of {table.index[table.index.duplicated()][0]} were given twice; keep one")
    return table


def keypoint_array(table: pd.DataFrame, names: Iterable[str]) -> Array:
    """Key points of the named images in that order.

    Args:
        table: as of `read_keypoints`.
        names: of N images; a name may be asked for more than once.

    Returns:
        float32 N x 18 x 2 as (y, x) in pixels, missing = -1.

    Raises:
        KeypointError: for a name that the table lacks.
    """
    names = list(names)
    if not table.index.is_unique:
        raise KeypointError(f"key points of {table.index[table.index.duplicated()][0]} were given twice; keep one")
    places = table.index.get_indexer(pd.Index(names, dtype=object))
    if (places < 0).any():
        absent = [name for name, place in zip(names, places, strict=True) if place < 0]
        raise KeypointError(f"{absent[0]}: no key points ({len(absent)} of {len(names)} images); estimate poses again")
    values = table[list(COLUMNS)].to_numpy(dtype=np.float32)[places]
    return np.ascontiguousarray(values.reshape(len(names), 2, len(JOINTS)).transpose(0, 2, 1))


def scale_keypoints(points: Points, from_size: tuple[int, int], to_size: tuple[int, int]) -> Points:
    """Key points of images resized from one size to another; coordinates of -1 stay -1.

    Pixel centres map to pixel centres: y' = (y + 0.5) * H' / H - 0.5, as images are resized.

    Args:
        points: ... x 2 as (y, x) in pixels, a numpy array or a tensor.
        from_size: (height, width) before.
        to_size: (height, width) after.

    Returns:
        New points of the same kind and shape, in floating point.

    Example:
        >>> scale_keypoints(np.array([[31.5, 15.5], [-1.0, 4.0]]), (64, 32), (128, 64)).tolist()
        [[63.5, 31.5], [-1.0, 8.5]]
    """
    missing = points == MISSING
    scaled = points + 0.5
    scaled[..., 0] *= to_size[0] / from_size[0]
    scaled[..., 1] *= to_size[1] / from_size[1]
    scaled -= 0.5
    scaled[missing] = MISSING
    return scaled


def mirror_keypoints(points: Points, width: int) -> Points:
    """Key points of the mirrored images: left joints are right ones, missing joints stay missing.

    Args:
        points: ... x 18 x 2 as (y, x) in pixels, a numpy array or a tensor.
        width: of the images in pixels.

    Returns:
        New points of the same kind and shape.
    """
    mirrored = points[..., list(MIRROR), :]
    present = joints_present(mirrored)
    x = mirrored[..., 1]
    mirrored[..., 1] = present * (width - 1 - x) + ~present * x  # a mask as an index would wait for the device
    return mirrored


def joints_present(points: Points) -> Points:
    """Which joints are present: neither coordinate is -1.

    Args:
        points: ... x 18 x 2 as (y, x), missing = -1.

    Returns:
        ... x 18 booleans.

    Example:
        >>> joints_present(np.array([[3, 4], [-1, 4], [5, -1]])).tolist()
        [True, False, False]
    """
    present: Points = (points[..., 0] != MISSING) & (points[..., 1] != MISSING)
    return present


def has_torso(array: Array) -> Array:
    """Which images show both shoulders and both hips.

    Args:
        array: N x 18 x 2 points, missing = -1.

    Returns:
        N booleans.

    Source: the released pair maker's rule for images worth pairing.
    """
    whole: Array = joints_present(np.asarray(array))[:, list(TORSO)].all(axis=1)
    return whole


def _table(names: Iterable[str], values: Array) -> pd.DataFrame:
    return pd.DataFrame(values, index=pd.Index(list(names), name="name", dtype=object), columns=list(COLUMNS))


def _coordinates(text: str, axis: str, place: str) -> list[int]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or not all(type(v) in (int, float) and abs(v) <= _LARGEST for v in values):
        raise KeypointError(f"{place}: the {axis} values are not a list of numbers; write pixels, -1 if missing")
    if len(values) != len(JOINTS):
        kind = f" ({OTHER_JOINTS[len(values)]})" if len(values) in OTHER_JOINTS else ""
        raise KeypointError(
            f"{place}: {len(values)} {axis} values where {len(JOINTS)} are expected{kind}; give them in this order: "
            f"{', '.join(JOINTS).replace('_', ' ')}"
        )
    return [round(value) for value in values]
