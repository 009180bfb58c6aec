"""The pose as a picture of a stick man, with the lines and polygons of OpenCV."""

from itertools import pairwise

import cv2
import numpy as np
import torch
from torch import Tensor

from numerics.arrays import Array

SIDES = ((10, 9, 8, 2, 3, 4), (13, 12, 11, 5, 6, 7))
"""Right and left, channels 0 and 1: ankle, knee, hip, shoulder, elbow, wrist."""
TORSO = (11, 8, 2, 5)  # left hip, right hip, right shoulder, left shoulder
NOSE, EYES, SHOULDERS = 0, (14, 15), (2, 5)
BRIGHT, FAINT = 255, 127


def stick_man(keypoints: Tensor, size: tuple[int, int]) -> Tensor:
    """A stick man on black.

    The line from the shoulders' middle to the nose is in both sides, half as bright, the eyes' where nose and both eyes
    are there. A line is drawn where both its ends are; joints left of or above the image are missing. Coordinates are
    cut to whole pixels. OpenCV's thickness is 3 at a height of 128 (at least 1), of which it makes lines 5 pixels wide.
    It draws on the CPU: key points elsewhere are waited for.

    Args:
        keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.
        size: (height, width) in pixels.

    Returns:
        B x 3 x height x width float32 in [-1, 1]: right side, left side, filled torso.

    Source: the released code.
    """
    pictures = np.empty((len(keypoints), 3, *size), dtype=np.uint8)
    if keypoints.is_meta:  # operations are counted: there is nothing to draw
        return torch.from_numpy(pictures).to(keypoints.device).float()
    for picture, points in zip(pictures, keypoints.cpu().double().flip(-1).numpy(), strict=True):
        _draw(picture, points)
    return torch.from_numpy(pictures).to(keypoints.device).float() / 127.5 - 1


def _draw(picture: Array, points: Array) -> None:
    """One stick man into a picture of 3 x height x width uint8, from 18 x 2 points as (x, y); later lines cover."""
    picture[:] = 0
    thickness = max(3 * picture.shape[1] // 128, 1)
    seen = (points >= 0).all(axis=1)
    if seen[list(TORSO)].all():
        cv2.fillPoly(picture[2], [points[list(TORSO)].astype(np.int32)], [BRIGHT])
    neck = points[list(SHOULDERS)].mean(axis=0)
    for channel, side, eye in zip(picture, SIDES, EYES, strict=False):
        lines = [(points[[start, end]], BRIGHT) for start, end in pairwise(side) if seen[[start, end]].all()]
        if seen[[NOSE, *SHOULDERS]].all():
            lines.append((np.stack([neck, points[NOSE]]), FAINT))
        if seen[[NOSE, *EYES]].all():
            lines.append((points[[NOSE, eye]], BRIGHT))
        for ends, brightness in lines:
            start, end = ends.astype(np.int32).tolist()
            cv2.line(channel, start, end, color=[brightness], thickness=thickness)
