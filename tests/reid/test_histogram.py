"""HSV histograms against colorsys, pixel by pixel."""

import colorsys
from typing import Any

import numpy as np
import pytest

from numerics.arrays import Array
from reid import DataError
from reid.evaluation.histogram import hsv_histograms


def by_colorsys(image: Array, stripes: int, bins: tuple[int, int, int]) -> Array:
    """The same histogram of one 3 x H x W image, from Python's own colour conversion in exact eighths and so on."""
    _, height, width = image.shape
    counts = np.zeros((stripes, *bins))
    for y in range(height):
        for x in range(width):
            red, green, blue = (int(c) for c in image[:, y, x])
            hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
            cell = (
                int(hue * bins[0] + 1e-9) % bins[0],
                min(int(saturation * bins[1] + 1e-9), bins[1] - 1),
                max(red, green, blue) * bins[2] // 256,
            )
            counts[(y * stripes // height, *cell)] += 1
    return counts.ravel() / (height * width)


@pytest.mark.parametrize("stripes", [1, 5, 6])
def test_histograms_are_those_of_pythons_own_colours(stripes: int) -> None:
    rng = np.random.default_rng(stripes)
    images = rng.integers(0, 256, (3, 3, 24, 10), dtype=np.uint8)
    images[0] = rng.choice(
        np.array([0, 51, 85, 128, 170, 255], np.uint8), (3, 24, 10)
    )  # on the edges of bins, and grey
    expected = [by_colorsys(image, stripes, (8, 8, 8)) for image in images]
    np.testing.assert_allclose(hsv_histograms(images, stripes), expected, atol=1e-7)


def test_each_row_sums_to_one_and_other_images_change_nothing() -> None:
    images = np.random.default_rng(0).integers(0, 256, (70, 3, 13, 5), dtype=np.uint8)
    whole = hsv_histograms(images, stripes=6)
    assert whole.dtype == np.float32
    assert whole.shape == (70, 6 * 512)
    np.testing.assert_allclose(whole.sum(axis=1), 1, atol=1e-6)
    apart = [hsv_histograms(image[None], stripes=6)[0] for image in images]
    assert (whole == apart).all()


def test_the_plain_histogram_does_not_know_where_a_colour_is_and_stripes_do() -> None:
    image = np.zeros((1, 3, 12, 4), np.uint8)
    image[:, 0, :6], image[:, 2, 6:] = 200, 200
    upside_down = image[:, :, ::-1]
    assert (hsv_histograms(image) == hsv_histograms(upside_down)).all()
    assert (hsv_histograms(image, stripes=2) != hsv_histograms(upside_down, stripes=2)).any()


def test_no_images_give_no_rows_and_tensors_are_read() -> None:
    import torch

    assert hsv_histograms(np.empty((0, 3, 8, 4), np.uint8)).shape == (0, 512)
    assert hsv_histograms(torch.zeros(1, 3, 8, 4, dtype=torch.uint8))[0, 0] == 1


@pytest.mark.parametrize(
    ("shape", "dtype", "options"),
    [((1, 3, 8, 4), np.float32, {}), ((1, 8, 4, 3), np.uint8, {}), ((1, 3, 8, 4), np.uint8, {"stripes": 9})],
)
def test_images_that_do_not_fit_are_refused(
    shape: tuple[int, int, int, int], dtype: type[np.generic], options: dict[str, Any]
) -> None:
    with pytest.raises(DataError):
        hsv_histograms(np.zeros(shape, dtype), **options)
