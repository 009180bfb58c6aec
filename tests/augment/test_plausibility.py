"""What speaks against key points, and from how many images on: the limits of each of the looks."""

from pathlib import Path

import numpy as np
import pytest

from augment import AugmentError
from augment.poses.plausibility import BESIDE, ENOUGH, MANY, SMALL, Doubt, doubts, refuse_impossible
from numerics.arrays import Array
from patn.keypoints import MIRROR, MISSING

SIZE = (128, 64)
STANDING_Y = (20, 32, 34, 50, 64, 34, 50, 64, 66, 90, 114, 66, 90, 114, 18, 18, 19, 19)
STANDING_X = (32, 32, 24, 20, 18, 40, 44, 46, 27, 26, 25, 37, 38, 39, 30, 34, 27, 37)
STANDING = np.stack([STANDING_Y, STANDING_X], axis=1).astype(float)
"""Somebody who faces the camera."""


def crowd(count: int, seed: int = 0) -> Array:
    """People who stand upright in slightly different poses."""
    points: Array = STANDING + np.random.default_rng(seed).integers(-3, 4, (count, 18, 2))
    return points


def said(points: Array, size: tuple[int, int] = SIZE, *, cropped: bool = False) -> list[Doubt]:
    """The doubts about some poses; image number n is called `n`."""
    return doubts([str(index) for index in range(len(points))], points, size, cropped=cropped)


def changed(points: Array, count: int, to: Array) -> Array:
    """The same with the last `count` poses replaced."""
    return np.concatenate([points[: len(points) - count], np.broadcast_to(to, (count, 18, 2))])


@pytest.mark.parametrize("count", [1, ENOUGH, MANY, 60])
def test_upright_people_leave_no_doubt(count: int) -> None:
    assert said(crowd(count)) == []


def test_nobody_at_all_leaves_no_doubt() -> None:
    assert said(np.full((4, 18, 2), MISSING)) == []
    assert said(np.empty((0, 18, 2))) == []


@pytest.mark.parametrize(("bad", "impossible"), [(1, False), (2, False), (3, True)])
def test_one_mistake_in_a_hundred_is_a_note_and_more_are_impossible(bad: int, impossible: bool) -> None:
    corner = STANDING.copy()
    corner[[4, 7]] = 0
    (doubt,) = said(changed(crowd(200), bad, corner))
    assert doubt.impossible is impossible
    assert doubt.sentence.startswith(f"{bad} of 200 images ({200 - bad}) have several joints at (0, 0)")


def test_a_single_joint_in_the_corner_is_where_it_may_be() -> None:
    points = crowd(9)
    points[:, 4] = 0
    assert said(points) == []


def test_images_without_a_joint_neither_count_nor_are_named() -> None:
    nobody = np.full((30, 18, 2), MISSING)
    corner = STANDING.copy()
    corner[[4, 7]] = 0
    (doubt,) = said(np.concatenate([nobody, crowd(3), corner[None]]))
    assert doubt == Doubt(
        "1 of 4 images (33) have several joints at (0, 0); mark missing joints with -1, not 0", impossible=True
    )


@pytest.mark.parametrize(("scale", "shares"), [(1 / 128, True), (1.001 / 114, False)])
def test_coordinates_up_to_one_are_shares(scale: float, shares: bool) -> None:
    found = said(STANDING[None] * scale)
    assert any("coordinates are from 0 to 1" in doubt.sentence for doubt in found) is shares


def test_missing_joints_are_no_coordinates_of_minus_one() -> None:
    points = np.full((1, 18, 2), MISSING, dtype=float)
    points[0, 0] = (0.5, 0.25)
    assert "coordinates are from 0 to 1" in said(points)[0].sentence
    points[0, 0] = (80, 20)
    assert said(points) == []


@pytest.mark.parametrize(("extent", "odd"), [(SMALL * 128 - 0.1, True), (SMALL * 128 + 0.1, False)])
def test_a_whole_pose_within_three_percent_of_the_height_is_one_place(extent: float, odd: bool) -> None:
    tiny = 70 + (STANDING - 18) * extent / (114 - 18)  # its heights are from 18 to 114
    found = said(changed(crowd(3), 1, tiny))
    assert any("all joints at one place" in doubt.sentence for doubt in found) is odd
    parts = tiny.copy()
    parts[2] = MISSING  # no whole torso: it may be a glimpse of somebody
    assert said(changed(crowd(3), 1, parts)) == []


@pytest.mark.parametrize(("bad", "impossible"), [(3, False), (4, True)])
def test_joints_an_image_away_in_most_images_are_impossible(bad: int, impossible: bool) -> None:
    far = STANDING.copy()
    far[4] = (300, 30)
    (doubt,) = said(changed(crowd(6), bad, far))
    assert doubt.impossible is impossible
    assert ("lie far outside 128 x 64 pixels" in doubt.sentence) is impossible


