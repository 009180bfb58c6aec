"""From networks' outputs to joints, and from files to key points, with numbers worked out by hand."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from augment import AugmentError
from augment.poses import estimation
from augment.poses.estimation import SAMPLE_CHUNK, estimate_arrays, estimate_files, estimate_sample
from augment.poses.estimators import Choice, movenet, rtmpose
from augment.poses.estimators.crops import COCO, around, joints_of, mean_of, sureness
from augment.poses.estimators.frames import Frame, fitted, framed
from augment.poses.estimators.keypointrcnn import decode as decode_people
from augment.poses.estimators.movenet import decode as decode_shares
from augment.poses.estimators.quiet import quiet
from augment.poses.estimators.rtmpose import decode as decode_bins
from numerics.arrays import Array


def marks(*rows: tuple[float, float, float]) -> Array:
    return np.array(rows, dtype=np.float64)


def test_movenets_shares_of_the_frame_become_pixels_of_the_crop() -> None:
    frame = Frame(np.zeros((100, 100, 3), np.uint8), inner=(100, 50), size=(20, 10))  # 25 columns of border
    output = np.zeros((1, 1, 17, 3))
    output[0, 0, 0] = (0.5, 0.5, 0.9)  # the middle
    output[0, 0, 1] = (0.0, 0.25, 0.2)  # the crop's corner
    found = decode_shares(output, frame)
    assert found.shape == (17, 3)
    assert found[0].tolist() == [9.5, 4.5, 0.9]
    assert found[1].tolist() == [-0.5, -0.5, 0.2]


def test_simccs_bins_are_half_pixels_and_the_less_sure_direction_counts() -> None:
    along_x, along_y = np.zeros((1, 2, 8)), np.zeros((1, 2, 12))
    along_x[0, 0, 5], along_y[0, 0, 8] = 0.9, 0.4
    along_x[0, 1, 0], along_y[0, 1, 11] = 0.3, 0.7
    assert decode_bins(along_x, along_y).tolist() == [[4.0, 2.5, 0.4], [5.5, 0.0, 0.3]]


def test_of_several_people_the_surest_counts_and_pixel_centres_are_whole_numbers() -> None:
    places = torch.zeros(2, 17, 3)
    places[1, 3] = torch.tensor([10.5, 20.5, 1.0])  # x, y
    found = {"scores": torch.tensor([0.2, 0.6]), "keypoints": places, "keypoints_scores": torch.full((2, 17), 3.0)}
    decoded = decode_people(found)
    assert decoded is not None
    assert decoded[3].tolist() == [20.0, 10.0, 3.0]
    assert decode_people({**found, "scores": torch.zeros(0)}) is None


def test_the_mean_of_two_findings_goes_by_their_scores() -> None:
    found = mean_of(marks((0, 0, 0.75), (8, 8, 0)), marks((4, 8, 0.25), (2, 4, 0)))
    assert found[0].tolist() == [1.0, 2.0, 0.5]
    assert found[1].tolist() == [5.0, 6.0, 0.0]  # scores of 0 count alike
    assert sureness(marks((0, 0, 0.2), (9, 9, 0.6))) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        (((40, 60), (80, 70)), (35, 40, 85, 90)),  # 1.25 of 40, around (60, 65)
        (((0, 0), (10, 2)), (0, 0, 12, 8)),  # cut off at the edge
        (((90, 90), (190, 190)), (77, 77, 100, 100)),
        (((150, 10), (160, 20)), (100, 8, 100, 22)),  # nothing of it is inside
        (((30, 30), (30, 30)), (30, 30, 30, 30)),  # one place
    ],
)
def test_a_closer_look_is_at_a_square_around_what_was_found(
    corners: tuple[tuple[float, float], tuple[float, float]], expected: tuple[int, int, int, int]
) -> None:
    found = marks(*((y, x, 1.0) for y, x in corners))
    assert around(found, (100, 100)) == expected


def test_joints_that_round_out_of_the_crop_are_missing() -> None:
    found = np.column_stack([np.full(17, 5.0), np.arange(17.0), np.ones(17)])
    found[0] = (-0.4, 9.4, 0.5)  # the nose rounds to row 0
    found[1] = (-0.6, 3, 1)  # the left eye does not
    found[6] = (5, 6, 0.49)  # the right shoulder is not sure enough
    joints = joints_of(found, COCO, (10, 16), 0.5)
    assert joints[0].tolist() == [0.0, pytest.approx(9.4)]
    assert joints[15].tolist() == [-1, -1]
    assert joints[2].tolist() == joints[1].tolist() == [-1, -1]  # and with it the neck
    assert joints[5].tolist() == [5, 5]
    assert joints[10].tolist() == [-1, -1]  # the right ankle is in column 16
    assert joints_of(found, COCO, (10, 17), 0.5)[10].tolist() == [5, 16]
    assert joints_of(found, COCO, (10, 17), 0.49)[1].tolist() == [5, 5.5]  # the neck, between the shoulders


@pytest.mark.parametrize("outer", [(9, 9), (8, 11)])
def test_a_crop_of_odd_sizes_comes_back_from_its_frame(outer: tuple[int, int]) -> None:
    image = np.arange(5 * 3, dtype=np.uint8).reshape(5, 3, 1).repeat(3, axis=2)
    inner = fitted((5, 3), outer)
    frame = framed(image, outer, inner, "black")
    assert frame.pixels.shape == (*outer, 3)
    top, left = (outer[0] - inner[0]) // 2, (outer[1] - inner[1]) // 2
    corners = np.array([[top, left], [top + inner[0], left + inner[1]]]) / np.array(outer)
    np.testing.assert_allclose(frame.crop_points(corners), [[-0.5, -0.5], [4.5, 2.5]], atol=1e-9)
    outside = frame.pixels.sum() - frame.pixels[top : top + inner[0], left : left + inner[1]].sum()
    assert outside == 0


def test_a_size_fits_into_a_picture_and_has_a_pixel_at_least() -> None:
    assert fitted((10, 5), (100, 100)) == (100, 50)
    assert fitted((10, 5), (100, 20), 0.5) == (20, 10)
    assert fitted((1000, 1), (10, 10)) == (10, 1)


class Brightest:
    """Finds one joint, the nose, at the brightest pixel."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __call__(self, images: Sequence[Array]) -> Array:
        self.seen.append(len(images))
        joints = np.full((len(images), 18, 2), -1, np.float32)
        for row, image in zip(joints, images, strict=True):
            row[0] = np.unravel_index(image[..., 0].argmax(), image.shape[:2])
        return joints


