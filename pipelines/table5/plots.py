"""Plots as PNG bytes, plotted off screen."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
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
    """mAP over p, one panel a backbone and augmentation.

    Error bars are standard deviations over seeds; a point of one seed has none. Solid: equal updates; dashed and
    hollow: equal epochs, for the rows that are other trainings then. Ratios above 1 are left out.

    Args:
        summary: as of `pipelines.table5.results.summarise`.
        form: png or svg.
        whole: the summary that this one is a part of, whose colours and scale are taken; None is itself.

    Returns:
        The picture's bytes.
    """
    parts = panels(summary)
    figure = _figure(4.6 * max(1, len(parts)), 3.9)
    axes = figure.subplots(1, max(1, len(parts)), sharey=True, squeeze=False)[0]
    whole = summary if whole is None else whole
    styles, highest = row_styles(whole["row"]), (whole["mAP_mean"] + whole["mAP_std"].fillna(0)).max()
    for axis, (title, part) in zip(axes, parts, strict=False):
        _draw_rows(axis, part, styles)
        axis.set_title(_plain(title), fontsize=10)
        axis.set_xlabel("share p of real images kept")
        shares = part.groupby("portion")["share"].median()
        axis.set_xticks(shares.index, [_tick(float(str(p)), share) for p, share in shares.items()])
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("mAP, %")
    axes[0].set_ylim(0, 1.05 * highest if highest > 0 else 1)
    handles = {label: handle for axis in axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    if handles:
        figure.legend(handles.values(), handles, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return _save(figure, form)


def _tick(portion: float, share: float) -> str:
    """`0.1`, under it `50 % kept` where that is another share."""
    return column_title(portion, 1, share).removeprefix("p = ").replace(" (", "\n").removesuffix(")")


def panels(summary: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
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
