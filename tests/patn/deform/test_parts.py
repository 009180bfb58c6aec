"""Transforms, masks and warps of all images at once, against plain calculations of one image at a time."""

import math

import numpy as np
import pytest
import torch
from skimage.transform import estimate_transform

from numerics.arrays import Array
from patn.models.parts import AWAY, part_masks, part_transforms
from patn.models.warping import part_motion, source_places, warp
from tests.patn.kinds import standing

SIZE = (64, 32)
LIMBS = [(8, 9), (11, 12), (9, 10), (12, 13), (2, 3), (5, 6), (3, 4), (6, 7)]


def present(pose: Array, joint: int) -> bool:
    return bool(pose[joint][0] != -1 and pose[joint][1] != -1)


def at(pose: Array, joint: int) -> Array:
    return np.array([pose[joint][1], pose[joint][0]], dtype=np.float64)


def scale(pose: Array) -> float:
    sides = [np.linalg.norm(at(pose, hip) - at(pose, shoulder)) for hip, shoulder in ((8, 2), (11, 5))]
    return math.sqrt((sides[0] ** 2 + sides[1] ** 2) / 2)


def quad(pose: Array, limb: int, reach: float) -> Array | None:
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


def normalised(points: Array) -> tuple[Array, Array]:
    """The matrix that moves points to mean 0 and mean square 2, and the points moved."""
    middle = np.mean(points, axis=0)
    factor = math.sqrt(2 / np.mean(np.sum((points - middle) ** 2, axis=1)))
    matrix = np.array([[factor, 0, -factor * middle[0]], [0, factor, -factor * middle[1]], [0, 0, 1]])
    return matrix, (points - middle) * factor


def fitted(here: Array, there: Array) -> Array | None:
    """Total least squares by numpy's singular vectors, or None for points on a line."""
    if len(here) < 3 or np.linalg.matrix_rank(here - here.mean(axis=0), tol=1e-4) < 2:
        return None
    (from_here, mine), (from_there, theirs) = normalised(here), normalised(there)
    zeros, ones = np.zeros((len(mine), 3)), np.ones((len(mine), 1))
    rows = np.block([[mine, ones, zeros, -theirs[:, :1]], [zeros, mine, ones, -theirs[:, 1:]]])
    *entries, scale = np.linalg.svd(rows)[2][-1]
    matrix = np.vstack([np.reshape(entries, (2, 3)) / scale, [0, 0, 1]])
    whole: Array = np.linalg.inv(from_there) @ matrix @ from_here
    return whole[:2]


def plain_transforms(source: Array, target: Array) -> Array:
    maps: list[Array | None] = []
    for joints in ([8, 11, 5, 2], [j for j in (0, 14, 15, 16, 17) if present(source, j) and present(target, j)]):
        if len(maps) == 1:
            joints = [*joints, 2, 5] if joints else []
        here, there = (np.array([at(pose, j) for j in joints]) for pose in (target, source))
        maps.append(fitted(here, there) if joints else None)
    for limb in range(8):
        reach = 0.3 if limb in (2, 3, 6, 7) else 0.1
        limb_here, limb_there = quad(target, limb, reach), quad(source, limb, reach)
        if limb_there is None:
            limb_there = quad(source, limb + 1 if limb % 2 == 0 else limb - 1, reach)
        maps.append(None if limb_here is None or limb_there is None else fitted(limb_here, limb_there))
    nowhere = np.array([[1, 0, AWAY], [0, 1, AWAY]])
    return np.array([nowhere if found is None else found for found in maps])


def plain_masks(pose: Array) -> Array:
    masks = np.zeros((10, *SIZE), dtype=bool)
    masks[0] = True
    head = [at(pose, j) for j in (0, 14, 15, 16, 17) if present(pose, j)]
    half = int(0.4 * scale(pose))
    if head:
        x, y = np.mean(head, axis=0).astype(int)
        masks[1, max(0, y - half) : y + half, max(0, x - half) : x + half] = True
    for limb in range(8):
        corners = quad(pose, limb, 0.5 if limb in (2, 3, 6, 7) else 0.1)
        if corners is not None:
            for row, column in np.ndindex(*SIZE):
                masks[2 + limb, row, column] = in_polygon(corners, row, column)
    return masks


def in_polygon(corners: Array, row: float, column: float) -> bool:
    """Franklin's rule with rows and columns exchanged, as scikit-image 0.13.1 calls it."""
    inside = False
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        if (x0 <= column < x1 or x1 <= column < x0) and row < (y1 - y0) * (column - x0) / (x1 - x0) + y0:
            inside = not inside
    return inside


def poses() -> tuple[torch.Tensor, torch.Tensor]:
    count, rng = 12, np.random.default_rng(4)
    source, target = standing(count, SIZE, rng), standing(count, SIZE, rng)
    target[0] = source[0]
    source[1, [9, 12]] = -1  # both knees: no leg to take
    target[2, [0, 14, 15, 16, 17]] = -1
    target[3, 9] = target[3, 8]  # a thigh without length
    source[4, 3] = source[4, 2]
    return source, target


def test_transforms_are_the_total_least_squares_of_one_image_at_a_time() -> None:
    source, target = poses()
    made = part_transforms(source, target).numpy()
    for index, (one, other) in enumerate(zip(source.numpy(), target.numpy(), strict=True)):
        expected = plain_transforms(one, other)
        np.testing.assert_allclose(made[index], expected, rtol=1e-6, atol=1e-6, err_msg=str(index))
    assert (made[1, 2:6, 0, 2] == AWAY).all()
    assert (made[:, 0, 0, 2] != AWAY).all()


