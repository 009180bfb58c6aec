"""Training curves as small panels, for the page's template: a few points a line, one scale a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from augment.training.loop import read_metrics
from augment.training.reid_data import EPOCHS
from augment.workspace import Workspace
from pipelines.table5.cells import Cell
from pipelines.table5.results import declared, is_finished, kept_share
from pipelines.table5.rows import row_order, row_title
from pipelines.table5.text import LENGTH_TITLES, column_title

WIDTH, HEIGHT = 200, 70
POINTS = 100
NOT_LOSSES = ("step", "seconds", "accuracy", "lr", "learning_rate")

Series = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """One panel: title, lines as points in WIDTH x HEIGHT (y downwards), the ends of the scales, the last values."""

    title: str
    lines: list[list[tuple[float, float]]]
    bottom: float
    top: float
    steps: int
    last: str


def panel(title: str, series: Mapping[str, Series], bounds: tuple[float, float] | None = None) -> Panel:
    """Lines of (step, value) on one scale.

    Args:
        title: of the panel.
        series: the lines by name.
        bounds: lowest and highest value of the scale; None takes those of the lines.
    """
    values = [value for line in series.values() for _, value in line]
    low, high = bounds or (min(values), max(values))
    steps = max(step for line in series.values() for step, _ in line)
    lines = [[(_x(step, steps), _y(value, low, high)) for step, value in _thinned(line)] for line in series.values()]
    last = ", ".join(f"{line[-1][1]:.3g}" for line in series.values())
    return Panel(title, lines, low, high, int(steps), last)


def _x(step: float, steps: float) -> float:
    return round(WIDTH * step / max(steps, 1), 1)


def _y(value: float, low: float, high: float) -> float:
    return round(HEIGHT * (high - value) / (high - low), 1) if high > low else HEIGHT / 2


def _thinned(line: Series) -> Series:
    """At most about POINTS points of a line, its last among them."""
    stride = max(1, -(-len(line) // POINTS))
    return line[::-1][::stride][::-1]


def cell_curves(workspace: Workspace) -> list[tuple[str, list[Panel]]]:
    """The loss of every finished cell of Table 5: a group a block, a panel a row and portion, a line a seed.

    The panels of a group have one scale, from 0 to its highest loss.
    """
    settings: dict[str, dict[str, dict[str, Series]]] = {}
    for cell in sorted(declared(workspace), key=_reading_order):
        records = read_metrics(workspace.reid_dir(cell.name)) if is_finished(workspace, cell) else []
        line = [(float(record["step"]), float(record["loss"])) for record in records if "loss" in record]
        if line:
            block = cell.block.title
            settings.setdefault(block, {}).setdefault(_title(workspace, cell), {})[f"seed {cell.seed}"] = line
    groups = []
    for block, lines in settings.items():
        top = max(value for series in lines.values() for line in series.values() for _, value in line)
        groups.append((block, [panel(title, series, (0.0, top)) for title, series in lines.items()]))
    return groups


def _reading_order(cell: Cell) -> tuple[object, ...]:
    return (*map(str, astuple(cell.block)), cell.portion, cell.ratio, row_order(cell.row), cell.length, cell.seed)


def _title(workspace: Workspace, cell: Cell) -> str:
    length = f", {LENGTH_TITLES[cell.length]}" if cell.length == EPOCHS else ""
    return f"{row_title(cell.row)}, {column_title(cell.portion, cell.ratio, kept_share(workspace, cell))}{length}"


def generator_curves(records: Sequence[Mapping[str, Any]]) -> list[Panel]:
    """A panel for each loss of a generator's `metrics.jsonl`, each on its own scale.

    Args:
        records: the lines of the file.
    """
    names = [name for name in (records[-1] if records else {}) if name not in NOT_LOSSES]
    series = {name: [(float(r["step"]), float(r[name])) for r in records if name in r] for name in names}
    return [panel(name, {name: line}) for name, line in series.items()]
