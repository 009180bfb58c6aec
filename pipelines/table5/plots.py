"""Plots as PNG bytes, plotted off screen."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from augment.training.reid_data import EPOCHS
from pipelines.table5.lines import lines_of
from pipelines.table5.rows import ROWS, row_order, row_title
from pipelines.table5.text import LENGTH_TITLES, blocks, column_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (
    *("#444444", "#b07aa1", "#1f6fb2", "#59a14f", "#e08214", "#8c564b"),
    *("#17a2a2", "#d14b8f", "#7a8b00", "#5b5bd6", "#c23b3b", "#9c8f6b"),
)
MARKERS = "osD^v<>PXdh"
POINT = "#1f6fb2"
"""The colour of points in a list of rows, where names stand beside them."""
CURVES = 8
"""As many rows of a panel are told apart as curves; more are listed."""
Panel = tuple[str, pd.DataFrame]
"""A title, and the part of a summary that is plotted under it."""


def row_styles(rows: Iterable[str]) -> dict[str, dict[str, str]]:
    """Colour and marker of each row: None's colour is its own; the table's rows in their order, then others by name.

    The first 121 pairs differ.

    Args:
        rows: their names.
    """
    none, *ordered = sorted({*ROWS, *rows}, key=row_order)
    own, *others = COLOURS
    styles = {none: {"color": own, "marker": MARKERS[0]}}
    for number, row in enumerate(ordered):
        turn, place = divmod(number, len(others))
        styles[row] = {"color": others[place], "marker": MARKERS[(place + turn + 1) % len(MARKERS)]}
    return styles


def portion_plot(summary: pd.DataFrame, form: str = "png", whole: pd.DataFrame | None = None) -> bytes:
    """mAP over p, one panel a backbone and augmentation: as curves or, where a panel has many rows, as a list.

    Error bars are standard deviations over seeds; a point of one seed has none. Filled: equal updates; hollow: equal
    epochs, for the rows that are other trainings then. Ratios above 1 are left out.

    Args:
        summary: as of `pipelines.table5.results.summarise`.
        form: png or svg.
        whole: the summary that this one is a part of, whose colours and scale are taken; None is itself.

    Returns:
        The picture's bytes.
    """
    parts, whole = panels(summary), summary if whole is None else whole
    highest = (whole["mAP_mean"] + whole["mAP_std"].fillna(0)).max()
    limit = 1.05 * highest if highest > 0 else 1.0
    if any(part["row"].nunique() > CURVES for _, part in parts):
        return _save(_list(parts, limit), form)
    return _save(_curves(parts, limit, row_styles(whole["row"])), form)


def _curves(parts: Sequence[Panel], limit: float, styles: Mapping[str, Mapping[str, str]]) -> Figure:
    """One curve a row over p, with a legend."""
    figure = _figure(4.6 * max(1, len(parts)), 3.9)
    axes = figure.subplots(1, max(1, len(parts)), sharey=True, squeeze=False)[0]
    for axis, (title, part) in zip(axes, parts, strict=False):
        _draw_rows(axis, part, styles)
        axis.set_title(_plain(title), fontsize=10)
        axis.set_xlabel("share p of real images kept")
        shares = part.groupby("portion")["share"].median()
        axis.set_xticks(shares.index, [_tick(float(str(p)), share) for p, share in shares.items()])
        _frame(axis)
    axes[0].set_ylabel("mAP, %")
    axes[0].set_ylim(0, limit)
    handles = {label: handle for axis in axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    if handles:
        figure.legend(handles.values(), handles, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure


def _list(parts: Sequence[Panel], limit: float) -> Figure:
    """One line of text a row, one column a p; a dotted line where None is at equal updates."""
    portions = sorted({portion for _, part in parts for portion in part["portion"]})
    heights = [0.2 * part["row"].nunique() + 0.75 for _, part in parts]
    figure = _figure(2.4 + 1.15 * len(portions), sum(heights))
    for panel, (title, part) in zip(
        figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False).flat, parts, strict=True
    ):
        panel.suptitle(_plain(title), fontsize=10)
        rows = sorted(part["row"].unique(), key=row_order)
        for axis, portion in zip(
            panel.subplots(1, len(portions), sharey=True, squeeze=False)[0], portions, strict=True
        ):
            _draw_list(axis, part[part["portion"] == portion], rows)
            axis.set_yticks(range(len(rows)), [_plain(row_title(row)) for row in rows], fontsize=8)
            axis.set(xlim=(0, limit), ylim=(len(rows) - 0.5, -0.5))
            _frame(axis)
    figure.supxlabel("mAP, %; hollow: equal epochs; dotted: None", fontsize=9)
    return figure


def _draw_list(axis: Axes, part: pd.DataFrame, rows: Sequence[str]) -> None:
    """The points of one p, each at the height of its row; the title is the p."""
    for length, points in part.groupby("length", sort=False):
        drawn = points if length != EPOCHS else points[[line.depends_on_length for line in lines_of(points)]]
        heights, errors = [rows.index(row) for row in drawn["row"]], drawn["mAP_std"].fillna(0)
        fill = "white" if length == EPOCHS else POINT
        axis.errorbar(
            drawn["mAP_mean"],
            heights,
            xerr=errors,
            fmt="o",
            color=POINT,
            markerfacecolor=fill,
            ms=3.5,
            lw=1.2,
            capsize=2,
        )
    for none in part.loc[(part["row"] == "none") & (part["length"] != EPOCHS), "mAP_mean"]:
        axis.axvline(none, color=COLOURS[0], linestyle=":", lw=1)
    axis.set_visible(not part.empty)
    if not part.empty:
        axis.set_title(column_title(part["portion"].iloc[0], 1, part["share"].median()), fontsize=9)


def _frame(axis: Axes) -> None:
    """A grid, and no lines above and on the right."""
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)


def _tick(portion: float, share: float) -> str:
    """`0.1`, under it `50 % kept` where that is another share."""
    return column_title(portion, 1, share).removeprefix("p = ").replace(" (", "\n").removesuffix(")")


def panels(summary: pd.DataFrame) -> list[Panel]:
    """The parts of a summary that are plotted in one panel each, with their titles."""
    return [(block.title, part) for block, part in blocks(summary[summary["ratio"] == 1])]


def _draw_rows(axis: Axes, part: pd.DataFrame, styles: Mapping[str, Mapping[str, str]]) -> None:
    """One line a row; under equal epochs only those rows that are other trainings then."""
    for (row, length), points in part.groupby(["row", "length"], sort=False):
        if length == EPOCHS and not any(line.depends_on_length for line in lines_of(points)):
            continue
        short = length == EPOCHS
        hollow = {"linestyle": "--", "markerfacecolor": "white"} if short else {}
        style: dict[str, Any] = {**styles[str(row)], **hollow}
        label = f"{row_title(str(row))}, {LENGTH_TITLES[EPOCHS]}" if short else row_title(str(row))
        means, errors = points["mAP_mean"], points["mAP_std"].fillna(0)
        axis.errorbar(points["portion"], means, errors, ms=4.5, lw=1.4, capsize=3, label=_plain(label), **style)


def _plain(text: str) -> str:
    """Text that matplotlib does not read as a formula, nor as a label to be hidden."""
    return text.replace("$", r"\$").removeprefix("_")


def _figure(width: float, height: float) -> Figure:
    """A figure that no global state knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, form: str) -> bytes:
    """The figure's bytes, the same for the same figure."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "augment"}):
        figure.savefig(buffer, format=form, metadata={"Date": None} if form == "svg" else None)
    return buffer.getvalue()
