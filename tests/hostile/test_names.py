"""File names and entries of folders that are odd, or lead elsewhere."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from augment.cli import augment
from tests.hostile.cases import TRAIN_FOLDER, Case, each, first_image, meet

CHECK = ("check",)
DRY = ("generate", "--dry-run")


def named(name: str | bytes) -> Callable[[Path], object]:
    """An image more, of that name."""

    def spoil(root: Path) -> None:
        shutil.copy(os.fsencode(first_image(root)), os.path.join(os.fsencode(root / TRAIN_FOLDER), os.fsencode(name)))

    return spoil


def emptied(root: Path) -> None:
    for path in (root / TRAIN_FOLDER).iterdir():
        path.unlink()


CASES = [
    Case("no camera", named("0002.jpg"), CHECK, r"0002.jpg: the name gives no identity and camera; rename it like"),
    Case("camera 0", named("0002_c0s1.jpg"), CHECK, '"train": 13', 0),
    Case("a padded camera", named("0002_c001_1.jpg"), CHECK, '"train": 13', 0),
    Case("23 digits", named(f"{'2026' * 5}123_c1.jpg"), DRY, "the identity 2026.*123 has more than 15 digits; use"),
    Case("a camera of 16 digits", named("0002_c1234567890123456.jpg"), CHECK, "the camera 1234567890123456 has more"),
    Case("no identity", named("photo.jpg"), DRY, "photo.jpg: the name gives no identity and camera"),
    Case("markup", named("<script>alert(1)<.jpg"), DRY, "<script>alert.1.<.jpg: the name gives no identity"),
    Case("a formula", named("=1+1.jpg"), DRY, r"=1\+1.jpg: the name gives no identity"),
    Case("a line break", named("0002_c1s1_\n.jpg"), CHECK, r"0002_c1s1_\\n.jpg.: the name holds a line break"),
    Case("bytes that are no text", named(b"0002_c1s1_\xff.jpg"), CHECK, r"0002_c1s1_\\udcff.jpg.: the name holds"),
    Case("240 bytes", named(f"0002_c1s1_{'x' * 226}.jpg"), DRY, "the name is longer than 230 bytes; shorten it"),
    Case("dots", named("..0002_c1s1.jpg"), CHECK, '"train": 12', 0),
    Case("unicode", named("0002_c1s1_Łódź.jpg"), CHECK, '"train": 13', 0),
    Case("spaces", named("0002_c1s1 a b .jpg"), CHECK, '"train": 13', 0),
    Case("another type", named("0002_c1s1.txt"), CHECK, '"train": 12', 0),
    Case(
        "a folder named as an image",
        lambda root: (root / TRAIN_FOLDER / "0002_c1.jpg").mkdir(),
        CHECK,
        '"train": 12',
        0,
    ),
    Case(
        "an empty folder",
        emptied,
        DRY,
        "the data holds no training image of an identity",
    ),
    Case("no folder", lambda root: shutil.rmtree(root / "data"), CHECK, "there is no image in bounding_box_train"),
]


@each(CASES)
def test_a_name_is_taken_or_refused_in_a_sentence(root: Path, case: Case) -> None:
    meet(root, case)


@pytest.mark.parametrize("layout", ["folders", "market1501", "deepfashion"])
def test_init_on_a_folder_of_the_wrong_kind_leaves_nothing(tmp_path: Path, layout: str) -> None:
    (tmp_path / "images" / "someone").mkdir(parents=True)
    (tmp_path / "images" / "someone" / "a.jpg").write_bytes(b"no image")
    command = ["init", str(tmp_path / "w"), "--data", str(tmp_path / "images"), "--layout", layout]
    outcome = CliRunner().invoke(augment, command)
    assert outcome.exit_code == 1
    assert len(outcome.output.strip().splitlines()) == 1
    assert not (tmp_path / "w").exists()


def test_identities_named_like_formulas_and_markup_are_harmless(tmp_path: Path) -> None:
    for identity in ("=HYPERLINK(1)", "<script>alert(1)<", "+1", "@x", "-2", "a b"):
        (tmp_path / "images" / identity).mkdir(parents=True)
        for number in range(3):
            Image.effect_noise((32, 64), 50).convert("RGB").save(tmp_path / "images" / identity / f"c{number + 1}.jpg")
    root = tmp_path / "w"
    outcome = CliRunner().invoke(augment, ["init", str(root), "--data", str(tmp_path / "images")])
    assert outcome.exit_code == 0, outcome.output
    cells = [cell for line in (root / "data" / "sources.csv").read_text().splitlines() for cell in line.split(",")]
    run = [cell for cell in cells if cell.lstrip('"')[:1] in ("=", "+", "-", "@")]
    assert set(run) == {"+1", "-2"}, "numbers alone may begin so"
    assert any("HYPERLINK" in cell for cell in cells)
