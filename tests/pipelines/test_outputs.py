"""All files of the table come from table5.json, and that from the run.json files."""

import json
from pathlib import Path

import pandas as pd
import pytest

from augment import AugmentError
from augment.artefacts.files import write_json
from augment.workspace import Workspace
from pipelines.table5.cells import Cell
from pipelines.table5.outputs import FILE, RENDERERS, read_table5, render_table5, write_table5
from pipelines.table5.results import collect, declare, declared, summarise

FIGURES = {"none": (30.0, 31.0, 35.0), "ours": (80.0, 81.5, 82.0), "theirs": (77.0,)}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with finished cells of a few rows, one of them of one seed and of no name that the table knows."""
    workspace = Workspace.create(tmp_path, {"data": "data"})
    cells = {Cell(row, seed=seed): mAP for row, figures in FIGURES.items() for seed, mAP in enumerate(figures)}
    cells[Cell("none", portion=1.0)] = 90.0
    declare(workspace, cells)
    for cell, figure in cells.items():
        result = {"mAP": figure, "rank1": 50.0, "updates": 306, "images": 140}
        run = {"seed": cell.seed, "options": {}, "inputs": {}, "versions": {}, "seconds": 1.0, "result": result}
        write_json(workspace.reid_dir(cell.name) / "run.json", run)
    return workspace


def files(workspace: Workspace) -> dict[str, bytes]:
    return {name: (workspace.table_dir("table5") / name).read_bytes() for name in RENDERERS}


def test_every_file_shows_a_number_that_was_changed_in_table5_json(workspace: Workspace) -> None:
    write_table5(workspace)
    before = files(workspace)
    path = workspace.table_dir("table5") / FILE
    content = json.loads(path.read_text())
    (line,) = [line for line in content["lines"] if line["row"] == "ours"]
    line["mAP_mean"] = 12.3
    path.write_text(json.dumps(content))
    render_table5(workspace)
    after = files(workspace)
    assert all(after[name] != before[name] for name in RENDERERS)
    for name in ("table5.csv", "table5.md", "table5.tex"):
        assert b"12.3" in after[name]
        assert b"12.3" not in before[name]


def test_reading_the_file_gives_the_summary_back(workspace: Workspace) -> None:
    pd.testing.assert_frame_equal(write_table5(workspace), summarise(collect(workspace, declared(workspace))))


def test_one_seed_says_so_in_every_text(workspace: Workspace) -> None:
    write_table5(workspace)
    made = files(workspace)
    for name in ("table5.md", "table5.tex"):
        assert b"77.0 (1)" in made[name]
        assert b"+47.0 (1)" in made[name]
        assert b"78 % (1)" in made[name].replace(b"\\%", b"%")
    csv = pd.read_csv(workspace.table_dir("table5") / "table5.csv").set_index("row")
    assert csv.loc["theirs", "seeds"] == 1


def test_csv_holds_every_seeds_figure(workspace: Workspace) -> None:
    write_table5(workspace)
    csv = pd.read_csv(workspace.table_dir("table5") / "table5.csv")
    (ours,) = csv[csv["row"] == "ours"].to_dict("records")
    assert ours["by_seed"] == "0:80.0000 1:81.5000 2:82.0000"
    assert [float(value) for value in ours["gains"].split()] == [50.0, 50.5, 47.0]


def test_rendering_twice_gives_the_same_bytes(workspace: Workspace) -> None:
    write_table5(workspace)
    first = files(workspace)
    render_table5(workspace)
    assert files(workspace) == first


def test_without_cells_nothing_is_written(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path, {"data": "data"})
    assert write_table5(workspace).empty
    assert not workspace.table_dir("table5").exists()


@pytest.mark.parametrize("text", ["no json", "[]", '{"lines": [{"mAP_mean": "much"}]}'])
def test_a_damaged_file_is_named(workspace: Workspace, text: str) -> None:
    write_table5(workspace)
    (workspace.table_dir("table5") / FILE).write_text(text)
    with pytest.raises(AugmentError, match=r"table5\.json: holds no table"):
        read_table5(workspace)
