"""Training curves: points on one scale, a line a seed, a panel a setting."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.artefacts.files import write_json
from augment.workspace import Workspace
from pipelines.report.curves import HEIGHT, POINTS, WIDTH, cell_curves, generator_curves, panel
from pipelines.table5.cells import Cell
from pipelines.table5.results import declare

LINES = st.lists(st.floats(-5, 5), min_size=1, max_size=400)


@given(LINES)
def test_points_lie_in_the_panel_and_higher_values_lie_higher(values: list[float]) -> None:
    (line,) = panel("x", {"a": list(enumerate(values, 1))}).lines
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in line)
    assert len(line) <= POINTS + 1
    assert line[-1][0] == WIDTH
    stride = -(-len(values) // POINTS)
    shown = values[::-1][::stride][::-1]
    order = sorted(range(len(shown)), key=lambda i: shown[i])
    heights = [line[i][1] for i in order]
    assert heights == sorted(heights, reverse=True)


def test_ends_of_the_scale_by_hand() -> None:
    made = panel("x", {"a": [(1, 4.0), (2, 2.0), (4, 0.0)]})
    assert made.lines == [[(WIDTH / 4, 0.0), (WIDTH / 2, HEIGHT / 2), (WIDTH, HEIGHT)]]
    assert (made.bottom, made.top, made.steps, made.last) == (0.0, 4.0, 4, "0")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace.create(tmp_path, {"data": "data"})
    cells = [Cell(row, seed=seed, ordinary=o) for row in ("theirs", "none") for seed in (0, 1) for o in (False, True)]
    declare(workspace, [*cells, Cell("ours")])
    for number, cell in enumerate(cells):
        folder = workspace.reid_dir(cell.name)
        run = {"seed": 0, "options": {}, "inputs": {}, "result": {"share": 0.5 if cell.row == "theirs" else 0.1}}
        write_json(folder / "run.json", run)
        lines = [{"step": step, "loss": 10.0 - step + number, "accuracy": 0.5, "seconds": 1} for step in (1, 2, 3)]
        (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return workspace


def test_cells_are_grouped_by_block_with_a_line_a_seed_on_one_scale(workspace: Workspace) -> None:
    groups = cell_curves(workspace)
    assert [(len(panels), [panel.title for panel in panels]) for _, panels in groups] == [
        (2, ["None, p = 0.1", "theirs, p = 0.1 (50 % kept)"])
    ] * 2
    plain, augmented = (panels for _, panels in groups)
    assert all(len(each.lines) == 2 for each in (*plain, *augmented))
    assert {(each.bottom, each.top) for each in plain} == {(0.0, 15.0)}  # cells 0, 2, 4, 6: 9 + 6 at step 1
    assert {(each.bottom, each.top) for each in augmented} == {(0.0, 16.0)}


def test_generators_losses_have_a_panel_each() -> None:
    records = [{"step": step, "l1": 1 / step, "gan": 2.0, "lr": 0.1, "seconds": 3} for step in (1, 2)]
    assert [made.title for made in generator_curves(records)] == ["l1", "gan"]
    assert generator_curves([]) == []
