"""Table 5 as text: every cell, line and remark from figures that are written here."""

import math

import pandas as pd
import pytest

from pipelines.table5.cells import Block
from pipelines.table5.spread import Spread, spread
from pipelines.table5.text import (
    NOTE,
    Grid,
    aligned,
    blocks,
    column_title,
    difference_grid,
    gain_text,
    grids,
    markdown,
    markdown_table,
    mean_grid,
    mean_text,
    remarks,
    spread_text,
    terminal,
)
from tests.pipelines.summaries import results, summary

EPOCHS = {"length": "epochs"}
WHOLE = {"portion": 1.0}
DOUBLE = {"portion": 1.0, "ratio": 2}


@pytest.mark.parametrize(
    ("portion", "ratio", "share", "title"),
    [
        (0.1, 1, 0.1, "p = 0.1"),
        (0.1, 1, 0.1049, "p = 0.1"),
        (0.1, 1, 0.5, "p = 0.1 (50 % kept)"),
        (0.1, 1, 0.1234, "p = 0.1 (12.3 % kept)"),
        (0.05, 1, math.nan, "p = 0.05"),
        (1.0, 1, 1.0, "p = 1"),
        (1.0, 2, 1.0, "ratio 2"),
    ],
)
def test_a_column_is_its_portion_or_ratio_with_the_share_really_kept(
    portion: float, ratio: int, share: float, title: str
) -> None:
    assert column_title(portion, ratio, share) == title


@pytest.mark.parametrize(
    ("values", "text", "percent"),
    [
        ([], "-", "-"),
        ([0.44], "0.4 (1)", "44 % (1)"),
        ([0.4, 0.6], "0.5 ± 0.1 (2)", "50 ± 14 % (2)"),
        ([-1.0, -1.0, -1.0], "-1.0 ± 0.0 (3)", "-100 ± 0 % (3)"),
    ],
)
def test_a_mean_has_its_deviation_from_two_seeds_on(values: list[float], text: str, percent: str) -> None:
    assert spread_text(spread(values)) == text
    assert spread_text(spread(values), percent=True) == percent


def test_a_mean_that_is_not_known_is_a_dash() -> None:
    assert spread_text(Spread(2)) == "-"
    assert mean_text(None) == "-"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "-"),
        ([-0.25], "-0.2 (1)"),
        ([3.0, 3.0], "+3.0 [+3.0, +3.0] (2)"),
        ([1.0, 3.0], f"+2.0 [{2 - 12.7062:+.1f}, {2 + 12.7062:+.1f}] (2)"),  # t of one degree of freedom
    ],
)
def test_a_difference_has_a_sign_and_its_interval_from_two_seeds_on(values: list[float], text: str) -> None:
    assert gain_text(spread(values)) == text


def test_backbone_preset_and_augmentation_part_the_table() -> None:
    ours = [40.0, 42.0]
    parts = list(
        blocks(
            summary(
                ("ours", ours, {}),
                ("ours", ours, {"ordinary": True}),
                ("ours", ours, {"backbone": "resnet50", "scratch": True, "preset": "strong"}),
                ("ours", ours, EPOCHS),
            )
        )
    )
    assert {block.title: len(part) for block, part in parts} == {
        "small, flip + crop": 2,
        "small, flip + crop + random erasing + colour jitter": 1,
        "resnet50 from scratch, preset strong, flip + crop": 1,
    }
    assert Block("small", "demo", False, False) in [block for block, _ in parts]


def test_means_stand_by_portion_with_the_papers_under_them() -> None:
    grid = mean_grid(
        summary(
            ("none", [20.0, 24.0], {}),
            ("none", [19.0], EPOCHS),
            ("ours", [40.0, 44.0], {}),
            ("ours", [41.0], {"portion": 0.3}),
            ("ours", [83.0], DOUBLE),
        ),
        "a title",
    )
    assert grid.title == "a title"
    assert grid.header == ["mAP in %", "p = 0.1", "p = 0.3", "ratio 2"]
    lines = {line[0]: (line[1:], kind) for line, kind in zip(grid.lines, grid.kinds, strict=True)}
    assert lines["None, equal updates"] == (["22.0 ± 2.8 (2)", "-", "-"], "row")
    assert lines["None, equal epochs"] == (["19.0 (1)", "-", "-"], "row")
    assert lines["None, paper"] == (["9.2", "-", "-"], "paper")
    assert lines["Ours, equal updates"] == (["42.0 ± 2.8 (2)", "41.0 (1)", "83.0 (1)"], "row")
    assert lines["Ours, paper"] == (["52.6", "56.5", "65.3"], "paper")
    assert grid.words == 1
    assert grid.mark is None


def test_a_row_whose_lengths_are_one_training_has_one_line() -> None:
    grid = mean_grid(summary(("ours", [40.0], {}), ("ours", [50.0], {"portion": 0.3})), "")
    assert [line[0] for line in grid.lines] == ["Ours", "Ours, paper"]


def test_the_paper_has_no_figures_with_random_erasing_and_none_of_rows_of_ours() -> None:
    ordinary = mean_grid(summary(("ours", [40.0], {"ordinary": True})), "")
    assert ordinary.kinds == ["row"]
    repeated = mean_grid(summary(("self", [40.0], {})), "")
    assert repeated.kinds == ["row"]


