"""Means, deviations and paired differences, against a calculation from the raw figures with pandas alone."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from augment import AugmentError
from augment.artefacts.files import write_json
from augment.workspace import Workspace
from pipelines.report.glance import glance
from pipelines.report.page import render_report
from pipelines.report.sections import table
from pipelines.table5.cells import Cell
from pipelines.table5.findings import findings
from pipelines.table5.latex import latex
from pipelines.table5.outputs import write_table5
from pipelines.table5.plots import portion_plot
from pipelines.table5.results import MEASURES, cells_dir, collect, declare, declared, is_finished, summarise
from pipelines.table5.run import Table5
from pipelines.table5.text import markdown, summary_json, terminal

CELLS = [
    *Table5(portions=(0.1, 0.5), rows=("none", "self", "ours", "ours*"), ordinary=(False, True), seeds=3).cells(),
    *Table5(portions=(1.0,), rows=("none",), ordinary=(False, True), seeds=1).cells(),
    *Table5(portions=(1.0,), rows=("ours",), ratios=(2,), lengths=("updates",), seeds=1).cells(),
]


def finish(workspace: Workspace, cell: Cell, rng: np.random.Generator) -> dict[str, Any]:
    """A finished cell with invented figures; returns its line for the independent calculation."""
    m_ap, rank1 = rng.uniform(0, 100, 2).round(4).tolist()
    result = {"mAP": m_ap, "rank1": rank1, "updates": 31 if cell.length == "epochs" else 306, "images": 1400}
    run = {"seed": cell.seed, "options": {}, "inputs": {}, "versions": {}, "seconds": 15.0, "result": result}
    write_json(workspace.reid_dir(cell.name) / "run.json", run)
    return {**cell.as_dict(), **result}


Made = tuple[Workspace, pd.DataFrame]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A workspace with finished cells, and their raw lines."""
    workspace = Workspace.create(tmp_path, {"data": "data"})
    rng = np.random.default_rng(3)
    declare(workspace, CELLS)
    return workspace, pd.DataFrame([finish(workspace, cell, rng) for cell in CELLS])


def summary_of(workspace: Workspace) -> pd.DataFrame:
    return summarise(collect(workspace, declared(workspace)))


def line_of(summary: pd.DataFrame, **wanted: object) -> dict[str, Any]:
    mask = np.logical_and.reduce([summary[name] == value for name, value in wanted.items()])
    (line,) = summary[mask].to_dict("records")
    return dict(line)


@pytest.mark.parametrize("portion", [0.1, 0.5])
@pytest.mark.parametrize("ordinary", [False, True])
@pytest.mark.parametrize("length", ["updates", "epochs"])
def test_table_equals_a_calculation_from_the_raw_figures(
    made: Made, portion: float, ordinary: bool, length: str
) -> None:
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
        assert list(line["by_seed"].values()) == pytest.approx(figures)
        if gains:
            assert line["gain_mean"] == pytest.approx(np.mean(gains))
            assert line["gain_std"] == pytest.approx(np.std(gains, ddof=1))
            interval = ttest_rel(figures, none).confidence_interval(0.95)
            assert (line["gain_low"], line["gain_high"]) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("ordinary", [False, True])
def test_gap_closed_is_paired_with_the_seeds_that_the_ceiling_has(made: Made, ordinary: bool) -> None:
    workspace, raw = made
    full = raw[(raw["portion"] == 1) & (raw["ratio"] == 1) & (raw["ordinary"] == ordinary)]["mAP"].item()  # seed 0
    raw = raw[(raw["ordinary"] == ordinary) & (raw["seed"] == 0) & (raw["length"] == "updates")]
    found = set()
    for portion in (0.1, 0.5):
        figures = raw[raw["portion"] == portion].set_index("row")["mAP"]
        for row in ("self", "ours", "ours*"):
            line = line_of(summary_of(workspace), row=row, portion=portion, ordinary=ordinary, length="updates")
            gap = full - figures["none"]
            assert line["gaps"] == pytest.approx([(figures[row] - figures["none"]) / gap] if gap > 0 else [])
            found.add(gap > 0)
    assert True in found


def test_rows_the_table_does_not_know_stand_after_its_own_by_name(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path, {"data": "data"})
    cells = [Cell(row, portion=portion) for row in ("zebra", "ours", "apple", "none") for portion in (0.1, 0.5)]
    declare(workspace, cells)
    for cell in cells:
        finish(workspace, cell, np.random.default_rng(0))
    summary = summary_of(workspace)
    assert summary["row"].drop_duplicates().tolist() == ["none", "ours", "apple", "zebra"]
    assert "zebra" in terminal(summary)


