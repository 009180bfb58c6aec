"""A generated set as it will be: the kept images, the plan of the others, and all that they can be sampled from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import posed_names
from augment.datasets.reduced_set import keep_reduced
from augment.generation.plan import Pools, Sampling, TargetPoses, make_plan
from augment.generation.scenes import COLUMN, Scenes
from augment.generation.target_poses import PoseBank, canonical_bank, file_bank, rare_bank
from patn.keypoints import keypoint_array


@dataclass(frozen=True)
class PlannedSet:
    """What a generated set will be.

    Attributes:
        data: whose images it is made of.
        sampling: how sources and target poses were sampled.
        seed: of split and plan.
        plan: a row an image to be generated.
        kept: names of the real images in it.
        pools: what could be sampled.
        poses: the key point table of every pose that could be.
        scenes: backgrounds that generated people are put before, None for none.
    """

    data: Dataset
    sampling: Sampling
    seed: int
    plan: pd.DataFrame
    kept: list[str]
    pools: Pools
    poses: pd.DataFrame
    scenes: Scenes | None = None


def plan_set(
    data: Dataset, reduced: Path, portion: float, seed: int, sampling: Sampling, pose_file: Path | None = None
) -> PlannedSet:
    """The plan of a generated set.

    Args:
        data: whose training images are kept and generated.
        reduced: the file that says which are kept, written where it does not.
        portion: p in (0, 1].
        seed: of split and plan.
        sampling: how sources and target poses are sampled.
        pose_file: holds the poses of `target_poses` "file".
    """
    train = data.train
    kept = keep_reduced(data.images, portion, seed, reduced)
    posed = posed_names(data, train["name"].tolist())
    keeps = set(kept)
    posed_kept = [name for name in posed if name in keeps]
    require_poses(data, posed_kept, portion)
    poses = data.keypoints("train")
    bank = _bank(sampling.target_poses, posed_kept, poses, pose_file, data.size, seed)
    if bank is not None and bank.keypoints is not None:
        poses = pd.concat([poses, bank.keypoints])
    plan = make_plan(train, posed, kept, sampling, seed, bank)
    scenes = Scenes(data, posed_kept, poses, seed) if sampling.scenes else None
    if scenes is not None:
        plan = plan.assign(**{COLUMN: scenes.choose(plan)})
    pid_of = dict(zip(train["name"], train["pid"], strict=True))
    return PlannedSet(data, sampling, seed, plan, kept, Pools(pid_of, sorted(posed), keeps, bank), poses, scenes)


def require_poses(data: Dataset, posed: Sequence[str], portion: float) -> None:
    """Refuse kept images of which none has a pose, so that nothing can be generated from one.

    Args:
        data: whose images they are.
        posed: names of the training images with a pose.
        portion: p of the set.

    Raises:
        AugmentError: where there is none.
    """
    if not posed:
        raise AugmentError(
            f"{data.keypoints_file('train')}: none of the training images that ⟨portion⟩ {portion:g} keeps has "
            "both shoulders and both hips, so nothing can be generated from them; look at `augment check`"
        )


def _bank(
    target_poses: str, posed: Sequence[str], poses: pd.DataFrame, file: Path | None, size: tuple[int, int], seed: int
) -> PoseBank | None:
    """The poses that a sampling takes from elsewhere, None where it takes them from training images."""
    if file is not None:
        return file_bank(file, size)
    if target_poses == TargetPoses.CANONICAL:
        return canonical_bank(posed, keypoint_array(poses, posed), seed=seed)
    if target_poses == TargetPoses.RARE:
        return rare_bank(posed, keypoint_array(poses, posed))
    return None
