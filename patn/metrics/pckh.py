"""PCKh: the share of joints that a pose estimator finds where they should be, measured by the head's size."""

from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array
from patn import KeypointError
from patn.keypoints import JOINTS, MISSING, joints_present

HEAD = (0, 1, 14, 15, 16, 17)  # nose, neck, eyes, ears
ALPHA = 0.5
"""Share of the head's size that is allowed."""


@dataclass(frozen=True, eq=False)
class Pckh:
    """Joints found right, over all images and joint by joint.

    Attributes:
        right: 18 integers, joints found right.
        joints: 18 integers, joints that counted.
        images: how many images counted.
        skipped: how many did not.
    """

    right: Array
    joints: Array
    images: int
    skipped: int

    @property
    def score(self) -> float:
        """Right joints / counted joints of all images together, in [0, 1]; NaN if none counted."""
        total = int(self.joints.sum())
        return int(self.right.sum()) / total if total else float("nan")

    @property
    def joint_scores(self) -> Array:
        """The same for each of the 18 joints; NaN for a joint that never counted."""
        scores = np.full(len(JOINTS), np.nan)
        return np.divide(self.right, self.joints, out=scores, where=self.joints > 0)


def pckh(target: Array, predicted: Array) -> Pckh:
    """PCKh as the released script computes it: per axis, against the box around the target's head joints.

    A joint is right if both sides have it, |dx| < ALPHA * box width and |dy| < ALPHA * box height. Every target joint
    whose y is not -1 counts; one that was not found is wrong. Images with fewer than two of nose, neck, eyes and ears
    are skipped. Head joints in one row or column leave no room for a right joint.

    Args:
        target: N x 18 x 2 as (y, x) in pixels, missing = -1.
        predicted: as `target`.

    Returns:
        The counts.

    Raises:
        KeypointError: for other shapes.
    """
    target, predicted = _points(target, predicted)
    head = target[:, HEAD]  # N x 6 x 2
    seen = joints_present(head)
    low = np.where(seen[..., None], head, np.inf).min(axis=1, initial=np.inf)
    high = np.where(seen[..., None], head, -np.inf).max(axis=1, initial=-np.inf)
    counted = seen.sum(axis=1) >= 2
    box = np.where(counted[:, None], high - low, 0.0)  # N x 2 as (height, width)
    near = (np.abs(target - predicted) < ALPHA * box[:, None]).all(axis=2)
    right = near & joints_present(target) & joints_present(predicted)
    return _count(right, target[..., 0] != MISSING, counted)


def pckh_by_head_size(target: Array, predicted: Array, head_size: Array) -> Pckh:
    """PCKh by distance, for known head sizes, over the images in which a joint was found.

    A joint is right if both sides have it and they are less than ALPHA * head size apart. Every present target joint
    counts; images whose prediction has no joint at all are skipped.

    Args:
        target: N x 18 x 2 as (y, x) in pixels, missing = -1.
        predicted: as `target`.
        head_size: N lengths in pixels, above 0.

    Returns:
        The counts.

    Raises:
        KeypointError: for other shapes.
    """
    target, predicted = _points(target, predicted)
    head_size = np.asarray(head_size, dtype=np.float64)
    if head_size.shape != target.shape[:1] or not (head_size > 0).all():
        raise KeypointError(f"head sizes are {head_size.shape}; {len(target)} images need as many lengths above 0")
    present, found = joints_present(target), joints_present(predicted)
    distance = np.linalg.norm(target - predicted, axis=2)
    right = present & found & (distance < ALPHA * head_size[:, None])
    return _count(right, present, found.any(axis=1))


def _points(target: Array, predicted: Array) -> tuple[Array, Array]:
    target, predicted = np.asarray(target, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if target.shape != predicted.shape or target.ndim != 3 or target.shape[1:] != (len(JOINTS), 2):
        raise KeypointError(f"key points are {target.shape} and {predicted.shape}; PCKh needs two equal N x 18 x 2")
    return target, predicted


def _count(right: Array, joints: Array, counted: Array) -> Pckh:
    images = int(counted.sum())
    return Pckh(right[counted].sum(axis=0), joints[counted].sum(axis=0), images, len(counted) - images)
