"""Key points of images and image files by an estimator."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from augment.images import read_image
from augment.poses.estimators import Choice, Estimator, build_estimator
from augment.workers import worker_pool
from numerics.arrays import Array
from patn.keypoints import MISSING, scale_keypoints

ESTIMATING = "estimating poses"
SAMPLE_CHUNK = 16


def estimate_files(paths: Sequence[str], estimator: str | Choice, size: tuple[int, int]) -> Array:
    """Key points of some image files.

    Args:
        paths: N files.
        estimator: what finds the joints.
        size: the (height, width) that images are resized to.

    Returns:
        float32 N x 18 x 2 in pixels of images of that size, missing = -1.
    """
    images = [read_image(path) for path in paths]
    points = estimate_arrays(images, estimator)
    for row, image in zip(points, images, strict=True):
        row[...] = _inside(scale_keypoints(row, (image.shape[0], image.shape[1]), size), size)
    return points


def estimate_sample(paths: Sequence[str], estimator: str | Choice, size: tuple[int, int], jobs: int) -> Array:
    """Key points of some image files, estimated over processes.

    Args:
        paths: N files.
        estimator: what finds the joints.
        size: the (height, width) that images are resized to.
        jobs: processes.

    Returns:
        float32 N x 18 x 2 in pixels of images of that size, missing = -1.

    Raises:
        AugmentError: where the estimator or its model file is missing.
    """
    chunks = [paths[start : start + SAMPLE_CHUNK] for start in range(0, len(paths), SAMPLE_CHUNK)]
    if min(jobs, len(chunks)) <= 1:
        return np.concatenate([estimate_files(chunk, estimator, size) for chunk in chunks])
    with worker_pool(min(jobs, len(chunks)), ESTIMATING) as pool:
        futures = [pool.submit(estimate_files, chunk, estimator, size) for chunk in chunks]
        return np.concatenate([future.result() for future in futures])


def estimate_arrays(images: Sequence[Array], estimator: str | Choice) -> Array:
    """Key points of decoded images.

    Args:
        images: N arrays uint8 H x W x 3.
        estimator: what finds the joints.

    Returns:
        float32 N x 18 x 2 in their own pixels, missing = -1.
    """
    return _estimator(estimator)(images)


@functools.cache
def _estimator(chosen: str | Choice) -> Estimator:
    """One estimator a process: building it takes as long as ten images."""
    return build_estimator(chosen)


def _inside(points: Array, size: tuple[int, int]) -> Array:
    """Points whose scaled position is rounded out of the image are put on its edge; missing ones stay."""
    missing = points == MISSING
    clipped = np.clip(points, 0, np.array(size) - 1)
    clipped[missing] = MISSING
    return clipped
