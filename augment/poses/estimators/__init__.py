"""Pose estimators by name: each is built by a call and finds one person's 18 joints in each of some images.

`ESTIMATORS[name]()` returns an `Estimator`; what it needs is imported by that call, not before. To add one, write a
module with such a builder and name it here.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from augment import AugmentError
from numerics.arrays import Array


class Estimator(Protocol):
    """Finds the person in each image."""

    def __call__(self, images: Sequence[Array]) -> Array:
        """Joints of each image: float32 N x 18 x 2 as (y, x) in its own pixels, missing = -1, nobody = all -1.

        images: N arrays uint8 H x W x 3, RGB, of any sizes.
        """


def _mediapipe() -> Estimator:
    from augment.poses.estimators.mediapipe import Mediapipe

    return Mediapipe()


ESTIMATORS: Mapping[str, Callable[[], Estimator]] = MappingProxyType({"mediapipe": _mediapipe})


def build_estimator(name: str) -> Estimator:
    """The estimator of that name; raises AugmentError for another name and where its package is not installed."""
    if name not in ESTIMATORS:
        raise AugmentError(f"{name}: no such pose estimator; there is {', '.join(ESTIMATORS)}")
    return ESTIMATORS[name]()