def test_differences_are_paired_by_seed_and_leave_out_seeds_that_one_side_lacks(made: Made) -> None:
    workspace, raw = made
    gone = Cell("none", seed=1)
    (workspace.reid_dir(gone.name) / "run.json").unlink()
    assert not is_finished(workspace, gone)
    raw = raw[(raw["portion"] == 0.1) & ~raw["ordinary"] & (raw["length"] == "updates")].set_index(["row", "seed"])
    figures = raw["mAP"]
    line = line_of(summary_of(workspace), row="ours", portion=0.1, ordinary=False, length="updates")
    assert line["seeds"] == 3
    assert line["gains"] == pytest.approx([figures["ours", seed] - figures["none", seed] for seed in (0, 2)])


def test_extra_images_at_the_full_set_are_compared_with_all_real_images(made: Made) -> None:
    workspace, raw = made
    full = raw[(raw["portion"] == 1) & ~raw["ordinary"]].set_index(["row", "ratio"])["mAP"]
    line = line_of(summary_of(workspace), row="ours", portion=1.0, ratio=2, ordinary=False, length="updates")
    assert line["gains"] == pytest.approx([full["ours", 2] - full["none", 1]])
    assert np.isnan(line["mAP_std"])
    assert (line["paper"], line["paper_none"]) == (65.3, 65.3)


def test_the_papers_figures_stand_beside_ours(made: Made) -> None:
    line = line_of(summary_of(made[0]), row="ours", portion=0.1, ordinary=False, length="epochs")
    assert (line["paper"], line["paper_none"]) == (52.6, 9.2)


def test_text_shows_mean_deviation_seeds_difference_and_paper(made: Made) -> None:
    summary = summary_of(made[0])
    line = line_of(summary, row="ours", portion=0.1, ordinary=False, length="updates")
    for text in (markdown(summary), terminal(summary)):
        assert f"{line['mAP_mean']:.1f} ± {line['mAP_std']:.1f} (3)" in text
        assert f"{line['gain_mean']:+.1f} [{line['gain_low']:+.1f}, {line['gain_high']:+.1f}] (3)" in text
        assert "52.6 (+43.4)" in text
        assert "equal epochs" in text
        assert "equal updates" in text


def test_json_of_the_table_has_null_where_there_is_no_number(made: Made) -> None:
    lines = json.loads(json.dumps(summary_json(summary_of(made[0])), allow_nan=False))
    assert any(line["mAP_std"] is None for line in lines)


def test_nothing_finished_gives_an_empty_table(tmp_path: Path) -> None:
    summary = summary_of(Workspace.create(tmp_path, {"data": "data"}))
    assert summary.empty
    assert terminal(summary) == "No cell is finished yet."


@pytest.mark.parametrize("text", ["no json", '{"row": "none", "portion": 7}', '["none"]', '{"rows": "none"}'])
def test_a_broken_cell_file_is_named(made: Made, text: str) -> None:
    path = cells_dir(made[0]) / "aaa.json"
    path.write_text(text)
    with pytest.raises(AugmentError, match=r"aaa\.json: is no cell"):
        declared(made[0])


def test_equal_epochs_and_equal_updates_of_a_row_stand_in_one_line(made: Made) -> None:
    summary = summary_of(made[0])
    shown = {}
    for length in ("epochs", "updates"):
        line = line_of(summary, row="none", portion=0.1, ordinary=False, length=length)
        shown[length] = f"{line['mAP_mean']:.1f} ± {line['mAP_std']:.1f} (3)"
        assert f"| None, equal {length} | {shown[length]} |" in markdown(summary)
    assert f"| p = 0.1 | None | {shown['updates']} | {shown['epochs']} |" in markdown(summary)


def test_a_larger_set_is_compared_with_the_ceiling_at_equal_epochs_too(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path, {"data": "data"})
    rng = np.random.default_rng(1)
    cells = Table5(portions=(1.0,), rows=("none", "ours"), ratios=(1, 2), seeds=2).cells()
    declare(workspace, cells)
    raw = pd.DataFrame([finish(workspace, cell, rng) for cell in cells])
    none = raw[raw["row"] == "none"].sort_values("seed")["mAP"].to_numpy()
    for length in ("epochs", "updates"):
        own = raw[(raw["ratio"] == 2) & (raw["length"] == length)].sort_values("seed")["mAP"].to_numpy()
        line = line_of(summary_of(workspace), row="ours", ratio=2, length=length)
        assert line["gains"] == pytest.approx(list(own - none))
        assert line["gaps"] == []


