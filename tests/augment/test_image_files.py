"""Image files as pixels: every mode, sizes and order, mapped and decoded; odd files in one sentence."""

import errno
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from augment import AugmentError, images
from augment.images import (
    header_size,
    least_and_most_opaque,
    load_images,
    load_or_map,
    open_image,
    read_image,
    through_jpeg,
    to_uint8,
)
from numerics.arrays import Array
from numerics.images import UnknownRange, upright_rgb

RED, BLUE = (255, 0, 0), (0, 0, 255)


def halves(size: tuple[int, int] = (4, 2)) -> Image.Image:
    """A picture (width, height) that is red at the left and blue at the right."""
    picture = Image.new("RGB", size, BLUE)
    picture.paste(RED, (0, 0, size[0] // 2, size[1]))
    return picture


def save(picture: Image.Image, path: Path, exif: Image.Exif | None = None) -> Path:
    picture.save(path, exif=exif or Image.Exif())
    return path


@pytest.mark.parametrize(
    ("picture", "pixel"),
    [
        (Image.new("L", (1, 1), 77), (77, 77, 77)),
        (Image.new("1", (1, 1), 1), (255, 255, 255)),
        (Image.new("CMYK", (1, 1), (0, 255, 255, 0)), RED),
        (Image.new("I;16", (1, 1), 0x80FF), (128, 128, 128)),
        (Image.new("LA", (1, 1), (0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (1, 1), (255, 0, 0, 255)), RED),
        (Image.new("RGBA", (1, 1), (0, 0, 0, 51)), (204, 204, 204)),  # a fifth of black on white
        (Image.new("RGB", (1, 1), RED).convert("P"), RED),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else "",
)
def test_any_mode_becomes_rgb_of_8_bits_on_white(picture: Image.Image, pixel: tuple[int, int, int]) -> None:
    made = upright_rgb(picture)
    assert made.mode == "RGB"
    assert made.getpixel((0, 0)) == pixel


@pytest.mark.parametrize("name", ["grey.png", "grey.tif", "grey.pgm"])
def test_grey_of_16_bits_is_scaled_by_its_range_in_every_format(name: str, tmp_path: Path) -> None:
    levels = np.array([[0, 0x00FF, 0x8000, 0xFFFF]], np.uint16)
    Image.fromarray(levels).save(tmp_path / name)
    assert read_image(tmp_path / name)[0].tolist() == [[level // 256] * 3 for level in levels[0].tolist()]
    assert least_and_most_opaque(tmp_path / name) == (255, 255)


@pytest.mark.parametrize(
    ("pixels", "kind"),
    [
        (np.full((2, 2), 40_000, np.int32), "integers of 32 bits"),
        (np.full((2, 2), 0.5, np.float32), "floating point numbers"),
    ],
)
def test_pixels_of_32_bits_are_refused_since_no_file_says_which_is_white(
    pixels: Array, kind: str, tmp_path: Path
) -> None:
    Image.fromarray(pixels).save(tmp_path / "deep.tif")
    with pytest.raises(AugmentError, match=rf"deep.tif: not a readable image \(.*{kind}.*save it with 8 or 16 bits\)"):
        read_image(tmp_path / "deep.tif")
    assert header_size(tmp_path / "deep.tif") is None
    with pytest.raises(UnknownRange):
        upright_rgb(Image.fromarray(pixels))


def test_a_palettes_transparent_colour_is_white() -> None:
    picture = halves().convert("P", palette=Image.Palette.ADAPTIVE)
    transparent = picture.getpixel((3, 0))
    picture.info["transparency"] = transparent
    made = upright_rgb(picture)
    assert made.getpixel((0, 0)) == RED
    assert made.getpixel((3, 0)) == (255, 255, 255)


@pytest.mark.parametrize(("orientation", "size", "corner"), [(1, (2, 4), RED), (3, (2, 4), BLUE), (6, (4, 2), RED)])
def test_a_photograph_is_turned_as_it_says(
    tmp_path: Path, orientation: int, size: tuple[int, int], corner: tuple[int, int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read_image(save(halves(), tmp_path / "a.png", exif=exif))
    assert pixels.shape == (*size, 3)
    assert tuple(pixels[0, 0]) == corner
    assert tuple(pixels[0, -1]) == (RED if orientation == 6 else {RED: BLUE, BLUE: RED}[corner])


def test_a_header_gives_height_and_width_and_a_file_that_is_no_image_none(tmp_path: Path) -> None:
    assert header_size(save(halves((6, 5)), tmp_path / "ä b.png")) == (5, 6)
    (tmp_path / "text.jpg").write_text("no image")
    assert header_size(tmp_path / "text.jpg") is None
    assert header_size(tmp_path / "gone.jpg") is None


def test_a_file_that_breaks_off_is_named_where_it_is_decoded(tmp_path: Path) -> None:
    path = save(Image.effect_noise((64, 64), 90), tmp_path / "cut.jpg")
    path.write_bytes(path.read_bytes()[:500])
    with (
        pytest.raises(AugmentError, match=r"cut\.jpg: not a readable image \(.+\); replace or remove it"),
        open_image(path) as image,
    ):
        image.load()


def test_too_many_pixels_are_refused_by_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(halves((5, 4)), tmp_path / "large.png")
    monkeypatch.setattr(images, "LARGEST", 20)
    assert read_image(path).shape == (4, 5, 3)
    monkeypatch.setattr(images, "LARGEST", 19)
    with pytest.raises(AugmentError, match=r"large\.png: not a readable image \(5 x 4 pixels, more than 19\)"):
        read_image(path)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_a_machine_without_files_or_memory_is_not_blamed_on_the_image(tmp_path: Path, number: int) -> None:
    path = save(halves(), tmp_path / "a.png")
    with pytest.raises(OSError, match="too much") as caught, open_image(path):
        raise OSError(number, "too much")
    assert caught.value.errno == number
    with pytest.raises(AugmentError, match=r"a\.png: not a readable image"), open_image(path):
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize(
    ("picture", "opacity"),
    [
        (Image.new("RGB", (2, 1)), (255, 255)),
        (Image.new("I;16", (2, 1)), (255, 255)),
        (Image.fromarray(np.array([[[0, 0, 0, 9], [0, 0, 0, 200]]], np.uint8)), (9, 200)),
        (Image.new("LA", (1, 1), (3, 4)), (4, 4)),
    ],
    ids=["opaque", "16 bits", "two", "one"],
)
def test_opacity_is_that_of_the_least_and_most_opaque_pixel(
    tmp_path: Path, picture: Image.Image, opacity: tuple[int, int]
) -> None:
    assert least_and_most_opaque(save(picture, tmp_path / "a.png")) == opacity


def test_an_image_is_resized_only_where_it_has_another_size(tmp_path: Path) -> None:
    path = save(halves((8, 4)), tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(path, (4, 8)), np.asarray(halves((8, 4))))
    small = read_image(path, (1, 2))
    assert small.shape == (1, 2, 3)
    assert small[0, 0, 0] > 200 > 50 > small[0, 1, 0]


def pictures(folder: Path, count: int, size: tuple[int, int] = (3, 2)) -> list[Path]:
    """Files of one grey each, 10, 11, ..."""
    return [save(Image.new("RGB", size, (10 + n,) * 3), folder / f"{n}.png") for n in range(count)]


@pytest.mark.parametrize("jobs", [1, 3])
def test_images_are_loaded_in_their_order(tmp_path: Path, jobs: int) -> None:
    paths = [*pictures(tmp_path, 5), save(Image.new("RGB", (9, 9), (99,) * 3), tmp_path / "other.png")]
    loaded = load_images(list(reversed(paths)), (2, 3), jobs)
    assert (loaded.shape, loaded.dtype) == ((6, 3, 2, 3), torch.uint8)
    assert loaded[:, 0, 0, 0].tolist() == [99, 14, 13, 12, 11, 10]
    assert load_images([], (2, 3)).shape == (0, 3, 2, 3)


def test_one_unreadable_image_of_many_is_named(tmp_path: Path) -> None:
    paths = pictures(tmp_path, 3)
    paths[1].write_text("no image")
    with pytest.raises(AugmentError, match=r"1\.png: not a readable image"):
        load_images(paths, (2, 3))


def test_many_pixels_are_mapped_from_a_file_that_is_made_once(tmp_path: Path) -> None:
    paths = pictures(tmp_path, 4)
    cache = tmp_path / "cache"
    held = load_or_map(paths, (2, 3), cache, "key", most=4 * 2 * 3 * 3)
    assert not cache.exists()
    mapped = load_or_map(paths, (2, 3), cache, "key", most=4 * 2 * 3 * 3 - 1)
    assert torch.equal(mapped, held)
    assert mapped.is_contiguous(memory_format=torch.channels_last)
    (file,) = cache.iterdir()
    assert (file.name, file.stat().st_size) == ("images-key-2x3.u8", 72)
    mapped[:] = 0  # a copy of one's own
    for path in paths:
        path.unlink()
    assert torch.equal(load_or_map(paths, (2, 3), cache, "key", most=0), held)
    file.write_bytes(b"cut")
    with pytest.raises(AugmentError, match=r"0\.png: not a readable image"):  # it would be made again
        load_or_map(paths, (2, 3), cache, "key", most=0)
    assert [path.name for path in cache.iterdir()] == ["images-key-2x3.u8"]


def test_a_networks_values_are_cut_off_not_rounded() -> None:
    values = torch.tensor([-2.0, -1.0, 0.0, 1 / 255, 0.999, 1.0, 3.0])
    assert to_uint8(values).tolist() == [0, 0, 127, 128, 254, 255, 255]
    assert to_uint8(values.bfloat16()).dtype == torch.uint8


@pytest.mark.parametrize("quality", [30, 90])
def test_through_a_jpeg_images_are_what_pillow_reads_back(quality: int) -> None:
    noise: Array = np.random.default_rng(0).integers(0, 256, (2, 3, 16, 16), dtype=np.uint8)
    made = through_jpeg(torch.from_numpy(noise), quality)
    for pixels, found in zip(noise, made, strict=True):
        file = io.BytesIO()
        Image.fromarray(pixels.transpose(1, 2, 0)).save(file, "JPEG", quality=quality, subsampling=2)
        np.testing.assert_array_equal(found.numpy().transpose(1, 2, 0), np.asarray(Image.open(file)))
