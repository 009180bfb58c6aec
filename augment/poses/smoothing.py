"""The joints of one person over the frames of a video: gaps bridged, jitter smoothed, moved onto another person."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from numerics.arrays import Array
from patn.keypoints import MISSING, TORSO, joints_present

NECK, HIPS = 1, (8, 11)
ORDER = 2
"""Order of the smoothing polynomial: it keeps positions, speeds and accelerations that are steady."""


def bridge(track: Array, longest: int = 5) -> Array:
    """Fill the gaps of each joint: short ones in a straight line, longer ones with its last position.

    A joint is never put where it was not seen yet, and one that is gone until the end is held.

    Args:
        track: T x 18 x 2 as (y, x) in pixels, missing = -1.
        longest: frames of a gap that gets a straight line; 0 leaves every gap as it is.
    """
    filled = track.astype(np.float64)
    if longest == 0:
        return filled
    for joint in range(track.shape[1]):
        frames = np.flatnonzero(joints_present(track[:, joint]))
        for before, after in pairwise([*frames, len(track)]):
            gap = slice(before + 1, after)
            filled[gap, joint] = track[before, joint]
            if after < len(track) and after - before - 1 <= longest:
                share = np.arange(1, after - before)[:, None] / (after - before)
                filled[gap, joint] = track[before, joint] + share * (track[after, joint] - track[before, joint])
    return filled


def smooth(track: Array, window: int) -> Array:
    """Savitzky-Golay, each unbroken stretch of a joint by itself.

    A stretch that is shorter than the window takes the longest odd window that fits; windows under 5 frames change
    nothing, since the polynomial goes through 3 points.

    Args:
        track: T x 18 x 2, missing = -1 stays missing.
        window: frames, an even number counts as one less; 0 leaves the track as it is.
    """
    from scipy.signal import savgol_filter

    made = track.astype(np.float64)
    for joint in range(track.shape[1]):
        for stretch in _stretches(joints_present(track[:, joint])):
            length = stretch.stop - stretch.start
            own = min(window, length)
            own -= 1 - own % 2
            if own > ORDER:
                made[stretch, joint] = savgol_filter(track[stretch, joint], own, ORDER, axis=0)
    return made


def _stretches(present: Array) -> Iterator[slice]:
    """The longest slices that are present throughout."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], present.astype(np.int8), [0]])))
    for start, stop in edges.reshape(-1, 2):
        yield slice(int(start), int(stop))


def jerk(track: Array) -> float:
    """The mean length of the joints' second differences in pixels; 0 where no joint is there for three frames.

    Args:
        track: T x 18 x 2 as (y, x) in pixels, missing = -1.
    """
    seen = joints_present(track)
    whole = seen[:-2] & seen[1:-1] & seen[2:]
    second = track[:-2] - 2 * track[1:-1] + track[2:]
    return float(np.linalg.norm(second[whole], axis=-1).mean()) if whole.any() else 0.0


def fit(track: Array, pose: Array) -> Array | None:
    """The track scaled and moved as a whole, so that its middle neck and middle torso length are those of a pose.

    One similarity for all frames keeps the motion.

    Args:
        track: T x 18 x 2, missing = -1.
        pose: 18 x 2, missing = -1.

    Returns:
        A new track, None where either lacks neck or hips.
    """
    own, other = _torsos(track), _torsos(pose[None])
    if own is None or other is None:
        return None
    moved = (track - own[0]) * (other[1] / own[1]) + other[0]
    moved[~joints_present(track)] = MISSING
    return moved


def _torsos(track: Array) -> tuple[Array, float] | None:
    """The median neck and the median distance from neck to the middle of the hips, over frames with all of them."""
    whole = track[joints_present(track)[:, [NECK, *TORSO]].all(axis=1)]
    if not len(whole):
        return None
    middles = whole[:, HIPS].mean(axis=1)
    length = float(np.median(np.linalg.norm(middles - whole[:, NECK], axis=-1)))
    return (np.median(whole[:, NECK], axis=0), length) if length > 0 else None


def inside(track: Array, size: tuple[int, int]) -> Array:
    """The track with joints outside of an image missing.

    Args:
        track: T x 18 x 2 as (y, x) in pixels, missing = -1.
        size: (height, width) of the image in pixels.
    """
    kept = track.copy()
    kept[((track < 0) | (track > np.subtract(size, 1))).any(axis=-1)] = MISSING
    return kept
