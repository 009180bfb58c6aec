"""Sheets of images for people to look at: rows of source, target pose, generated, real."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np

from augment.artefacts.files import write_image
from numerics.arrays import Array
from patn.keypoints import LIMBS

COLOURS = ((214, 39, 40), (31, 119, 180), (44, 160, 44), (255, 127, 14), (148, 103, 189), (23, 190, 207))
GAP = 4
LINE, LETTER = 12, 6
"""Pixels that a line and a letter of a heading take."""


def draw_skeleton(keypoints: Array, size: tuple[int, int]) -> Array:
    """A pose as coloured limbs on black.

    Args:
        keypoints: 18 x 2 as (y, x) pixels, missing = -1.
        size: (height, width) of the picture.

    Returns:
        uint8 H x W x 3.
    """
    from PIL import Image, ImageDraw

    enlarged = 4
    canvas = Image.new("RGB", (size[1] * enlarged, size[0] * enlarged))
    pen = ImageDraw.Draw(canvas)
    points = [None if (y < 0 and x < 0) else ((x + 0.5) * enlarged, (y + 0.5) * enlarged) for y, x in keypoints]
    for index, (first, second) in enumerate(LIMBS):
        start, end = points[first], points[second]
        if start and end:
            pen.line([start, end], fill=COLOURS[index % len(COLOURS)], width=max(2, size[0] // 16))
    return np.asarray(canvas.resize((size[1], size[0]), Image.Resampling.LANCZOS))


def sheet(rows: Sequence[Sequence[Array]], headings: Sequence[str] = (), least: int = 128) -> Array:
    """Rows of equally large images as one picture.

    Args:
        rows: uint8 H x W x 3 each.
        headings: one a column, on several lines where it is wider than the column.
        least: small images are enlarged to about so many rows of pixels.
    """
    from PIL import Image, ImageDraw

    height, width = rows[0][0].shape[:2]
    scale = max(1, round(least / height))
    height, width = height * scale, width * scale
    texts = [wrap(text, max(1, width // LETTER)) for text in headings]
    top = LINE * max(map(len, texts)) + GAP if texts else 0
    size = (len(rows[0]) * (width + GAP) - GAP, top + len(rows) * (height + GAP) - GAP)
    canvas = Image.new("RGB", size, "white")
    for r, row in enumerate(rows):
        for c, pixels in enumerate(row):
            tile = Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)
            canvas.paste(tile, (c * (width + GAP), top + r * (height + GAP)))
    pen = ImageDraw.Draw(canvas)
    for c, lines in enumerate(texts):
        pen.multiline_text((c * (width + GAP) + 1, 2), "\n".join(lines), fill="black", spacing=2)
    return np.asarray(canvas)


def write_sheet(rows: Sequence[Sequence[Array]], path: Path, headings: Sequence[str] = ()) -> None:
    """Write a sheet as PNG, by rename.

    Args:
        rows: as of `sheet`.
        path: the file.
        headings: as of `sheet`.
    """
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(Image.fromarray(sheet(rows, headings)), path, "PNG")
