"""PCKh of generated images: their joints as a pose estimator finds them, against those it finds in the targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from augment.evaluation.metrics import GENERATED, REAL, Panels, Rows
from augment.poses.estimation import estimate_arrays
from numerics.arrays import Array
from patn.keypoints import keypoint_array, keypoint_table
from patn.metrics.pckh import Pckh, pckh

if TYPE_CHECKING:
    from patn.metrics.accumulators import Accumulator

Estimate = Callable[[Sequence[Array]], Array]
"""Joints N x 18 x 2 of N uint8 images H x W x 3."""


class JointCounts:
    """Joints found right and joints that counted, over a stream of images."""

    def __init__(self) -> None:
        self.state = {name: torch.zeros(18, dtype=torch.int64) for name in ("right", "joints")}
        self.state |= {name: torch.zeros((), dtype=torch.int64) for name in ("images", "skipped")}

    def update(self, counts: Pckh) -> None:
        """Add a batch's counts.

        Args:
            counts: of joints there and right.
        """
        for name in self.state:
            self.state[name] += torch.as_tensor(getattr(counts, name))

    @property
    def total(self) -> Pckh:
        """All counts so far."""
        right, joints = self.state["right"].numpy(), self.state["joints"].numpy()
        return Pckh(right, joints, int(self.state["images"]), int(self.state["skipped"]))


class PoseMetric:
    """PCKh by the released script's rule, of generated images and of real ones: the targets as the protocol shows them.

    A perfect generator gets what the real images get, not 1: JPEG moves joints that the estimator is unsure of.

    Args:
        recompress: what the protocol does to a panel before the estimator sees it.
        real: the images of targets by name, from which their joints are estimated; None where the workspace's key
            points are this estimator's own.
    """

    def __init__(
        self,
        estimate: Estimate,
        recompress: Callable[[Tensor], Tensor],
        real: Callable[[Sequence[str]], Sequence[Array]] | None = None,
    ) -> None:
        self.estimate, self.recompress, self.real = estimate, recompress, real
        self.counts = {GENERATED: JointCounts(), REAL: JointCounts()}
        self.parts: dict[str, Accumulator] = {**self.counts}

    def update(self, panels: Panels) -> None:
        """Add a batch.

        Args:
            panels: a batch of pairs.
        """
        if self.real is None:
            target = panels.keypoints.numpy(force=True)
        else:
            target = _rounded(self.estimate(self.real(panels.targets)))
        for row, images in ((GENERATED, panels.generated), (REAL, panels.target)):
            pixels = self.recompress(images).permute(0, 2, 3, 1).numpy(force=True)
            self.counts[row].update(pckh(target, _rounded(self.estimate(list(pixels)))))

    def rows(self) -> Rows:
        """The figures; `pckh_skipped` counts targets without two head joints, which are left out."""
        rows: Rows = {row: {"pckh": counts.total.score} for row, counts in self.counts.items()}
        rows[GENERATED]["pckh_skipped"] = self.counts[GENERATED].total.skipped
        return rows


def pooled(pool: ProcessPoolExecutor, jobs: int, estimator: str) -> Estimate:
    """The estimator, its images spread over processes; the order is kept.

    Args:
        pool: of processes.
        jobs: how many.
        estimator: its name.

    Raises:
        AugmentError: where it is not installed.
    """
    pool.submit(estimate_arrays, [], estimator).result()

    def estimate(images: Sequence[Array]) -> Array:
        size = max(1, -(-len(images) // jobs))
        parts = [images[start : start + size] for start in range(0, len(images), size)]
        return np.concatenate(list(pool.map(partial(estimate_arrays, estimator=estimator), parts)))

    return estimate


def _rounded(points: Array) -> Array:
    """Joints in whole pixels, as annotation files have them."""
    names = [str(index) for index in range(len(points))]
    return keypoint_array(keypoint_table(names, points), names)
