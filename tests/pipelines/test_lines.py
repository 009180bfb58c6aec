"""Lines of a summary, kept as JSON and set beside those of other data."""

import json
import math

import pandas as pd
import pytest

from pipelines.table5.lines import SUMMARY, Line, as_summary, lines_of
from pipelines.table5.other_data import FIGURES, NOTE, SAID, beside, other_grids, other_note
from pipelines.table5.spread import spread
from pipelines.table5.text import summary_json
from tests.pipelines.summaries import summary

OWN = summary(
    ("none", [20.0, 22.0, 24.0], {}),
    ("ours", [40.0, 44.0, 48.0], {}),
    ("ours", [60.0], {"ordinary": True}),
    ("none", [80.0, 82.0], {"portion": 1.0}),
)


def line(of: pd.DataFrame, row: str, portion: float = 0.1, *, ordinary: bool = False) -> Line:
    """One line of a summary."""
    places = [(each.row, each.portion, each.ordinary) for each in lines_of(of)]
    return lines_of(of)[places.index((row, portion, ordinary))]


def test_a_lines_spreads_are_those_of_its_seeds() -> None:
    ours = line(OWN, "ours")
    assert (ours.mAP.count, ours.mAP.mean, ours.mAP.std) == (3, 44.0, 4.0)
    expected = spread([20.0, 22.0, 24.0])
    assert (ours.gain.count, ours.gain.mean, ours.gain.std) == (3, 22.0, 2.0)
    assert (ours.gain.low, ours.gain.high) == (expected.low, expected.high)
    assert ours.gap.mean == pytest.approx(((40 - 20) / (80 - 20) + (44 - 22) / (82 - 22)) / 2)
    assert ours.gap.count == 2
    assert math.isnan(ours.gap.low)
    alone = line(OWN, "ours", ordinary=True)
    assert (alone.mAP.count, alone.gain.count, alone.gap.count) == (1, 0, 0)


def test_a_summary_comes_back_from_its_json() -> None:
    found = as_summary(json.loads(json.dumps(summary_json(OWN))))
    pd.testing.assert_frame_equal(found, OWN, check_dtype=False)
    (alone,) = lines_of(as_summary(summary_json(summary(("none", [1.0], {})))))
    assert [math.isnan(value) for value in (alone.mAP_std, alone.gain_mean, alone.gap_std)] == [True] * 3
    assert [each.cell for each in lines_of(found)] == [each.cell for each in lines_of(OWN)]
    assert as_summary([]).columns.tolist() == SUMMARY


def test_a_reduced_set_without_images_beyond_depends_on_the_length() -> None:
    lengths = summary(("none", [1.0], {}), ("ours", [2.0], {}), ("none", [3.0], {"portion": 1.0}))
    assert [(each.row, each.portion, each.depends_on_length) for each in lines_of(lengths)] == [
        ("none", 0.1, True),
        ("none", 1.0, False),
        ("ours", 0.1, False),
    ]


def test_a_place_is_the_cell_of_seed_0_in_its_block() -> None:
    ours = line(OWN, "ours", ordinary=True)
    assert (ours.cell.row, ours.cell.seed, ours.cell.portion, ours.cell.ordinary) == ("ours", 0, 0.1, True)
    assert ours.block == ours.cell.block
    assert ours.block.ordinary


OTHER = summary(("none", [5.0, 7.0], {}), ("ours", [6.0, 9.0], {}), ("self", [1.0], {}))
EMPTY = summary(("none", [3.0], {"ordinary": True}))


def test_figures_on_other_data_stand_beside_the_line_of_the_same_cells() -> None:
    wide = beside(OWN, {"viper": OTHER, "grid": EMPTY})
    assert len(wide) == len(OWN)
    pd.testing.assert_frame_equal(wide[SUMMARY], OWN)
    by_place = {(row.row, row.portion, row.ordinary): row for row in wide.itertuples()}
    ours = by_place["ours", 0.1, False]
    assert (ours.mAP_mean_viper, ours.seeds_viper, ours.gain_mean_viper) == (7.5, 2, 1.5)
    assert ours.by_seed_viper == {"0": 6.0, "1": 9.0}
    assert wide.loc[wide["portion"] == 1, ["mAP_mean_viper", "seeds_viper"]].isna().all(axis=None)
    assert wide["mAP_mean_grid"].isna().all()
    assert {f"{name}_viper" for name in FIGURES} <= set(wide)


def test_a_grid_of_other_data_has_the_lines_that_were_tested_there() -> None:
    (grid,) = other_grids(OWN, {"viper": OTHER})
    assert grid.header == ["kept", "row", "mAP, own data", "minus None, own data", "mAP, viper", "minus None, viper"]
    assert grid.title.endswith("flip + crop: tested on other data")
    assert [cells[:2] + cells[4:5] for cells in grid.lines] == [
        ["p = 0.1", "None, equal updates", "6.0 ± 1.4 (2)"],
        ["p = 0.1", "Ours", "7.5 ± 2.1 (2)"],
    ]
    assert grid.lines[1][2] == "44.0 ± 4.0 (3)"
    assert grid.lines[1][3] == "+22.0 [+17.0, +27.0] (3)"
    assert grid.lines[1][5].startswith("+1.5 [")
    assert grid.lines[0][5] == "-"
    assert grid.kinds == ["first", "row"]


def test_blocks_that_nothing_was_tested_of_have_no_grid() -> None:
    assert other_grids(OWN, {"grid": EMPTY[:0]}) == []
    (grid,) = other_grids(
        summary(("none", [1.0], {}), ("none", [2.0], {"ordinary": True})), {"viper": OTHER[:0], "grid": EMPTY}
    )
    assert grid.lines == [["p = 0.1", "None, equal updates", "2.0 (1)", "-", "-", "-", "3.0 (1)", "-"]]


def test_the_note_says_what_is_known_of_each_data_set() -> None:
    one, other, silent = (OTHER.copy() for _ in range(3))
    one.attrs[SAID], other.attrs[SAID] = "viper: none.", "grid: 3 images."
    assert other_note({"viper": one, "x": silent, "grid": other}) == f"{NOTE} viper: none. grid: 3 images."
