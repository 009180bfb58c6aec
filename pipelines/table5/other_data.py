"""Table 5 on data sets that its models were not trained on: figures, and the table beside the own data's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from augment import AugmentError
from augment.artefacts.files import write_json, write_text
from augment.workspace import Workspace
from pipelines.table5.cells import Block, Cell
from pipelines.table5.lines import PLACE, Line, as_summary, lines_of
from pipelines.table5.other_tests import OtherTest, overlaps, tested_on
from pipelines.table5.results import collect, declared, summarise
from pipelines.table5.rows import row_title
from pipelines.table5.text import (
    LENGTH_TITLES,
    Grid,
    blocks,
    column_title,
    gain_text,
    markdown_table,
    mean_text,
    summary_json,
)

FILE, PAGE = "other.json", "other.md"
FIGURES = [
    *("seeds", "mAP_mean", "mAP_std", "rank1_mean", "by_seed"),
    *("gains", "gain_mean", "gain_std", "gain_low", "gain_high"),
    *("gaps", "gap_mean", "gap_std"),
]
"""The columns of a summary that depend on the data that models are tested on."""
NOTE = (
    "mAP in percent on the own test images and on those of other data sets; means, deviations and paired differences "
    "to None with their 95 % intervals as in Table 5."
)
SAID = "overlap"
"""Of a summary's `attrs`: what is known of whether the data set is new to the models."""


def summaries(workspace: Workspace, cells: Sequence[Cell]) -> dict[str, pd.DataFrame]:
    """What `summarise` gives of each other data set that cells were tested on, by name.

    Args:
        workspace: the models'.
        cells: those asked for.
    """
    found = {
        name: summarise(collect(workspace, cells, partial(_figures, workspace, name))) for name in tested_on(workspace)
    }
    for name, summary in found.items():
        summary.attrs[SAID] = overlaps(workspace, name, cells)
    return {name: summary for name, summary in found.items() if len(summary)}


def other_note(others: Mapping[str, pd.DataFrame]) -> str:
    """What a reader of the tables on other data has to know.

    Args:
        others: as of `read_others`.
    """
    return " ".join([NOTE, *filter(None, (other.attrs.get(SAID) for other in others.values()))])


def _figures(workspace: Workspace, name: str, cell: Cell) -> Mapping[str, Any] | None:
    """A cell's figures on another data set; None where it was not tested on it since it was trained."""
    return OtherTest(cell, name).figures(workspace)


def beside(summary: pd.DataFrame, others: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A summary with the figures on other data in columns behind its own, such as `mAP_mean_viper`.

    Args:
        summary: of the own data.
        others: of other data, by name.
    """
    wide = summary
    for name, other in others.items():
        columns = other.astype({"seeds": "Int64"})[[*PLACE, *FIGURES]]
        own = columns.rename(columns={figure: f"{figure}_{name}" for figure in FIGURES})
        wide = wide.merge(own, on=PLACE, how="left")
    return wide


def other_grids(summary: pd.DataFrame, others: Mapping[str, pd.DataFrame]) -> list[Grid]:
    """One grid a block of Table 5: own data and other data side by side; blocks without another are left out.

    Args:
        summary: of the own data.
        others: of other data, by name.
    """
    grids = []
    for block, part in blocks(summary):
        parts = {name: _part(other, block) for name, other in others.items()}
        if any(len(other) for other in parts.values()):
            grids.append(_grid(part, {"own data": part, **parts}, f"{block.title}: tested on other data"))
    return grids


def _part(summary: pd.DataFrame, block: Block) -> pd.DataFrame:
    """The lines of a summary that are of one block."""
    return next((part for own, part in blocks(summary) if own == block), summary[:0])


def _grid(part: pd.DataFrame, parts: Mapping[str, pd.DataFrame], title: str) -> Grid:
    header = ["kept", "row", *(text for name in parts for text in (f"mAP, {name}", f"minus None, {name}"))]
    grid = Grid(title, header, words=2, caption="Tested on other data")
    lines = {name: {_place(line): line for line in lines_of(each)} for name, each in parts.items()}
    before: tuple[float, int] | None = None
    for line in sorted(lines_of(part), key=lambda line: (line.portion, line.ratio)):
        found = [own.get(_place(line)) for own in lines.values()]
        if all(other is None for other in found[1:]):
            continue
        length = f", {LENGTH_TITLES[line.length]}" if line.depends_on_length else ""
        cells = [column_title(line.portion, line.ratio, line.share), row_title(line.row) + length]
        cells += [text for each in found for text in (mean_text(each), "-" if each is None else gain_text(each.gain))]
        grid.lines.append(cells)
        grid.kinds.append("row" if (line.portion, line.ratio) == before else "first")
        before = (line.portion, line.ratio)
    return grid


def _place(line: Line) -> tuple[str, float, int, str]:
    return line.row, line.portion, line.ratio, line.length


def write_others(workspace: Workspace, summary: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Write other.json and other.md into tables/table5/, or remove them where no model was tested on other data.

    Args:
        workspace: the models'.
        summary: of the own data.

    Returns:
        As of `read_others`.
    """
    others, folder = summaries(workspace, declared(workspace)), workspace.table_dir("table5")
    if not others:
        for name in (FILE, PAGE):
            (folder / name).unlink(missing_ok=True)
        return {}
    lines = {name: summary_json(other) for name, other in others.items()}
    said = {name: other.attrs[SAID] for name, other in others.items()}
    write_json(folder / FILE, {"note": NOTE, SAID: said, "lines": lines})
    parts = ["# Table 5 on other data", other_note(others), *map(markdown_table, other_grids(summary, others))]
    write_text(folder / PAGE, "\n\n".join(parts) + "\n")
    return others


def read_others(workspace: Workspace) -> dict[str, pd.DataFrame]:
    """The summaries that other.json holds, by data set.

    Args:
        workspace: the models'.

    Raises:
        AugmentError: for a file that holds something else.
    """
    path = workspace.table_dir("table5") / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = {name: as_summary(own) for name, own in content["lines"].items()}
        for name, said in content.get(SAID, {}).items():
            found[name].attrs[SAID] = said
        return found
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AugmentError(f"{path}: holds no table ({error}); delete it and run `augment table5` again") from error