def test_transforms_are_those_of_scikit_image() -> None:
    source, target = (points.round() for points in poses())
    made = part_transforms(source, target).numpy()
    for index in range(len(made)):
        here, there = (points[index].numpy()[[8, 11, 5, 2], ::-1].astype(np.float64) for points in (target, source))
        expected = estimate_transform("affine", here, there).params[:2]
        np.testing.assert_allclose(made[index, 0], expected, rtol=1e-9, atol=1e-9)


def test_a_body_that_no_affine_map_fits_is_not_taken_by_ordinary_least_squares() -> None:
    square = [(20.0, 10.0), (20.0, 20.0), (40.0, 20.0), (40.0, 10.0)]  # shoulders and hips as (y, x)
    source, target = torch.full((1, 18, 2), 15.0), torch.full((1, 18, 2), 15.0)
    source[0, [2, 5, 11, 8]] = torch.tensor(square)
    target[0, [2, 5, 11, 8]] = torch.tensor([(20.0, 10.0), (20.0, 20.0), (40.0, 26.0), (40.0, 10.0)])
    here, there = (points[0, [8, 11, 5, 2]].numpy()[:, ::-1] for points in (target, source))
    ordinary = np.linalg.lstsq(np.column_stack([here, np.ones(4)]), there, rcond=None)[0].T
    made = part_transforms(source, target)[0, 0].numpy()
    expected = fitted(here.astype(np.float64), there.astype(np.float64))
    assert expected is not None
    np.testing.assert_allclose(made, expected, rtol=1e-9)
    assert abs(made - ordinary).max() > 0.01


def test_masks_are_those_of_one_pixel_at_a_time() -> None:
    _, target = poses()
    target[8:] = target[8:].round()  # borders on pixels
    made = part_masks(target, SIZE).numpy()
    expected = np.array([plain_masks(pose) for pose in target.numpy()])
    np.testing.assert_array_equal(made, expected)
    assert made[:, 2:].any(axis=(2, 3)).mean() > 0.5
    assert not made[2, 1].any()


def test_the_heads_square_starts_at_whole_pixels_and_is_open_below() -> None:
    target = torch.full((1, 18, 2), -1.0)
    target[0, [2, 5, 8, 11]] = torch.tensor([(20.0, 10.0), (20.0, 22.0), (40.0, 10.0), (40.0, 22.0)])  # a scale of 20
    target[0, [0, 14]] = torch.tensor([(12.0, 15.0), (11.0, 18.0)])  # mean (11.5, 16.5)
    rows, columns = part_masks(target, SIZE)[0, 1].nonzero(as_tuple=True)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (3, 18, 8, 23)
    assert len(rows) == 16 * 16


def test_identical_poses_leave_every_present_part_where_it_is() -> None:
    source, _ = poses()
    made = part_transforms(source, source)
    identity = torch.tensor([[1.0, 0, 0], [0, 1, 0]], dtype=torch.float64)
    away = made[..., 0, 2] == AWAY
    torch.testing.assert_close(made[~away], identity.expand(int((~away).sum()), 2, 3), rtol=0, atol=1e-8)
    assert away[1].any()
    features = torch.randn(len(source), 5, 16, 8)
    torch.testing.assert_close(warp(features, part_motion(source, source, SIZE)), features.clamp(min=0))


def test_a_body_that_is_not_all_there_stays() -> None:
    source, target = poses()
    source[5, 2] = -1
    identity = torch.tensor([[1.0, 0, 0], [0, 1, 0]], dtype=torch.float64)
    assert torch.equal(part_transforms(source, target)[5, 0], identity)


def away_from_zero(value: float) -> int:
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def test_a_place_between_two_pixels_goes_away_from_the_origin() -> None:
    source = standing(1, SIZE, np.random.default_rng(0)).round()
    target = torch.where(source == -1, source, source - torch.tensor([2.0, 0.0]))  # half a place of the features
    features = torch.rand(1, 1, SIZE[0] // 4, SIZE[1] // 4)
    body = source_places(part_motion(source, target, SIZE), features.shape[-2:])[0, 0]
    assert body[3, 2] == 4 * features.shape[-1] + 2  # row 3.5
    assert body[4, 2] == 5 * features.shape[-1] + 2  # row 4.5


@pytest.mark.parametrize("ratio", [1, 4])
def test_the_warp_is_that_of_one_pixel_at_a_time(ratio: int) -> None:
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
                        sx, sy = (away_from_zero(r[0] * x + r[1] * y + r[2] / ratio) for r in m)
                        if 0 <= sx < width and 0 <= sy < height:
                            best = np.maximum(best, features[image, :, sy, sx].numpy())
                np.testing.assert_allclose(made[image, :, y, x].numpy(), best, atol=1e-6)


def test_a_moved_person_is_found_where_it_was() -> None:
    source = standing(1, SIZE, np.random.default_rng(0))
    target = torch.where(source == -1, source, source + torch.tensor([3.0, 2.0]))
    features = torch.rand(1, 2, *SIZE)
    moved = warp(features, part_motion(source, target, SIZE))
    torch.testing.assert_close(moved[..., 20:40, 8:20], features[..., 17:37, 6:18], atol=1, rtol=0)
    places = source_places(part_motion(source, target, SIZE), SIZE)
    assert places[0, 0, 30, 10] == 27 * SIZE[1] + 8


def test_gradients_reach_the_places_that_were_taken() -> None:
    source, target = (points[5:7] for points in poses())
    features = torch.rand(2, 3, *SIZE, requires_grad=True)
    warp(features, part_motion(source, target, SIZE)).sum().backward()
    assert features.grad is not None
    assert 0 < (features.grad != 0).float().mean() < 1
