"""movenet and mediapipe on photographs of people; frames, landmarks as joints."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from augment import AugmentError
from augment.pedestrians import Pedestrians
from augment.pedestrians.camera import backdrop, draw_camera
from augment.pedestrians.figure import build_figure
from augment.pedestrians.identity import draw_identity
from augment.pedestrians.photograph import photograph as photograph_of
from augment.poses.estimators import Choice, build_estimator
from augment.poses.estimators.crops import COCO, joints_of
from augment.poses.estimators.frames import fitted, framed
from augment.poses.estimators.mediapipe import BLAZEPOSE, VISIBILITY, Wheel, decode, prepare
from numerics.arrays import Array
from patn.keypoints import JOINTS, MIRROR

needs_mediapipe = pytest.mark.skipif(importlib.util.find_spec("mediapipe") is None, reason="mediapipe is not installed")
needs_litert = pytest.mark.skipif(importlib.util.find_spec("ai_edge_litert") is None, reason="LiteRT is not installed")
each_with_weights = pytest.mark.parametrize(
    "estimator",
    [
        *(pytest.param(name, marks=needs_litert) for name in ("movenet", "movenet-lightning")),
        pytest.param("mediapipe", marks=needs_mediapipe),
    ],
)
NECK = JOINTS.index("neck")
PLAIN = Pedestrians(clutter=0)
COCO_NAMES = ["nose"] + [
    f"{side}_{part}"
    for part in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
]


def noise(height: int, width: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def photograph(name: str, box: tuple[int, int, int, int]) -> Array:
    """A person of scikit-image's photographs, cut out and shrunk to 128 x 64."""
    data = Path(pytest.importorskip("skimage").__file__).parent / "data"
    return np.asarray(Image.open(data / name).convert("RGB").crop(box).resize((64, 128)))


@pytest.fixture(scope="module")
def astronaut() -> Array:
    """Upper body, facing the camera."""
    return photograph("astronaut.png", (50, 0, 350, 512))


def test_mediapipes_frame_repeats_the_edge_and_is_a_quarter_of_the_height() -> None:
    framed = prepare(noise(128, 64)).pixels
    assert framed.shape == (768, 512, 3)
    assert (framed[:128] == framed[128]).all()
    assert (framed[:, :128] == framed[:, 128:129]).all()


@pytest.mark.parametrize(("height", "width"), [(128, 64), (101, 37), (60, 90)])
@pytest.mark.parametrize("share", [1.0, 0.8])
def test_the_centre_of_each_pixel_comes_back_from_a_black_frame(height: int, width: int, share: float) -> None:
    inner = fitted((height, width), (192, 160), share)
    frame = framed(noise(height, width), (192, 160), inner, "black")
    assert frame.pixels.shape == (192, 160, 3)
    assert inner[0] == round(192 * share) or inner[1] == round(160 * share)
    rows, columns = np.flatnonzero(frame.pixels.any(axis=(1, 2))), np.flatnonzero(frame.pixels.any(axis=(0, 2)))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == inner
    own = np.random.default_rng(1).integers(0, [height, width], (20, 2))
    shares = ([rows[0], columns[0]] + (own + 0.5) / [height, width] * inner) / [192, 160]
    np.testing.assert_allclose(frame.crop_points(shares), own, atol=1e-9)


def test_coco_landmarks_are_the_joints_of_their_names() -> None:
    for joint, name in enumerate(JOINTS):
        if name != "neck":
            assert COCO_NAMES[COCO.joints[joint]] == name
    assert JOINTS[14:] == ("right_eye", "left_eye", "right_ear", "left_ear")
    swap = {"left": "right", "right": "left"}
    for landmark, name in enumerate(COCO_NAMES):
        side, _, part = name.partition("_")
        assert COCO_NAMES[COCO.mirror[landmark]] == (f"{swap[side]}_{part}" if part else name)


def test_blazepose_landmarks_are_those_of_the_joints() -> None:
    # BlazePose: odd numbers from 11 on are left, the next even one is right; eyes 2 and 5, ears 7 and 8.
    other = {2: 5, 5: 2, 7: 8, 8: 7, 0: 0} | {i: i + 1 if i % 2 else i - 1 for i in range(11, 29)}
    assert [other[BLAZEPOSE.joints[joint]] for joint in range(18)] == [BLAZEPOSE.joints[joint] for joint in MIRROR]
    assert BLAZEPOSE.joints[JOINTS.index("left_wrist")] == 15
    assert all(BLAZEPOSE.mirror[other[landmark]] == landmark for landmark in other)
    assert sorted(BLAZEPOSE.mirror) == list(range(33))


def test_mediapipes_marks_in_the_middle_of_pixels_come_back_as_those_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, [128, 64], (33, 2))
    shares = ((pixels + 0.5) * 4 + 128) / np.array([768, 512])
    marks = [SimpleNamespace(y=y, x=x, visibility=1.0) for y, x in shares]
    joints = joints_of(decode(marks, prepare(noise(128, 64))), BLAZEPOSE, (128, 64), VISIBILITY)
    for joint, landmark in enumerate(BLAZEPOSE.joints):
        if joint != NECK:
            np.testing.assert_allclose(joints[joint], pixels[landmark], atol=1e-4)
    np.testing.assert_allclose(joints[NECK], (pixels[11] + pixels[12]) / 2, atol=1e-4)


