"""Cells are plain data: out to JSON and back, one folder a cell, equal trainings once."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augment import AugmentError
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.grid.pools import Placement
from pipelines.table5.cells import Cell
from pipelines.table5.rows import ROWS, row_of, row_order, set_row
from pipelines.table5.run import Table5, run_table5
from pipelines.table5.stages import training_of

EVERY = [
    Cell(row, backbone, portion, ratio, seed, length, ordinary, preset, scratch)
    for row, backbone, (portion, ratio), seed, length, ordinary, preset, scratch in itertools.product(
        ROWS,
        ("small", "resnet50"),
        ((0.1, 1), (1.0, 1), (1.0, 2)),
        (0, 7),
        ("epochs", "updates"),
        (False, True),
        ("demo", "open-reid"),
        (False, True),
    )
]


def test_json_gives_the_same_cell_back() -> None:
    assert [Cell.from_json(json.loads(json.dumps(cell.as_dict()))) for cell in EVERY] == EVERY


def test_every_cell_has_a_folder_of_its_own_that_any_system_takes() -> None:
    names = [cell.name for cell in EVERY]
    assert len(set(names)) == len(EVERY)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") for name in names)


def test_a_portion_written_as_a_whole_number_is_the_same_cell() -> None:
    assert Cell("none", portion=1) == Cell("none", portion=1.0)
    assert Cell("none", portion=1).name == Cell("none", portion=1.0).name


@pytest.mark.parametrize(
    "values",
    [
        {"portion": 0.0},
        {"portion": 1.1},
        {"portion": 0.123456},
        {"length": "hours"},
        {"portion": 0.5, "ratio": 2},
        {"ratio": 0},
        {"seed": -1},
    ],
)
def test_values_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(AugmentError):
        Cell("none", **values)


@pytest.mark.parametrize("values", [{"row": "none", "colour": "red"}, {"portion": 0.1}])
def test_json_of_something_else_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(AugmentError, match="a cell"):
        Cell.from_json(values)


def test_lengths_differ_only_where_the_set_has_another_size_than_the_full_one() -> None:
    same = Cell("ours", length="epochs").canonical == Cell("ours", length="updates").canonical
    none = Cell("none", length="epochs").canonical == Cell("none", length="updates").canonical
    twice = Cell("ours", portion=1, ratio=2, length="epochs").canonical == Cell("ours", portion=1, ratio=2).canonical
    assert (same, none, twice) == (True, False, False)


def test_every_row_is_none_where_nothing_was_withheld() -> None:
    assert {Cell(row, portion=1.0, length=length).canonical for row in ROWS for length in ("epochs", "updates")} == {
        Cell("none", portion=1.0)
    }


def test_a_table_asks_for_each_training_once() -> None:
    cells = Table5(portions=(0.1, 1.0), rows=("none", "ours"), seeds=2, ordinary=(False, True)).cells()
    assert len(cells) == len(set(cells)) == 2 * 2 * (3 + 1)  # None twice and Ours once at 0.1, the ceiling once
    assert all(cell == cell.canonical for cell in cells)


def test_ratios_are_asked_for_at_the_full_set_only() -> None:
    cells = Table5(portions=(0.5, 1.0), rows=("none", "ours"), seeds=1, ratios=(1, 2), lengths=("updates",)).cells()
    assert [(cell.row, cell.portion, cell.ratio) for cell in cells] == [
        ("none", 0.5, 1),
        ("ours", 0.5, 1),
        ("none", 1.0, 1),
        ("ours", 1.0, 2),
    ]


def test_a_row_that_is_not_there_is_named_with_those_that_are(people: Path) -> None:
    table = Table5(rows=("theirs",))
    with pytest.raises(AugmentError, match=r"theirs.*ours-random \(Ours\*\).*smoothed"):
        run_table5(Workspace.find(people), table.cells(), placement=Placement(1), runtime=Runtime("cpu"))


def test_sets_of_their_own_size_are_trained_at_both_lengths_and_at_portion_1() -> None:
    for row in ("filled:8", "theirs=/some/folder"):
        cells = {Cell(row, portion=1.0, length=length).canonical for length in ("epochs", "updates")}
        assert {cell.row for cell in cells} == {row}
        assert len(cells) == 2


def test_ordinary_augmentation_is_all_that_differs_between_two_cells() -> None:
    plain, ordinary = (vars(training_of(Cell("none", ordinary=flag))) for flag in (False, True))
    changed = {name for name, value in plain.items() if ordinary[name] != value}
    assert changed == {"erasing", "jitter"}
    assert plain["erasing"] == plain["jitter"] == 0


def test_any_row_that_generates_has_one_in_scenes() -> None:
    for name in ("ours", "self", "ours-random", "ours-tuned-reduced", "filtered:0.3", "filled:4", "a-generator"):
        row, placed = row_of(name), row_of(f"{name}+scenes")
        assert placed == replace(
            row, title=placed.title, meaning=placed.meaning, images=f"{row.images}-scenes", scenes=True
        )
        assert placed.title.startswith(row.title)
    assert Cell("ours-random+scenes") == Cell("ours*+scenes")
    assert set_row("smoothed:0.1+scenes") == "ours+scenes"
    assert row_order("ours") < row_order("ours+scenes") < row_order("ours-builtin")
    for name in ("none", "repeat", "ours+scenes"):
        with pytest.raises(AugmentError, match="nothing is generated"):
            row_of(f"{name}+scenes")
