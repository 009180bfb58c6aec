"""The mask of mask-SSIM: the pins, and scikit-image 0.14.2's drawing pixel for pixel."""

import numpy as np
import pytest
import torch
from skimage.draw import disk, polygon
from skimage.morphology import dilation, erosion

from numerics.arrays import Array
from patn import KeypointError
from patn.keypoints import LIMBS
from patn.metrics.masks import body_shapes, person_masks

SIZE = (128, 64)
STANDING = (
    (16, 32),
    (26, 32),
    (27, 24),
    (40, 20),
    (54, 19),
    (27, 40),
    (40, 44),
    (54, 45),
    (58, 27),
    (82, 27),
    (108, 27),
    (58, 37),
    (82, 38),
    (108, 38),
    (14, 30),
    (14, 34),
    (16, 27),
    (16, 37),
)


def pose(**joints: tuple[float, float]) -> torch.Tensor:
    """A pose of the joints given as j0=(y, x)."""
    points = torch.full((1, 18, 2), -1.0)
    for name, place in joints.items():
        points[0, int(name[1:])] = torch.tensor(place)
    return points


def polygon_0_14_2(ys: Array, xs: Array, size: tuple[int, int]) -> Array:
    """scikit-image 0.14.2's `polygon`: pixels with an odd number of edges to their right (Franklin's test)."""
    y, x = np.mgrid[: size[0], : size[1]].astype(float)
    inside = np.zeros(size, dtype=bool)
    for i in range(len(ys)):
        yi, xi, yj, xj = ys[i], xs[i], ys[i - 1], xs[i - 1]
        if yi != yj:
            inside ^= ((yi <= y) != (yj <= y)) & (x < (xj - xi) * (y - yi) / (yj - yi) + xi)
    return inside


def test_the_old_polygon_leaves_out_the_border_to_the_right_and_below() -> None:
    ys, xs = np.array([2.0, 2, 6, 6]), np.array([3.0, 8, 8, 3])
    old, new = np.zeros((2, 10, 12), dtype=bool)
    old[2:6, 3:8] = new[2:7, 3:9] = True
    np.testing.assert_array_equal(polygon_0_14_2(ys, xs, (10, 12)), old)
    drawn = np.zeros((10, 12), dtype=bool)
    drawn[polygon(ys, xs)] = True
    np.testing.assert_array_equal(drawn, new)


def drawn_by_skimage(points: Array, size: tuple[int, int]) -> tuple[Array, Array]:
    """The mask before and after closing."""
    mask = np.zeros(size, dtype=bool)
    for a, b in LIMBS:
        start, end = points[a], points[b]
        if -1 in start or -1 in end or (start == end).all():
            continue
        across = np.array([-(start - end)[1], (start - end)[0]])
        across = 4 * across / np.linalg.norm(across)
        corners = np.array([start + across, start - across, end - across, end + across])
        mask |= polygon_0_14_2(corners[:, 0], corners[:, 1], size)
    for joint in points:
        if -1 not in joint:
            mask[disk((joint[0], joint[1]), 4, shape=size)] = True
    square = np.ones((5, 5), dtype=bool)
    return mask, erosion(dilation(mask, square), square)


@pytest.mark.parametrize(
    ("points", "pixels"),
    [
        (pose(j0=(20, 32)), 45),
        (pose(j0=(20, 32), j1=(40, 32)), 205),
        (pose(j0=(0, 0)), 15),
        (torch.tensor([STANDING]), 2245),
    ],
    ids=["one joint", "one limb", "a corner", "a standing person"],
)
def test_known_masks_have_their_number_of_pixels(points: torch.Tensor, pixels: int) -> None:
    assert int(person_masks(points, SIZE).sum()) == pixels


def test_standing_person_before_closing() -> None:
    assert int(body_shapes(torch.tensor([STANDING]), SIZE).sum()) == 2079


@pytest.mark.parametrize("whole", [True, False], ids=["whole pixels", "fractions"])
@pytest.mark.parametrize("size", [(128, 64), (256, 176), (40, 33)], ids=str)
def test_masks_are_scikit_images(size: tuple[int, int], whole: bool) -> None:
    rng = np.random.default_rng((size[0], whole))
    points = rng.uniform(-9, np.array(size) + 9, (24, 18, 2))
    points[:8] = np.array(STANDING) * np.array(size) / SIZE + rng.normal(0, 2, (8, 18, 2))
    points = np.rint(points) if whole else points
    points[rng.random((24, 18)) < 0.2] = -1
    points[3, 5] = points[3, 1]
    points[20:, ::2, 1] = points[20:, :1, 1]  # vertical limbs
    got_body = body_shapes(torch.from_numpy(points), size).numpy()
    got = person_masks(torch.from_numpy(points), size).numpy()
    for index, person in enumerate(points):
        body, closed = drawn_by_skimage(person, size)
        np.testing.assert_array_equal(got_body[index], body)
        np.testing.assert_array_equal(got[index], closed)


def test_limbs_of_whole_slope_round_as_scikit_image_does() -> None:
    steps = [(3, 4), (4, 3), (5, 12), (12, 5), (8, 15), (20, 21), (7, 24), (1, 1), (0, 9), (9, 0)]
    points = torch.cat(
        [pose(j0=(60, 30), j1=(60 + sy * y, 30 + sx * x)) for y, x in steps for sy in (1, -1) for sx in (1, -1)]
    )
    got = body_shapes(points, SIZE).numpy()
    for index, person in enumerate(points.double().numpy()):
        np.testing.assert_array_equal(got[index], drawn_by_skimage(person, SIZE)[0])


def test_nobody_has_an_empty_mask() -> None:
    assert not person_masks(torch.full((2, 18, 2), -1.0), SIZE).any()


def test_other_shapes_are_refused() -> None:
    with pytest.raises(KeypointError, match="masks need B x 18 x 2"):
        person_masks(torch.zeros(2, 17, 2), SIZE)
