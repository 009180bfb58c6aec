"""Transforms, masks and warps of all images at once, against plain calculations of one image at a time."""

import math

import numpy as np
import pytest
import torch

from patn.deform.parts import AWAY, part_masks, part_transforms
from patn.deform.warping import part_motion, source_places, warp
from tests.patn.kinds import standing

SIZE = (64, 32)
LIMBS = [(8, 9), (11, 12), (9, 10), (12, 13), (2, 3), (5, 6), (3, 4), (6, 7)]


def present(pose, joint):
    return pose[joint][0] != -1 and pose[joint][1] != -1


def at(pose, joint):
    return np.array([pose[joint][1], pose[joint][0]], dtype=np.float64)


def scale(pose):
    sides = [np.linalg.norm(at(pose, hip) - at(pose, shoulder)) for hip, shoulder in ((8, 2), (11, 5))]
    return math.sqrt((sides[0] ** 2 + sides[1] ** 2) / 2)


def quad(pose, limb, reach):
    """The four corners of a limb, or None."""
    f, t = LIMBS[limb]
    if not (present(pose, f) and present(pose, t)):
        return None
    start, end = at(pose, f), at(pose, t)
    if np.array_equal(start, end):
        return np.array([start + 1, start - 1, end - 1, end + 1])
    direction = (end - start) / np.linalg.norm(end - start)
    normal = np.array([-direction[1], direction[0]]) * 0.2 * scale(pose)
    before = start + 0.1 * (start - end)
    after = end + reach * (end - before)
    return np.array([before + normal, before - normal, after - normal, after + normal])


def fitted(here, there):
    """Least squares by numpy, or None for points on a line."""
    here, there = np.array(here), np.array(there)
    design = np.column_stack([here, np.ones(len(here))])
    if len(here) < 3 or np.linalg.matrix_rank(design, tol=1e-4) < 3:
        return None
    return np.linalg.lstsq(design, there, rcond=None)[0].T


def plain_transforms(source, target):
    maps = []
    for joints in ([8, 11, 5, 2], [j for j in (0, 14, 15, 16, 17) if present(source, j) and present(target, j)]):
        if len(maps) == 1:
            joints = [*joints, 2, 5] if joints else []
        maps.append(fitted([at(target, j) for j in joints], [at(source, j) for j in joints]) if joints else None)
    for limb in range(8):
        reach = 0.3 if limb in (2, 3, 6, 7) else 0.1
        here, there = quad(target, limb, reach), quad(source, limb, reach)
        if there is None:
            there = quad(source, limb + 1 if limb % 2 == 0 else limb - 1, reach)
        maps.append(None if here is None or there is None else fitted(here, there))
    nowhere = np.array([[1, 0, AWAY], [0, 1, AWAY]])
    return np.array([nowhere if found is None else found for found in maps])


def plain_masks(pose):
    masks = np.zeros((10, *SIZE), dtype=bool)
    masks[0] = True
    head = [at(pose, j) for j in (0, 14, 15, 16, 17) if present(pose, j)]
    half = int(0.4 * scale(pose))
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    if head:
        middle = np.mean(head, axis=0)
        masks[1] = (abs(x - middle[0]) <= half) & (abs(y - middle[1]) <= half)
    for limb in range(8):
        corners = quad(pose, limb, 0.5 if limb in (2, 3, 6, 7) else 0.1)
        if corners is not None:
            signs = []
            for corner, following in zip(corners, np.roll(corners, -1, axis=0), strict=True):
                edge = following - corner
                signs.append(edge[0] * (y - corner[1]) - edge[1] * (x - corner[0]))
            masks[2 + limb] = (np.array(signs) >= 0).all(axis=0) | (np.array(signs) <= 0).all(axis=0)
    return masks


def poses():
    count, rng = 12, np.random.default_rng(4)
    source, target = standing(count, SIZE, rng), standing(count, SIZE, rng)
    target[0] = source[0]
    source[1, [9, 12]] = -1  # both knees: no leg to take
    target[2, [0, 14, 15, 16, 17]] = -1
    target[3, 9] = target[3, 8]  # a thigh without length
    source[4, 3] = source[4, 2]
    return source, target


