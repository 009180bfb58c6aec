"""SSIM against scikit-image, today's and 0.14.2's, and against values worked out by hand."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from numerics.arrays import Array
from patn import DataError
from patn.metrics.ssim import ssim


def by_scikit_image(a: torch.Tensor, b: torch.Tensor, data_range: float | None = None) -> Array:
    from skimage.metrics import structural_similarity

    values = []
    for x, y in zip(a.double(), b.double(), strict=True):
        x, y = x.permute(1, 2, 0).numpy(), y.permute(1, 2, 0).numpy()
        span = max(float(y.max() - y.min()), 1.0) if data_range is None else data_range
        values.append(
            structural_similarity(
                x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, channel_axis=-1, data_range=span
            )
        )
    return np.array(values)


def by_scikit_image_0_14_2(target: Array, generated: Array) -> float:
    """Its `compare_ssim` for one pair, H x W x 3 uint8, as the authors call it: the range is the generated image's."""
    span = max(int(generated.max()) - int(generated.min()), 1)
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    channels = []
    for x, y in zip(target.astype(float).transpose(2, 0, 1), generated.astype(float).transpose(2, 0, 1), strict=True):
        mx, my, mxx, myy, mxy = (gaussian_filter(plane, sigma=1.5) for plane in (x, y, x * x, y * y, x * y))
        values = (2 * mx * my + c1) * (2 * (mxy - mx * my) + c2)
        values /= (mx**2 + my**2 + c1) * (mxx - mx**2 + myy - my**2 + c2)
        channels.append(values[5:-5, 5:-5].mean())
    return float(np.mean(channels))


def smooth_images(count: int, size: tuple[int, int], seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 8, 4, generator=generator) * torch.rand(count, 1, 1, 1, generator=generator) * 255
    large = torch.nn.functional.interpolate(coarse, size, mode="bicubic", antialias=False)
    return (large + 8 * torch.randn(large.shape, generator=generator)).clamp(0, 255)


@pytest.mark.parametrize("data_range", [None, 255.0])
@pytest.mark.parametrize("size", [(128, 64), (31, 11)])
@pytest.mark.parametrize("kind", [torch.uint8, torch.float32, torch.float64])
def test_eleven_taps_equal_todays_scikit_image(
    size: tuple[int, int], data_range: float | None, kind: torch.dtype
) -> None:
    a, b = smooth_images(6, size, seed=1).to(kind), smooth_images(6, size, seed=2).to(kind)
    b[3:] = ((a[3:].double() + b[3:].double()) / 2).to(kind)
    values = ssim(a, b, data_range, taps=11)
    assert values.dtype == torch.float64
    assert np.abs(values.numpy() - by_scikit_image(a, b, data_range)).max() < 1e-6


