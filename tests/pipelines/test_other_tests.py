"""Tests on other data: which workspaces can be tested on, when a test counts, how long one takes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from augment import AugmentError
from augment.artefacts.files import write_json
from augment.datasets.dataset import Dataset
from augment.workspace import Workspace
from pipelines.table5 import other_tests
from pipelines.table5.cells import Cell
from pipelines.table5.estimates import KIND, Estimates, Pace
from pipelines.table5.other_estimates import pace_of_test
from pipelines.table5.other_tests import IMAGES, SHARED, OtherData, OtherTest, other_workspaces, overlaps
from pipelines.table5.stages import training_of
from tests.augment.tables import dataset, image_table

CELL = Cell("none")
OTHERS = [Cell("none", seed=seed) for seed in range(4)]
TEST = OtherTest(CELL, "street")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "own", {"data": "data"})


def record(folder: Path, started: float, **parts: Any) -> None:
    """A finished artefact's record."""
    usual = {"seed": 0, "options": {}, "inputs": {}, "versions": {}, "seconds": 1.0, "result": {}}
    write_json(folder / "run.json", {**usual, "started": started, **parts})


def elsewhere(folder: Path, *names: str) -> str:
    """A workspace whose query and gallery images have those names."""
    for name in names or ("0001_c1s1_000001_00.jpg", "0001_c2s1_000002_00.jpg", "0002_c2s1_000003_00.jpg"):
        part = "query" if "_c1" in name else "bounding_box_test"
        (folder / "data" / part).mkdir(parents=True, exist_ok=True)
        (folder / "data" / part / name).write_text(name)
    Workspace.create(folder, {"data": "data"})
    return str(folder)


def other_data(folder: Path, size: tuple[int, int] = (128, 64)) -> OtherData:
    """A query and two gallery images that hold their names, and a training image."""
    rows = [("a.jpg", 1, 1, "query"), ("b.jpg", 1, 2, "gallery"), ("c.jpg", 2, 2, "gallery"), ("d.jpg", 3, 1, "train")]
    table = image_table(rows, folder)
    for path in map(Path, table["path"]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    return OtherData("street", dataset(table, folder, size=size))


def test_workspaces_are_known_by_their_folders_names(workspace: Workspace, tmp_path: Path) -> None:
    folders = [elsewhere(tmp_path / "here" / "Street"), elsewhere(tmp_path / "Hall")]
    found = other_workspaces(workspace, folders)
    assert {name: other.root for name, other in found.items()} == {
        "Street": tmp_path / "here" / "Street",
        "Hall": tmp_path / "Hall",
    }
    assert other_workspaces(workspace, []) == {}


def test_workspaces_that_cannot_be_tested_on_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.root / "data").mkdir()
    own = elsewhere(tmp_path / "mine")
    first, second = elsewhere(tmp_path / "a" / "hall"), elsewhere(tmp_path / "b" / "hall")
    query = elsewhere(tmp_path / "query", "0001_c1s1_000001_00.jpg")
    for folders, said in (
        ([str(tmp_path / "gone")], "there is no such folder"),
        ([first, first], "is given twice; leave one out"),
        ([first, second], rf"is named as {first}; rename one of the folders"),
        ([query], "query"),
    ):
        with pytest.raises(AugmentError, match=said):
            other_workspaces(workspace, folders)
    with pytest.raises(AugmentError, match="is this workspace, on which every model is tested"):
        other_workspaces(Workspace.find(Path(own)), [own])


def test_a_test_counts_unless_the_model_was_trained_again_after_it(workspace: Workspace) -> None:
    assert TEST.figures(workspace) is None
    record(TEST.folder(workspace), 20.0, result={"mAP": 31.5})
    assert TEST.figures(workspace) is None  # of a model that is not there
    for trained, figures in ((10.0, {"mAP": 31.5}), (20.0, {"mAP": 31.5}), (30.0, None)):
        record(workspace.reid_dir(CELL.name), trained)
        assert TEST.figures(workspace) == figures


