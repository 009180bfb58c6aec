"""mediapipe's BlazePose, whose weights are inside its wheel, on small crops of persons."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from augment import AugmentError
from numerics.arrays import Array

HEIGHT = 512
"""Crops are enlarged to this height: the detector was made for persons of hundreds of pixels."""
PADDING = 0.25
"""Of the height, repeated edge pixels on all four sides: 99 % instead of 86 % of rendered persons are found."""
CONFIDENCE = 0.3
"""Of the detector; mediapipe's own is 0.5. Every crop is supposed to show a person, and 0.3 finds blurred and cut ones
too: 19 instead of 16 of 22 real photographs, two of the three well placed, and nobody new where there is nobody.
"""
VISIBILITY = 0.1
"""Joints that mediapipe thinks less likely to be visible are missing; see Mediapipe."""
NECK, RIGHT_SHOULDER, LEFT_SHOULDER = 1, 2, 5
LANDMARKS = (0, -1, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7)
"""BlazePose's landmark of each OpenPose-18 joint; the neck has none and is the midpoint of the shoulders."""


class Mediapipe:
    """mediapipe pose, full model (complexity 1, the only one in the wheel), one image at a time.

    Joints outside the image are missing, and those whose visibility is under 0.1. That is low on purpose: an arm
    behind the body is often placed well (of the rendered joints with a visibility from 0.1 to 0.5, 72 % are within
    half a head's size; of those above 0.8, 93 %), and a generator makes a better image from a guessed elbow than
    from none. The neck is missing if a shoulder is.
    Raises AugmentError where mediapipe is not installed.
    """

    def __init__(self) -> None:
        with _quiet():
            try:
                from mediapipe.python.solutions import pose
            except ImportError as error:
                raise AugmentError(
                    f"mediapipe cannot be imported ({error}); install it with `pip install augment-reid[poses]` or "
                    "give key points as a CSV file"
                ) from error
            self._pose: Any = pose.Pose(static_image_mode=True, model_complexity=1, min_detection_confidence=CONFIDENCE)
            self._pose.process(np.zeros((HEIGHT, HEIGHT, 3), np.uint8))  # its threads start, and say so, only now

    def __call__(self, images: Sequence[Array]) -> Array:
        """Joints of each image: float32 N x 18 x 2 as (y, x) in its own pixels, missing = -1."""
        with _quiet():
            found = [self._one(image) for image in images]
        return np.stack(found) if found else np.empty((0, len(LANDMARKS), 2), dtype=np.float32)

    def _one(self, image: Array) -> Array:
        enlarged, padding = prepare(image)
        landmarks = self._pose.process(enlarged).pose_landmarks
        if landmarks is None:
            return np.full((len(LANDMARKS), 2), -1, dtype=np.float32)
        values = np.array([(mark.y, mark.x, mark.visibility) for mark in landmarks.landmark])
        height, width = enlarged.shape[:2]
        return openpose_joints(values, (height, width), padding, (image.shape[0], image.shape[1]))


def prepare(image: Array) -> tuple[Array, int]:
    """The crop at 512 pixels height inside a frame of its own edge pixels, and the frame's width in pixels.

    image: uint8 H x W x 3. Returns uint8 (512 + 2 p) x (512 W / H + 2 p) x 3 and p = 128.
    """
    from PIL import Image

    width = max(1, round(HEIGHT * image.shape[1] / image.shape[0]))
    enlarged = np.asarray(Image.fromarray(image).resize((width, HEIGHT), Image.Resampling.BILINEAR))
    padding = round(PADDING * HEIGHT)
    return np.pad(enlarged, ((padding, padding), (padding, padding), (0, 0)), mode="edge"), padding


def openpose_joints(
    landmarks: Array, framed: tuple[int, int], padding: int, size: tuple[int, int], visibility: float = VISIBILITY
) -> Array:
    """OpenPose-18 joints in the crop's pixels from BlazePose's 33 landmarks in the framed crop.

    landmarks: 33 x 3 as (y, x, visibility), y and x as shares of the `framed` (height, width).
    Returns float32 18 x 2 as (y, x) in the pixels of a crop of `size`, missing = -1: where visibility is under the
    threshold or the rounded position lies outside the crop.
    """
    inner = np.array(framed) - 2 * padding
    points = (landmarks[:, :2] * framed - padding) / inner * size - 0.5  # pixel centres lie at half pixels
    joints = points[list(LANDMARKS)]
    seen = landmarks[list(LANDMARKS), 2] >= visibility
    joints[NECK] = (joints[RIGHT_SHOULDER] + joints[LEFT_SHOULDER]) / 2
    seen[NECK] = seen[RIGHT_SHOULDER] and seen[LEFT_SHOULDER]
    rounded = np.rint(joints)
    seen &= ((rounded >= 0) & (rounded < size)).all(axis=1)
    return np.where(seen[:, None], np.maximum(joints, 0), -1).astype(np.float32)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what C++ code writes to the process's standard error (absl, TensorFlow Lite) from the user."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
