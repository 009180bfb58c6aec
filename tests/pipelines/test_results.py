"""Means, deviations and paired differences, against a calculation from the raw figures with pandas alone."""

import json

import numpy as np
import pandas as pd
import pytest

from augment import AugmentError
from augment.artefact import write_json
from augment.workspace import Workspace
from pipelines.cells import Cell
from pipelines.results import cells_dir, collect, declare, declared, is_finished, summarise
from pipelines.table5 import Table5
from pipelines.tabletext import markdown, summary_json, terminal

CELLS = [
    *Table5(portions=(0.1, 0.5), rows=("none", "self", "ours", "ours*"), ordinary=(False, True), seeds=3).cells(),
    *Table5(portions=(1.0,), rows=("none",), ordinary=(False, True), seeds=1).cells(),
    *Table5(portions=(1.0,), rows=("ours",), ratios=(2,), lengths=("updates",), seeds=1).cells(),
]


def finish(workspace, cell, rng):
    """A finished cell with invented figures; returns its line for the independent calculation."""
    m_ap, rank1 = rng.uniform(0, 100, 2).round(4).tolist()
    result = {"mAP": m_ap, "rank1": rank1, "updates": 31 if cell.length == "epochs" else 306, "images": 1400}
    run = {"seed": cell.seed, "options": {}, "inputs": {}, "versions": {}, "seconds": 15.0, "result": result}
    write_json(workspace.reid_dir(cell.name) / "run.json", run)
    return {**cell.to_json(), **result}


@pytest.fixture
def made(tmp_path):
    """A workspace with finished cells, and their raw lines."""
    workspace = Workspace.create(tmp_path, {"data": "data"})
    rng = np.random.default_rng(3)
    declare(workspace, CELLS)
    return workspace, pd.DataFrame([finish(workspace, cell, rng) for cell in CELLS])


def summary_of(workspace):
    return summarise(collect(workspace, declared(workspace)))


def line_of(summary, **wanted):
    mask = np.logical_and.reduce([summary[name] == value for name, value in wanted.items()])
    (line,) = summary[mask].to_dict("records")
    return line


@pytest.mark.parametrize("portion", [0.1, 0.5])
@pytest.mark.parametrize("ordinary", [False, True])
@pytest.mark.parametrize("length", ["updates", "epochs"])
def test_table_equals_a_calculation_from_the_raw_figures(made, portion, ordinary, length):
    workspace, raw = made
    raw = raw[(raw["portion"] == portion) & (raw["ordinary"] == ordinary)]
    none = raw[(raw["row"] == "none") & (raw["length"] == length)].sort_values("seed")["mAP"].to_numpy()
    for row in ("none", "self", "ours", "ours*"):
        own_length = length if row == "none" else "updates"
        own = raw[(raw["row"] == row) & (raw["length"] == own_length)].sort_values("seed")
        line = line_of(summary_of(workspace), row=row, portion=portion, ordinary=ordinary, length=length)
        figures = own["mAP"].to_numpy()
        assert line["seeds"] == 3
        assert line["mAP_mean"] == pytest.approx(figures.sum() / 3)
        assert line["mAP_std"] == pytest.approx(np.sqrt(((figures - figures.mean()) ** 2).sum() / 2))
        assert line["rank1_mean"] == pytest.approx(own["rank1"].mean())
        gains = [] if row == "none" else list(figures - none)
        assert line["gains"] == pytest.approx(gains)
        if gains:
            assert line["gain_mean"] == pytest.approx(np.mean(gains))
            assert line["gain_std"] == pytest.approx(np.std(gains, ddof=1))


def test_differences_are_paired_by_seed_and_leave_out_seeds_that_one_side_lacks(made):
    workspace, raw = made
    gone = Cell("none", seed=1)
    (workspace.reid_dir(gone.name) / "run.json").unlink()
    assert not is_finished(workspace, gone)
    raw = raw[(raw["portion"] == 0.1) & ~raw["ordinary"] & (raw["length"] == "updates")].set_index(["row", "seed"])[
        "mAP"
    ]
    line = line_of(summary_of(workspace), row="ours", portion=0.1, ordinary=False, length="updates")
    assert line["seeds"] == 3
    assert line["gains"] == pytest.approx([raw["ours", seed] - raw["none", seed] for seed in (0, 2)])


def test_extra_images_at_the_full_set_are_compared_with_all_real_images(made):
    workspace, raw = made
    full = raw[(raw["portion"] == 1) & ~raw["ordinary"]].set_index(["row", "ratio"])["mAP"]
    line = line_of(summary_of(workspace), row="ours", portion=1.0, ratio=2, ordinary=False, length="updates")
    assert line["gains"] == pytest.approx([full["ours", 2] - full["none", 1]])
    assert np.isnan(line["mAP_std"])
    assert (line["paper"], line["paper_none"]) == (65.3, None) or np.isnan(line["paper_none"])


def test_the_papers_figures_stand_beside_ours(made):
    line = line_of(summary_of(made[0]), row="ours", portion=0.1, ordinary=False, length="epochs")
    assert (line["paper"], line["paper_none"]) == (52.6, 9.2)


def test_text_shows_mean_deviation_seeds_difference_and_paper(made):
    summary = summary_of(made[0])
    line = line_of(summary, row="ours", portion=0.1, ordinary=False, length="updates")
    for text in (markdown(summary), terminal(summary)):
        assert f"{line['mAP_mean']:.1f} ± {line['mAP_std']:.1f} (3)" in text
        assert f"{line['gain_mean']:+.1f} ± {line['gain_std']:.1f} (3)" in text
        assert "+43.4" in text
        assert "52.6" in text
        assert "equal epochs" in text
        assert "equal updates" in text


def test_json_of_the_table_has_null_where_there_is_no_number(made):
    lines = json.loads(json.dumps(summary_json(summary_of(made[0])), allow_nan=False))
    assert any(line["mAP_std"] is None for line in lines)


def test_nothing_finished_gives_an_empty_table(tmp_path):
    summary = summary_of(Workspace.create(tmp_path, {"data": "data"}))
    assert summary.empty
    assert terminal(summary) == "No cell is finished yet."


@pytest.mark.parametrize("text", ["no json", '{"row": "none", "portion": 7}', '["none"]', '{"rows": "none"}'])
def test_a_broken_cell_file_is_named(made, text):
    path = cells_dir(made[0]) / "aaa.json"
    path.write_text(text)
    with pytest.raises(AugmentError, match=r"aaa\.json: is no cell"):
        declared(made[0])
