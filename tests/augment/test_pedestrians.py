"""The renderer: people who look the same from image to image, with joints where the figure has them."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from augment import AugmentError
from augment.pedestrians import Pedestrians
from augment.pedestrians.camera import Camera, draw_camera
from augment.pedestrians.figure import Figure, build_figure, view_figure
from augment.pedestrians.gait import draw_pose
from augment.pedestrians.identity import draw_identity
from augment.pedestrians.photograph import photograph
from augment.pedestrians.skeleton import turn
from numerics.arrays import Array

KEY = np.array([255, 0, 255], dtype=np.float32)  # a backdrop colour that nothing people wear comes near
SETTINGS = Pedestrians(seed=5, clutter=0.0)


@pytest.fixture(scope="module")
def studio() -> Camera:
    """A camera before a magenta wall: no blur to speak of, no grain, true colours."""
    camera = draw_camera(SETTINGS, 1)
    scene = np.broadcast_to(KEY, camera.scene.shape)
    cast = np.ones(3, np.float32)
    return dataclasses.replace(camera, scene=scene, cast=cast, gain=1.0, contrast=1.0, blur=0.1, grain=0.0)


def person(number: int) -> Figure:
    rng = np.random.default_rng((5, number))
    return build_figure(draw_identity(rng), rng)


def is_person(image: Array) -> Array:
    """Where the magenta wall, lit or in the contact shadow, does not show: H x W."""
    red, green, blue = (image[..., channel].astype(int) for channel in range(3))
    person: Array = np.minimum(red, blue) - green < 110
    return person


def test_an_image_is_a_function_of_its_random_stream() -> None:
    camera = draw_camera(SETTINGS, 2)
    first, again, other = (photograph(person(1), camera, SETTINGS, np.random.default_rng(s)) for s in (7, 7, 8))
    assert (first.image == again.image).all()
    assert (first.keypoints == again.keypoints).all()
    assert (first.image != other.image).any()


def test_visible_joints_lie_on_the_person(studio: Camera) -> None:
    on, joints = 0, 0
    for number in range(12):
        photo = photograph(person(number), studio, SETTINGS, np.random.default_rng(number))
        mask = is_person(photo.image)
        rows, columns = photo.keypoints[photo.visible == 1].T
        on, joints = on + mask[rows, columns].sum(), joints + len(rows)
        assert 0.08 < mask.mean() < 0.6
    assert joints > 12 * 9
    assert on / joints > 0.95  # a nose in profile may fall on the pixel next to it


def test_figures_have_no_holes(studio: Camera) -> None:
    holes, area = 0, 0
    for number in range(8):
        photo = photograph(person(number), studio, SETTINGS, np.random.default_rng(100 + number))
        mask = is_person(photo.image)
        ring = mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
        holes, area = holes + (ring & ~mask[1:-1, 1:-1]).sum(), area + mask.sum()
    assert holes < 0.0005 * area  # what is left lies between arm and trunk


def test_left_is_left_from_the_front_and_from_behind() -> None:
    figure = person(3)
    front = view_figure(figure, {}, turn()).joints
    behind = view_figure(figure, {}, turn(y=180)).joints
    for right, left in ((2, 5), (3, 6), (4, 7), (8, 11), (9, 12), (10, 13), (14, 15), (16, 17)):
        assert front[left, 0] > front[right, 0]  # who faces us has the left hand on our right
        assert behind[left, 0] < behind[right, 0]
    assert front[0, 2] > front[1, 2]  # the nose points at the camera
    assert behind[0, 2] < behind[1, 2]


def test_bones_keep_their_length_in_every_pose() -> None:
    figure = person(4)
    rest = figure.skeleton.joints
    rng = np.random.default_rng(0)
    for _ in range(20):
        joints = view_figure(figure, draw_pose(figure.identity, rng), turn(x=8, y=float(rng.uniform(-180, 180)))).joints
        for a, b in ((2, 3), (3, 4), (5, 6), (8, 9), (9, 10), (11, 12), (12, 13), (14, 15)):
            assert np.linalg.norm(joints[a] - joints[b]) == pytest.approx(np.linalg.norm(rest[a] - rest[b]), abs=1e-6)


def test_people_walk_forwards_with_knees_and_elbows_that_bend_the_right_way() -> None:
    figure = person(6)
    rng = np.random.default_rng(1)
    for _ in range(40):
        joints = view_figure(figure, draw_pose(figure.identity, rng), turn()).joints
        for hip, knee, ankle in ((8, 9, 10), (11, 12, 13)):
            assert np.cross(joints[knee] - joints[hip], joints[ankle] - joints[knee])[0] > -1e-3


def test_front_and_back_of_some_clothes_differ(studio: Camera) -> None:
    different = 0
    for number in range(10):
        figure = person(number)
        views = [view_figure(figure, {}, turn(y=y)) for y in (0, 180)]
        means = [
            view.colours[:, (np.abs(view.points[0]) < 0.05) & (view.points[1] > 0.65)].mean(axis=1) for view in views
        ]
        different += np.abs(means[0] - means[1]).max() > 10
    assert different >= 5


def test_botched_images_show_part_of_a_person(studio: Camera) -> None:
    present = [
        (photograph(person(n), studio, SETTINGS, np.random.default_rng(n), botched=True).keypoints[:, 0] >= 0).sum()
        for n in range(10)
    ]
    assert np.mean(present) < 14
    assert max(present) < 18


def test_clutter_scales_the_contrast_of_the_background() -> None:
    spread = [
        draw_camera(Pedestrians(clutter=clutter), 1).scene.std(axis=(0, 1)).mean() for clutter in (0.0, 0.45, 1.0)
    ]
    assert spread[0] == pytest.approx(0, abs=0.1)
    assert spread[1] == pytest.approx(0.45 * spread[2], rel=0.05)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"train_identities": 0}, "train_identities"),
        ({"train_identities": 1400, "test_identities": 200}, "test_identities"),
        ({"queries_per_identity": 14}, "queries_per_identity"),
        ({"cameras": 7}, "cameras"),
        ({"clutter": 1.5}, "clutter"),
        ({"clutter": float("nan")}, "clutter"),
        ({"height": 12.5}, "height"),
        ({"seed": -1}, "seed"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(AugmentError, match=named):
        Pedestrians(**wrong)