def test_joints_outside_the_image_or_of_a_low_score_are_missing_and_the_neck_with_a_shoulder() -> None:
    found = np.tile([64.0, 32.0, 1.0], (17, 1))
    found[COCO_NAMES.index("right_wrist"), 0] = -0.6
    found[COCO_NAMES.index("right_elbow"), 1] = 63.4
    found[COCO_NAMES.index("left_ankle"), 2] = 0.19
    found[COCO_NAMES.index("left_shoulder"), 2] = 0.19
    joints = joints_of(found, COCO, (128, 64), 0.2)
    missing = {JOINTS[joint] for joint in np.flatnonzero((joints == -1).all(axis=1))}
    assert missing == {"right_wrist", "left_ankle", "left_shoulder", "neck"}


@each_with_weights
def test_a_real_person_is_found_where_she_is(
    estimator: str, astronaut: Array, capfd: pytest.CaptureFixture[str]
) -> None:
    points = build_estimator(estimator)([astronaut, np.full((128, 64, 3), 128, np.uint8)])
    person = dict(zip(JOINTS, points[0], strict=True))
    assert points.shape == (2, 18, 2)
    assert np.linalg.norm(person["nose"] - (31, 36)) < 5  # read off the picture
    assert person["right_eye"][1] < person["nose"][1] < person["left_eye"][1]
    assert person["right_shoulder"][1] < person["neck"][1] < person["left_shoulder"][1]
    assert person["nose"][0] < person["neck"][0] < person["left_hip"][0]
    assert (points[1] == -1).all()
    assert capfd.readouterr().err == ""


@each_with_weights
def test_joints_follow_the_image_size(estimator: str, astronaut: Array) -> None:
    estimate = build_estimator(estimator)
    large = np.asarray(Image.fromarray(astronaut).resize((128, 256), Image.Resampling.BILINEAR))
    small_points, large_points = estimate([astronaut])[0], estimate([large])[0]
    both = (small_points[:, 0] >= 0) & (large_points[:, 0] >= 0)
    assert both.sum() >= 10
    away = np.linalg.norm(large_points / 2 - small_points, axis=1)
    assert np.median(away[both]) < 3
    assert away[[JOINTS.index(name) for name in ("nose", "right_eye", "left_eye", "left_ear")]].max() < 3


@needs_mediapipe
def test_an_upright_crop_is_looked_at_without_the_detector_and_a_wide_picture_with_it(astronaut: Array) -> None:
    network = Wheel()

    def fails(_: object) -> None:
        raise RuntimeError("the detector looks")

    network._pose = SimpleNamespace(process=fails)
    found = network(astronaut)
    assert found is not None
    assert np.linalg.norm(found[0, :2] - (31, 36)) < 5  # the nose, read off the picture
    wide = np.pad(astronaut, ((0, 0), (40, 40), (0, 0)), mode="edge")
    for picture in (wide, np.full((128, 64, 3), 128, np.uint8)):
        with pytest.raises(RuntimeError, match="the detector looks"):
            network(picture)


@each_with_weights
@pytest.mark.parametrize("size", [(280, 180), (256, 160), (240, 320)])
def test_a_person_who_is_small_in_a_picture_is_found_where_she_is(size: tuple[int, int], estimator: str) -> None:
    rng = np.random.default_rng(3)
    shot = photograph_of(build_figure(draw_identity(rng), rng), draw_camera(PLAIN, 1), PLAIN, rng)
    picture = backdrop(draw_camera(Pedestrians(height=size[0], width=size[1]), 1), size, rng)
    top, left = size[0] - 140, 30
    picture[top : top + 128, left : left + 64] = shot.image
    (joints,) = build_estimator(estimator)([picture.astype(np.uint8)])
    seen = (joints[:, 0] >= 0) & (shot.keypoints[:, 0] >= 0)
    assert seen.sum() >= 14
    away = np.linalg.norm(joints - shot.keypoints - [top, left], axis=1)[seen]
    assert np.median(away) < shot.head / 2


@each_with_weights
def test_nobody_is_found_where_there_is_nobody(estimator: str) -> None:
    rng = np.random.default_rng(0)
    scenes = [backdrop(draw_camera(PLAIN, 1 + number), (128, 64), rng).astype(np.uint8) for number in range(6)]
    flat = [np.full((128, 64, 3), grey, np.uint8) for grey in (0, 128, 255)]
    assert (build_estimator(estimator)([*scenes, *flat, noise(128, 64), noise(300, 200)]) == -1).all()


def test_without_mediapipe_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions", None)
    said = r"mediapipe cannot be imported.*pip install augment-reid\[mediapipe\].*\.task"
    with pytest.raises(AugmentError, match=said):
        build_estimator("mediapipe")


@needs_mediapipe
def test_a_file_that_is_no_pose_landmarker_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "face.task"
    file.write_bytes(b"another")
    with pytest.raises(AugmentError, match=r"face\.task: another file than a pose landmarker"):
        build_estimator(Choice("mediapipe", file))


def test_unknown_estimator_names_the_known() -> None:
    with pytest.raises(AugmentError, match="openpose: no such pose estimator; there is movenet, movenet-lightning"):
        build_estimator("openpose")
