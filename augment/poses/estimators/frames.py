"""A person's crop, enlarged and put in the middle of what a network takes, and the way back to the crop's pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from numerics.arrays import Array, Pixels

Size = tuple[int, int]


@dataclass(frozen=True)
class Frame:
    """An enlarged crop in the middle of a picture.

    Attributes:
        pixels: the picture, uint8 H x W x 3.
        inner: (height, width) of the enlarged crop in it.
        size: (height, width) of the crop itself.
    """

    pixels: Pixels
    inner: Size
    size: Size

    def crop_points(self, points: Array) -> Array:
        """Points of the picture in the crop's pixels, whose centres are whole numbers.

        Args:
            points: N x 2 as shares (y, x) of the picture's height and width.

        Returns:
            N x 2 as (y, x).
        """
        outer = self.pixels.shape[:2]
        own: Array = (points * outer - _margin(outer, self.inner)) / np.array(self.inner) * np.array(self.size) - 0.5
        return own


def framed(image: Pixels, outer: Size, inner: Size, border: Literal["edge", "black"]) -> Frame:
    """Enlarge a crop and put it in the middle of a picture.

    Args:
        image: the crop, uint8 H x W x 3.
        outer: (height, width) of the picture.
        inner: (height, width) of the enlarged crop.
        border: what is around it, its own edge pixels repeated or black.

    Returns:
        The picture and the way back.
    """
    from PIL import Image

    enlarged = np.asarray(Image.fromarray(image).resize((inner[1], inner[0]), Image.Resampling.BILINEAR))
    top, left = _margin(outer, inner)
    margins = ((top, outer[0] - inner[0] - top), (left, outer[1] - inner[1] - left), (0, 0))
    pixels = np.pad(enlarged, margins, mode="edge") if border == "edge" else np.pad(enlarged, margins)
    return Frame(pixels, inner, (image.shape[0], image.shape[1]))


def fitted(size: Size, outer: Size, share: float = 1.0) -> Size:
    """The largest size in given proportions that fits into a picture.

    Args:
        size: (height, width) in these proportions.
        outer: (height, width) of the picture.
        share: of it that may be filled.

    Returns:
        (height, width).
    """
    scale = share * min(outer[0] / size[0], outer[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _margin(outer: tuple[int, ...], inner: Size) -> Size:
    """The rows above and the columns left of the enlarged crop."""
    return (outer[0] - inner[0]) // 2, (outer[1] - inner[1]) // 2
