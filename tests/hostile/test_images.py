"""Images that are none, and odd ones that are taken all the same."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment import AugmentError
from augment.images import read_image
from tests.hostile.cases import Case, each, first_image, meet

CHECK = ("check",)
GENERATE = ("generate", "--portion", "1.0", "--ratio", "2")


def written(content: bytes) -> Callable[[Path], object]:
    return lambda root: first_image(root).write_bytes(content)


def drawn(image: Image.Image, format: str = "JPEG", **options: object) -> Callable[[Path], object]:
    return lambda root: image.save(first_image(root), format, **options)


def cut(root: Path) -> None:
    path = first_image(root)
    path.write_bytes(path.read_bytes()[:400])


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be of that size."""
    header = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(64))), (b"IEND", b"")]
    body = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def link_to_itself(root: Path) -> None:
    path = first_image(root)
    path.unlink()
    path.symlink_to(path)


def link_to_nothing(root: Path) -> None:
    path = first_image(root)
    path.unlink()
    path.symlink_to("gone.jpg")


UNREADABLE = r"0001_c1s1_010001_01.jpg: not a readable image \(.*\); replace or remove it"
NO_FILE = r"0001_c1s1_010001_01.jpg: is a link to .*, where no file is; put the image back"
RGB = Image.new("RGB", (32, 64), "red")
CASES = [
    Case("zero bytes", written(b""), CHECK, UNREADABLE),
    Case("zero bytes, generated from", written(b""), GENERATE, UNREADABLE),
    Case("truncated", cut, CHECK, UNREADABLE),
    Case("truncated, generated from", cut, GENERATE, UNREADABLE),
    Case("text", written(b"<html>404</html>"), CHECK, UNREADABLE),
    Case("20,000 x 20,000", written(bomb(20_000, 20_000)), CHECK, UNREADABLE),
    Case("10,000 x 10,000", written(bomb(10_000, 10_000)), CHECK, r"pixels"),
    Case("8,001 x 8,001", written(bomb(8_001, 8_001)), GENERATE, r"8001 x 8001 pixels, more than 64,000,000"),
    Case("a link to itself", link_to_itself, CHECK, NO_FILE),
    Case("a link to nothing", link_to_nothing, GENERATE, NO_FILE),
    Case("1 x 1", drawn(Image.new("RGB", (1, 1))), CHECK, "1 image is of another size and is resized", 0),
    Case("CMYK", drawn(Image.new("CMYK", (32, 64))), CHECK, '"unreadable": \\[\\]', 0),
    Case("16 bits", drawn(Image.new("I;16", (32, 64)), "PNG"), CHECK, '"unreadable": \\[\\]', 0),
    Case("32 bits", drawn(Image.new("I", (32, 64)), "TIFF"), CHECK, "integers of 32 bits.*save it with 8 or 16 bits"),
    Case("floats", drawn(Image.new("F", (32, 64)), "TIFF"), GENERATE, "floating point numbers.*with 8 or 16 bits"),
    Case("animated", drawn(RGB, "GIF", save_all=True, append_images=[RGB]), CHECK, '"unreadable": \\[\\]', 0),
    Case("a PNG named .jpg", drawn(RGB, "PNG"), CHECK, '"unreadable": \\[\\]', 0),
]


@each(CASES)
def test_a_malformed_image_is_named(root: Path, case: Case) -> None:
    meet(root, case)


def test_a_rotated_image_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    stored = np.zeros((40, 80, 3), np.uint8)
    stored[:, 40:] = 255
    Image.fromarray(stored).save(tmp_path / "rotated.jpg", exif=exif)
    seen = read_image(tmp_path / "rotated.jpg")
    assert seen.shape == (80, 40, 3)
    assert seen[:30].max() < 30
    assert seen[50:].min() > 220


def test_16_bits_are_scaled_and_transparency_lies_on_white(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 0x8000, np.uint16)).save(tmp_path / "grey.png")
    assert (read_image(tmp_path / "grey.png") == 128).all()
    Image.new("RGBA", (4, 4), (200, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (read_image(tmp_path / "clear.png") == 255).all()


def test_an_unreadable_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    for path in (tmp_path / "folder.jpg", tmp_path / "missing.jpg"):
        with pytest.raises(AugmentError, match=r"not a readable image \(.*\); replace or remove it"):
            read_image(path)
