"""Stick men and part crops of all images at once, against plain calculations of one image at a time."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from patn.vunet.crops import part_corners, part_crops
from patn.vunet.stickman import stick_man
from tests.patn.kinds import standing

SIZE = (64, 32)


def poses(size=SIZE):
    made = standing(8, size, np.random.default_rng(2))
    made[0] = standing(8, size, np.random.default_rng(7))[0]
    made[1, 9] = -1  # no right knee
    made[2, 0] = -1  # no nose
    made[3, 2] = -1  # no right shoulder
    made[4, [2, 5]] = made[4, [5, 2]]  # seen from behind
    made[5, 14] = -1  # one eye
    made[6, [2, 5, 8, 11]] = made[6, [2, 8, 5, 11]]  # a torso that crosses itself
    return made


def seen(pose, *joints):
    return all(pose[joint][0] != -1 and pose[joint][1] != -1 for joint in joints)


def at(pose, joint):
    return np.array([pose[joint][1], pose[joint][0]], dtype=np.float64)


def distance(size, start, end):
    """Of every pixel to a segment."""
    points = np.stack(np.mgrid[: size[0], : size[1]][::-1], axis=-1).astype(np.float64)
    step = end - start
    along = np.clip((points - start) @ step / max(step @ step, 1e-9), 0, 1)
    return np.linalg.norm(points - start - along[..., None] * step, axis=-1)


def plain_stick_man(pose, size):
    picture = np.full((3, *size), -1.0)
    reach = max(3 * size[0] // 128, 1) / 2
    sides = ([10, 9, 8, 2, 3, 4], [13, 12, 11, 5, 6, 7])
    for channel, (chain, eye) in enumerate(zip(sides, (14, 15), strict=True)):
        if seen(pose, 0, 2, 5):
            faint = distance(size, (at(pose, 2) + at(pose, 5)) / 2, at(pose, 0)) <= reach
            picture[channel][faint] = 127 / 127.5 - 1
        lines = [pair for pair in pairwise(chain) if seen(pose, *pair)]
        lines += [(0, eye)] if seen(pose, 0, 14, 15) else []
        for a, b in lines:
            picture[channel][distance(size, at(pose, a), at(pose, b)) <= reach] = 1
    if seen(pose, 2, 5, 8, 11):
        edges = list(pairwise(at(pose, joint) for joint in (11, 8, 2, 5, 11)))
        for y, x in np.ndindex(*size):
            crossed = 0
            for a, b in edges:
                if (a[1] > y) != (b[1] > y) and x < a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1]):
                    crossed += 1
            if crossed % 2:
                picture[2, y, x] = 1
        for a, b in edges:
            picture[2][distance(size, a, b) <= 0.5] = 1
    return picture


@pytest.mark.parametrize("size", [(64, 32), (128, 24)])
def test_stick_men_are_those_of_one_pixel_at_a_time(size):
    keypoints = poses(size)[:6:2] if size[0] > 64 else poses(size)[[1, 2, 3, 5, 6]]
    made = stick_man(keypoints, size)
    expected = np.array([plain_stick_man(pose, size) for pose in keypoints.numpy()])
    np.testing.assert_allclose(made.numpy(), expected, atol=1e-6)
    assert (made > 0).float().mean() > 0.03


def plain_corners(pose, height):
    def limb(start, end):
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


def homography(corners):
    """By eight linear equations."""
    rows, values = [], []
    for (u, v), (x, y) in zip([(0, 0), (0, 1), (1, 1), (1, 0)], corners, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        values += [x, y]
    return np.append(np.linalg.solve(np.array(rows), np.array(values)), 1).reshape(3, 3)


def sampled(image, x, y):
    """Bilinear, the border continued."""
    height, width = image.shape[1:]
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    x0, y0 = min(int(x), width - 2), min(int(y), height - 2)
    fx, fy = x - x0, y - y0
    top = (1 - fx) * image[:, y0, x0] + fx * image[:, y0, x0 + 1]
    return (1 - fy) * top + fy * ((1 - fx) * image[:, y0 + 1, x0] + fx * image[:, y0 + 1, x0 + 1])


def test_crops_are_those_of_one_image_at_a_time():
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
                    u, v, w = matrix @ [(x + 0.5) / crop[1], (y + 0.5) / crop[0], 1]
                    expected[:, y, x] = sampled(images[index].numpy(), u / w, v / w)
            np.testing.assert_allclose(made[index, part], expected, atol=1e-4, err_msg=f"image {index}, part {part}")


def test_corners_that_make_no_quadrilateral_are_a_grey_crop():
    keypoints = poses()[:1]
    keypoints[0, 3] = keypoints[0, 2]  # an upper arm without length
    crops = part_crops(torch.ones(1, 3, *SIZE), keypoints, (8, 4)).view(8, -1)
    assert (crops[4] == 0).all()
    assert (crops[0] == 1).all()


def test_a_missing_part_is_said_to_be_missing():
    _, there = part_corners(poses(), SIZE[0])
    assert not there[3, 0]  # torso
    assert there[1, 7]  # a thigh without a knee goes straight down
    assert there[2, 1]  # a head without a nose is above the shoulders
