"""Images of any mode as RGB of 8 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

SIXTEEN = ("PNG", "PPM")
"""Formats whose pixels of Pillow's mode I go up to 65,535."""


class UnknownRange(ValueError):
    """Pixels of 32 bits or of floating point numbers: nothing says which value is white."""


def is_of_16_bits(image: Image.Image) -> bool:
    """Whether an image is a grey one of 16 bits.

    Args:
        image: as it was opened.

    Raises:
        UnknownRange: for one of more.
    """
    if image.mode == "F" or (image.mode == "I" and image.format not in SIXTEEN):
        kind = "floating point numbers" if image.mode == "F" else "integers of 32 bits"
        raise UnknownRange(f"its pixels are {kind}, of which none is known to be white; save it with 8 or 16 bits")
    return image.mode.startswith("I")


def upright_rgb(image: Image.Image) -> Image.Image:
    """As RGB of 8 bits: turned upright as its EXIF says, 16 bits scaled down, transparency on white.

    Args:
        image: as it was opened.

    Raises:
        UnknownRange: as of `is_of_16_bits`.
    """
    from PIL import Image, ImageOps

    deep = is_of_16_bits(image)
    image = ImageOps.exif_transpose(image)
    if deep:
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
