"""mediapipe on photographs of people, and its landmarks as OpenPose joints."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment import AugmentError
from augment.poses.estimators import build_estimator
from augment.poses.estimators.mediapipe import LANDMARKS, openpose_joints, prepare
from numerics.arrays import Array
from patn.keypoints import JOINTS, MIRROR

needs_mediapipe = pytest.mark.skipif(importlib.util.find_spec("mediapipe") is None, reason="mediapipe is not installed")


def photograph(name: str, box: tuple[int, int, int, int]) -> Array:
    """A person of scikit-image's photographs, cut out and shrunk to 128 x 64."""
    data = Path(pytest.importorskip("skimage").__file__).parent / "data"
    return np.asarray(Image.open(data / name).convert("RGB").crop(box).resize((64, 128)))


@pytest.fixture(scope="module")
def astronaut() -> Array:
    """Upper body, facing the camera."""
    return photograph("astronaut.png", (50, 0, 350, 512))


def test_frame_repeats_the_edge_and_is_a_quarter_of_the_height() -> None:
    image = np.random.default_rng(0).integers(0, 256, (128, 64, 3), dtype=np.uint8)
    framed, padding = prepare(image)
    assert framed.shape == (768, 512, 3)
    assert padding == 128
    assert (framed[:128] == framed[128]).all()
    assert (framed[:, :128] == framed[:, 128:129]).all()


def test_landmarks_in_the_middle_of_pixels_come_back_as_those_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, [128, 64], (33, 2))
    shares = ((pixels + 0.5) * 4 + 128) / np.array([768, 512])
    joints = openpose_joints(np.column_stack([shares, np.ones(33)]), (768, 512), 128, (128, 64))
    for joint, landmark in enumerate(LANDMARKS):
        if landmark >= 0:
            np.testing.assert_allclose(joints[joint], pixels[landmark], atol=1e-4)
    np.testing.assert_allclose(joints[1], (pixels[11] + pixels[12]) / 2, atol=1e-4)


def test_landmarks_are_those_of_the_joints() -> None:
    # BlazePose: odd numbers from 11 on are left, the next even one is right; eyes 2 and 5, ears 7 and 8.
    other = {2: 5, 5: 2, 7: 8, 8: 7, 0: 0, -1: -1} | {i: i + 1 if i % 2 else i - 1 for i in range(11, 29)}
    assert [other[LANDMARKS[joint]] for joint in range(18)] == [LANDMARKS[joint] for joint in MIRROR]
    assert LANDMARKS[JOINTS.index("left_wrist")] == 15


def test_joints_outside_the_image_or_hardly_visible_are_missing() -> None:
    landmarks = np.full((33, 3), 0.5)
    landmarks[:, 2] = 1
    landmarks[16, 0] = 0.1  # right wrist above the image
    landmarks[27, 2] = 0.05  # left ankle
    landmarks[11, 2] = 0.05  # left shoulder, and with it the neck
    joints = openpose_joints(landmarks, (768, 512), 128, (128, 64))
    missing = {JOINTS[joint] for joint in np.flatnonzero((joints == -1).all(axis=1))}
    assert missing == {"right_wrist", "left_ankle", "left_shoulder", "neck"}


@needs_mediapipe
def test_a_real_person_is_found_where_she_is(astronaut: Array, capfd: pytest.CaptureFixture[str]) -> None:
    points = build_estimator("mediapipe")([astronaut, np.full((128, 64, 3), 128, np.uint8)])
    person = dict(zip(JOINTS, points[0], strict=True))
    assert points.shape == (2, 18, 2)
    assert np.linalg.norm(person["nose"] - (31, 36)) < 5  # read off the picture
    assert person["right_eye"][1] < person["nose"][1] < person["left_eye"][1]
    assert person["right_shoulder"][1] < person["neck"][1] < person["left_shoulder"][1]
    assert person["nose"][0] < person["neck"][0] < person["left_hip"][0]
    assert (points[1] == -1).all()
    assert capfd.readouterr().err == ""


@needs_mediapipe
def test_joints_follow_the_image_size(astronaut: Array) -> None:
    estimate = build_estimator("mediapipe")
    large = np.asarray(Image.fromarray(astronaut).resize((128, 256), Image.Resampling.BILINEAR))
    small_points, large_points = estimate([astronaut])[0], estimate([large])[0]
    both = (small_points[:, 0] >= 0) & (large_points[:, 0] >= 0)
    assert both.sum() >= 10
    assert np.abs(large_points[both] / 2 - small_points[both]).max() < 4


def test_without_mediapipe_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions", None)
    with pytest.raises(AugmentError, match=r"mediapipe cannot be imported.*pip install augment-reid\[poses\]"):
        build_estimator("mediapipe")


def test_unknown_estimator_names_the_known() -> None:
    with pytest.raises(AugmentError, match="openpose: no such pose estimator; there is mediapipe"):
        build_estimator("openpose")
