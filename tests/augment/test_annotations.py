"""Key points from files: matched with images, scaled to the workspace's size, and refused where they are ambiguous."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.layouts.kinds import DataLayout
from augment.poses.annotations import completed, read_annotations
from numerics.arrays import Array
from patn.keypoints import MISSING, keypoint_array, keypoint_table, write_keypoints
from tests.augment.tables import Row, dataset, image_table
from tests.augment.test_plausibility import STANDING

ROWS: list[Row] = [
    ("a.jpg", 1, 1, "train"),
    ("b.jpg", 1, 2, "train"),
    ("q.jpg", 2, 1, "query"),
    ("q.jpg", 2, 1, "gallery"),
]


def body(shift: int = 0) -> Array:
    """Somebody who stands; the right wrist is not seen."""
    points: Array = STANDING + shift
    points[4] = MISSING
    return points


def of(folder: Path, sizes: dict[str, tuple[int, int]] | None = None, layout: str = "market1501") -> Dataset:
    """Images of 128 x 64, but for those of other sizes."""
    table = image_table(ROWS, folder)
    for name, path in zip(table["name"], map(Path, table["path"]), strict=True):
        height, width = (sizes or {}).get(name, (128, 64))
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (width, height)).save(path)
    return dataset(table, folder, layout=DataLayout(layout))


def written(path: Path, points: dict[str, Array]) -> Path:
    """An annotation file."""
    write_keypoints(keypoint_table(list(points), np.stack(list(points.values()))), path)
    return path


def test_each_split_gets_the_rows_of_its_images(tmp_path: Path) -> None:
    file = written(tmp_path / "k.csv", {"q.jpg": body(1), "x.jpg": body(), "a.jpg": body(2)})
    found = read_annotations([file], of(tmp_path))
    assert {split: table.index.tolist() for split, table in found.tables.items()} == {
        "train": ["a.jpg"],
        "query": ["q.jpg"],
        "gallery": ["q.jpg"],
    }
    np.testing.assert_array_equal(keypoint_array(found.tables["query"], ["q.jpg"])[0], body(1))
    assert (found.unused, found.notes) == (1, ())


def test_coordinates_for_another_size_are_scaled_axis_by_axis(tmp_path: Path) -> None:
    file = written(tmp_path / "k.csv", {"a.jpg": np.where(body() == MISSING, MISSING, body() * [2, 4])})
    found = read_annotations([file], of(tmp_path), size=(256, 256))
    points = keypoint_array(found.tables["train"], ["a.jpg"])[0]
    np.testing.assert_allclose(points, body(), atol=1)  # centres of pixels
    assert (points[4] == MISSING).all()


def test_own_pixels_are_scaled_by_each_images_own_size(tmp_path: Path) -> None:
    data = of(tmp_path, {"b.jpg": (256, 64)})
    double = np.where(body() == MISSING, MISSING, body() * [2, 1])
    file = written(tmp_path / "k.csv", {"a.jpg": body(), "b.jpg": double})
    points = keypoint_array(read_annotations([file], data, own_pixels=True).tables["train"], ["a.jpg", "b.jpg"])
    np.testing.assert_array_equal(points[0], body())
    np.testing.assert_allclose(points[1], body(), atol=1)


def test_where_the_pixels_may_be_the_images_own_it_asks(tmp_path: Path) -> None:
    data = of(tmp_path, {"b.jpg": (256, 128)})
    file = written(tmp_path / "k.csv", {"a.jpg": body(), "b.jpg": body()})
    with pytest.raises(AugmentError, match=r"k\.csv: 1 image is of another size than 128 x 64, such as b\.jpg"):
        read_annotations([file], data)
    assert read_annotations([file], data, size=(128, 64)).tables["train"].index.tolist() == ["a.jpg", "b.jpg"]
    beyond = of(tmp_path, {"b.jpg": (100, 50)})  # joints of the workspace's pixels lie outside of the small file
    assert len(read_annotations([file], beyond).tables["train"]) == 2


def test_a_row_that_stands_twice_counts_once_and_two_that_differ_are_refused(tmp_path: Path) -> None:
    one = written(tmp_path / "one.csv", {"a.jpg": body()})
    again = written(tmp_path / "again.csv", {"a.jpg": body(), "b.jpg": body(1)})
    other = written(tmp_path / "other.csv", {"a.jpg": body(1)})
    assert len(read_annotations([one, again], of(tmp_path)).tables["train"]) == 2
    with pytest.raises(AugmentError, match=r"other\.csv: a\.jpg has other key points than in another line or file"):
        read_annotations([one, other], of(tmp_path))
    by_stem = written(tmp_path / "stem.csv", {"a.png": body(1)})
    with pytest.raises(AugmentError, match=r"stem\.csv: a\.jpg has other key points"):
        read_annotations([one, by_stem], of(tmp_path))


def test_a_file_of_other_images_is_refused_with_an_example(tmp_path: Path) -> None:
    file = written(tmp_path / "k.csv", {"x.jpg": body()})
    with pytest.raises(AugmentError, match=r"k\.csv: no row is of an image of this workspace \(such as a\.jpg\)"):
        read_annotations([file], of(tmp_path))


def test_uncropped_key_points_of_deepfashion_lose_forty_columns(tmp_path: Path) -> None:
    data = Dataset(**{**vars(of(tmp_path, layout="deepfashion")), "size": (256, 176)})
    wide = np.where(body() == MISSING, MISSING, body() * [2, 3] + [0, 30])
    found = read_annotations([written(tmp_path / "k.csv", {"a.jpg": wide})], data, size=(256, 256))
    expected = np.where(wide == MISSING, MISSING, wide - [0, 40])
    np.testing.assert_array_equal(keypoint_array(found.tables["train"], ["a.jpg"])[0], expected)


def test_images_without_a_row_get_no_joint() -> None:
    rows = keypoint_table(["b", "a"], np.stack([body(1), body()]))
    found = completed(rows, ["a", "c", "b"])
    assert found.index.tolist() == ["a", "c", "b"]
    np.testing.assert_array_equal(keypoint_array(found, ["a", "b"]), np.stack([body(), body(1)]))
    assert (keypoint_array(found, ["c"]) == MISSING).all()
    assert isinstance(found, pd.DataFrame)