def test_transforms_are_the_least_squares_of_one_image_at_a_time():
    source, target = poses()
    made = part_transforms(source, target).numpy()
    for index, (one, other) in enumerate(zip(source.numpy(), target.numpy(), strict=True)):
        expected = plain_transforms(one, other)
        np.testing.assert_allclose(made[index], expected, rtol=1e-6, atol=1e-6, err_msg=str(index))
    assert (made[1, 2:6, 0, 2] == AWAY).all()
    assert (made[:, 0, 0, 2] != AWAY).all()


def test_masks_are_the_half_planes_of_one_image_at_a_time():
    _, target = poses()
    made = part_masks(target, SIZE).numpy()
    expected = np.array([plain_masks(pose) for pose in target.numpy()])
    assert made.shape == expected.shape
    assert (made != expected).sum() <= 2  # pixels on a border, by rounding
    assert made[:, 2:].any(axis=(2, 3)).mean() > 0.5
    assert not made[2, 1].any()


def test_identical_poses_leave_every_present_part_where_it_is():
    source, _ = poses()
    made = part_transforms(source, source)
    identity = torch.tensor([[1.0, 0, 0], [0, 1, 0]], dtype=torch.float64)
    away = made[..., 0, 2] == AWAY
    torch.testing.assert_close(made[~away], identity.expand(int((~away).sum()), 2, 3), rtol=0, atol=1e-8)
    assert away[1].any()
    features = torch.randn(len(source), 5, 16, 8)
    torch.testing.assert_close(warp(features, part_motion(source, source, SIZE)), features.clamp(min=0))


def test_a_body_that_is_not_all_there_stays():
    source, target = poses()
    source[5, 2] = -1
    identity = torch.tensor([[1.0, 0, 0], [0, 1, 0]], dtype=torch.float64)
    assert torch.equal(part_transforms(source, target)[5, 0], identity)


@pytest.mark.parametrize("ratio", [1, 4])
def test_the_warp_is_that_of_one_pixel_at_a_time(ratio):
    source, target = (points[:4] for points in poses())
    height, width = SIZE[0] // ratio, SIZE[1] // ratio
    features = torch.randn(4, 3, height, width)
    transforms, masks = motion = part_motion(source, target, SIZE)
    made = warp(features, motion)
    for image in range(4):
        for y in range(height):
            for x in range(width):
                best = np.zeros(3)
                for part in range(10):
                    if masks[image, part, y * ratio, x * ratio]:
                        m = transforms[image, part].numpy()
                        sx, sy = (round(r[0] * x + r[1] * y + r[2] / ratio) for r in m)
                        if 0 <= sx < width and 0 <= sy < height:
                            best = np.maximum(best, features[image, :, sy, sx].numpy())
                np.testing.assert_allclose(made[image, :, y, x].numpy(), best, atol=1e-6)


def test_a_moved_person_is_found_where_it_was():
    source = standing(1, SIZE, np.random.default_rng(0))
    target = torch.where(source == -1, source, source + torch.tensor([3.0, 2.0]))
    features = torch.rand(1, 2, *SIZE)
    moved = warp(features, part_motion(source, target, SIZE))
    torch.testing.assert_close(moved[..., 20:40, 8:20], features[..., 17:37, 6:18], atol=1, rtol=0)
    places = source_places(part_motion(source, target, SIZE), SIZE)
    assert places[0, 0, 30, 10] == 27 * SIZE[1] + 8


def test_gradients_reach_the_places_that_were_taken():
    source, target = (points[5:7] for points in poses())
    features = torch.rand(2, 3, *SIZE, requires_grad=True)
    warp(features, part_motion(source, target, SIZE)).sum().backward()
    assert features.grad is not None
    assert 0 < (features.grad != 0).float().mean() < 1
