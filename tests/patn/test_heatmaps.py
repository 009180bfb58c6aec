"""Heat maps against a map made joint by joint and pixel by pixel."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from numerics.arrays import Array
from patn import DataError, KeypointError
from patn.heatmaps import heat_maps, one_hot_maps

coordinate = st.one_of(st.just(-1.0), st.integers(-20, 90).map(float), st.floats(-5, 70, width=32))
poses = arrays(np.float32, (2, 18, 2), elements=coordinate)


def maps_by_loops(points: Array, size: tuple[int, int], sigma: float) -> Array:
    """One joint at a time over a grid, as the released script makes them."""
    rows, columns = np.meshgrid(np.arange(size[0]), np.arange(size[1]), indexing="ij")
    maps = np.zeros((*points.shape[:2], *size), dtype=np.float64)
    for image, joint in np.ndindex(points.shape[:2]):
        y, x = points[image, joint].astype(np.float64)
        if y != -1 and x != -1:
            maps[image, joint] = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2))
    return maps


@settings(deadline=None)
@given(points=poses, sigma=st.floats(0.5, 12), channels_last=st.booleans())
def test_equal_to_a_loop_over_joints(points: Array, sigma: float, channels_last: bool) -> None:
    maps = heat_maps(torch.from_numpy(points), (32, 16), sigma, channels_last=channels_last)
    assert maps.dtype == torch.float32
    assert np.abs(maps.numpy() - maps_by_loops(points, (32, 16), sigma)).max() < 1e-6


@settings(deadline=None)
@given(points=poses, sigma=st.floats(0.5, 12), channels_last=st.booleans())
def test_no_value_is_so_small_that_processors_compute_slowly_on_its_products(
    points: Array, sigma: float, channels_last: bool
) -> None:
    maps = heat_maps(torch.from_numpy(points), (32, 16), sigma, channels_last=channels_last)
    weight, smallest_normal = 1e-6, torch.finfo(torch.float32).tiny
    assert (maps[maps > 0] * weight >= smallest_normal).all()


def test_values_at_known_places() -> None:
    points = torch.full((1, 18, 2), -1)
    points[0, 3] = torch.tensor([20, 30])
    maps = heat_maps(points, (128, 64))
    assert maps.shape == (1, 18, 128, 64)
    assert maps[0, 3, 20, 30] == 1
    assert maps[0, 3, 26, 30].item() == pytest.approx(math.exp(-0.5))
    assert maps[0, 3, 26, 36].item() == pytest.approx(math.exp(-1.0))
    maps[0, 3] = 0
    assert not maps.any()


@pytest.mark.parametrize("half", [(-1.0, 8.0), (8.0, -1.0), (-1.0, -1.0)])
@pytest.mark.parametrize("make", [heat_maps, one_hot_maps])
def test_a_joint_without_one_coordinate_is_exactly_zero(
    make: Callable[..., torch.Tensor], half: tuple[float, float]
) -> None:
    points = torch.full((1, 18, 2), 8.0)
    points[0, 5] = torch.tensor(half)
    maps = make(points, (16, 16))
    assert not maps[0, 5].any()
    assert maps[0, 4].max() == 1


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("make", [heat_maps, one_hot_maps])
def test_channels_last_is_a_matter_of_layout_only(make: Callable[..., torch.Tensor], batch: int) -> None:
    points = torch.rand(batch, 18, 2) * 16
    plain, last = make(points, (16, 8)), make(points, (16, 8), channels_last=True)
    assert torch.equal(plain, last)
    assert plain.is_contiguous()
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert not last.is_contiguous()


def test_a_joint_outside_keeps_its_tail_but_has_no_pixel() -> None:
    points = torch.full((1, 18, 2), -1.0)
    points[0, 0] = torch.tensor([-4.0, 5.0])
    points[0, 1] = torch.tensor([5.0, 8.0])
    assert heat_maps(points, (16, 8))[0, 0, 0, 5].item() == pytest.approx(math.exp(-16 / 72))
    assert heat_maps(points, (16, 8))[0, 1, 5, 7].item() == pytest.approx(math.exp(-1 / 72))
    assert not one_hot_maps(points, (16, 8)).any()


@settings(deadline=None)
@given(points=poses)
def test_one_hot_is_the_truncated_gaussian_at_whole_coordinates(points: Array) -> None:
    points = np.floor(points)
    maps = one_hot_maps(torch.from_numpy(points), (32, 16))
    assert np.array_equal(maps.numpy(), np.floor(maps_by_loops(points, (32, 16), 6.0)))


def test_one_hot_rounds_down() -> None:
    points = torch.full((1, 18, 2), -1.0)
    points[0, 0] = torch.tensor([3.99, 0.75])
    points[0, 1] = torch.tensor([-0.5, 2.0])
    maps = one_hot_maps(points, (8, 8))
    assert maps.nonzero().tolist() == [[0, 0, 3, 0]]


@pytest.mark.parametrize("shape", [(1, 17, 2), (18, 2), (1, 18, 3)])
@pytest.mark.parametrize("make", [heat_maps, one_hot_maps])
def test_another_number_of_joints_is_refused(make: Callable[..., torch.Tensor], shape: tuple[int, ...]) -> None:
    with pytest.raises(KeypointError, match=r"need \(batch, 18, 2\)"):
        make(torch.zeros(shape), (16, 8))


def test_a_width_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="above 0"):
        heat_maps(torch.zeros(1, 18, 2), (16, 8), sigma=0.0)
