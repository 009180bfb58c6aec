"""Stick men and part crops of all images at once, against plain calculations of one image at a time."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch

from numerics.arrays import Array
from patn.baselines.vunet.crops import part_corners, part_crops
from patn.baselines.vunet.stickman import stick_man
from tests.patn.kinds import standing

SIZE = (64, 32)


def poses(size: tuple[int, int] = SIZE) -> torch.Tensor:
    made = standing(8, size, np.random.default_rng(2))
    made[0] = standing(8, size, np.random.default_rng(7))[0]
    made[1, 9] = -1  # no right knee
    made[2, 0] = -1  # no nose
    made[3, 2] = -1  # no right shoulder
    made[4, [2, 5]] = made[4, [5, 2]]  # seen from behind
    made[5, 14] = -1  # one eye
    made[6, [2, 5, 8, 11]] = made[6, [2, 8, 5, 11]]  # a torso that crosses itself
    return made


def seen(pose: Array, *joints: int) -> bool:
    return all(pose[joint][0] != -1 and pose[joint][1] != -1 for joint in joints)


def at(pose: Array, joint: int) -> Array:
    return np.array([pose[joint][1], pose[joint][0]], dtype=np.float64)


def plain_stick_man(pose: Array, size: tuple[int, int]) -> Array:
    """The released drawing's order of lines, by OpenCV, on 0..255."""
    picture = np.zeros((3, *size), dtype=np.uint8)
    thickness = max(int(3 * size[0] / 128), 1)
    if seen(pose, 2, 5, 8, 11):
        cv2.fillPoly(picture[2], [np.array([at(pose, joint) for joint in (11, 5, 2, 8)], dtype=np.int32)], [255])
    for channel, chain, eye in ((0, [10, 9, 8, 2, 3, 4], 14), (1, [13, 12, 11, 5, 6, 7], 15)):

        def line(start: Array, end: Array, value: int, channel: int = channel) -> None:
            first, last = ([int(value) for value in place] for place in (start, end))
            cv2.line(picture[channel], first, last, color=[value], thickness=thickness)

        for a, b in pairwise(chain):
            if seen(pose, a, b):
                line(at(pose, a), at(pose, b), 255)
        if seen(pose, 0, 2, 5):
            line((at(pose, 2) + at(pose, 5)) / 2, at(pose, 0), 127)
        if seen(pose, 0, 14, 15):
            line(at(pose, 0), at(pose, eye), 255)
    return picture


@pytest.mark.parametrize("size", [(64, 32), (128, 64), (256, 176)])
def test_stick_men_have_opencvs_lines(size: tuple[int, int]) -> None:
    keypoints = poses(size)
    made = stick_man(keypoints, size)
    expected = np.array([plain_stick_man(pose, size) for pose in keypoints.numpy()])
    np.testing.assert_array_equal(((made + 1) * 127.5).round().numpy(), expected)
    assert (made > 0).float().mean() > 0.03


def test_a_line_is_five_pixels_wide_at_a_height_of_128() -> None:
    pose = torch.full((1, 18, 2), -1.0)
    pose[0, [9, 10]] = torch.tensor([(40.9, 20.2), (100.0, 20.9)])  # cut to (40, 20) and (100, 20)
    right, left, torso = stick_man(pose, (128, 64))[0]
    rows, columns = (right == 1).nonzero(as_tuple=True)
    assert columns.unique().tolist() == [18, 19, 20, 21, 22]
    assert (rows.min(), rows.max()) == (38, 102)
    assert (left == -1).all()
    assert (torso == -1).all()


def test_the_line_to_the_nose_covers_the_sides_and_is_covered_by_the_eyes() -> None:
    pose = torch.full((1, 18, 2), -1.0)
    pose[0, [2, 5]] = torch.tensor([(60.0, 20.0), (60.0, 40.0)])
    pose[0, 3] = torch.tensor([60.0, 44.0])  # the right upper arm crosses the neck
    pose[0, [0, 14, 15]] = torch.tensor([(30.0, 30.0), (30.0, 24.0), (30.0, 36.0)])
    right, left, _ = (stick_man(pose, (128, 64))[0] + 1) * 127.5
    assert (right[60, 30], left[60, 30], right[45, 30], right[60, 40]) == (127, 127, 127, 255)
    assert (right[30, 30], right[30, 24], left[30, 24], left[30, 36]) == (255, 255, 0, 255)
    beyond = pose.clone()
    beyond[0, 14, 1] = -3.0  # left of the image
    right, _, _ = (stick_man(beyond, (128, 64))[0] + 1) * 127.5
    assert right[30, 30] == 127


