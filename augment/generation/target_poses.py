"""Where target poses come from: the poses of a training set, a few typical ones, rare ones, or a file of poses."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.poses.plausibility import refuse_impossible
from numerics.arrays import Array
from numerics.seeds import Stream, stream_seed
from patn.keypoints import TORSO, has_torso, joints_present, keypoint_array, read_keypoints

log = logging.getLogger(__name__)

CANONICAL = 8
"""Typical poses of the bank `canonical`; PN-GAN (Qian et al. 2018) draws everybody in as many."""
NEIGHBOURS = 10
PREFIX = "bank/"
"""What the names of a file's poses begin with, so that none is a training image's."""


@dataclass(frozen=True)
class PoseBank:
    """Poses to sample from.

    Attributes:
        names: of the poses.
        chances: how likely each is, adding up to 1; None where all are alike.
        keypoints: the table of poses that are no training image's own.
    """

    names: tuple[str, ...]
    chances: tuple[float, ...] | None = None
    keypoints: pd.DataFrame | None = None

    def sample(self, rng: np.random.Generator) -> str:
        """The name of one pose, sampled.

        Args:
            rng: of the plan's poses.
        """
        if self.chances is None:
            return self.names[int(rng.integers(len(self.names)))]
        return self.names[min(int(np.searchsorted(np.cumsum(self.chances), rng.random())), len(self.names) - 1)]


def normalised(points: Array) -> Array:
    """Poses without place and size: joints from the torso's middle, in torso lengths.

    A missing joint is where that joint is on average (at the torso's middle where no pose has it), so that it tells
    poses apart as little as possible.

    Args:
        points: N x 18 x 2 as (y, x) in pixels, each with both shoulders and hips.

    Returns:
        N x 36.
    """
    torso = points[:, list(TORSO)].astype(np.float64)  # right and left shoulder, right and left hip
    shoulders, hips = torso[:, :2].mean(axis=1), torso[:, 2:].mean(axis=1)
    length = np.maximum(np.linalg.norm(shoulders - hips, axis=1), 1.0)
    placed = (points - torso.mean(axis=1)[:, None]) / length[:, None, None]
    present = joints_present(points)[..., None]
    count = np.maximum(present.sum(axis=0), 1)
    average = np.where(present, placed, 0.0).sum(axis=0) / count
    return np.where(present, placed, average).reshape(len(points), -1)


def canonical_bank(names: Sequence[str], points: Array, *, seed: int = 0) -> PoseBank:
    """The poses nearest to the centres of CANONICAL groups of poses (k-means of `normalised`), one for each.

    Args:
        names: of N poses.
        points: N x 18 x 2 key points with a torso.
        seed: of where k-means starts.
    """
    from sklearn.cluster import KMeans

    poses = normalised(points)
    start = stream_seed(seed, Stream.CANONICAL_POSES)
    groups = min(CANONICAL, len(np.unique(poses, axis=0)))
    centres = KMeans(groups, n_init=4, random_state=start).fit(poses).cluster_centers_
    distances = np.linalg.norm(poses[:, None] - centres[None], axis=2)
    return PoseBank(tuple(names[index] for index in sorted(set(distances.argmin(axis=0).tolist()))))


def rare_bank(names: Sequence[str], points: Array) -> PoseBank:
    """All poses, each as likely as it is far from its nearest ones: the mean distance to its NEIGHBOURS nearest.

    Args:
        names: of N poses.
        points: N x 18 x 2 key points with a torso.
    """
    from sklearn.neighbors import NearestNeighbors

    poses = normalised(points)
    count = min(NEIGHBOURS, len(poses) - 1)
    if count < 1:
        return PoseBank(tuple(names))
    distances, _ = NearestNeighbors(n_neighbors=count).fit(poses).kneighbors()
    far = distances.mean(axis=1) + 1e-9
    return PoseBank(tuple(names), tuple((far / far.sum()).tolist()))


def file_bank(path: Path, size: tuple[int, int]) -> PoseBank:
    """The poses of a file in the PATN authors' format.

    Args:
        path: the file.
        size: (height, width) of the images in whose pixels they are.

    Raises:
        AugmentError: where no pose has both shoulders and hips or they cannot be poses in such images.
        patn.KeypointError: for another file.
    """
    table = read_keypoints(path)
    for note in refuse_impossible(path, table.index.tolist(), keypoint_array(table, table.index), size):
        log.warning("%s: %s", path, note)
    table.index = pd.Index([PREFIX + str(name) for name in table.index], name=table.index.name)
    names = table.index.tolist()
    usable = has_torso(keypoint_array(table, names)) if names else np.zeros(0, dtype=bool)
    if not usable.any():
        raise AugmentError(f"{path}: no pose there has both shoulders and both hips; give a file with such poses")
    table = table[usable]
    return PoseBank(tuple(table.index), keypoints=table)
