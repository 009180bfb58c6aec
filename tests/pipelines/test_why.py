"""Measures of generated images beside their gains, of evaluations and results that are written here."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from augment.evaluation.protocol import Evaluation
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.demo import why
from pipelines.demo.text import finding_lines
from pipelines.demo.why import (
    COLUMNS,
    EXPLAINED,
    GAINS,
    correlation_sentences,
    generators_of_rows,
    measure_rows,
    rank_correlations,
    why_lines,
    why_table,
    why_text,
)
from pipelines.table5.cells import Cell
from pipelines.table5.findings import findings
from tests.pipelines.summaries import summary

SUMMARY = summary(
    ("none", [20.0, 22.0], {}),
    ("ours", [40.0, 44.0], {}),
    ("none", [30.0], {"ordinary": True}),
    ("ours", [33.0], {"ordinary": True}),
    ("ours", [99.0], {"backbone": "resnet50"}),
    ("none", [9.0], {"backbone": "resnet50"}),
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w", {"data": "data", "size": [128, 64], "seed": 0})


def write_evaluation(folder: Path, pairs: int, rows: dict[str, dict[str, float]]) -> None:
    """What an evaluation by the paper's protocol leaves behind."""
    result = {
        "folder": folder.name,
        "generator": folder.name,
        "protocol": "paper",
        "split": "test",
        "pairs": pairs,
        "size": [128, 64],
        "rows": rows,
        "missing": {},
        "notes": {},
        "identity_model": None,
    }
    path = folder / f"eval-paper-test-{pairs}-s0" / "run.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"seed": 0, "options": {}, "inputs": {}, "result": result}))


def test_rows_are_those_whose_images_replace_removed_ones_as_they_are(workspace: Workspace) -> None:
    cells = [
        Cell("reduced", seed=1),
        Cell("ours", portion=0.3),
        Cell("none"),
        Cell("self"),
        Cell("ours*"),
        Cell("ours+scenes"),
        Cell("ours", portion=1.0, ratio=2),
        Cell("ours", ordinary=True),
        Cell("reduced"),
        Cell("ours"),
    ]
    assert sorted(generators_of_rows(workspace, cells, "mine")) == [
        ("ours", 0.1, "mine"),
        ("ours", 0.3, "mine"),
        ("reduced", 0.1, "mine-p0.1-s0"),  # of the first seed
    ]
    assert generators_of_rows(workspace, [], "mine") == []


def test_a_row_has_its_largest_evaluation_and_its_own_gains(workspace: Workspace) -> None:
    folder = workspace.patn_dir("mine")
    cells = [Cell("ours"), Cell("ours", portion=0.3), Cell("reduced")]
    assert why_table(workspace, cells, SUMMARY, "mine").empty
    write_evaluation(folder, 9, {"generated": {"ssim": 0.1}, "copy": {}})
    write_evaluation(
        folder,
        100,
        {"generated": {"identity": 0.3, "ssim": 0.5, "mask-ssim": 0.8}, "copy": {"identity": 0.6, "ssim": 0.2}},
    )
    table = why_table(workspace, cells, SUMMARY, "mine")
    assert list(table) == [*COLUMNS, *GAINS]
    assert table[["row", "portion", "generator", "pairs"]].to_numpy().tolist() == [
        ["ours", 0.1, "mine", 100],
        ["ours", 0.3, "mine", 100],
    ]
    first = table.iloc[0]
    assert (first["identity"], first["share"], first["ssim"], first["mask_ssim"]) == (0.3, 0.5, 0.5, 0.8)
    assert math.isnan(first["pckh"])
    assert (first["plain"], first["augmented"]) == (21.0, 3.0)
    assert table[["plain", "augmented"]].iloc[1].isna().all()  # nothing was run at p = 0.3


@pytest.mark.parametrize(("copy", "share"), [({}, math.nan), ({"identity": 0.0}, math.nan), ({"identity": 0.4}, 0.75)])
def test_without_an_identity_of_copies_there_is_no_share_of_it(
    workspace: Workspace, copy: dict[str, float], share: float
) -> None:
    write_evaluation(workspace.patn_dir("mine"), 5, {"generated": {"identity": 0.3}, "copy": copy})
    (found,) = why_table(workspace, [Cell("ours")], SUMMARY, "mine")["share"]
    assert found == pytest.approx(share, nan_ok=True)


