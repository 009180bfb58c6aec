"""A table of images as a Market-1501 folder: cameras, splits and identities as its rows say."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.layouts.image_tables import read_table, table_layout
from augment.layouts.kinds import DataLayout
from augment.layouts.registry import Layout
from reid.data.market1501 import present_splits, read_market1501


def photo(folder: Path, name: str) -> str:
    """An image of one colour of its own."""
    path = folder / f"{name}.jpg"
    Image.new("RGB", (16, 32), (len(list(folder.iterdir())), 50, 9)).save(path)
    return str(path)


def table(folder: Path, cameras: Sequence[object], splits: Sequence[str] = ()) -> pd.DataFrame:
    """Two identities that each camera sees once; splits are of the images of one identity."""
    rows = [
        (photo(folder, f"{identity}{at}"), identity, camera) for identity in "ab" for at, camera in enumerate(cameras)
    ]
    made = pd.DataFrame(rows, columns=["path", "identity", "camera"])
    return made.assign(split=[*splits, *splits]) if splits else made


def laid_out(images: pd.DataFrame, folder: Path) -> tuple[Layout, pd.DataFrame]:
    """The layout, and what a reader of Market-1501 finds in it, in the table's order."""
    made = table_layout(images, folder / "data")
    found = read_market1501(made.data, present_splits(made.data))
    place = {str(Path(path).resolve()): row for row, path in enumerate(images["path"])}
    return made, found.iloc[found["path"].map(lambda path: place[str(Path(path).resolve())]).argsort()]


@pytest.mark.parametrize(
    ("cameras", "numbers", "said"),
    [
        ([1, 3, 2], [1, 3, 2], "cameras are the table's"),
        (["cam10", "cam2", "cam1"], [3, 2, 1], "cameras are the table's, numbered from 1"),
        ([0, 1, 2], [1, 2, 3], "cameras are the table's, numbered from 1"),
        (["gate", "hall", "gate"], [1, 2, 1], "cameras are the table's, numbered from 1"),
    ],
)
def test_cameras_keep_their_numbers_or_get_some_in_natural_order(
    tmp_path: Path, cameras: list[object], numbers: list[int], said: str
) -> None:
    made, found = laid_out(table(tmp_path, cameras, ["train"] * 3), tmp_path)
    assert found["camid"].tolist() == numbers * 2
    assert said in made.decisions


def test_where_a_camera_is_missing_queries_and_gallery_count_as_of_different_ones(tmp_path: Path) -> None:
    splits = ["query", "query", "gallery", "gallery"]
    images = table(tmp_path, [1, 1, 1, None], splits)
    made, found = laid_out(images, tmp_path)
    assert any("not every row has a camera" in sentence for sentence in made.decisions)
    queries, gallery = (set(found.loc[found["split"] == split, "camid"]) for split in ("query", "gallery"))
    assert queries <= {1, 2}
    assert gallery <= {3, 4, 5, 6}


def test_splits_and_identities_are_the_tables(tmp_path: Path) -> None:
    splits = ["train", "query", "gallery"]
    made, found = laid_out(table(tmp_path, [1, 2, 3], splits), tmp_path)
    assert found["split"].tolist() == splits * 2
    assert found.groupby("pid").size().tolist() == [3, 3]
    assert (made.layout, made.size, made.files.taken) == (DataLayout.FOLDERS, (32, 16), 6)
    assert any("their splits are the table's" in sentence for sentence in made.decisions)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("identity", 0, "row 2 .* identity is '0', which is none"),
        ("identity", -1, "row 2 .* identity is '-1', which is none"),
        ("identity", None, "row 2 .* identity is None"),
        ("path", "gone.jpg", "row 2 .* path is 'gone.jpg', where there is no file"),
        ("path", None, "row 2 .* path is None"),
        ("split", "test", "row 2 .* split is 'test'; write one of "),
        ("split", None, "row 2 of the table: has no split"),
    ],
)
def test_a_row_that_cannot_be_is_named_by_its_number(
    tmp_path: Path, column: str, value: str | int | None, said: str
) -> None:
    images = table(tmp_path, [1, 2], ["train", "train"]).astype(object)
    images.loc[1, column] = value
    with pytest.raises(AugmentError, match=said):
        table_layout(images, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_file_that_is_no_image_and_one_that_is_there_twice_are_refused(tmp_path: Path) -> None:
    images = table(tmp_path, [1, 2])
    with pytest.raises(AugmentError, match=r"a0.jpg: is in the table twice; keep one of the rows"):
        table_layout(pd.concat([images, images[:1]]), tmp_path / "data")
    Path(images["path"][3]).write_text("no image")
    with pytest.raises(AugmentError, match=r"b1.jpg: .*; replace it or leave its row out"):
        table_layout(images, tmp_path / "data")


def test_names_that_differ_in_little_are_different_people_and_said_to_be(tmp_path: Path) -> None:
    made, found = laid_out(table(tmp_path, [1, 2]).assign(identity=["7", "7", "007", "007"]), tmp_path)
    assert found["pid"].nunique() == 2
    assert "identities with nearly the same name are different people here: 007, 7" in made.decisions


def test_a_csv_files_paths_are_from_its_own_folder_on(tmp_path: Path) -> None:
    file = tmp_path / "lists" / "images.csv"
    file.parent.mkdir()
    file.write_text("\ufeffpath,identity,camera\n../a.jpg,007,\n/b.jpg,None,2\n,x,3\n", encoding="utf-8")
    found = read_table(file)
    assert found["path"].tolist()[:2] == [str(file.parent / "../a.jpg"), "/b.jpg"]
    assert found["path"].isna().tolist() == [False, False, True]
    assert found["identity"].tolist() == ["007", "None", "x"]  # text as it stands
    assert found["camera"].isna().tolist() == [True, False, False]
    for content in (b'path,identity\n"a', b"\xff\xfe\x00path"):
        file.write_bytes(content)
        with pytest.raises(AugmentError, match=r"images.csv: is not a CSV file \("):
            read_table(file)
    with pytest.raises(AugmentError, match="is not a CSV file"):
        read_table(tmp_path / "gone.csv")