def test_differences_stand_by_portion_each_length_in_a_column() -> None:
    made = summary(
        ("none", [20.0, 22.0, 24.0], {}),
        ("none", [18.0, 20.0], EPOCHS),
        ("ours", [40.0, 44.0, 48.0], {}),
        ("ours", [41.0], {"portion": 0.3}),
        ("none", [80.0, 82.0], WHOLE),
        ("ours", [79.0, 81.0], DOUBLE),
    )
    grid = difference_grid(made, "differences")
    assert grid.header == [
        "kept",
        "row",
        "mAP, equal updates",
        "mAP, equal epochs",
        "minus None, equal updates",
        "minus None, equal epochs",
        "gap closed",
        "paper (minus None)",
    ]
    assert (grid.words, grid.mark) == (2, 4)
    lines = {(line[0], line[1]): (line[2:], kind) for line, kind in zip(grid.lines, grid.kinds, strict=True)}
    gain = spread([20.0, 22.0, 24.0])
    gap = spread([20 / 60, 22 / 60])
    assert lines["p = 0.1", "None"] == (["22.0 ± 2.0 (3)", "19.0 ± 1.4 (2)", "-", "-", "-", "9.2"], "first")
    cells, kind = lines["p = 0.1", "Ours"]
    assert cells[0] == cells[1] == "44.0 ± 4.0 (3)"  # the set is as large as the full one: one training
    assert cells[2] == f"+22.0 [{gain.low:+.1f}, {gain.high:+.1f}] (3)"
    assert cells[4] == f"{100 * gap.mean:.0f} ± {100 * gap.std:.0f} % (2)"
    assert cells[5] == "52.6 (+43.4)"
    assert kind == "row clear"
    assert lines["p = 0.3", "Ours"] == (["41.0 (1)", "-", "-", "-", "-", "56.5 (+15.0)"], "first")
    cells, kind = lines["ratio 2", "Ours"]
    assert cells[2] == "-1.0 [-1.0, -1.0] (2)"
    assert kind == "first clear"  # below 0 as clearly as above it
    assert list(lines) == sorted(lines, key=lambda place: ["p = 0.1", "p = 0.3", "p = 1", "ratio 2"].index(place[0]))


def test_an_interval_around_0_marks_nothing() -> None:
    grid = difference_grid(summary(("none", [20.0, 22.0], {}), ("ours", [30.0, 22.5], {})), "")
    assert grid.kinds == ["first", "row"]
    assert grid.header[-1] == "paper (minus None)"
    ordinary = {"ordinary": True}
    alone = difference_grid(summary(("none", [20.0], ordinary), ("ours", [30.0], ordinary)), "")
    assert alone.header == ["kept", "row", "mAP, equal updates", "minus None, equal updates", "gap closed"]
    assert alone.lines[1] == ["p = 0.1", "Ours", "30.0 (1)", "+10.0 (1)", "-"]


def test_differences_are_shown_only_where_there_is_something_to_compare() -> None:
    made = summary(
        ("none", [20.0], {}),
        ("ours", [30.0], {}),
        ("ours", [30.0], {"ordinary": True}),
    )
    assert [grid.title for grid in grids(made)] == [
        "small, flip + crop",
        "small, flip + crop: differences to None",
        "small, flip + crop + random erasing + colour jitter",
    ]


def test_ours_and_its_star_are_said_to_be_one_plan_beyond_the_full_set() -> None:
    assert remarks(summary(("ours", [70.0], {}), ("ours", [80.0], DOUBLE), ("ours*", [60.0], {}))) == []
    triple = {"portion": 1.0, "ratio": 3}
    (said,) = remarks(
        summary(
            ("ours", [80.0], DOUBLE), ("ours*", [80.0], DOUBLE), ("ours", [81.0], triple), ("ours*", [81.0], triple)
        )
    )
    assert said.startswith("At ratio 2 and 3 Ours and Ours* are one plan: ")
    assert said.endswith("not two results.")


def test_markdown_keeps_text_text() -> None:
    grid = Grid("own | title", ["a_b", "c"], [["x | *y*", "1 < 2"], ["two\nlines", "`code` \\"]])
    assert markdown_table(grid).splitlines() == [
        "## own | title",
        "",
        "| a\\_b | c |",
        "| --- | --- |",
        "| x \\| \\*y\\* | 1 \\< 2 |",
        "| two lines | \\`code\\` \\\\ |",
    ]


def test_columns_are_as_wide_as_their_widest_cell_and_headers_break_at_the_comma() -> None:
    grid = Grid("title", ["row", "mAP, equal updates"], [["Ours", "1.0"], ["Größer", "-"]])
    assert aligned(grid).splitlines() == [
        "title",
        "  row     mAP",
        "          equal updates",
        "  Ours    1.0",
        "  Größer  -",
    ]


def test_the_document_and_the_terminal_say_how_to_read_the_figures() -> None:
    made = summary(("none", [20.0], {}), ("ours", [30.0], {}))
    assert terminal(made).endswith(NOTE)
    assert markdown(made).startswith(
        f"# Table 5: re-identification with generated training images\n\n{NOTE}\n\n## small"
    )
    assert markdown(made).count("## ") == 2
    nothing = pd.DataFrame(columns=made.columns)
    assert terminal(nothing) == "No cell is finished yet."
    assert len(results()) == 0