@pytest.fixture
def brightest(monkeypatch: pytest.MonkeyPatch) -> Brightest:
    made = Brightest()

    def build(chosen: str | Choice) -> Brightest:
        assert chosen == "brightest"
        return made

    monkeypatch.setattr(estimation, "_estimator", build)
    return made


def dot(path: Path, size: tuple[int, int], place: tuple[int, int]) -> str:
    """A black picture of (height, width) with one white pixel."""
    pixels = np.zeros((*size, 3), np.uint8)
    pixels[place] = 255
    Image.fromarray(pixels).save(path)
    return str(path)


def test_joints_are_in_pixels_of_the_size_that_images_are_resized_to(tmp_path: Path, brightest: Brightest) -> None:
    files = {
        dot(tmp_path / "same.png", (64, 32), (10, 20)): [10, 20],
        dot(tmp_path / "double.png", (128, 64), (20, 40)): [9.75, 19.75],
        dot(tmp_path / "half.png", (32, 16), (5, 15)): [10.5, 30.5],
        dot(tmp_path / "first.png", (128, 64), (0, 0)): [0, 0],  # and not -0.25, outside of the image
        dot(tmp_path / "last.png", (128, 64), (127, 63)): [63, 31],
    }
    points = estimate_files(list(files), "brightest", (64, 32))
    assert points[:, 0].tolist() == list(files.values())
    assert (points[:, 1:] == -1).all()
    assert estimate_arrays([np.zeros((4, 4, 3), np.uint8)], "brightest")[0, 0].tolist() == [0, 0]


def test_a_sample_is_estimated_in_parts_in_its_order(tmp_path: Path, brightest: Brightest) -> None:
    paths = [dot(tmp_path / f"{column}.png", (4, 40), (0, column)) for column in range(SAMPLE_CHUNK * 2 + 1)]
    points = estimate_sample(paths, "brightest", (4, 40), jobs=1)
    assert points[:, 0, 1].tolist() == list(range(SAMPLE_CHUNK * 2 + 1))
    assert brightest.seen == [SAMPLE_CHUNK, SAMPLE_CHUNK, 1]


def test_a_model_file_is_asked_for_by_what_it_has_to_be() -> None:
    with pytest.raises(AugmentError, match=r"movenet needs a single-pose MoveNet \(\.tflite"):
        movenet.build(None)
    with pytest.raises(AugmentError, match=r"rtmpose needs an RTMPose body network .*\.onnx"):
        rtmpose.build(None)


def test_what_a_runtime_writes_to_the_terminal_is_kept_from_the_user(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet():
        os.write(2, b"a runtime's chatter\n")
        sys.stderr.flush()
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"
    with pytest.raises(ZeroDivisionError), quiet():
        raise ZeroDivisionError
    os.write(2, b"heard again\n")
    assert capfd.readouterr().err == "heard again\n"
