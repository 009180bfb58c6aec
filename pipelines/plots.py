"""Plots as PNG bytes, drawn off screen."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipelines.rows import ROWS
from pipelines.tabletext import LENGTH_TITLES, blocks, row_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#444444", "#b07aa1", "#1f6fb2", "#59a14f", "#e08214", "#8c564b")


def portion_plot(summary: pd.DataFrame) -> bytes:
    """mAP over p, one panel a backbone and augmentation; error bars are standard deviations over seeds.

    Solid: equal updates; dashed: equal epochs, where they differ from it.  Ratios above 1 are not drawn.
    """
    parts = panels(summary)
    figure = _figure(5.0 * max(1, len(parts)), 3.6)
    axes = figure.subplots(1, max(1, len(parts)), sharey=True, squeeze=False)[0]
    for axis, part in zip(axes, parts, strict=False):
        for block, lines in blocks(part):
            _draw_rows(axis, lines, str(block["length"]))
        ordinary = bool(part["ordinary"].iloc[0])
        axis.set_title(f"{part['backbone'].iloc[0]}, {'erasing + jitter' if ordinary else 'flip + crop'}", fontsize=10)
        axis.set_xlabel("share p of real images kept")
        axis.set_xticks(sorted(part["portion"].unique()))
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    axes[0].set_ylabel("mAP, %")
    axes[0].set_ylim(bottom=0)
    return _png(figure)


def panels(summary: pd.DataFrame) -> list[pd.DataFrame]:
    """The parts of a summary that are drawn in one panel each."""
    drawn = summary[summary["ratio"] == 1]
    return [part for _, part in drawn.groupby(["backbone", "preset", "scratch", "ordinary"], sort=False)]


def _draw_rows(axis: Any, part: pd.DataFrame, length: str) -> None:
    """One line a row; under equal epochs only None, the other rows being the same trainings."""
    for row, points in part.groupby("row", sort=False):
        if length == "epochs" and row != "none":
            continue
        index = list(ROWS).index(str(row)) if row in ROWS else len(ROWS)
        style = {"color": COLOURS[index % len(COLOURS)], "linestyle": "--" if length == "epochs" else "-"}
        label = f"{row_title(str(row))}, {LENGTH_TITLES[length]}" if length == "epochs" else row_title(str(row))
        errors = points["mAP_std"].fillna(0)
        axis.errorbar(points["portion"], points["mAP_mean"], errors, marker="o", ms=4, capsize=3, label=label, **style)


def loss_plot(curves: Mapping[str, Sequence[Mapping[str, float]]]) -> bytes:
    """Loss curves: one panel a training, one line a loss, from the records of `metrics.jsonl`."""
    figure = _figure(5.0 * max(1, len(curves)), 3.2)
    axes = figure.subplots(1, max(1, len(curves)), squeeze=False)[0]
    for axis, (title, records) in zip(axes, curves.items(), strict=False):
        table = pd.DataFrame(records).set_index("step").drop(columns=["seconds"], errors="ignore")
        for name in table.columns:
            axis.plot(table.index, table[name], lw=1, label=name)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("step")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    return _png(figure)


def _figure(width: float, height: float) -> Figure:
    """A figure that no global state knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
