"""Real folders as workspaces: Market-1501 as downloaded, sub-folders an identity, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from augment import AugmentError
from augment.check.inspection import check
from augment.cli import augment
from augment.datasets.create import init_real
from augment.images import read_image
from augment.layouts.detection import detect_layout
from augment.layouts.identity_folders import choose_queries, number_identities
from augment.layouts.registry import common_size
from augment.workspace import Workspace
from reid.data.market1501 import read_market1501, torchreid_dataset
from tests.conftest import invoke

Draw = Callable[..., Path]


@pytest.fixture
def draw() -> Draw:
    """Writes an image of random pixels."""
    rng = np.random.default_rng(0)

    def write(path: Path, size: tuple[int, int] = (128, 64), mode: str = "RGB", **options: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (*size, len(mode)), dtype=np.uint8)
        Image.fromarray(pixels[..., 0] if mode == "L" else pixels).save(path, **options)
        return path

    return write


@pytest.fixture
def market(tmp_path: Path, draw: Draw) -> Path:
    """A small Market-1501 folder with what the real one holds: junk, distractors, `.jpg.jpg`, Thumbs.db."""
    folder = tmp_path / "Market-1501-v15.09.15"
    for pid in (2, 7):
        for shot in range(3):
            draw(folder / "bounding_box_train" / f"{pid:04d}_c{shot + 1}s1_00045{shot}_01.jpg")
    draw(folder / "bounding_box_train" / "0007_c4s1_000460_01.jpg", (120, 60))
    draw(folder / "query" / "0003_c1s1_000001_00.jpg")
    for name in (
        "0003_c2s1_000002_01.jpg",
        "0003_c3s1_000003_01.jpg.jpg",
        "-1_c1s1_000004_01.jpg",
        "0000_c1s1_5_1.jpg",
    ):
        draw(folder / "bounding_box_test" / name)
    for part in folder.iterdir():
        (part / "Thumbs.db").write_bytes(b"no image")
    return folder


@pytest.fixture
def people(tmp_path: Path, draw: Draw) -> Path:
    """Thirty images of six identities, one sub-folder each, of several types."""
    folder = tmp_path / "people"
    for identity in ("anna", "bert", "carl", "dora", "emil", "fred"):
        for shot, suffix in enumerate((".jpg", ".png", ".bmp", ".jpeg", ".webp")):
            draw(folder / identity / f"photo {shot}{suffix}")
    return folder


def listing(folder: Path) -> list[tuple[str, bytes]]:
    return [(str(p.relative_to(folder)), p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file()]


def test_market1501_is_used_where_it_lies_and_not_modified(market: Path, tmp_path: Path) -> None:
    before = listing(market)
    result = init_real(tmp_path / "w", market)
    workspace = Workspace.find(tmp_path / "w")
    assert workspace.data == market.resolve()
    assert workspace.size == (128, 64)
    assert result.images == {"train": 7, "query": 1, "gallery": 4}
    assert len(workspace.images()) == 12
    assert listing(market) == before


def test_folder_above_the_downloaded_one_will_do(market: Path, tmp_path: Path) -> None:
    assert detect_layout(market.parent) == "market1501"
    assert Path(init_real(tmp_path.parent / f"{tmp_path.name}-w", market.parent).data) == market.resolve()


def test_training_images_alone_make_a_workspace(tmp_path: Path, draw: Draw) -> None:
    for shot in range(3):
        draw(tmp_path / "few" / "bounding_box_train" / f"0001_c{shot + 1}s1_000000_01.png", (256, 128))
    result = init_real(tmp_path / "w", tmp_path / "few")
    assert result.images == {"train": 3, "query": 0, "gallery": 0}
    assert result.size == (256, 128)
    assert any("re-ID cannot be evaluated" in decision for decision in result.decisions)


def test_identity_folders_become_a_market1501_folder(people: Path, tmp_path: Path) -> None:
    before = listing(people)
    result = init_real(tmp_path / "w", people)
    assert listing(people) == before
    assert result.layout == "folders"
    assert result.images == {"train": 15, "query": 6, "gallery": 9}
    table = read_market1501(tmp_path / "w" / "data")
    train, test = (set(table.loc[(table["split"] == "train") == part, "pid"]) for part in (True, False))
    assert len(train) == len(test) == 3
    assert not train & test
    dataset = torchreid_dataset(tmp_path / "w" / "data")
    assert (len(dataset.train), len(dataset.query), len(dataset.gallery)) == (15, 6, 9)


def test_every_gallery_image_counts_where_names_give_no_camera(people: Path, tmp_path: Path) -> None:
    init_real(tmp_path / "w", people)
    table = read_market1501(tmp_path / "w" / "data")
    assert set(table.loc[table["split"] == "query", "camid"]) == {1, 2}
    assert set(table.loc[table["split"] == "gallery", "camid"]) == {3, 4, 5}


def test_sources_name_the_origin_of_every_image(people: Path, tmp_path: Path) -> None:
    init_real(tmp_path / "w", people)
    data = tmp_path / "w" / "data"
    sources = pd.read_csv(data / "sources.csv")
    assert len(sources) == 30
    assert sources["how"].value_counts().to_dict() == {"converted": 18, "linked": 12}
    for row in sources.itertuples():
        assert Path(str(row.source)).parent.name == row.identity
        if row.how == "linked":
            assert (data / str(row.image)).read_bytes() == Path(str(row.source)).read_bytes()
        else:
            difference = read_image(data / str(row.image)).astype(int) - read_image(str(row.source))
            assert np.abs(difference).mean() < 25  # random pixels are JPEG's worst case


def test_split_is_a_function_of_the_seed(people: Path, tmp_path: Path) -> None:
    images = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        init_real(tmp_path / name, people, seed=seed)
        images.append(sorted(p.name for p in (tmp_path / name / "data").rglob("*.jpg")))
    assert images[0] == images[1] != images[2]


def test_cameras_come_from_names_where_every_name_gives_one(tmp_path: Path, draw: Draw) -> None:
    for identity in ("12", "31"):
        for camera in (2, 5, 5):
            for shot in range(2):
                draw(tmp_path / "in" / identity / f"cam{camera}" / f"{shot}-{camera}.jpg")
    init_real(tmp_path / "w", tmp_path / "in")
    table = read_market1501(tmp_path / "w" / "data")
    assert set(table["pid"]) == {12, 31}
    assert set(table["camid"]) == {2, 5}


def test_single_images_train_and_identities_with_pairs_are_shared_out(tmp_path: Path, draw: Draw) -> None:
    for number in range(10):
        for shot in range(3 if number < 4 else 1):
            draw(tmp_path / "in" / f"p{number}" / f"{shot}.jpg")
    init_real(tmp_path / "w", tmp_path / "in")
    table = read_market1501(tmp_path / "w" / "data")
    assert table.loc[table["split"] == "query", "pid"].nunique() == 2
    assert (table.loc[table["split"] == "train", "pid"].value_counts() > 1).sum() == 2


def test_one_identity_can_only_train(tmp_path: Path, draw: Draw) -> None:
    for shot in range(4):
        draw(tmp_path / "in" / "anna" / f"{shot}.jpg")
    result = init_real(tmp_path / "w", tmp_path / "in")
    assert result.images == {"train": 4, "query": 0, "gallery": 0}


def test_what_was_passed_over_is_said(people: Path, tmp_path: Path) -> None:
    (people / "anna" / "notes.txt").write_text("no image")
    (people / "bert" / "broken.jpg").write_bytes(b"no image either")
    (people / "readme.md").write_text("loose")
    result = init_real(tmp_path / "w", people)
    said = "\n".join(result.decisions)
    assert "30 of 33 files were taken" in said
    for reason, file in (
        ("not readable as an image", "bert/broken.jpg"),
        ("of no image type that is read", "anna/notes.txt"),
        ("in no identity's folder", "readme.md"),
    ):
        assert f"1 file passed over: {reason}, such as {file}" in said
        assert result.files.passed_over[reason] == 1
    listed = pd.read_csv(tmp_path / "w" / "passed_over.csv")
    assert listed["file"].tolist() == ["anna/notes.txt", "bert/broken.jpg", "readme.md"]


def test_photographs_are_turned_upright_and_transparency_is_white(tmp_path: Path, draw: Draw) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    draw(tmp_path / "in" / "anna" / "turned.jpg", (64, 128), exif=exif)
    (tmp_path / "in" / "anna").mkdir(exist_ok=True)
    Image.new("RGBA", (64, 128), (0, 0, 0, 0)).save(tmp_path / "in" / "anna" / "void.png")
    half = Image.new("RGBA", (64, 128), (0, 0, 0, 255))
    half.save(tmp_path / "in" / "anna" / "opaque.png")  # an alpha channel that hides nothing is no transparency
    half.putpixel((3, 4), (0, 0, 0, 0))
    half.save(tmp_path / "in" / "anna" / "pixel.png")
    said = " ".join(init_real(tmp_path / "w", tmp_path / "in").decisions)
    images = [read_image(path) for path in sorted((tmp_path / "w" / "data" / "bounding_box_train").iterdir())]
    assert [image.shape for image in images] == [(128, 64, 3)] * 4
    assert images[3].min() == 255
    assert "2 images are transparent: their transparent pixels are shown on white" in said
    assert "1 image is transparent in every pixel and becomes a blank white one" in said
    notes = " ".join(check(Workspace.find(tmp_path / "w"), progress=False).notes)
    assert "2 images are transparent: their" in notes
    assert "1 image is transparent in every pixel" in notes


def test_large_or_mixed_sizes_fall_back_to_the_usual_one(tmp_path: Path, draw: Draw) -> None:
    large = [draw(tmp_path / f"{i}.jpg", (600, 300)) for i in range(3)]
    mixed = [draw(tmp_path / f"m{i}.jpg", (100 + i, 50)) for i in range(3)]
    odd = [draw(tmp_path / f"o{i}.jpg", (127, 63)) for i in range(3)]
    assert common_size(large)[0] == common_size(mixed)[0] == common_size(odd)[0] == (128, 64)
    assert "multiples of 4" in common_size(odd)[1]
    assert common_size([draw(tmp_path / f"s{i}.jpg", (64, 32)) for i in range(2)])[0] == (64, 32)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=8), st.integers(0, 9))
def test_every_query_has_a_gallery_image_from_another_camera(cameras: list[int], seed: int) -> None:
    chosen = choose_queries(cameras, np.random.default_rng(seed))
    rest = [camera for place, camera in enumerate(cameras) if place not in chosen]
    assert len(chosen) == len(set(chosen)) <= 2
    assert all(any(camera != cameras[place] for camera in rest) for place in chosen)
    assert bool(chosen) == (len(set(cameras)) > 1)


def test_numbers_as_folder_names_stay_the_identities() -> None:
    assert number_identities(["0002", "17", "0002"]) == {"0002": 2, "17": 17}
    assert number_identities(["2", "02"]) == {"2": 1, "02": 2}
    assert number_identities(["0000", "5"]) == {"0000": 1, "5": 2}


def test_mistakes_are_one_sentence(market: Path, people: Path, tmp_path: Path, draw: Draw) -> None:
    init_real(tmp_path / "w", market)
    with pytest.raises(AugmentError, match=r"augment\.toml: is already there, with seed 0, not 1; work in"):
        init_real(tmp_path / "w", market, seed=1)
    with pytest.raises(AugmentError, match="lies inside the images' folder"):
        init_real(market / "w", market)
    with pytest.raises(AugmentError, match="no folder bounding_box_train in it"):
        init_real(tmp_path / "v", people, layout="market1501")
    with pytest.raises(AugmentError, match="multiples of 4"):
        init_real(tmp_path / "v", market, size=(130, 64))
    loose = draw(tmp_path / "loose" / "a.jpg").parent
    with pytest.raises(AugmentError, match="one sub-folder per identity"):
        init_real(tmp_path / "v", loose)
    (tmp_path / "u" / "data").mkdir(parents=True)
    with pytest.raises(AugmentError, match="without a workspace"):
        init_real(tmp_path / "u", people)
    assert not (tmp_path / "v" / "augment.toml").exists()


def test_command_says_what_it_decided(people: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    result = runner.invoke(
        augment, ["--json", "init", str(tmp_path / "w"), "--data", str(people), "--size", "64", "32"]
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["size"] == [64, 32]
    result = runner.invoke(augment, ["init", str(tmp_path / "v"), "--data", str(people)])
    assert "15 training images of 3 identities" in result.stdout
    again = runner.invoke(augment, ["init", str(tmp_path / "v"), "--data", str(people)])
    assert (again.exit_code, again.stdout) == (0, result.stdout)
    other = runner.invoke(augment, ["init", str(tmp_path / "v"), "--data", str(people), "--size", "64", "32"])
    assert other.exit_code == 1
    assert "augment.toml: is already there, with size [128, 64], not [64, 32]" in other.stderr
    result = runner.invoke(augment, ["init", str(tmp_path / "u"), "--data", str(people), "--identities", "3"])
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("a/c1_1", "a/c1_2", "b/c1_1", "b/c1_2"), "since all images are of camera 1 (add images of another one, or"),
        (("a/c1_1", "a/c1_2", "b/c2_1", "b/c2_2"), "since none is seen by two cameras"),
        (("a/1", "b/1", "c/1"), "since each has one image only"),
        (("a/1", "a/2", "a/3"), "since all images are of one"),
    ],
)
def test_why_no_identity_is_kept_for_testing_is_said_and_what_to_do(
    tmp_path: Path, draw: Draw, names: tuple[str, ...], why: str
) -> None:
    for number, name in enumerate(names):
        draw(tmp_path / "photos" / f"{name}.png", (128, 64 + number))
    result = init_real(tmp_path / "w", tmp_path / "photos")
    (said,) = (decision for decision in result.decisions if "kept for testing" in decision)
    assert why in said
    refused = invoke(tmp_path / "w", "reid-train", "--preset", "demo")
    assert refused.exit_code == 1
    said = " ".join(refused.stderr.split())
    assert "query" not in said  # where nobody puts photographs
    if "all images are of one" not in why:  # else there is nothing to learn, which is said first
        assert "none of its identities is kept for testing, so nothing can be evaluated" in said
        assert "make a workspace on them anew" in said
