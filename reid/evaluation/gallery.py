"""A picture of ranked galleries: each query, then what a model found nearest, framed green if right and red if not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont

from numerics.files import replacing
from numerics.images import UnknownRange, upright_rgb
from reid import DataError

RIGHT, WRONG, QUERY = (22, 138, 62), (205, 32, 44), (90, 90, 90)
_TILE = (64, 128)  # width, height of an image
_FRAME, _GAP, _MARGIN, _HEADING = 4, 6, 12, 20


def draw_galleries(
    query_paths: Sequence[str | Path],
    ranked_paths: Sequence[Sequence[str | Path]],
    right: ArrayLike,
    path: str | Path,
) -> None:
    """Draw one row a query: the query itself, then its ranked gallery images, nearest first, with their ranks.

    Args:
        query_paths: Q image files.
        ranked_paths: Q sequences of R image files each.
        right: Q x R booleans, true where the gallery image shows the query's identity: a green frame, else a red one
            crossed at a corner, so that the two can be told apart without colour.
        path: the PNG file, written beside its place and renamed.

    Raises:
        DataError: for shapes that do not fit, or an image that cannot be read.
    """
    marks = np.asarray(right, dtype=bool)
    if not len(query_paths) or marks.shape != (len(query_paths), len(ranked_paths[0]) if len(ranked_paths) else 0):
        raise DataError(f"{path}: {marks.shape} marks do not fit {len(query_paths)} queries with a row of images each")
    if any(len(row) != marks.shape[1] for row in ranked_paths) or len(ranked_paths) != len(query_paths):
        raise DataError(f"{path}: each query needs the same number of ranked images, {marks.shape[1]}")
    sheet = Image.new("RGB", _position(len(query_paths), marks.shape[1] + 1), "white")
    draw = ImageDraw.Draw(sheet)
    for column in range(marks.shape[1] + 1):
        _heading(draw, column, "query" if column == 0 else str(column))
    for row, (query, ranked) in enumerate(zip(query_paths, ranked_paths, strict=True)):
        _place(sheet, row, 0, query, QUERY)
        for column, (found, good) in enumerate(zip(ranked, marks[row], strict=True), start=1):
            _place(sheet, row, column, found, RIGHT if good else WRONG)
            if not good:
                _cross(draw, row, column)
    target = Path(path)
    with replacing(target) as partial:
        sheet.save(partial, format="PNG")


def _position(row: int, column: int) -> tuple[int, int]:
    """Left and top of a framed tile; after the last row and column: the size of the sheet."""
    width, height = _TILE[0] + 2 * _FRAME + _GAP, _TILE[1] + 2 * _FRAME + _GAP
    after_query = _MARGIN if column else 0
    return _MARGIN + after_query + column * width, _MARGIN + _HEADING + row * height


def _place(sheet: Image.Image, row: int, column: int, path: str | Path, colour: tuple[int, int, int]) -> None:
    """Put one image, resized to the tile, into its frame."""
    try:
        with Image.open(path) as image:
            tile = upright_rgb(image).resize(_TILE, Image.Resampling.BILINEAR)
    except (OSError, UnknownRange) as error:
        raise DataError(f"{path}: the image cannot be read; check the file") from error
    left, top = _position(row, column)
    sheet.paste(colour, (left, top, left + _TILE[0] + 2 * _FRAME, top + _TILE[1] + 2 * _FRAME))
    sheet.paste(tile, (left + _FRAME, top + _FRAME))


def _heading(draw: ImageDraw.ImageDraw, column: int, text: str) -> None:
    """Write a column's heading, centred above it."""
    left, top = _position(0, column)
    middle = left + _FRAME + _TILE[0] / 2
    draw.text((middle, top - 5), text, fill="black", font=ImageFont.load_default(size=14), anchor="ms")


def _cross(draw: ImageDraw.ImageDraw, row: int, column: int) -> None:
    """Draw a white cross on red in the lower right corner of a tile."""
    left, top = _position(row, column)
    right, bottom = left + _TILE[0] + 2 * _FRAME, top + _TILE[1] + 2 * _FRAME
    draw.rectangle((right - 16, bottom - 16, right - 1, bottom - 1), fill=WRONG)
    for slope in (1, -1):
        draw.line((right - 12, bottom - 8 - 4 * slope, right - 4, bottom - 8 + 4 * slope), fill="white", width=2)
