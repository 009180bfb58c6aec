"""Written pictures: their pixels, what their metadata says, and places where none can be written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from augment import AugmentError
from augment.inference.pictures import PICTURES, write_jpeg, write_picture
from numerics.arrays import Pixels

SAID = "generated image; source a.jpg; pose b.jpg"


def ramp() -> Pixels:
    """24 x 16 pixels: red grows downwards, green to the right, no blue."""
    rows, columns = np.mgrid[:24, :16]
    pixels: Pixels = np.stack([10 * rows, 16 * columns, 0 * rows], axis=2).astype(np.uint8)
    return pixels


def said(path: Path) -> tuple[object, object]:
    """Description and software of a picture's EXIF."""
    with Image.open(path) as picture:
        exif = picture.getexif()
    return exif[ExifTags.Base.ImageDescription], exif[ExifTags.Base.Software]


@pytest.mark.parametrize("ending", [*PICTURES, ".PNG", ".JPG"])
def test_a_picture_says_what_it_is_in_every_format(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"made{ending}"
    write_picture(ramp(), path, SAID)
    assert said(path) == (SAID, "augment")
    with Image.open(path) as picture:
        assert picture.format == ("PNG" if ending.lower() == ".png" else "JPEG")
        found = np.asarray(picture.convert("RGB"))
    if ending.lower() == ".png":
        assert np.array_equal(found, ramp())
    else:
        assert 0 < np.abs(found.astype(int) - ramp()).mean() < 6
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_jpegs_are_of_quality_95(tmp_path: Path) -> None:
    write_jpeg(ramp(), tmp_path / "made.jpg", SAID)
    Image.fromarray(ramp()).save(tmp_path / "other.jpg", quality=95)
    with Image.open(tmp_path / "made.jpg") as made, Image.open(tmp_path / "other.jpg") as other:
        assert made.quantization == other.quantization  # type: ignore[attr-defined]


def test_folders_on_the_way_are_made_and_a_picture_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "made.png"
    for pixels in (ramp(), np.ascontiguousarray(ramp()[::-1])):
        write_picture(pixels, path, SAID)
        with Image.open(path) as picture:
            assert np.array_equal(np.asarray(picture), pixels)


def test_a_place_that_takes_no_file_is_named_and_keeps_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder.png").mkdir()
    for path in (tmp_path / "file" / "made.png", tmp_path / "folder.png"):
        with pytest.raises(AugmentError, match=r"cannot be written \(.+\); choose another place with -o") as failure:
            write_picture(ramp(), path, SAID)
        assert str(failure.value).startswith(f"{path}: ")
    assert (tmp_path / "file").read_text() == "kept"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.png"]
