"""Counts beside published ones, and images with transparent pixels: what is told, and of which file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from augment.datasets.published import SetComparison, compare_market1501, compare_set, differences, set_lines
from augment.datasets.transparency import Transparency, original_files
from augment.layouts.identity_folders import SOURCES
from augment.layouts.torchreid_sets import SETS, published_counts
from reid.data.market1501 import COUNTS


def test_only_counts_that_were_published_and_differ_are_told() -> None:
    assert differences({"a": 1, "b": 2, "c": 3}, {"b": 5, "a": 1}) == {"b": [2, 5]}


@pytest.mark.parametrize(("train", "compared"), [(9_999, False), (10_000, True), (12_936, True)])
def test_data_of_ten_thousand_training_images_is_compared_with_market1501(train: int, compared: bool) -> None:
    found = compare_market1501({**COUNTS, "train": train, "query": 3_367})
    if not compared:
        assert found is None
    else:
        assert (found or {}).pop("query") == [3_367, 3_368]
        assert found == ({} if train == 12_936 else {"train": [train, 12_936]})


def test_a_set_without_published_counts_is_compared_in_nothing() -> None:
    assert compare_set({}, None) is None
    assert compare_set({"train": 1}, "own") == SetComparison("own", 0, {}, trains=True, tests=True)


@pytest.mark.parametrize("key", [key for key in SETS if published_counts(key)])
def test_torchreids_own_counts_are_right(key: str) -> None:
    counts = dict(published_counts(key))
    found = compare_set(counts, key)
    assert found is not None
    assert (found.compared, found.differences) == (len(counts), {})
    assert set_lines(found)[0] == [f"all counts that torchreid states of {key} are right"]
    first = next(iter(counts))
    wrong = compare_set({**counts, first: 7_654_321}, key)
    lines, notes = set_lines(wrong)
    assert lines == []
    assert notes[-1] == f"{first}: 7,654,321 where {key} has {counts[first]:,}, as torchreid states"


def test_sets_of_one_part_are_said_to_be_so() -> None:
    assert set_lines(None) == ([], [])
    assert set_lines(SetComparison("own", 0, {}, trains=True, tests=True)) == ([], [])
    assert "test images alone" in set_lines(SetComparison("grid", 0, {}, trains=False, tests=True))[1][0]
    assert "training images alone" in set_lines(SetComparison("mars", 0, {}, trains=True, tests=False))[1][0]
    for key, entry in SETS.items():
        found = compare_set(dict.fromkeys(published_counts(key), 0), key)
        assert found is not None
        assert (found.trains, found.tests) == (entry.trains, entry.tests)


def picture(path: Path, alpha: list[int]) -> Path:
    """A picture whose pixels have these opacities."""
    pixels = np.full((1, len(alpha), 4), 90, dtype=np.uint8)
    pixels[0, :, 3] = alpha
    Image.fromarray(pixels).save(path)
    return path


def test_one_transparent_pixel_is_some_and_none_opaque_is_whole(tmp_path: Path) -> None:
    opacities = {"opaque": [255, 255], "some": [255, 254], "half": [128, 128], "whole": [0, 0]}
    files = [picture(tmp_path / f"{name}.png", alpha) for name, alpha in opacities.items()]
    Image.new("RGB", (2, 2)).save(tmp_path / "plain.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    others = [tmp_path / "plain.png", tmp_path / "broken.png", tmp_path / "gone.png"]
    assert Transparency.of_files([*files, *others], jobs=2) == Transparency(some=3, whole=1)
    assert Transparency.of_files(others) == Transparency()


def test_sentences_on_transparency_are_of_one_or_of_several() -> None:
    assert Transparency().sentences == []
    assert Transparency(1).sentences == ["1 image is transparent: its transparent pixels are shown on white"]
    some, whole = Transparency(1_200, 2).sentences
    assert some == "1,200 images are transparent: their transparent pixels are shown on white"
    assert whole.startswith("2 images are transparent in every pixel and become blank white ones:")
    assert Transparency(1, 1).sentences[1].startswith("1 image is transparent in every pixel and becomes a blank white")


def test_a_converted_image_is_looked_at_where_it_came_from(tmp_path: Path) -> None:
    rows = [("train/a.jpg", "/photos/a.png", "converted"), ("train/b.jpg", "/photos/b.jpg", "linked")]
    paths = [str(tmp_path / "train" / name) for name in ("b.jpg", "a.jpg", "c.jpg")]
    assert original_files(tmp_path, paths) == [Path(path) for path in paths]
    pd.DataFrame(rows, columns=["image", "source", "how"]).to_csv(tmp_path / SOURCES, index=False)
    assert original_files(tmp_path, paths) == [Path(paths[0]), Path("/photos/a.png"), Path(paths[2])]
