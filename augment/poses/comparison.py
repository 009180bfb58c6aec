"""How far a pose estimator agrees, joint by joint, with key points that somebody else has of the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from augment import AugmentError
from augment.columns import aligned
from augment.datasets.dataset import Dataset
from augment.poses.annotations import Size, read_annotations
from augment.poses.estimation import estimate_sample
from augment.poses.estimators import DEFAULT, Choice
from augment.results import Result
from numerics.arrays import Array
from numerics.seeds import Stream, random_stream
from patn.keypoints import JOINTS, MIRROR, joints_present, keypoint_array
from patn.metrics.pckh import pckh
from reid.data.market1501 import Split

SAMPLE = 1000
"""Images that are compared where no number is given."""


@dataclass(frozen=True)
class JointAgreement(Result):
    """One joint's agreement, over the images in which both sides see somebody.

    Attributes:
        given: in how many of them the file has the joint.
        found: the share of these in which the estimator has it too; None where there is none.
        pckh: the share of these in which it is right (see `patn.metrics.pckh`); None where there is none.
        pixels: the median distance of those that both have, in pixels of the workspace's size; None where there is
            none.
    """

    given: int
    found: float | None
    pckh: float | None
    pixels: float | None


@dataclass(frozen=True)
class Comparison(Result):
    """An estimator's agreement with the key points of a file.

    Attributes:
        images: how many were looked at.
        given: the share of them in which the file sees somebody.
        found: the share in which the estimator does.
        both: the share in which both do.
        swapped: the share of the latter in which the estimator's joints lie nearer to the file's when left and right
            are exchanged; None where there is none.
        pckh: as of a joint, over all.
        pixels: as of a joint, over all.
        joints: each joint's, by name.
    """

    images: int
    given: float
    found: float
    both: float
    swapped: float | None
    pckh: float | None
    pixels: float | None
    joints: Mapping[str, JointAgreement]


def compare_estimator(
    data: Dataset,
    files: Sequence[Path],
    *,
    estimator: str | Choice = DEFAULT,
    count: int = SAMPLE,
    size: Size | None = None,
    own_pixels: bool = False,
    seed: int = 0,
    jobs: int = 1,
) -> Comparison:
    """Estimate the key points of training images that have a row in the files, and compare them; nothing is written.

    Args:
        data: whose images are sampled.
        files: of key points, as of `read_annotations`.
        estimator: what finds the joints.
        count: of images in the sample, at most.
        size: as of `read_annotations`.
        own_pixels: as of `read_annotations`.
        seed: of the sample.
        jobs: processes.

    Raises:
        AugmentError: where no training image has a row, or the estimator is not installed.
    """
    rows = read_annotations(files, data, size=size, own_pixels=own_pixels).tables.get("train")
    images = data.images[data.images["split"] == Split.TRAIN]
    if rows is None or rows.empty:
        raise AugmentError(f"{files[0]}: no row is of a training image; give key points of these to ⟨files --compare⟩")
    images = images[images["name"].isin(rows.index)]
    chosen = np.sort(random_stream(seed, Stream.AGREEMENT_SAMPLE).permutation(len(images))[:count])
    images = images.iloc[chosen]
    guess = estimate_sample(images["path"].tolist(), estimator, data.size, jobs)
    return compare_keypoints(keypoint_array(rows, images["name"].tolist()), guess)


def compare_keypoints(given: Array, found: Array) -> Comparison:
    """Compare estimates with the key points that are given.

    Args:
        given: N x 18 x 2 as (y, x) in pixels, missing = -1.
        found: the same images' estimates, of the same form.
    """
    seen = [joints_present(points).any(axis=1) for points in (given, found)]
    both = seen[0] & seen[1]
    ours, theirs = found[both].astype(np.float64), given[both].astype(np.float64)
    there, ours_there = joints_present(theirs), joints_present(ours)
    distance = np.where(there & ours_there, np.linalg.norm(ours - theirs, axis=2), np.nan)
    score = pckh(theirs, ours)
    joints = {
        name: JointAgreement(
            given=int(there[:, joint].sum()),
            found=_share(ours_there[there[:, joint], joint]),
            pckh=_rounded(score.joint_scores[joint]),
            pixels=_median(distance[:, joint]),
        )
        for joint, name in enumerate(JOINTS)
    }
    return Comparison(
        images=len(given),
        given=float(seen[0].mean()),
        found=float(seen[1].mean()),
        both=float(both.mean()),
        swapped=_share(swapped(theirs, ours)),
        pckh=_rounded(score.score),
        pixels=_median(distance),
        joints=joints,
    )


def swapped(given: Array, found: Array) -> Array:
    """In which of N images the joints found lie nearer to the given ones when left and right are exchanged.

    By the sum of the distances of all joints whose both sides both have; False where there is none.

    Args:
        given: N x 18 x 2 as (y, x) in pixels, missing = -1.
        found: of the same form.

    Returns:
        Booleans, N.
    """
    mirror = list(MIRROR)
    sided = np.array(mirror) != np.arange(len(JOINTS))
    known = joints_present(given) & joints_present(found)
    known = known & known[:, mirror] & sided
    straight, crossed = (
        np.where(known, np.linalg.norm(points - given, axis=2), 0.0).sum(axis=1) for points in (found, found[:, mirror])
    )
    return np.asarray(crossed < straight)


def _share(right: Array) -> float | None:
    return round(float(right.mean()), 4) if len(right) else None


def _median(distance: Array) -> float | None:
    return None if np.isnan(distance).all() else round(float(np.nanmedian(distance)), 2)


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def comparison_text(estimator: str, result: Comparison) -> str:
    """A comparison in words and as a table of joints.

    Args:
        estimator: its name.
        result: as `compare_estimator` returns it.
    """

    def percent(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:.1f}"

    def pixels(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f}"

    lines = [["joint", "given", "found %", "PCKh %", "median pixels"]]
    lines += [
        [name, str(joint.given), percent(joint.found), percent(joint.pckh), pixels(joint.pixels)]
        for name, joint in result.joints.items()
    ]
    return "\n".join(
        [
            f"{result.images} training images: the file has somebody in {percent(result.given)} %, {estimator} in "
            f"{percent(result.found)} %, both in {percent(result.both)} %, of which the following is:",
            f"PCKh@0.5 {percent(result.pckh)} %, median distance {pixels(result.pixels)} pixels, left and right "
            f"exchanged in {percent(result.swapped)} % of the images",
            aligned(lines),
        ]
    )