def test_joints_beyond_the_edge_in_most_images_are_impossible_unless_cropped() -> None:
    points = crowd(6)
    points[:4, 10, 0] = 140
    (doubt,) = said(points)
    assert doubt.impossible
    assert "joints of 0 and most images lie outside 128 x 64 pixels" in doubt.sentence
    assert said(points, cropped=True) == []
    assert said(changed(points, 3, STANDING)) == []  # in one half they may
    points[:4, 10, 0] = 256
    assert said(points, cropped=True)[0].impossible


def test_of_one_image_a_third_of_the_joints_may_lie_beyond_the_edge() -> None:
    points = STANDING[None].copy()
    points[0, :6, 1] = 66
    assert said(points) == []
    points[0, 6, 1] = 66
    (doubt,) = said(points)
    assert doubt.sentence.startswith("many joints of 0 lie outside")


@pytest.mark.parametrize(("count", "judged"), [(ENOUGH - 1, False), (ENOUGH, True)])
@pytest.mark.parametrize("how", ["upside down", "on the side"])
def test_torsos_are_judged_from_eight_different_poses_on(count: int, judged: bool, how: str) -> None:
    points = crowd(count)
    turned = points * [-1, 1] + [127, 0] if how == "upside down" else points[..., ::-1] / [1, 2] + [30, 0]
    found = [doubt for doubt in said(turned) if "nearly all people" in doubt.sentence]
    assert len(found) == judged
    if judged:
        hips = "hips above their shoulders" in found[0].sentence
        assert hips is (how == "upside down")
        assert found[0].impossible
    assert not [doubt for doubt in said(np.repeat(turned[:1], 20, axis=0)) if "nearly all people" in doubt.sentence]


def test_people_who_lie_in_all_directions_are_possible() -> None:
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    turns = np.array([[[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]] for a in angles])
    around = ((STANDING - 60) / 4) @ turns + 32
    assert not [doubt for doubt in said(around, (64, 64)) if "nearly all" in doubt.sentence]


def test_a_head_joint_below_the_hips_is_another_order() -> None:
    points = crowd(ENOUGH)
    points[:, 16] = (110, 30)
    (doubt,) = said(points)
    assert doubt.sentence.startswith("the right ear is below the hips in nearly all images")
    assert doubt.impossible
    points[:2, 16] = (19, 27)
    assert said(points) == []


@pytest.mark.parametrize(("alike", "noted"), [(5, False), (6, True)])
def test_one_pose_in_more_than_half_of_the_images_is_a_note(alike: int, noted: bool) -> None:
    found = said(changed(crowd(10), alike, STANDING))
    expected = [Doubt(f"{alike} of 10 images have one and the same pose", impossible=False)]
    assert found == (expected if noted else [])


@pytest.mark.parametrize(("count", "impossible"), [(ENOUGH - 1, False), (ENOUGH, True)])
def test_poses_in_the_upper_left_quarter_are_for_smaller_images(count: int, impossible: bool) -> None:
    (doubt,) = [doubt for doubt in said(crowd(count) / 2) if "upper left quarter" in doubt.sentence]
    assert doubt.impossible is impossible


@pytest.mark.parametrize(("share", "noted"), [(0.5 + BESIDE + 0.01, True), (0.5 + BESIDE - 0.01, False), (0.41, True)])
def test_people_beside_the_middle_are_a_note_from_twenty_on(share: float, noted: bool) -> None:
    points = crowd(MANY)
    points[..., 1] += share * 64 - points[:, [2, 5, 8, 11], 1].mean()
    found = said(points)
    assert [doubt.impossible for doubt in found] == [False] * noted
    if noted:
        assert f"people stand at {share:.0%} of the images' width" in found[0].sentence
    assert said(points[:-1]) == []
    assert said(points, cropped=True) == []


def test_exchanged_sides_are_a_note_where_faces_are_seen() -> None:
    points = crowd(ENOUGH)[:, list(MIRROR)]
    (doubt,) = said(points)
    assert not doubt.impossible
    assert doubt.sentence.startswith("in nearly all of 8 poses with a face the right shoulder lies right")
    points[:, 0] = MISSING  # seen from behind
    assert said(points) == []


def test_a_file_is_refused_for_the_impossible_and_noted_for_the_rest() -> None:
    names = [str(index) for index in range(10)]
    assert refuse_impossible(Path("f.csv"), names, changed(crowd(10), 6, STANDING), SIZE) == [
        "6 of 10 images have one and the same pose"
    ]
    (note,) = refuse_impossible(Path("f.csv"), names[:2], crowd(2) / 2, SIZE)
    assert "say for which with --csv-size HEIGHT WIDTH" in note
    with pytest.raises(AugmentError, match=r"^f\.csv: nearly all people have their hips above"):
        refuse_impossible(Path("f.csv"), names, crowd(10) * [-1, 1] + [127, 0], SIZE)
