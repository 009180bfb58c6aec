"""The one adapter of networks that look at one person's crop: mirrored runs, closer looks, the map to 18 joints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array, Pixels
from patn.keypoints import MISSING

NECK, RIGHT_SHOULDER, LEFT_SHOULDER = 1, 2, 5
"""Of the 18 joints. No network here has a neck: it is the middle of the shoulders, missing if one of them is."""

Network = Callable[[Pixels], "Array | None"]
"""Landmarks of the person in a crop, uint8 H x W x 3: K x 3 as (y, x) in its pixels and a score; None where nobody is.
"""


FILLED = 0.7
"""Least height of the landmarks of a person who fills a picture, in its longer side. Less is a person who is small in a
photograph, or nobody.
"""
AROUND = 1.25
"""Side of the square of a closer look, in the longer side of what was found before."""


@dataclass(frozen=True)
class Landmarks:
    """The order of a network's landmarks.

    Attributes:
        joints: the landmark of each of the 18 joints; any number for the neck.
        mirror: the landmark on the other side of each landmark.
    """

    joints: tuple[int, ...]
    mirror: tuple[int, ...]


COCO = Landmarks(
    joints=(0, 0, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3),
    mirror=(0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15),
)
"""COCO's 17 landmarks: nose, then left before right of eyes, ears, shoulders, elbows, wrists, hips, knees, ankles."""


class CropEstimator:
    """An estimator made of a network that looks at one crop at a time.

    Args:
        network: finds landmarks in a crop.
        landmarks: their order.
        least: joints with a lower score are missing.
        mirrored: look at the mirrored crop too, and take the mean of both, weighted by score.
        body: where the mean score of all landmarks is lower, there is nobody.
        looks: how often to look, at most: each time closer at who does not fill the picture.
    """

    def __init__(
        self,
        network: Network,
        landmarks: Landmarks,
        *,
        least: float,
        mirrored: bool = False,
        body: float = -np.inf,
        looks: int = 1,
    ) -> None:
        self.network, self.landmarks, self.least, self.mirrored = network, landmarks, least, mirrored
        self.body, self.looks = body, looks

    def __call__(self, images: Sequence[Array]) -> Array:
        """Find the joints of each image.

        Args:
            images: N arrays uint8 H x W x 3, RGB, of any sizes.

        Returns:
            float32 N x 18 x 2 as (y, x) in each image's own pixels, missing = -1, nobody = all -1.
        """
        joints = np.full((len(images), len(self.landmarks.joints), 2), MISSING, dtype=np.float32)
        for row, image in zip(joints, images, strict=True):
            found = closer = self._look(image)
            for _ in range(self.looks - 1):
                closer = self._closer(image, closer)
                found = found if closer is None else closer
            if found is not None and sureness(found) >= self.body:
                row[...] = joints_of(found, self.landmarks, (image.shape[0], image.shape[1]), self.least)
        return joints

    def _look(self, image: Pixels) -> Array | None:
        return self._both(image) if self.mirrored else self.network(image)

    def _closer(self, image: Pixels, found: Array | None) -> Array | None:
        """What a look at who was found shows, where she is small in the image and this look is surer; else None."""
        if found is None or fills(found, max(image.shape[:2])):
            return None
        top, left, bottom, right = around(found, (image.shape[0], image.shape[1]))
        part = image[top:bottom, left:right]
        closer = self._look(np.ascontiguousarray(part)) if part.size else None
        if closer is None or sureness(closer) <= sureness(found):
            return None
        closer[:, :2] += (top, left)
        return closer

    def _both(self, image: Pixels) -> Array | None:
        """The mean of what is found in the image and in its mirror image; what one of them has where it is alone."""
        straight, other = self.network(image), self.network(np.ascontiguousarray(image[:, ::-1]))
        if other is None:
            return straight
        turned = other[list(self.landmarks.mirror)]
        turned[:, 1] = image.shape[1] - 1 - turned[:, 1]
        return turned if straight is None else mean_of(straight, turned)


def sureness(found: Array) -> float:
    """The mean score of all landmarks.

    Args:
        found: K x 3 as (y, x) and score.
    """
    return float(found[:, 2].mean())


def fills(found: Array, side: int) -> bool:
    """Whether landmarks are of a person who fills a picture from top to bottom.

    Args:
        found: K x 3 as (y, x) in the picture's pixels and score; those outside the picture count.
        side: the longer one of the picture, in pixels.
    """
    return bool(np.ptp(found[:, 0]) >= FILLED * side)


def around(found: Array, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The part of a picture that lies in a square around landmarks.

    Args:
        found: K x 3 as (y, x) in the picture's pixels and score.
        size: (height, width) of the picture.

    Returns:
        Its first row and column, and those after its last; nothing is between them where it lies outside the picture.
    """
    low, high = found[:, :2].min(axis=0), found[:, :2].max(axis=0)
    middle, half = (low + high) / 2, AROUND * float((high - low).max()) / 2
    top, left = np.clip(np.floor(middle - half), 0, size).astype(int).tolist()
    bottom, right = np.clip(np.ceil(middle + half), 0, size).astype(int).tolist()
    return top, left, bottom, right


def mean_of(first: Array, second: Array) -> Array:
    """The mean of two findings, places weighted by score.

    Args:
        first: K x 3 as (y, x) and score.
        second: the same landmarks.

    Returns:
        K x 3: mean places and mean scores.
    """
    scores = np.stack([first[:, 2], second[:, 2]])
    weights = np.maximum(scores, 1e-6)[..., None]
    places = (np.stack([first[:, :2], second[:, :2]]) * weights).sum(axis=0) / weights.sum(axis=0)
    return np.column_stack([places, scores.mean(axis=0)])


def joints_of(found: Array, landmarks: Landmarks, size: tuple[int, int], least: float) -> Array:
    """The 18 joints of a network's landmarks.

    Args:
        found: K x 3 as (y, x) in the crop's pixels and score.
        landmarks: their order.
        size: (height, width) of the crop; joints whose rounded place lies outside of it are missing.
        least: joints with a lower score are missing.

    Returns:
        float32 18 x 2 as (y, x), missing = -1.
    """
    joints = found[list(landmarks.joints), :2]
    seen = found[list(landmarks.joints), 2] >= least
    joints[NECK] = (joints[RIGHT_SHOULDER] + joints[LEFT_SHOULDER]) / 2
    seen[NECK] = seen[RIGHT_SHOULDER] and seen[LEFT_SHOULDER]
    rounded = np.rint(joints)
    seen &= ((rounded >= 0) & (rounded < size)).all(axis=1)
    return np.where(seen[:, None], np.maximum(joints, 0), MISSING).astype(np.float32)
