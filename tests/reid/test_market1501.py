"""The Market-1501 folder: names, tables and torchreid's view of the same files."""

import shutil
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reid import DataError
from reid.data.market1501 import COUNTS, drop_junk, read_market1501, relabel, torchreid_dataset
from reid.data.names import parse_name

TRAIN = ["0007_c3s3_077419_03.jpg", "0002_c1s1_000451_03.jpg", "0002_c2s1_000776_01.jpg"]
GALLERY = ["0001_c2s1_047296_01.jpg.jpg", "-1_c1s1_000401_03.jpg", "0000_c6s1_000451_03.jpg", "0001_c1s1_001051_00.jpg"]
QUERY = ["0001_c1s1_001051_00.jpg"]


def write_market(folder: Path) -> Path:
    for part, names in (("bounding_box_train", TRAIN), ("bounding_box_test", GALLERY), ("query", QUERY)):
        (folder / part).mkdir(parents=True)
        (folder / part / "Thumbs.db").write_bytes(b"thumbs")
        for name in names:
            Image.new("RGB", (64, 128)).save(folder / part / name)
    (folder / "readme.txt").write_text("as downloaded")
    return folder


@pytest.fixture
def market(tmp_path: Path) -> Path:
    return write_market(tmp_path / "rendered")


@pytest.mark.parametrize(
    ("name", "pid", "camid"),
    [
        ("0002_c1s1_000451_03.jpg", 2, 1),
        ("-1_c6s4_000401_03.jpg", -1, 6),
        ("0000_c5s1_000151_01.jpg", 0, 5),
        ("0330_c2s1_088571_01.jpg.jpg", 330, 2),
        ("0002_c1s1_000451_03_gen.jpg", 2, 1),
        ("0002_c4s1_000451_03_gen1.jpg", 2, 4),
        ("0002_c1s1_000451_03g2.jpg", 2, 1),
        ("run_12_c3s1/9_c8/1501_c6s3_097292_04.jpg", 1501, 6),
        ("0003_c12s1_000451_03.jpg", 3, 12),
        ("0001_c001_00016450_0.jpg", 1, 1),
        ("0001_c0s1_000451_03.jpg", 1, 0),
        ("7_c02_1.jpg", 7, 2),
        ("000000000000000000000000000000012_c1.jpg", 12, 1),
        ("999999999999999_c1.jpg", 10**15 - 1, 1),
    ],
)
def test_a_name_gives_identity_and_camera(name: str, pid: int, camid: int) -> None:
    assert parse_name(name) == (pid, camid)


@pytest.mark.parametrize(
    "name", ["person.jpg", "0002.jpg", "0002_c.jpg", "-2_c1.jpg", "x_0002_c1s1.jpg", "0002_c3/a.jpg"]
)
def test_a_name_without_identity_or_camera_is_named_in_the_error(name: str) -> None:
    with pytest.raises(DataError, match="no identity and camera") as error:
        parse_name(name)
    assert name in str(error.value)


def test_the_table_has_one_row_an_image_sorted_by_split_and_name(market: Path) -> None:
    table = read_market1501(market)
    assert list(table.columns) == ["name", "path", "pid", "camid", "split"]
    assert list(table["name"]) == [*sorted(TRAIN), *sorted(GALLERY), *QUERY]
    assert list(table["split"]) == ["train"] * 3 + ["gallery"] * 4 + ["query"]
    assert list(table["pid"]) == [2, 2, 7, -1, 0, 1, 1, 1]
    assert list(table["camid"]) == [1, 2, 3, 1, 6, 1, 2, 1]
    assert list(table.index) == list(range(8))
    for path in table["path"]:
        with Image.open(path) as image:
            assert image.size == (64, 128)


@pytest.mark.parametrize("above", [".", "Market-1501-v15.09.15", "market1501/Market-1501-v15.09.15"])
def test_a_folder_that_holds_the_downloaded_one_is_read_too(tmp_path: Path, above: str) -> None:
    write_market(tmp_path / above)
    assert len(read_market1501(tmp_path)) == 8


