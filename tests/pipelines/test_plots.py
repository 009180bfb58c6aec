"""Plots: any rows, the same colours everywhere, the same bytes for the same figures."""

import io
import re

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from augment.training.reid_data import LENGTHS
from pipelines.table5.plots import CURVES, _draw_list, _draw_rows, panels, portion_plot, row_styles
from pipelines.table5.results import summarise
from pipelines.table5.rows import ROWS
from tests.pipelines.summaries import results


def summary(*rows: str) -> pd.DataFrame:
    lines = [(row, [10.0 + i, 12.0 + i], {"portion": p}) for i, row in enumerate(rows) for p in (0.1, 0.5)]
    return summarise(results(*lines))


def test_forty_rows_can_be_told_apart() -> None:
    rows = [*ROWS, *(f"row {number}" for number in range(40))]
    styles = row_styles(rows)
    assert set(styles) == set(rows)
    assert len({tuple(style.values()) for style in styles.values()}) == len(rows)
    assert [row for row, style in styles.items() if style["color"] == styles["none"]["color"]] == ["none"]


def test_the_tables_own_rows_keep_their_colours_beside_others() -> None:
    assert {row: row_styles(["a", "b"])[row] for row in ROWS} == row_styles(["none"])


def test_a_picture_is_drawn_of_any_rows_and_names() -> None:
    for rows in (("none",), ("none", "$x$", r"$\bad{", "_hidden", "<b>"), ()):
        with Image.open(io.BytesIO(portion_plot(summary(*rows)))) as picture:
            assert len(np.unique(np.asarray(picture.convert("L")))) > 2


def drawn_texts(picture: bytes) -> list[str]:
    """What an SVG by matplotlib says, in its comments; its letters are outlines."""
    return [text.strip() for text in re.findall(r"<!--(.*?)-->", picture.decode(), re.DOTALL)]


def test_many_rows_are_listed_by_name_with_a_column_for_each_portion() -> None:
    rows = ["none", *(f"row {number}" for number in range(CURVES))]
    texts = drawn_texts(portion_plot(summary(*rows), "svg"))
    assert [text for text in texts if text in rows or text == "None"] == ["None", *rows[1:]]
    assert [text for text in texts if text.startswith("p = ")] == ["p = 0.1", "p = 0.5"]
    few = drawn_texts(portion_plot(summary(*rows[:-1]), "svg"))
    assert not [text for text in few if text.startswith("p = ")]
    assert "share p of real images kept" in few


def test_a_listed_point_lies_at_its_rows_height_and_its_mean() -> None:
    lines = [("none", [10.0, 12.0], {"length": length}) for length in LENGTHS]
    part = summarise(results(*lines, ("ours", [30.0, 34.0], {}), ("ours", [50.0], {"portion": 0.5})))
    axis = Figure().subplots()
    _draw_list(axis, part[part["portion"] == part["portion"].min()], ["none", "ours"])
    points = [np.asarray(line.get_xydata()).tolist() for line in axis.lines if line.get_marker() == "o"]
    assert sorted(point for drawn in points for point in drawn) == [[11.0, 0.0], [11.0, 0.0], [32.0, 1.0]]
    assert [np.asarray(line.get_xdata()).tolist() for line in axis.lines if line.get_linestyle() == ":"] == [[11.0] * 2]


def test_svg_holds_no_date_and_is_the_same_each_time() -> None:
    first, second = (portion_plot(summary("none", "ours"), "svg") for _ in range(2))
    assert first == second
    assert b"<dc:date>" not in first


def test_rows_that_are_other_trainings_at_equal_epochs_are_drawn_twice() -> None:
    lines = [(row, [10.0], {"length": length}) for row in ("none", "ours", "filled:8") for length in LENGTHS]
    axis = Figure().subplots()
    _draw_rows(axis, summarise(results(*lines)), row_styles(["filled:8"]))
    assert sorted(axis.get_legend_handles_labels()[1]) == [
        "Filled to 8",
        "Filled to 8, equal epochs",
        "None",
        "None, equal epochs",
        "Ours",
    ]


def test_there_is_a_panel_for_each_block() -> None:
    lines = [("none", [10.0], {"ordinary": ordinary}) for ordinary in (False, True)]
    titles = [title for title, _ in panels(summarise(results(*lines)))]
    assert titles == ["small, flip + crop", "small, flip + crop + random erasing + colour jitter"]


def test_a_part_is_drawn_in_the_colours_and_on_the_scale_of_the_whole() -> None:
    whole = summary("none", "alpha", "zeta")
    part = whole[whole["row"] != "alpha"].assign(mAP_mean=5.0)
    assert portion_plot(part, "svg", whole) != portion_plot(part, "svg")
    colour = row_styles(["alpha", "zeta"])["zeta"]["color"]
    assert colour.encode() in portion_plot(part, "svg", whole)
    assert colour.encode() not in portion_plot(part, "svg")
