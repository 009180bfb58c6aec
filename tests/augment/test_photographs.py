"""Names of photographs: their order, whose they are, which camera they give."""

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image

from augment.layouts.inventory import PASSED_OVER, Inventory, Reason
from augment.layouts.natural_order import natural_key
from augment.layouts.photographs import Photo, camera_of, can_be_linked, is_nobody, number_cameras, scan
from reid import DataError


def test_names_are_in_the_order_of_their_numbers_folder_by_folder() -> None:
    ordered = ["1/9.jpg", "2/a1.jpg", "2/a02.jpg", "2/a2.jpg", "2/a10.jpg", "2/b.jpg", "10/1.jpg", "a/1.jpg"]
    shuffled = np.random.default_rng(0).permutation(ordered).tolist()
    assert sorted(shuffled, key=natural_key) == ordered
    assert natural_key(PurePosixPath("a/b2")) == natural_key("a/b2")


@pytest.mark.parametrize(
    ("path", "camera"),
    [
        ("anna/0001_c3s1_0005.jpg", "3"),
        ("anna/cam003_7.jpg", "3"),
        ("anna/Camera 12.jpg", "12"),
        ("anna/c0.jpg", "0"),
        ("anna/abc3.jpg", None),  # c is no word of its own
        ("anna/3.jpg", None),
        ("anna/cam2/7.jpg", "2"),
        ("anna/cam2/c5.jpg", "5"),  # the name goes first
        ("anna/cam1/cam2/7.jpg", "2"),  # the nearest folder
        ("anna/cam_b/7.jpg", "b"),
        ("anna/CAM-B/7.jpg", "b"),
        ("anna/cam_b/c/7.jpg", "b"),
        ("anna/xcam2/7.jpg", None),
        ("cam2/7.jpg", None),  # that is the identity's folder
    ],
)
def test_a_camera_is_read_from_the_name_and_else_from_the_nearest_folder(path: str, camera: str | None) -> None:
    _, *between, name = PurePosixPath(path).parts
    assert camera_of(PurePosixPath(name).stem, between, path) == camera


def test_an_image_of_32_bits_is_passed_over_for_that_reason(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((2, 2), np.int32)).save(tmp_path / "deep.tif")
    Image.fromarray(np.zeros((2, 2), np.uint16)).save(tmp_path / "sixteen.tif")
    assert can_be_linked(tmp_path / "deep.tif") is Reason.RANGE
    assert can_be_linked(tmp_path / "sixteen.tif") is False


def test_a_number_that_is_too_large_is_refused() -> None:
    with pytest.raises(DataError, match="camera"):
        camera_of("c" + "9" * 30, [], "anna/c999.jpg")


@pytest.mark.parametrize(("name", "nobody"), [("0", True), ("0000", True), ("-1", True), ("-01", True), ("1", False)])
def test_background_and_junk_are_nobody(name: str, nobody: bool) -> None:
    assert is_nobody(name) is nobody
    assert not is_nobody(f"{name}x")


def photos(*cameras: str | None) -> list[Photo]:
    """One photograph a camera."""
    return [Photo(f"anna/{index}.jpg", Path("x"), "anna", camera, True) for index, camera in enumerate(cameras)]


@pytest.mark.parametrize(
    ("cameras", "numbers"),
    [
        (["10", "2", "2"], {"2": 2, "10": 10}),
        (["10", "0", "2"], {"0": 1, "2": 2, "10": 3}),  # 0 is no number of a camera here
        (["b", "2"], {"2": 1, "b": 2}),
        (["2", None], {}),
    ],
)
def test_cameras_keep_their_numbers_where_all_have_one_from_1(
    cameras: list[str | None], numbers: dict[str, int]
) -> None:
    found, said = number_cameras(photos(*cameras))
    assert found == numbers
    assert ("numbered from 1 here" in said) is (bool(numbers) and [*numbers] != [str(n) for n in numbers.values()])
    if None in cameras:
        assert "1 of 2 do not, such as anna/1.jpg" in said


