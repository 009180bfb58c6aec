"""Results of a table's cells: from their run.json files to means, deviations and paired differences."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.artefact import read_run, write_json
from augment.workspace import Workspace
from pipelines.cells import LENGTHS, Cell
from pipelines.paper import paper_backbone, table5
from pipelines.rows import ROWS

MEASURES = ("mAP", "mAP_trapezoid", "rank1", "rank5", "rank10", "updates", "images")
SETTING = ["backbone", "preset", "scratch", "length", "ordinary", "portion", "ratio"]
FIELDS = ["row", *SETTING, "seed"]


def cells_dir(workspace: Workspace) -> Path:
    """Where Table 5's cells are declared, one small file a cell; their results are in `reid/`."""
    return workspace.table_dir("table5") / "cells"


def declare(workspace: Workspace, cells: Iterable[Cell]) -> None:
    """Note cells as part of Table 5, so that the report knows them."""
    for cell in cells:
        path = cells_dir(workspace) / f"{cell.name}.json"
        if not path.exists():
            write_json(path, cell.to_json())


def declared(workspace: Workspace) -> list[Cell]:
    """The cells declared so far, by name; raises AugmentError for a file that is no cell."""
    cells = []
    for path in sorted(cells_dir(workspace).glob("*.json")):
        try:
            cells.append(Cell.from_json(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError, AugmentError) as error:
            raise AugmentError(f"{path}: is no cell ({error}); delete it and run `augment table5` again") from error
    return cells


def is_finished(workspace: Workspace, cell: Cell) -> bool:
    """Whether the cell's model is trained and evaluated."""
    return read_run(workspace.reid_dir(cell.name)) is not None


def collect(workspace: Workspace, cells: Iterable[Cell]) -> pd.DataFrame:
    """One line a finished cell: its fields and measures (mAP and ranks in percent) and its seconds."""
    lines = []
    for cell in cells:
        run = read_run(workspace.reid_dir(cell.name))
        if run is not None:
            measures = {name: run["result"].get(name, np.nan) for name in MEASURES}
            lines.append({**cell.to_json(), **measures, "seconds": run.get("seconds", np.nan)})
    return pd.DataFrame(lines, columns=[*FIELDS, *MEASURES, "seconds"])


def expand(results: pd.DataFrame) -> pd.DataFrame:
    """Show every training under each length it stands for.

    Rows whose training is the same under both lengths are trained once (`Cell.canonical`); where None was trained for
    equal epochs at a portion, the other rows of that portion and the ceiling stand beside it there too.
    """
    lines = []
    epochs = results[(results["row"] == "none") & (results["length"] == "epochs")]
    asked = {
        tuple(line) for line in epochs[["backbone", "preset", "scratch", "ordinary", "portion"]].itertuples(index=False)
    }
    settings = {line[:4] for line in asked}
    for line in results.to_dict("records"):
        lines.append(line)
        cell = Cell.from_json({name: line[name] for name in FIELDS})
        setting = (cell.backbone, cell.preset, cell.scratch, cell.ordinary)
        for length in LENGTHS:
            other = replace(cell, length=length)
            wanted = (*setting, cell.portion) in asked or (cell.portion == 1 and setting in settings)
            if length != cell.length and wanted and other.canonical == cell.canonical:
                lines.append({**line, "length": length})
    return pd.DataFrame(lines, columns=results.columns)


def summarise(results: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over seeds of every setting and row, and the paired difference to None.

    Columns: row, the setting, `seeds` (how many), mAP_mean, mAP_std (n - 1; missing for one seed), rank1_mean,
    updates, images, seconds_mean, `gains` (mAP minus None's of the same seed, one a seed that both have), gain_mean,
    gain_std, paper, paper_none (percent; the paper's Market-1501 figures).  Sorted as the table is read.
    """
    lines = []
    expanded = expand(results)
    none = expanded[expanded["row"] == "none"].set_index([*SETTING, "seed"])["mAP"].to_dict()
    keys: Any
    for keys, group in expanded.groupby(["row", *SETTING], sort=False):
        row, *setting = keys
        cell = Cell(row=row, **dict(zip(SETTING, setting, strict=True)))
        mates = [(*setting[:-1], 1, seed) for seed in group["seed"]]
        gains = [m - none[mate] for m, mate in zip(group["mAP"], mates, strict=True) if mate in none and row != "none"]
        paper = {name: table5(paper_backbone(cell.backbone), name, cell.portion, cell.ratio) for name in (row, "none")}
        lines.append(
            {
                **dict(zip(["row", *SETTING], keys, strict=True)),
                "seeds": len(group),
                **_spread("mAP", group["mAP"]),
                "rank1_mean": group["rank1"].mean(),
                "updates": group["updates"].median(),
                "images": group["images"].median(),
                "seconds_mean": group["seconds"].mean(),
                "gains": [float(gain) for gain in gains],
                **_spread("gain", pd.Series(gains, dtype=float)),
                "paper": paper[row],
                "paper_none": paper["none"],
            }
        )
    return _in_reading_order(pd.DataFrame(lines, columns=SUMMARY))


SUMMARY = [
    *("row", *SETTING, "seeds", "mAP_mean", "mAP_std", "rank1_mean", "updates", "images", "seconds_mean"),
    *("gains", "gain_mean", "gain_std", "paper", "paper_none"),
]


def _spread(name: str, values: pd.Series) -> dict[str, float]:
    """Mean and sample standard deviation, NaN where there are too few values."""
    return {f"{name}_mean": values.mean(), f"{name}_std": values.std(ddof=1)}


def _in_reading_order(summary: pd.DataFrame) -> pd.DataFrame:
    """Backbone, equal updates first, plain first, then rows as declared, portions and ratios."""
    order = {name: index for index, name in enumerate(ROWS)}
    summary = summary.assign(
        _length=summary["length"].map({"updates": 0, "epochs": 1}),
        _row=summary["row"].map(lambda name: order.get(name, len(order))),
    )
    keys = ["backbone", "preset", "scratch", "_length", "ordinary", "_row", "portion", "ratio"]
    return summary.sort_values(keys, ignore_index=True).drop(columns=["_length", "_row"])