def test_hidden_files_and_folders_are_passed_over(market: Path) -> None:
    (market / "query" / "._0001_c1s1_001051_00.jpg").write_bytes(b"resource fork")
    (market / "query" / "old.jpg").mkdir()
    assert len(read_market1501(market)) == 8


def test_splits_that_are_not_asked_for_need_not_exist(market: Path) -> None:
    shutil.rmtree(market / "query")
    assert len(read_market1501(market, splits=("train", "gallery"))) == 7
    with pytest.raises(DataError, match="no folder query"):
        read_market1501(market)


def test_the_order_of_the_splits_is_the_callers(market: Path) -> None:
    assert list(read_market1501(market, splits=("query", "train"))["split"]) == ["query"] + ["train"] * 3


def test_what_is_wrong_with_a_folder_is_said_in_a_sentence(market: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        read_market1501(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no folder bounding_box_train"):
        read_market1501(market / "query")
    with pytest.raises(DataError, match="no split 'test'"):
        read_market1501(market, splits=("test",))
    (market / "query" / "holiday.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"holiday\.jpg: the name gives no identity"):
        read_market1501(market)
    for path in (market / "query").glob("*.jpg"):
        path.unlink()
    with pytest.raises(DataError, match="no image in it"):
        read_market1501(market)


def test_junk_goes_and_distractors_stay(market: Path) -> None:
    table = drop_junk(read_market1501(market))
    assert sorted(table[table["split"] == "gallery"]["pid"]) == [0, 1, 1]
    assert list(table.index) == list(range(7))


def test_the_counts_of_the_real_data_set_agree_with_each_other() -> None:
    assert COUNTS["gallery"] - COUNTS["gallery junk"] == COUNTS["gallery without junk"]
    assert COUNTS["gallery without junk"] - COUNTS["gallery distractors"] == 13_115


def test_labels_follow_the_order_of_identities() -> None:
    labels, identities = relabel(pd.Series([7, 2, 7, 1501]))
    assert labels.tolist() == [1, 0, 1, 2]
    assert labels.dtype == np.int64
    assert identities.tolist() == [2, 7, 1501]


def torchreids_own_reading(root: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchreid.reid.data.datasets import Market1501

    return Market1501(root=str(root), verbose=False)


def test_torchreid_reads_the_folder_as_it_would_under_its_own_names(market: Path, tmp_path: Path) -> None:
    shutil.copytree(market, tmp_path / "market1501" / "Market-1501-v15.09.15")
    theirs, ours = torchreids_own_reading(tmp_path), torchreid_dataset(market)

    def content(rows: Iterable[tuple[str, int, int, int]]) -> Counter[tuple[str, int, int, int]]:
        return Counter((path.split("/")[-1], pid, camid, dataset) for path, pid, camid, dataset in rows)

    assert type(ours) is type(theirs)
    assert content(ours.query) == content(theirs.query)
    assert content(ours.gallery) == content(theirs.gallery)
    assert sorted(path.split("/")[-1] for path, *_ in theirs.train) == sorted(TRAIN)
    assert [(path.split("/")[-1], pid, camid) for path, pid, camid, _ in ours.train] == [
        ("0002_c1s1_000451_03.jpg", 0, 0),
        ("0002_c2s1_000776_01.jpg", 0, 1),
        ("0007_c3s3_077419_03.jpg", 1, 2),
    ]
    assert (ours.num_train_pids, ours.num_train_cams) == (theirs.num_train_pids, theirs.num_train_cams)


def test_torchreids_data_set_gives_its_items_from_a_folder_that_breaks_its_own_pattern(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = torchreid_dataset(write_market(tmp_path / "run_12_c3x"), mode="query", transform=np.asarray)
    item = dataset[0]
    assert (item["pid"], item["camid"], item["img"].shape) == (1, 0, (128, 64, 3))
    assert capsys.readouterr().out == ""


def test_torchreid_downloads_nothing_for_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        torchreid_dataset(tmp_path / "market1501")
    assert list(tmp_path.iterdir()) == []