@example(seed=1, height=16, width=16, levels=1)
@example(seed=1, height=16, width=16, levels=2)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), height=st.integers(11, 24), width=st.integers(11, 24), levels=st.integers(1, 256))
def test_equal_to_both_scikit_images_on_noise_of_any_contrast(seed: int, height: int, width: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = torch.from_numpy(rng.integers(0, levels, (2, 2, 3, height, width), dtype=np.uint8))
    assert np.abs(ssim(a, b, taps=11).numpy() - by_scikit_image(a, b)).max() < 1e-6
    released = [
        by_scikit_image_0_14_2(x.permute(1, 2, 0).numpy(), y.permute(1, 2, 0).numpy())
        for x, y in zip(a, b, strict=True)
    ]
    assert np.abs(ssim(a, b).numpy() - released).max() < 1e-9


@pytest.mark.parametrize("size", [(128, 64), (256, 256), (31, 11), (11, 11)])
def test_the_default_is_what_the_authors_version_computes(size: tuple[int, int]) -> None:
    a, b = smooth_images(4, size, seed=1).byte(), smooth_images(4, size, seed=2).byte()
    expected = [
        by_scikit_image_0_14_2(x.permute(1, 2, 0).numpy(), y.permute(1, 2, 0).numpy())
        for x, y in zip(a, b, strict=True)
    ]
    assert np.abs(ssim(a, b).numpy() - expected).max() < 1e-12
    assert 1e-6 < np.abs(ssim(a, b).numpy() - ssim(a, b, taps=11).numpy()).max() < 5e-3


def test_a_bright_pixel_is_seen_six_pixels_away() -> None:
    impulse = np.zeros(41)
    impulse[20] = 1
    assert np.flatnonzero(gaussian_filter(impulse, sigma=1.5)).tolist() == list(range(14, 27))  # 13 taps
    dark = torch.zeros(1, 1, 41, 41)
    dot = dark.clone()
    dot[..., 20, 20] = 255
    seen = [(ssim(dark, dot, 255.0, taps=taps) - 1).item() for taps in (11, 13)]
    assert seen[1] < seen[0] < 0


def test_identical_images_are_one() -> None:
    images = smooth_images(3, (128, 64), seed=3)
    assert ssim(images, images).tolist() == pytest.approx([1, 1, 1], abs=1e-12)


def test_two_flat_images() -> None:
    a = torch.full((1, 3, 128, 64), 100, dtype=torch.uint8)
    assert ssim(a, a + 50, data_range=255).item() == pytest.approx(0.923092310530793, abs=1e-12)
    # without contrast in the generated image the range is taken as 1, so C1 = 0.0001
    expected = (2 * 100 * 150 + 1e-4) / (100**2 + 150**2 + 1e-4)
    assert ssim(a, a + 50).item() == pytest.approx(
        expected, abs=1e-7
    )  # the variances of flat images are 0 up to rounding


@pytest.mark.parametrize(
    ("taps", "data_range", "value"),
    [(11, 255.0, -0.067139), (11, None, -0.074852), (13, None, -0.075723)],
)
def test_opposite_ramps(taps: int, data_range: float | None, value: float) -> None:
    ramp = (4 * torch.arange(64, dtype=torch.uint8)).expand(1, 3, 128, 64)
    assert ssim(ramp, 255 - ramp, data_range, taps=taps).item() == pytest.approx(value, abs=5e-7)


def test_the_range_is_that_of_the_second_image_alone() -> None:
    a, b = smooth_images(1, (64, 32), seed=4), smooth_images(1, (64, 32), seed=5) / 3
    span = (b.max() - b.min()).item()
    assert ssim(a, b).item() == pytest.approx(ssim(a, b, span).item())
    assert ssim(a, b).item() != pytest.approx(ssim(b, a).item(), abs=1e-4)
    assert ssim(a, b, 255).item() == pytest.approx(ssim(b, a, 255).item())


def test_each_image_of_a_large_batch_is_judged_alone() -> None:
    a, b = smooth_images(21, (128, 64), seed=6), smooth_images(21, (128, 64), seed=7)
    together = ssim(a, b)
    alone = [ssim(a[i : i + 1], b[i : i + 1]).item() for i in range(21)]
    assert together.tolist() == pytest.approx(alone, abs=1e-12)
    assert ssim(a[:0], b[:0]).shape == (0,)


def test_inputs_are_left_as_they_are() -> None:
    a, b = smooth_images(2, (32, 16), seed=8).double(), smooth_images(2, (32, 16), seed=9).double()
    before = a.clone(), b.clone()
    ssim(a, b)
    assert torch.equal(a, before[0])
    assert torch.equal(b, before[1])


@pytest.mark.parametrize(
    ("a", "b"), [((1, 3, 10, 64), (1, 3, 10, 64)), ((1, 3, 32, 32), (1, 3, 32, 16)), ((3, 32, 32), (3, 32, 32))]
)
def test_images_of_other_shapes_are_refused(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="at least 11 x 11"):
        ssim(torch.zeros(a), torch.zeros(b))


def test_a_range_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="above 0"):
        ssim(torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 16), data_range=0)
