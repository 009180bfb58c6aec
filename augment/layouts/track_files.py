"""Sequences in MOTChallenge's form: frames or a video, and the boxes of tracks on them."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.images import read_image
from augment.layouts.natural_order import natural_key
from augment.plurals import counted
from numerics.arrays import Array
from reid.data.names import is_image_name

VIDEOS = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v"})
BOX = ["frame", "track", "left", "top", "width", "height"]
MOST = 2**31
"""Numbers of frames and tracks are below it."""
PEDESTRIAN = 1
"""MOTChallenge's class of people who walk; the others are vehicles, people in them, statues and reflections."""


@dataclass(frozen=True)
class Sequence:
    """One sequence.

    Attributes:
        name: of its folder.
        frames: a folder of images or a video.
        boxes: the file of its boxes.
    """

    name: str
    frames: Path
    boxes: Path

    def read_boxes(self) -> pd.DataFrame:
        """The boxes: frame (from 1), track, left, top, width, height in pixels, `person` and visibility in [0, 1].

        With 9 columns the file is ground truth (flag, class, visibility), else a tracker's output, whose boxes are all
        of people in full view.

        Raises:
            AugmentError: for a file of another form, for detections that no tracker has joined, and for frames and
                tracks that are no whole numbers.
        """
        try:
            lines = pd.read_csv(self.boxes, header=None, dtype=float, skip_blank_lines=False)
        except (OSError, ValueError) as error:
            raise AugmentError(f"{self.boxes}: is not a file of boxes ({error}); give {', '.join(BOX)}, ...") from error
        table = lines.dropna(how="all")
        if table.shape[1] < 6 or not np.isfinite(table.iloc[:, :6]).all(axis=None):
            raise AugmentError(f"{self.boxes}: lacks the columns {', '.join(BOX)}, ... of MOTChallenge; correct it")
        boxes = table.iloc[:, :6].set_axis(BOX, axis=1)
        if (boxes["track"] < 0).any():
            raise AugmentError(f"{self.boxes}: has track -1, boxes that no tracker has joined; run a tracker first")
        self._refuse_impossible(boxes)
        truth = table.shape[1] == 9
        boxes["person"] = (table[6] != 0) & (table[7] == PEDESTRIAN) if truth else True
        boxes["visibility"] = table[8] if truth else 1.0
        return boxes.astype({"frame": int, "track": int}).reset_index(drop=True)

    def _refuse_impossible(self, boxes: pd.DataFrame) -> None:
        """Raise AugmentError naming the first line whose frame or track can be none; the index counts lines from 0."""
        whole = (boxes[["frame", "track"]] % 1 == 0) & (boxes[["frame", "track"]] < MOST)
        wrong = {
            "frame {frame:g} is no whole number": ~whole["frame"],
            "track {track:g} is no whole number": ~whole["track"],
            "frame {frame:g}, but the first frame is 1; count frames from 1": boxes["frame"] < self.first_frame,
        }
        for said, where in wrong.items():
            if where.any():
                place = int(where.to_numpy().argmax())
                more = f" ({counted(int(where.sum()) - 1, 'more line')} alike)" if where.sum() > 1 else ""
                what = said.format_map({name: boxes[name].iloc[place] for name in BOX})
                line = boxes.index.tolist()[place] + 1
                raise AugmentError(f"{self.boxes}, line {line}: {what}{more}; correct the file")

    @property
    def first_frame(self) -> int:
        """The least number that a frame can have: 1 as in MOTChallenge, 0 where a file of the frames is named so."""
        numbers = [path.stem for path in images_in(self.frames)] if self.frames.is_dir() else []
        return 0 if any(stem.isdigit() and int(stem) == 0 for stem in numbers) else 1

    def read_frames(self, wanted: set[int]) -> Iterator[tuple[int, Array]]:
        """Frames in order, each with its number; those that are not there are left out.

        Args:
            wanted: numbers, from 1.

        Yields:
            The number and the frame, uint8 H x W x 3, RGB.

        Raises:
            AugmentError: for a frame or video that cannot be read.
        """
        if self.frames.is_dir():
            for number, path in enumerate(images_in(self.frames), start=1):
                number = int(path.stem) if path.stem.isdigit() else number
                if number in wanted:
                    yield number, read_image(path)
            return
        yield from _film(self.frames, wanted)


def _film(video: Path, wanted: set[int]) -> Iterator[tuple[int, Array]]:
    import cv2

    capture = cv2.VideoCapture(str(video))
    try:
        for number in range(1, max(wanted, default=0) + 1):
            there, pixels = capture.read()
            if not there and number == 1:
                raise AugmentError(f"{video}: is not a readable video; give another")
            if not there:
                return
            if number in wanted:
                yield number, np.ascontiguousarray(pixels[..., ::-1])
    finally:
        capture.release()


def images_in(folder: Path) -> list[Path]:
    """The images that lie directly in a folder, in natural order.

    Args:
        folder: what lies deeper is not looked at.
    """
    return sorted(
        (path for path in folder.iterdir() if is_image_name(path.name)), key=lambda path: natural_key(path.name)
    )


def find_sequences(folder: Path) -> list[Sequence]:
    """The sequences in a folder, by name.

    Args:
        folder: is one itself, or has sub-folders that hold frames and boxes.

    Raises:
        AugmentError: where there is none, with the expected layout.
    """
    own = _sequence(folder)
    below = [
        _sequence(path) for path in sorted(folder.iterdir(), key=lambda path: natural_key(path.name)) if path.is_dir()
    ]
    found = [own] if own is not None else [each for each in below if each is not None]
    if not found:
        raise AugmentError(
            f"{folder}: no sequence is in it; expected are img1/ or a video, and gt/gt.txt or a tracker's .txt file, "
            "in it or in each of its sub-folders"
        )
    return found


def _sequence(folder: Path) -> Sequence | None:
    """The sequence in a folder, None where frames or boxes are missing."""
    images = folder / _frames_folder(folder)
    videos = sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEOS)
    frames = images if images.is_dir() else next(iter(videos), None)
    texts = [folder / "gt" / "gt.txt", *sorted(folder.glob("*.txt")), folder / "det" / "det.txt"]
    boxes = next((path for path in texts if path.is_file()), None)
    if frames is None or boxes is None:
        return None
    return Sequence(folder.name, frames, boxes)


def _frames_folder(folder: Path) -> str:
    """The folder of frames that seqinfo.ini names, img1 where there is none."""
    info = configparser.ConfigParser(interpolation=None)
    try:
        info.read(folder / "seqinfo.ini", encoding="utf-8-sig")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise AugmentError(f"{folder / 'seqinfo.ini'}: cannot be read ({error}); correct or remove it") from error
    return info.get("Sequence", "imDir", fallback="img1")