def test_a_test_is_finished_on_the_images_and_size_that_are_there_now(workspace: Workspace, tmp_path: Path) -> None:
    other = other_data(tmp_path / "street")
    assert other.images == 3
    record(workspace.reid_dir(CELL.name), 10.0)
    assert not TEST.is_finished(workspace, other)
    record(TEST.folder(workspace), 20.0, inputs={**other.inputs, "model": "x"})
    assert TEST.is_finished(workspace, other)
    assert not TEST.is_finished(workspace, other_data(tmp_path / "street", size=(256, 128)))
    Path(other.data.images["path"][3]).write_text("another training image")
    assert TEST.is_finished(workspace, other_data(tmp_path / "street"))
    Path(other.data.images["path"][1]).write_text("another gallery image")
    assert not TEST.is_finished(workspace, OtherData("street", other.data))


def test_data_sets_that_were_tested_on_are_listed_by_name(workspace: Workspace) -> None:
    assert other_tests.tested_on(workspace) == []
    for name in ("street", "hall"):
        record(OtherTest(CELL, name).folder(workspace), 1.0)
    (other_tests.tests_dir(workspace) / "note.txt").touch()
    assert other_tests.tested_on(workspace) == ["hall", "street"]


def test_the_largest_overlap_of_any_test_is_said(workspace: Workspace) -> None:
    for cell, shared in zip(OTHERS, (0, 7, 3, None), strict=True):
        record(workspace.reid_dir(cell.name), 1.0)
        result = {} if shared is None else {SHARED: shared, IMAGES: 50}
        record(OtherTest(cell, "street").folder(workspace), 2.0, result=result)
    assert overlaps(workspace, "street", OTHERS).startswith("street: 7 of its 50 query and gallery images are training")
    assert overlaps(workspace, "street", OTHERS[:1]).startswith("street: none of its 50 query and gallery images is")
    assert overlaps(workspace, "street", OTHERS[3:]) == overlaps(workspace, "hall", OTHERS) == ""


def estimates(workspace: Workspace, data: Dataset, own: Pace | None) -> Estimates:
    """Those of a workspace in which a cell's own training and test have a pace."""
    return cast(Estimates, SimpleNamespace(workspace=workspace, data=data, pace=lambda _: own))


def options(cell: Cell, **others: int) -> Mapping[str, Any]:
    """What the record of a cell's model says of its network, size and batch."""
    training = training_of(cell)
    return {**{name: getattr(training, name) for name in KIND}, **others}


def test_a_test_takes_as_long_as_the_finished_ones_of_its_kind(workspace: Workspace, tmp_path: Path) -> None:
    other = other_data(tmp_path / "street")
    kept = Pace(9.0, 99.0, "timed")
    for cell, seconds, batch in zip(OTHERS, (3.0, 5.0, 10.0, 400.0), ({}, {}, {}, {"batch": 999}), strict=True):
        record(workspace.reid_dir(cell.name), 1.0, options=options(cell, **batch))
        record(OtherTest(cell, "street").folder(workspace), 2.0, seconds=seconds)
    found = pace_of_test(estimates(workspace, other.data, kept), TEST, other)
    assert found == Pace(0.0, 5.0, "measured")
    elsewhere = pace_of_test(estimates(workspace, other.data, kept), OtherTest(CELL, "hall"), other)
    assert elsewhere == Pace(0.0, 99.0, "timed")  # of as many images as the workspace's own


def test_without_a_finished_one_it_takes_its_images_share_of_the_own_test(workspace: Workspace, tmp_path: Path) -> None:
    other = other_data(tmp_path / "street")
    larger = image_table([(f"{n}.jpg", 1 + n % 5, n % 2, "gallery" if n else "query") for n in range(12)])
    own = estimates(workspace, replace(other.data, images=larger), Pace(9.0, 40.0, "measured"))
    assert pace_of_test(own, TEST, other) == Pace(0.0, 40.0 * 3 / 12, "measured")
    assert pace_of_test(estimates(workspace, other.data, None), TEST, other) is None
