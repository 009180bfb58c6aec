"""PCKh against a loop over images and joints, and the worked example."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from numerics.arrays import Array
from patn import KeypointError
from patn.metrics.pckh import pckh, pckh_by_head_size

HEAD = (0, 1, 14, 15, 16, 17)
# few different values, so that exact ties with the limits, flat boxes and half-missing joints all occur
poses = arrays(np.int64, (3, 18, 2), elements=st.sampled_from([-1, -1, 0, 1, 2, 3, 4, 6, 8]))


def pose(**joints: tuple[float, float]) -> Array:
    points = np.full((1, 18, 2), -1.0)
    for joint, place in joints.items():
        points[0, int(joint[1:])] = place
    return points


def pckh_by_loops(target: Array, predicted: Array) -> tuple[list[int], list[int], int]:
    right, joints, skipped = [0] * 18, [0] * 18, 0
    for real, found in zip(target.tolist(), predicted.tolist(), strict=True):
        head = [real[j] for j in HEAD if real[j][0] != -1 and real[j][1] != -1]
        if len(head) < 2:
            skipped += 1
            continue
        ys, xs = [y for y, _ in head], [x for _, x in head]
        height, width = max(ys) - min(ys), max(xs) - min(xs)
        for j in range(18):
            (ty, tx), (py, px) = real[j], found[j]
            joints[j] += ty != -1
            if -1 not in (ty, tx, py, px) and abs(tx - px) < 0.5 * width and abs(ty - py) < 0.5 * height:
                right[j] += 1
    return right, joints, skipped


@settings(deadline=None)
@given(target=poses, predicted=poses)
def test_equal_to_a_loop_over_images_and_joints(target: Array, predicted: Array) -> None:
    result = pckh(target, predicted)
    right, joints, skipped = pckh_by_loops(target, predicted)
    assert result.right.tolist() == right
    assert result.joints.tolist() == joints
    assert (result.skipped, result.images) == (skipped, 3 - skipped)
    assert result.score == pytest.approx(sum(right) / sum(joints) if sum(joints) else math.nan, nan_ok=True)
    for score, found, all_joints in zip(result.joint_scores, right, joints, strict=True):
        assert score == pytest.approx(found / all_joints if all_joints else math.nan, nan_ok=True)


def test_the_worked_example() -> None:
    target = pose(j0=(10, 20), j1=(20, 22), j15=(8, 24), j2=(21, 14))
    predicted = pose(j0=(10, 21), j1=(20, 24), j15=(13, 24))
    result = pckh(target, predicted)
    assert result.score == 0.5
    assert (result.images, result.skipped) == (1, 0)
    assert result.joint_scores[[0, 1, 2, 15]].tolist() == [1, 0, 0, 1]
    assert np.isnan(np.delete(result.joint_scores, [0, 1, 2, 15])).all()


def test_joints_are_averaged_over_all_images_together() -> None:
    target = np.concatenate([pose(j0=(0, 0), j1=(8, 8)), pose(j0=(0, 0), j1=(8, 8), j3=(20, 20), j4=(30, 30))])
    predicted = np.concatenate([pose(j0=(0, 0), j1=(8, 8)), pose()])
    assert pckh(target, predicted).score == pytest.approx(2 / 6)


def test_predictions_of_joints_that_the_target_lacks_cost_nothing() -> None:
    target = pose(j0=(0, 0), j1=(8, 8))
    assert pckh(target, np.full((1, 18, 2), 0.0)).joints.sum() == 2
    assert pckh(target, pose(j0=(0, 0), j1=(8, 8), j9=(3, 3))).score == 1


def test_an_image_with_one_head_joint_is_left_out() -> None:
    target = np.concatenate([pose(j0=(5, 5), j2=(9, 9)), pose(j0=(0, 0), j1=(8, 8))])
    result = pckh(target, target)
    assert (result.score, result.images, result.skipped) == (1, 1, 1)


def test_a_head_without_width_makes_even_the_exact_match_wrong() -> None:
    target = np.concatenate([pose(j0=(0, 5), j1=(8, 5)), pose(j0=(0, 0), j1=(8, 8))])
    assert pckh(target, target).score == 0.5


def test_a_joint_whose_x_is_minus_one_counts_and_is_never_right() -> None:
    target = pose(j0=(0, 0), j1=(8, 8), j4=(20, -1))
    assert pckh(target, target).joint_scores[4] == 0
    target = pose(j0=(0, 0), j1=(8, 8), j4=(-1, 20))
    assert math.isnan(pckh(target, target).joint_scores[4])


def test_places_outside_the_image_are_places_too() -> None:
    target = pose(j0=(0, 0), j1=(8, 8), j4=(-5, -3))
    assert pckh(target, target).joint_scores[4] == 1


def test_without_any_image_the_score_is_not_a_number() -> None:
    nothing = np.zeros((0, 18, 2))
    assert math.isnan(pckh(nothing, nothing).score)
    assert math.isnan(pckh(pose(), pose()).score)


@settings(deadline=None)
@given(target=poses, predicted=poses, sizes=arrays(np.float64, 3, elements=st.sampled_from([1.0, 4.0, 10.0])))
def test_by_head_size_equals_a_loop(target: Array, predicted: Array, sizes: Array) -> None:
    right = joints = skipped = 0
    for real, found, size in zip(target.tolist(), predicted.tolist(), sizes, strict=True):
        if all(-1 in joint for joint in found):
            skipped += 1
            continue
        for there, here in zip(real, found, strict=True):
            joints += -1 not in there
            right += -1 not in there + here and math.dist(there, here) < 0.5 * size
    result = pckh_by_head_size(target, predicted, sizes)
    assert (result.right.sum(), result.joints.sum(), result.skipped) == (right, joints, skipped)


def test_by_head_size_measures_distance_not_each_axis() -> None:
    target, predicted = pose(j0=(10, 10), j9=(50, 10)), pose(j0=(13, 14), j9=(50, 10))
    assert pckh_by_head_size(target, predicted, np.array([10.0])).score == 0.5
    assert pckh_by_head_size(target, predicted, np.array([10.1])).score == 1


def test_other_shapes_are_refused() -> None:
    points = np.zeros((2, 18, 2))
    with pytest.raises(KeypointError, match="two equal N x 18 x 2"):
        pckh(points, points[:1])
    with pytest.raises(KeypointError, match="two equal N x 18 x 2"):
        pckh(points[:, :17], points[:, :17])
    with pytest.raises(KeypointError, match="lengths above 0"):
        pckh_by_head_size(points, points, np.array([1.0, 0.0]))