@pytest.mark.parametrize("name", ["a|b", "a\nb", "<b>", "*a*", "a_b_", "`a`"])
def test_a_rows_name_stays_in_its_cell_of_the_markdown(tmp_path: Path, name: str) -> None:
    workspace = Workspace.create(tmp_path, {"data": "data"})
    write_json(cells_dir(workspace) / "0.json", Cell("none").as_dict())
    summary = summary_of(workspace)
    line = {**dict.fromkeys(summary.columns, np.nan), **Cell(name).as_dict(), "seeds": 1, "mAP_mean": 5.0, "gains": []}
    text = markdown(pd.DataFrame([line], columns=summary.columns))
    (row,) = [line for line in text.splitlines() if line.endswith("5.0 (1) |")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 3
    assert not re.search(r"(?<!\\)[*_<`]", row)


ONE_PLAN = "At ratio 2 and 3 Ours and Ours* are one plan"


def lines_of(rows: tuple[str, ...], ratios: tuple[int, ...], lengths: tuple[str, ...] = ("updates",)) -> pd.DataFrame:
    cells = Table5(portions=(0.1, 1.0), rows=rows, ratios=ratios, lengths=lengths, seeds=1).cells()
    return summarise(
        pd.DataFrame([{**cell.as_dict(), **dict.fromkeys(MEASURES, 1.0), "seconds": 1.0} for cell in cells])
    )


@pytest.mark.parametrize("form", [markdown, terminal, latex])
def test_every_form_of_the_table_says_where_two_rows_are_one_plan(form: Callable[[pd.DataFrame], str]) -> None:
    both = lines_of(("none", "ours", "ours*"), (1, 2, 3))
    assert ONE_PLAN.replace("*", r"\*") in form(both) or ONE_PLAN in form(both)
    for alone in (lines_of(("none", "ours"), (1, 2, 3)), lines_of(("none", "ours", "ours*"), (1,))):
        assert "one plan" not in form(alone)


def test_portions_that_keep_one_share_are_one_column_named_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, rng = Workspace.create(tmp_path, {"data": "data"}), np.random.default_rng(0)
    cells = Table5(portions=(0.1, 0.3, 0.75), rows=("none", "ours"), seeds=2, lengths=("updates",)).cells()
    declare(workspace, cells)
    for cell in cells:
        finish(workspace, cell, rng)
        path = workspace.reid_dir(cell.name) / "run.json"
        run = json.loads(path.read_text())
        run["result"]["share"] = max(0.5, cell.portion)
        write_json(path, run)
    summary = summary_of(workspace)
    assert sorted(zip(summary["portion"], summary["share"], summary["seeds"], strict=True)) == [
        *[(0.3, 0.5, 2)] * 2,
        *[(0.75, 0.75, 2)] * 2,
    ]
    for text in (markdown(summary), terminal(summary), latex(summary).replace("\\%", "%")):
        assert "p = 0.3 (50 % kept)" in text
        assert "p = 0.75 (" not in text
        assert "p = 0.1" not in text
    drawn = portion_plot(summary, "svg").decode()
    assert "50 % kept" in drawn
    assert "75 % kept" not in drawn
    assert {finding.about.partition(",")[0] for finding in findings(summary)} == {"p = 0.3 (50 % kept)", "p = 0.75"}
    write_table5(workspace)
    monkeypatch.setattr("pipelines.report.sections.SECTIONS", (glance, table))
    page = render_report(workspace).read_text()
    assert re.search(r"p\s=\s0\.3\s\(50\s%\skept\)", page)
    assert not re.search(r"p\s=\s0\.3\s?[^\s(]", page)


@pytest.mark.parametrize(
    ("part", "name", "verb"), [("inputs", "test_images", "tested"), ("result", "training_images", "trained")]
)
def test_a_cell_of_other_images_is_left_out(
    rendered: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, part: str, name: str, verb: str
) -> None:
    workspace = Workspace.create(tmp_path, {"data": str(rendered)})
    cells = Table5(rows=("none",), seeds=2, lengths=("updates",)).cells()
    declare(workspace, cells)
    for cell in cells:
        finish(workspace, cell, np.random.default_rng(0))
    path = workspace.reid_dir(cells[0].name) / "run.json"
    run = json.loads(path.read_text())
    run[part][name] = "2 images of 1 identities: 0123"
    write_json(path, run)
    with caplog.at_level("WARNING"):
        assert list(collect(workspace, cells)["seed"]) == [1]
    assert f"{cells[0].name}: was {verb} on other images" in caplog.text