def plain_corners(pose: Array, height: int) -> list[list[Array] | None]:
    def limb(start: Array, end: Array) -> list[Array]:
        normal = 0.25 * np.array([-(end - start)[1], (end - start)[0]])
        return [start + normal, start - normal, end - normal, end + normal]

    parts = [[at(pose, joint) for joint in (5, 11, 8, 2)] if seen(pose, 2, 5, 8, 11) else None]
    head = None
    if seen(pose, 2, 5):
        left, right = at(pose, 5), at(pose, 2)
        neck = (left + right) / 2
        if seen(pose, 0):
            top = neck + 2 * (at(pose, 0) - neck)
            down = neck - top
            normal = 0.5 * np.array([-down[1], down[0]])
            head = [top - normal, neck - normal, neck + normal, top + normal]
        else:
            up = np.array([-(right - left)[1], (right - left)[0]])
            up = -up if up[1] > 0 else up
            head = [left + up, left, right, right + up]
    parts.append(head)
    for a, b in ((5, 6), (6, 7), (2, 3), (3, 4), (11, 12), (8, 9)):
        if seen(pose, a, b):
            parts.append(limb(at(pose, a), at(pose, b)))
        elif a in (8, 11) and seen(pose, a):
            parts.append(limb(at(pose, a), np.array([at(pose, a)[0], height - 1.0])))
        else:
            parts.append(None)
    return parts


def homography(corners: list[Array]) -> Array:
    """By eight linear equations."""
    rows, values = [], []
    for (u, v), (x, y) in zip([(0, 0), (0, 1), (1, 1), (1, 0)], corners, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        values += [x, y]
    return np.append(np.linalg.solve(np.array(rows), np.array(values)), 1).reshape(3, 3)


def sampled(image: Array, x: float, y: float) -> Array:
    """Bilinear, the border continued."""
    height, width = image.shape[1:]
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    x0, y0 = min(int(x), width - 2), min(int(y), height - 2)
    fx, fy = x - x0, y - y0
    top = (1 - fx) * image[:, y0, x0] + fx * image[:, y0, x0 + 1]
    return (1 - fy) * top + fy * ((1 - fx) * image[:, y0 + 1, x0] + fx * image[:, y0 + 1, x0 + 1])


def test_crops_are_those_of_one_image_at_a_time() -> None:
    keypoints = poses()[:6]
    images = torch.rand(6, 3, *SIZE) * 2 - 1
    crop = (8, 4)
    made = part_crops(images, keypoints, crop).view(6, 8, 3, *crop).numpy()
    for index, pose in enumerate(keypoints.numpy()):
        for part, corners in enumerate(plain_corners(pose, SIZE[0])):
            expected = np.zeros((3, *crop))
            if corners is not None:
                matrix = homography(corners)
                for y, x in np.ndindex(*crop):
                    u, v, w = matrix @ [x / crop[1], y / crop[0], 1]
                    expected[:, y, x] = sampled(images[index].numpy(), u / w, v / w)
            np.testing.assert_allclose(made[index, part], expected, atol=1e-4, err_msg=f"image {index}, part {part}")


def test_crops_are_those_of_opencv() -> None:
    keypoints, height, width = poses((128, 64))[:4], 64, 32
    rng = np.random.default_rng(0)
    blurred = cv2.GaussianBlur(rng.random((128, 64, 12)).astype(np.float32), (0, 0), 2)
    images = torch.from_numpy(blurred).view(128, 64, 4, 3).permute(2, 3, 0, 1) * 2 - 1
    made = part_crops(images, keypoints, (height, width)).view(4, 8, 3, height, width).numpy()
    rectangle = np.array([(0, 0), (0, height), (width, height), (width, 0)], dtype=np.float32)
    for index, pose in enumerate(keypoints.numpy()):
        picture = np.ascontiguousarray(images[index].permute(1, 2, 0).numpy())
        for part, corners in enumerate(plain_corners(pose, 128)):
            if corners is not None:
                matrix = cv2.getPerspectiveTransform(np.array(corners, dtype=np.float32), rectangle)
                crop = cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
                # OpenCV rounds places to a 32nd of a pixel
                np.testing.assert_allclose(made[index, part], crop.transpose(2, 0, 1), atol=0.01)


def test_corners_that_make_no_quadrilateral_are_a_grey_crop() -> None:
    keypoints = poses()[:1]
    keypoints[0, 3] = keypoints[0, 2]  # an upper arm without length
    crops = part_crops(torch.ones(1, 3, *SIZE), keypoints, (8, 4)).view(8, -1)
    assert (crops[4] == 0).all()
    assert (crops[0] == 1).all()


def test_a_missing_part_is_said_to_be_missing() -> None:
    _, there = part_corners(poses(), SIZE[0])
    assert not there[3, 0]  # torso
    assert there[1, 7]  # a thigh without a knee goes straight down
    assert there[2, 1]  # a head without a nose is above the shoulders