def test_each_generator_is_measured_once_when_the_judge_is_there(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[tuple[str, Evaluation]] = []

    def evaluate(of: Workspace, evaluation: Evaluation, *, generator: str, runtime: Runtime) -> None:
        measured.append((generator, evaluation))

    monkeypatch.setattr(why, "evaluate_generator", evaluate)
    cells = [Cell("ours"), Cell("ours", portion=0.3), Cell("reduced")]
    judge = Cell("none", portion=1.0)

    def measure() -> list[str]:
        measured.clear()
        measure_rows(workspace, cells, "mine", judge, 50, 1, Runtime())
        return [name for name, _ in measured]

    assert measure() == []
    run = workspace.reid_dir(judge.name) / "run.json"
    run.parent.mkdir(parents=True)
    run.write_text(json.dumps({"seed": 0, "options": {}, "inputs": {}, "result": {}}))
    assert measure() == ["mine", "mine-p0.1-s0"]
    asked = measured[0][1]
    assert (asked.pairs, asked.reid_model, asked.metrics) == (50, judge.name, ("ssim", "mask-ssim", "pckh", "identity"))


def table(*lines: dict[str, Any]) -> pd.DataFrame:
    base = {"row": "ours", "portion": 0.1, "generator": "g", "pairs": 1_200, "plain": math.nan, "augmented": math.nan}
    figures = dict.fromkeys(("identity", "share", "ssim", "mask_ssim", "pckh"), math.nan)
    return pd.DataFrame([{**base, **figures, **line} for line in lines], columns=[*COLUMNS, *GAINS])


def test_a_line_has_figures_gains_and_dashes() -> None:
    lines = why_lines(
        table({"identity": 0.25, "share": 0.5, "ssim": 0.1234, "plain": -1.26, "augmented": 4.0}, {"row": "self"})
    )
    assert lines[0] == [
        *("kept", "row", "pairs", "identity", "of copy", "SSIM", "mask-SSIM", "PCKh"),
        *("minus None, plain", "minus None, with erasing + jitter"),
    ]
    assert lines[1] == ["p = 0.1", "Ours", "1,200", "0.250", "0.500", "0.123", "-", "-", "-1.3", "+4.0"]
    assert lines[2][3:] == ["-"] * 7


def test_a_correlation_needs_three_rows_that_differ() -> None:
    rows = [{"ssim": ssim, "plain": plain} for ssim, plain in ((0.1, 5.0), (0.2, 3.0), (0.3, 1.0))]
    assert list(rank_correlations(table(*rows[:2]))) == []
    assert list(rank_correlations(table(*rows))) == [(0.1, "ssim", "plain", 3, pytest.approx(-1))]
    assert list(rank_correlations(table(*({**row, "plain": 2.0} for row in rows)))) == []
    apart = [{**row, "portion": portion} for row, portion in zip(rows, (0.1, 0.1, 0.3), strict=True)]
    assert list(rank_correlations(table(*apart))) == []


def test_correlations_are_a_sentence_for_each_portion_and_gain() -> None:
    rows = [
        {"ssim": ssim, "share": 1 - ssim, "plain": 10 * ssim, "portion": portion}
        for portion in (0.3, 0.1)
        for ssim in (0.1, 0.2, 0.3, 0.5)
    ]
    assert correlation_sentences(table(*rows)) == [
        f"Rank correlation with the gain, plain, at p = {p} over 4 rows: identity -1.00, SSIM +1.00."
        for p in (0.1, 0.3)
    ]
    assert correlation_sentences(table(*rows[:1])) == []


def test_the_text_is_the_table_its_correlations_and_what_they_are() -> None:
    assert why_text(table()) == "No row's images are measured."
    lines = why_text(table({"ssim": 0.5})).splitlines()
    assert len(lines) == 3
    assert lines[1].split()[:3] == ["p", "=", "0.1"]
    assert lines[-1] == EXPLAINED


def test_findings_stand_under_their_headings() -> None:
    found = findings(SUMMARY)
    lines = finding_lines(SUMMARY)
    assert [line for line in lines if not line.startswith("  - ")] == [
        f"{about}:" for about in dict.fromkeys(each.about for each in found)
    ]
    assert [line.removeprefix("  - ") for line in lines if line.startswith("  - ")] == [each.text for each in found]
    assert finding_lines(SUMMARY.iloc[:0]) == []
