"""Pictures inside the page: charts as SVG, photographs as small WebP."""

import base64
import io
from pathlib import Path

from PIL import Image

from augment import AugmentError
from numerics.arrays import Array

QUALITY = 80


def data_uri(content: bytes, media: str) -> str:
    """A picture or film as text that a page shows without a file.

    Args:
        content: of the file.
        media: its media type, such as image/webp.
    """
    return f"data:{media};base64,{base64.b64encode(content).decode('ascii')}"


def svg(plot: bytes) -> str:
    """A chart as a data URI.

    Args:
        plot: the chart's SVG.
    """
    return data_uri(plot, "image/svg+xml")


def photograph(pixels: Array) -> str:
    """An image as a data URI, compressed as photographs are.

    Args:
        pixels: uint8 H x W x 3.
    """
    return data_uri(webp(Image.fromarray(pixels)), "image/webp")


def webp(image: Image.Image) -> bytes:
    """An image as WebP.

    Args:
        image: in RGB.
    """
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()


def photograph_of(path: Path) -> str:
    """A picture file as a data URI, photographs as WebP.

    Args:
        path: of the picture.

    Raises:
        AugmentError: for one that cannot be read.
    """
    if path.suffix == ".webp":
        return data_uri(path.read_bytes(), "image/webp")
    try:
        with Image.open(path) as image:
            return data_uri(webp(image), "image/webp")
    except OSError as error:
        raise AugmentError(f"{path}: not a readable picture ({error}); delete its folder and run again") from error
