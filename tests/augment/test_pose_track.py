import numpy as np
import pytest
from scipy.signal import savgol_filter

from augment.pedestrians.walking import CYCLE, walking
from augment.poses.smoothing import bridge, fit, inside, jerk, smooth
from numerics.arrays import Array


def line(frames: int) -> Array:
    """Eighteen joints that move evenly, frames x 18 x 2."""
    start = np.stack([np.arange(18.0) * 3, 10 + np.arange(18.0)], axis=1)
    return np.add(start, np.arange(frames)[:, None, None] * [0.5, 1.0])


def test_a_short_gap_is_filled_in_a_line_and_a_long_one_holds() -> None:
    whole = line(20)
    track = whole.copy()
    track[4:7, 2] = -1
    track[4:12, 9] = -1
    track[:3, 5] = -1
    track[15:, 6] = -1
    track[:, 11] = -1
    filled = bridge(track, longest=3)
    assert filled[:, 2] == pytest.approx(whole[:, 2])  # even motion, so that the line is the truth
    assert (filled[4:12, 9] == whole[3, 9]).all()
    assert (filled[12:, 9] == whole[12:, 9]).all()
    assert (filled[:3, 5] == -1).all()  # never put where it was not seen yet
    assert (filled[15:, 6] == whole[14, 6]).all()
    assert (filled[:, 11] == -1).all()
    assert (bridge(track, longest=0) == track).all()


def test_smoothing_takes_jitter_away_and_keeps_even_motion() -> None:
    whole = line(60)
    noisy = whole + np.random.default_rng(0).normal(0, 1, whole.shape)
    made = smooth(noisy, 9)
    assert np.abs(made - whole).mean() < 0.6 * np.abs(noisy - whole).mean()
    assert jerk(made) < 0.3 * jerk(noisy)
    assert smooth(whole, 9) == pytest.approx(whole)
    assert (smooth(noisy, 0) == noisy).all()


def test_a_gap_parts_what_is_smoothed() -> None:
    noisy = line(30) + np.random.default_rng(1).normal(0, 1, (30, 18, 2))
    noisy[12, 4] = -1
    noisy[14:16, 4] = -1
    made = smooth(noisy, 7)
    assert (made[12, 4] == -1).all()
    assert made[:12, 4] == pytest.approx(savgol_filter(noisy[:12, 4], 7, 2, axis=0))
    assert (made[13, 4] == noisy[13, 4]).all()
    assert made[16:, 4] == pytest.approx(savgol_filter(noisy[16:, 4], 7, 2, axis=0))


def test_fitting_is_one_similarity_onto_the_pose() -> None:
    pose = walking(1, (128, 64))[0]
    track = 3.7 * walking(CYCLE, (128, 64)) + [40, -25]
    track[:, 16] = -1
    moved = fit(track, pose)
    assert moved is not None
    assert np.median(moved[:, 1], axis=0) == pytest.approx(pose[1], abs=1e-9)

    def torso(points: Array) -> float:
        return float(np.median(np.linalg.norm(points[:, [8, 11]].mean(axis=1) - points[:, 1], axis=-1)))

    assert torso(moved) == pytest.approx(torso(pose[None]))
    ratio = np.linalg.norm(moved[5, 0] - moved[2, 13]) / np.linalg.norm(track[5, 0] - track[2, 13])
    assert ratio == pytest.approx(torso(pose[None]) / torso(track))  # the same for every two points
    assert (moved[:, 16] == -1).all()
    headless = np.full((18, 2), -1.0)
    assert fit(track, headless) is None


def test_joints_outside_of_the_image_are_missing() -> None:
    track = np.full((1, 18, 2), 5.0)
    track[0, 0], track[0, 1], track[0, 2] = (-0.5, 3), (3, 63.5), (127, 63)
    kept = inside(track, (128, 64))
    assert (kept[0, :2] == -1).all()
    assert (kept[0, 2] == (127, 63)).all()


def test_the_walk_goes_round_on_legs_of_one_length() -> None:
    track = walking(4 * CYCLE, (128, 64))
    assert ((track >= 0) & (track < (128, 64))).all()
    steps = np.linalg.norm(np.diff(track, axis=0, append=track[:1]), axis=-1)
    assert steps[-1].max() < 1.5 * steps[:-1].max()  # the last frame leads to the first
    ankles = track[:, [10, 13]]
    assert np.abs(ankles[..., 0].max(axis=1) - 0.93 * 128).max() < 1  # one foot is on the ground
    assert (np.diff(np.sign(ankles[:, 0, 0] - ankles[:, 1, 0])) != 0).sum() >= 6  # the feet take turns
    facing = np.sign(track[:, 2, 1] - track[:, 5, 1])  # the right shoulder is left of the left one, then not
    assert {-1.0, 1.0} <= set(facing)