def save(path: Path, kind: str = "JPEG", mode: str = "RGB", orientation: int = 1) -> Path:
    """A picture of a kind, mode and orientation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new(mode, (8, 16)).save(path, kind, exif=exif)
    return path


def test_upright_jpegs_are_linked_others_converted_and_the_rest_named(tmp_path: Path) -> None:
    assert can_be_linked(save(tmp_path / "a.jpg")) is True
    assert can_be_linked(save(tmp_path / "grey.jpg", mode="L")) is True
    assert can_be_linked(save(tmp_path / "turned.jpg", orientation=6)) is False
    assert can_be_linked(save(tmp_path / "print.jpg", mode="CMYK")) is False
    assert can_be_linked(save(tmp_path / "b.jpg", "PNG")) is False  # whatever its name says
    for name, reason in (("broken.jpg", Reason.UNREADABLE), ("notes.txt", Reason.TYPE)):
        (tmp_path / name).write_text("no picture")
        assert can_be_linked(tmp_path / name) is reason


def test_a_scan_takes_every_picture_of_somebody_and_says_why_not_of_every_other_file(tmp_path: Path) -> None:
    for name in (
        "Anna/2.jpg",
        "Anna/10.jpg",
        "Anna/cam1/3.jpg",
        "anna/deep/4.jpg",
        "bert/5.jpg",
        "0/6.jpg",
        "loose.jpg",
    ):
        save(tmp_path / name)
    save(tmp_path / "bert" / "5.png", "PNG")
    save(tmp_path / "bert" / ".hidden.jpg")
    (tmp_path / "bert" / "notes.txt").write_text("-")
    (tmp_path / "empty").mkdir()
    found, inventory, odd = scan(tmp_path)
    assert [(photo.file, photo.identity, photo.camera, photo.plain) for photo in found if photo.identity == "Anna"] == [
        ("Anna/2.jpg", "Anna", None, True),
        ("Anna/10.jpg", "Anna", None, True),
        ("Anna/cam1/3.jpg", "Anna", "1", True),
    ]
    assert {photo.file for photo in found if photo.identity != "Anna"} == {
        "anna/deep/4.jpg",
        "bert/5.jpg",
        "bert/5.png",
    }
    assert inventory.taken == 6
    assert dict(inventory.passed) == {
        "0/6.jpg": Reason.NOBODY,
        "bert/.hidden.jpg": Reason.HIDDEN,
        "bert/notes.txt": Reason.TYPE,
        "loose.jpg": Reason.LOOSE,
    }
    assert odd[0] == "1 image in sub-folders (anna/deep) counts as the person's"
    assert odd[1] == "1 folder without an image makes no identity: empty"
    assert odd[2] == "identities with nearly the same name are different people here: Anna, anna"
    assert odd[3].startswith("bert/5.jpg and bert/5.png differ in their ending only")


def test_an_inventory_counts_by_reason_with_an_example_of_each(tmp_path: Path) -> None:
    passed = {"b": Reason.HIDDEN, "a.txt": Reason.TYPE, "c.txt": Reason.TYPE}
    inventory = Inventory(1_500, passed)
    assert list(inventory.counts().items()) == [(Reason.TYPE.value, 2), (Reason.HIDDEN.value, 1)]
    assert inventory.sentences() == [
        f"1,500 of 1,503 files were taken; {PASSED_OVER} lists the others",
        f"2 files passed over: {Reason.TYPE}, such as a.txt",
        f"1 file passed over: {Reason.HIDDEN}, such as b",
    ]
    inventory.write(tmp_path)
    assert (tmp_path / PASSED_OVER).read_text().splitlines()[2] == f"a.txt,{Reason.TYPE}"
    Inventory(3, {}).write(tmp_path)
    assert not (tmp_path / PASSED_OVER).exists()
    assert Inventory(3, {}).sentences() == []
