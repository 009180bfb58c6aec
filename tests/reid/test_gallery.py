"""The picture of ranked galleries."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from numerics.arrays import Array
from reid import DataError
from reid.evaluation.gallery import RIGHT, WRONG, draw_galleries

COLOURS = {"a": (10, 20, 200), "b": (240, 240, 0), "c": (120, 0, 120), "d": (0, 255, 255)}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    for name, colour in COLOURS.items():
        Image.new("RGB", (32, 64), colour).save(tmp_path / f"{name}.png")
    return {name: tmp_path / f"{name}.png" for name in COLOURS}


def runs(row: Array) -> list[tuple[int, ...]]:
    """The colours along a row of pixels, white and repeats left out."""
    colours = [tuple(int(c) for c in row[i]) for i in range(len(row)) if i == 0 or (row[i] != row[i - 1]).any()]
    return [colour for colour in colours if colour != (255, 255, 255)]


def test_each_row_shows_the_query_and_its_ranked_images_in_frames(files: dict[str, Path], tmp_path: Path) -> None:
    sheet = tmp_path / "galleries.png"
    draw_galleries(
        [files["a"], files["b"]],
        [[files["b"], files["c"]], [files["d"], files["a"]]],
        [[True, False], [False, True]],
        sheet,
    )
    pixels = np.asarray(Image.open(sheet))
    assert not list(tmp_path.glob("*.partial"))
    rows = [runs(row) for row in pixels]
    frame = rows[40][0]
    first = [frame, COLOURS["a"], frame, RIGHT, COLOURS["b"], RIGHT, WRONG, COLOURS["c"], WRONG]
    second = [frame, COLOURS["b"], frame, WRONG, COLOURS["d"], WRONG, RIGHT, COLOURS["a"], RIGHT]
    assert rows.count(first) > 100
    assert rows.count(second) > 100
    assert rows.index(first) < rows.index(second)


def test_the_columns_are_headed_with_their_ranks(files: dict[str, Path], tmp_path: Path) -> None:
    sheets = []
    for count in (1, 2):
        draw_galleries([files["a"]], [[files["b"]] * count], [[True] * count], tmp_path / "sheet.png")
        sheets.append(np.asarray(Image.open(tmp_path / "sheet.png")))
    heading = sheets[1][:28, sheets[0].shape[1] :]
    assert (heading < 128).any()


def test_rows_that_do_not_fit_and_unreadable_images_are_said(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="marks do not fit"):
        draw_galleries([files["a"]], [[files["b"]]], [[True, False]], tmp_path / "sheet.png")
    with pytest.raises(DataError, match="same number"):
        draw_galleries([files["a"]] * 2, [[files["b"]], []], [[True], [True]], tmp_path / "sheet.png")
    (tmp_path / "e.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"e\.png: the image cannot be read"):
        draw_galleries([tmp_path / "e.png"], [[files["b"]]], [[True]], tmp_path / "sheet.png")
    assert not (tmp_path / "sheet.png").exists()


def test_grey_of_16_bits_is_shown_as_networks_see_it_and_32_bits_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 32), 0x4000, np.uint16)).save(tmp_path / "grey.png")
    Image.fromarray(np.full((64, 32), 0x4000, np.int32)).save(tmp_path / "deep.tif")
    draw_galleries([tmp_path / "grey.png"], [[tmp_path / "grey.png"]], [[True]], tmp_path / "sheet.png")
    pixels = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert (pixels == 64).all(axis=-1).sum() > 2 * 64 * 100  # two tiles
    with pytest.raises(DataError, match=r"deep.tif: the image cannot be read"):
        draw_galleries([tmp_path / "deep.tif"], [[tmp_path / "grey.png"]], [[True]], tmp_path / "sheet.png")
