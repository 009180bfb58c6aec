"""Banks of poses, against plain calculations and poses whose groups are known."""

from pathlib import Path

import numpy as np
import pytest

from augment import AugmentError
from augment.generation.target_poses import CANONICAL, NEIGHBOURS, canonical_bank, file_bank, normalised, rare_bank
from numerics.arrays import Array
from patn.keypoints import keypoint_table, write_keypoints


@pytest.fixture(scope="module")
def standing() -> Array:
    """One pose, 18 x 2 as (y, x)."""
    points = [
        (16, 32),
        (26, 32),
        (27, 24),
        (40, 20),
        (54, 19),
        (27, 40),
        (40, 44),
        (54, 45),
        (58, 27),
        (82, 27),
        (108, 27),
        (58, 37),
        (82, 38),
        (108, 38),
        (14, 30),
        (14, 34),
        (16, 27),
        (16, 37),
    ]
    return np.array(points, dtype=np.float32)


def walking(standing: Array, stride: float) -> Array:
    moved = standing.copy()
    moved[[9, 10], 1] += stride
    moved[[12, 13], 1] -= stride
    return moved


def test_place_and_size_do_not_matter(standing: Array) -> None:
    poses = normalised(np.stack([standing, standing * 0.5 + [3, 9]]))
    assert poses.shape == (2, 36)
    assert np.abs(poses[0] - poses[1]).max() < 1e-5


def test_a_missing_joint_is_where_it_is_on_average(standing: Array) -> None:
    points = np.stack([walking(standing, stride) for stride in (4.0, 8.0, 0.0)])
    points[2, 10] = -1
    poses = normalised(points).reshape(3, 18, 2)
    assert poses[2, 10] == pytest.approx(poses[:2, 10].mean(axis=0))


def test_canonical_poses_are_one_of_each_group(standing: Array) -> None:
    rng = np.random.default_rng(0)
    strides = [10.0 * group for group in range(CANONICAL) for _ in range(5)]
    points = np.stack([walking(standing, stride) + rng.normal(0, 0.1, (18, 2)) for stride in strides])
    names = [f"{int(stride)}-{number}" for number, stride in enumerate(strides)]
    bank = canonical_bank(names, points)
    assert sorted(name.split("-")[0] for name in bank.names) == sorted({str(int(stride)) for stride in strides})
    assert len(canonical_bank(names[:2], points[:2]).names) == 2


def test_poses_that_are_there_several_times_are_one_typical_pose(standing: Array) -> None:
    points = np.stack([standing, standing, walking(standing, 20.0), standing])
    bank = canonical_bank(["a", "b", "c", "d"], points)
    assert bank.names == ("a", "c")


def test_a_rare_pose_is_drawn_more_often(standing: Array) -> None:
    rng = np.random.default_rng(0)
    points = np.stack([walking(standing, 0.0) + rng.normal(0, 0.2, (18, 2)) for _ in range(30)])
    points = np.concatenate([points, walking(standing, 25.0)[None]])
    bank = rare_bank([str(number) for number in range(31)], points)
    poses = normalised(points)
    distances = np.sort(np.linalg.norm(poses[:, None] - poses[None], axis=2), axis=1)[:, 1 : NEIGHBOURS + 1]
    expected = distances.mean(axis=1) / distances.mean(axis=1).sum()
    assert bank.chances == pytest.approx(expected.tolist(), rel=1e-4)
    drawn = [bank.sample(rng) for _ in range(400)]
    assert drawn.count("30") / 400 == pytest.approx(expected[30], abs=0.07)


def test_a_file_of_poses_keeps_those_with_a_torso(standing: Array, tmp_path: Path) -> None:
    half = standing.copy()
    half[8] = -1
    write_keypoints(keypoint_table(["a", "b"], np.stack([standing, half])), tmp_path / "bank.csv")
    bank = file_bank(tmp_path / "bank.csv", (128, 64))
    assert bank.names == ("bank/a",)
    write_keypoints(keypoint_table(["b"], half[None]), tmp_path / "half.csv")
    with pytest.raises(AugmentError, match=r"half\.csv: no pose there"):
        file_bank(tmp_path / "half.csv", (128, 64))
