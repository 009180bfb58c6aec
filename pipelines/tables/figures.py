"""The figures of a table of image quality, by row and metric."""

from __future__ import annotations

from collections.abc import Mapping

Figures = Mapping[tuple[str, str], float]
"""By row and the paper's name of the metric; what is not there was not measured, or is not in the paper."""


def figures_of(figures: Figures, row: str) -> dict[str, float]:
    """The figures of one row, by metric.

    Args:
        figures: of the table.
        row: which one.
    """
    return {metric: value for (of, metric), value in figures.items() if of == row}


def figure_text(value: float | None) -> str:
    """A figure as tables show it, a dash for None."""
    return "-" if value is None else f"{value:.3f}"
