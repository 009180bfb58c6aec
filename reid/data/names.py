"""What a Market-1501 image name says: identity and camera; which file names are those of images."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from reid import DataError

LONGEST = 230
"""Bytes of an image's name; file systems take 255, and generated images and unfinished files add to it."""

LARGEST = 10**15 - 1
"""Largest identity or camera: every number up to it is exact as an integer and as a float of 64 bits."""

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
"""Endings of image files, in lower case."""

_NAME = re.compile(r"(?P<pid>-1|[0-9]+)_c(?P<camid>[0-9]+)")
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


class ImageName(NamedTuple):
    """What a Market-1501 image name says.

    Attributes:
        pid: identity; -1 is junk, 0 the background.
        camid: camera, counted from 1 or from 0.
    """

    pid: int
    camid: int


def parse_name(name: str | Path) -> ImageName:
    """Identity and camera of an image, from its base name alone.

    What follows the camera is free: the names of generated images (`0002_c1s1_000451_03_gen.jpg`) and `.jpg.jpg` are
    read too. Leading zeros do not count (`0001_c001` is 1 and 1), and 0 is a camera.

    Args:
        name: a file name or a path; folders in it are ignored, so that `run_12_c3/0002_c1...` is identity 2.

    Returns:
        Identity and camera.

    Raises:
        DataError: for a name that does not begin with an identity and a camera, of a number above LARGEST, or that is
            no text or too long to add to.

    Example:
        >>> parse_name("0002_c1s1_000451_03.jpg")
        ImageName(pid=2, camid=1)
    """
    base = os.path.basename(name)
    if not is_text(base):
        raise DataError(f"{str(name)!r}: the name holds a line break or bytes that are no text; rename it")
    if len(base.encode()) > LONGEST:
        raise DataError(f"{name}: the name is longer than {LONGEST} bytes; shorten it, generated images add to it")
    match = _NAME.match(base)
    if match is None:
        raise DataError(
            f"{name}: the name gives no identity and camera; rename it like 0002_c1s1_000451_03.jpg or remove it"
        )
    return ImageName(parse_number(match["pid"], "identity", name), parse_number(match["camid"], "camera", name))


def parse_number(digits: str, what: str, name: str | Path) -> int:
    """The number of an identity or camera in a name: leading zeros do not count, and 0 is a number.

    Args:
        digits: the decimal digits.
        what: "identity" or "camera".
        name: the file, for the error.

    Returns:
        The number.

    Raises:
        DataError: naming the file, for a number above LARGEST.
    """
    number = int(digits)
    if number > LARGEST:
        raise DataError(f"{name}: the {what} {digits} has more than {len(str(LARGEST))} digits; use shorter numbers")
    return number


def is_text(name: str) -> bool:
    """Whether a file name is text that fits on a line of a table: no line break, no bytes outside of UTF-8."""
    return _NO_TEXT.search(name) is None


def is_image_name(name: str) -> bool:
    """Whether a file name ends as an image's does and is not hidden."""
    return os.path.splitext(name)[1].lower() in IMAGES and not name.startswith(".")
