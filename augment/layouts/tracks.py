"""Tracks of people in sequences, made into a Market-1501 folder of their crops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from augment import AugmentError
from augment.artefacts.files import write_image
from augment.layouts.identity_folders import photos_layout, split_identities
from augment.layouts.inventory import Inventory
from augment.layouts.kinds import DataLayout
from augment.layouts.photographs import Photo
from augment.layouts.registry import Layout
from augment.layouts.track_files import Sequence, find_sequences
from augment.plurals import counted
from numerics.arrays import Array
from numerics.seeds import Stream, random_stream

CROPS = "crops"
"""The folder beside the data that holds the crops."""


@dataclass(frozen=True)
class TrackFilter:
    """Which boxes of a track become images.

    Attributes:
        margin: share of a box's height and width that is added on each side.
        visibility: least visible share of a person, where the file says it.
        height: least height of a box in pixels.
        spacing: least number of frames between two images of a track.
    """

    margin: float = 0.05
    visibility: float = 0.5
    height: int = 64
    spacing: int = 10

    def __post_init__(self) -> None:
        if not 0 <= self.margin <= 1 or not 0 <= self.visibility <= 1 or self.height < 1 or self.spacing < 1:
            raise AugmentError(f"{self}: margin and visibility are from 0 to 1, height and spacing at least 1")

    @property
    def key(self) -> str:
        """The filter as a name of a folder."""
        return f"m{self.margin:g}-v{self.visibility:g}-h{self.height}-s{self.spacing}"


def tracks_layout(
    folder: Path,
    data: Path,
    *,
    filtering: TrackFilter,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    test_share: float = 0.5,
) -> Layout:
    """Make `data` the Market-1501 view of the tracks in a folder of sequences: an identity is a track of a sequence.

    A track's first half counts as one camera and its second half as another, since it is seen by one alone.

    Args:
        folder: a sequence, or sub-folders that are one each, in MOTChallenge's form.
        data: the folder to make; it appears complete, by rename.
        filtering: which boxes become images.
        size: (height, width) to work at; None takes the most common one of the crops, or 128 x 64.
        seed: chooses the identities for testing.
        test_share: their share.

    Returns:
        The layout with the decisions taken, in words.

    Raises:
        AugmentError: for a folder without sequences, files of another form, and where no box is left.
    """
    sequences = find_sequences(folder)
    left_out: Counter[str] = Counter()
    photos = []
    for number, sequence in enumerate(sequences):
        boxes = _chosen(sequence.read_boxes(), filtering, left_out)
        crops = data.with_name(CROPS) / filtering.key / sequence.name
        photos += list(_photos(sequence, boxes, crops, filtering.margin, number, left_out))
    if not photos:
        why = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items())
        raise AugmentError(f"{folder}: no box is left of {sum(left_out.values()):,}: {why}; ask for less")
    photos = split_identities(photos, test_share, random_stream(seed, Stream.FOLDER_SPLIT))
    names = sorted({str(photo.camera) for photo in photos}, key=int)
    cameras = {name: int(name) for name in names}
    said = f"one camera sees a track, so its halves count as of two cameras, {len(names)} in all"
    return photos_layout(
        photos,
        (cameras, said),
        Inventory(len(photos), {}),
        data,
        size=size,
        parted=f"tracks of {counted(len(sequences), 'sequence')} were split by seed {seed}",
        said=[
            f"{count:,} {'box was' if count == 1 else 'boxes were'} left out: {reason}"
            for reason, count in left_out.most_common()
        ],
        layout=DataLayout.MOT,
    )


def _chosen(boxes: pd.DataFrame, filtering: TrackFilter, left_out: Counter[str]) -> pd.DataFrame:
    """The boxes that become images, with `half` (0, 1) of their track; counts the others by reason."""
    reasons = {
        "no pedestrian's": ~boxes["person"],
        "of width or height 0 or less": (boxes["width"] <= 0) | (boxes["height"] <= 0),
        f"less than {100 * filtering.visibility:g} % visible": boxes["visibility"] < filtering.visibility,
        f"lower than {filtering.height} pixels": boxes["height"] < filtering.height,
    }
    for reason, found in reasons.items():
        found = found.reindex(boxes.index)
        left_out.update({reason: int(found.sum())} if found.any() else {})
        boxes = boxes[~found]
    repeated = boxes.duplicated(["track", "frame"])
    if repeated.any():
        left_out["a second box of the same track on the same frame"] += int(repeated.sum())
    boxes = boxes[~repeated].sort_values(["track", "frame"])
    kept = [index for _, track in boxes.groupby("track") for index in _spaced(track["frame"], filtering.spacing)]
    if len(kept) < len(boxes):
        left_out[f"less than {filtering.spacing} frames after the one before"] += len(boxes) - len(kept)
    boxes = boxes.loc[kept]
    place, count = boxes.groupby("track").cumcount(), boxes.groupby("track")["frame"].transform("size")
    return boxes.assign(half=(2 * place >= count).astype(int))


def _spaced(frames: pd.Series, spacing: int) -> Iterator[object]:
    """The indices of frames, in order, each at least so many after the last that was kept."""
    last = None
    for index, frame in frames.items():
        if last is None or frame - last >= spacing:
            last = frame
            yield index


def _photos(
    sequence: Sequence, boxes: pd.DataFrame, crops: Path, margin: float, number: int, left_out: Counter[str]
) -> Iterator[Photo]:
    """The crops as photos, written where they are not there yet; by track and frame."""
    rows = {int(str(frame)): part for frame, part in boxes.groupby("frame")}
    made = {}
    for frame, pixels in sequence.read_frames(set(rows)):
        for index, row in rows[frame].iterrows():
            box = _crop(pixels, row, margin)
            if box is not None:
                path = crops / f"{int(row['track']):06d}" / f"{frame:08d}.jpg"
                _write(box, path)
                made[index] = path
    if len(made) < len(boxes):
        left_out["on a frame that is not there, or outside of it"] += len(boxes) - len(made)
    for index, row in boxes.iterrows():
        if index in made:
            identity, camera = f"{sequence.name} {int(row['track'])}", str(2 * number + int(row["half"]) + 1)
            yield Photo(str(made[index]), made[index].resolve(), identity, camera, True)


def _crop(pixels: Array, box: pd.Series, margin: float) -> Array | None:
    """The box with its margin, as far as it lies on the frame; None where nothing of it does."""
    height, width = pixels.shape[:2]
    left, top = box["left"] - margin * box["width"], box["top"] - margin * box["height"]
    right = min(width, round(left + (1 + 2 * margin) * box["width"]))
    bottom = min(height, round(top + (1 + 2 * margin) * box["height"]))
    crop = pixels[max(0, round(top)) : bottom, max(0, round(left)) : right] if min(right, bottom) > 0 else pixels[:0]
    return crop if crop.size else None


def _write(crop: Array, path: Path) -> None:
    from PIL import Image

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(Image.fromarray(crop), path, "JPEG", quality=95, subsampling=0)
