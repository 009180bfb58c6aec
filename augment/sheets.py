"""Sheets of images for people to look at: rows of source, target pose, generated, real."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from augment.writing import write_image
from patn.keypoints import LIMBS

COLOURS = ((214, 39, 40), (31, 119, 180), (44, 160, 44), (255, 127, 14), (148, 103, 189), (23, 190, 207))
GAP, HEADING = 4, 16


def draw_skeleton(keypoints: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A pose as coloured limbs on black, uint8 H x W x 3.  keypoints: 18 x 2 as (y, x) pixels, missing = -1."""
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


def sheet(rows: Sequence[Sequence[np.ndarray]], headings: Sequence[str] = ()) -> np.ndarray:
    """Rows of equally large uint8 H x W x 3 images as one picture, small ones enlarged to at least 128 rows."""
    from PIL import Image, ImageDraw

    height, width = rows[0][0].shape[:2]
    scale = max(1, round(128 / height))
    height, width = height * scale, width * scale
    top = HEADING if headings else 0
    size = (len(rows[0]) * (width + GAP) - GAP, top + len(rows) * (height + GAP) - GAP)
    canvas = Image.new("RGB", size, "white")
    for r, row in enumerate(rows):
        for c, pixels in enumerate(row):
            tile = Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)
            canvas.paste(tile, (c * (width + GAP), top + r * (height + GAP)))
    pen = ImageDraw.Draw(canvas)
    for c, text in enumerate(headings):
        pen.text((c * (width + GAP) + 1, 2), text, fill="black")
    return np.asarray(canvas)


def write_sheet(rows: Sequence[Sequence[np.ndarray]], path: Path, headings: Sequence[str] = ()) -> None:
    """Write a sheet as PNG, by rename."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(Image.fromarray(sheet(rows, headings)), path, "PNG")
