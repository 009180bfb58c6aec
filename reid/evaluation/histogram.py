"""Colour histograms of person images: the re-ID baseline that learns nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import Array
from reid import DataError

BINS = (8, 8, 8)
"""Equal bins of hue, saturation and value.  A grey pixel has no hue and counts as hue 0."""
_BATCH = 64  # images at a time, which bounds the memory


def hsv_histograms(images: ArrayLike, stripes: int = 1) -> Array:
    """Joint histograms of hue, saturation and value of every horizontal stripe, concatenated.

    Args:
        images: N x 3 x H x W uint8, RGB, an array or a CPU tensor.
        stripes: horizontal stripes of (nearly) equal height; 1 is the plain histogram of the whole image, 6 the usual
            layout of hand-made person features (head, torso, legs). Pixel row y is in stripe y * stripes // H.

    Returns:
        float32 N x (stripes * 512), the stripe slowest and the value bin fastest; each row sums
        to 1.

    Raises:
        DataError: for another shape or type, or more stripes than rows.
    """
    pixels = np.asarray(images)
    if pixels.ndim != 4 or pixels.shape[1] != 3 or pixels.dtype != np.uint8:
        raise DataError(f"The images are {pixels.dtype} {pixels.shape}; histograms need uint8 N x 3 x H x W")
    count, _, height, width = pixels.shape
    if not 1 <= stripes <= height:
        raise DataError(f"{stripes} stripes do not fit images of {height} rows")
    cells_a_stripe = int(np.prod(BINS))
    dimensions = stripes * cells_a_stripe
    stripe = (np.arange(height) * stripes // height * cells_a_stripe)[:, None]  # H x 1
    histograms = np.empty((count, dimensions), np.float32)
    for first in range(0, count, _BATCH):
        cells = _hsv_cells(pixels[first : first + _BATCH]) + stripe  # b x H x W
        cells += np.arange(len(cells))[:, None, None] * dimensions
        counts = np.bincount(cells.ravel(), minlength=len(cells) * dimensions)
        histograms[first : first + _BATCH] = counts.reshape(-1, dimensions) / (height * width)
    return histograms


def _hsv_cells(pixels: Array) -> Array:
    """The histogram cell of every pixel, from 0: b x 3 x H x W uint8 to b x H x W integers.

    Quotients of small whole numbers: float32 division and truncation place each pixel in its exact bin.
    """
    red, green, blue = np.moveaxis(pixels.astype(np.float32), 1, 0)
    value = np.maximum(np.maximum(red, green), blue)
    chroma = value - np.minimum(np.minimum(red, green), blue)
    sector = np.where(
        value == red,
        green - blue,
        np.where(value == green, 2 * chroma + (blue - red), 4 * chroma + (red - green)),
    )
    sector[sector < 0] += 6 * chroma[sector < 0]  # hue, in units of chroma: 0 <= sector < 6 * chroma
    hue_cell = (sector * BINS[0] / np.maximum(6 * chroma, 1)).astype(np.int64)
    saturation_cell = np.minimum(chroma * BINS[1] / np.maximum(value, 1), BINS[1] - 1).astype(np.int64)
    value_cell = (value * BINS[2] / 256).astype(np.int64)
    cells: Array = (hue_cell * BINS[1] + saturation_cell) * BINS[2] + value_cell
    return cells
