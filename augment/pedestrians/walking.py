"""The exact joints of a person who walks and turns around once, for videos without a film to follow."""

from __future__ import annotations

import numpy as np

from augment.pedestrians.gait import walk_pose
from augment.pedestrians.identity import Body
from augment.pedestrians.skeleton import place_bones, rest_skeleton, turn
from numerics.arrays import Array

CYCLE = 14
"""Frames of two steps."""
_AVERAGE = Body(girth=1, shoulders=1, hips=1, waist=1, bust=1, legs=1, arms=1, head=1)
_FILL = 0.86
"""Share of the image's height that the person stands."""


def walking(frames: int, size: tuple[int, int]) -> Array:
    """An average body on the spot, seen from all sides: the last frame leads to the first one.

    Args:
        frames: how many.
        size: (height, width) in pixels.

    Returns:
        Frames x 18 x 2 as (y, x); a joint outside of the image is out of range.
    """
    skeleton = rest_skeleton(_AVERAGE)
    height, width = size
    cycles = max(1, round(frames / CYCLE))
    made = np.empty((frames, 18, 2))
    for frame in range(frames):
        phase = 2 * np.pi * cycles * frame / frames
        view = turn(x=6) @ turn(y=360 * frame / frames)
        turned, shift = place_bones(skeleton, walk_pose(phase), view)
        bones = skeleton.joint_bones
        joints = np.einsum("jab,jb->ja", turned[bones], skeleton.joints) + shift[bones]
        lowest = joints[[10, 13], 1].min()
        made[frame, :, 0] = height * (0.93 - _FILL * (joints[:, 1] - lowest))
        made[frame, :, 1] = width / 2 + height * _FILL * joints[:, 0]
    return made
