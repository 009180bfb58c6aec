"""Table 5's models on data sets that they were not trained on: figures, and the table beside the own data's."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint
from augment.artefacts.files import write_json, write_text
from augment.artefacts.locks import locked
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, size_input
from augment.evaluation.reid import evaluate_saved, test_images
from augment.runtime import Runtime
from augment.workspace import Workspace, slug
from pipelines.table5.cells import Block, Cell
from pipelines.table5.lines import Line, lines_of
from pipelines.table5.outputs import as_summary
from pipelines.table5.results import collect, declared, is_finished, summarise
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

logger = logging.getLogger(__name__)
FOLDER, FILE = "other", "other.json"
NOTE = (
    "mAP in percent on the own test images and on those of other data sets, which no model has seen; means, deviations "
    "and paired differences to None with their 95 % intervals as in Table 5."
)


def other_workspaces(workspace: Workspace, folders: Sequence[str]) -> dict[str, Workspace]:
    """The workspaces in folders by their names; models are tested on their queries and galleries.

    Raises:
        AugmentError: for a folder that is no workspace, has no test images or is this workspace, and for two of one
            name.
    """
    found: dict[str, Workspace] = {}
    for folder in folders:
        other = Workspace.find(Path(folder))
        other.require_reid("table5 --test-on")
        test_images(Dataset.of(other))
        name = slug(other.root.name)
        if other.root == workspace.root:
            raise AugmentError(
                f"⟨folders --test-on⟩ {folder}: is this workspace, on which every model is tested; leave it out"
            )
        if name in found:
            raise AugmentError(
                f"⟨folders --test-on⟩ {folder}: is named as {found[name].root}; rename one of the folders"
            )
        found[name] = other
    return found


def evaluate_on_others(
    workspace: Workspace, cells: Sequence[Cell], others: Mapping[str, Workspace], runtime: Runtime
) -> None:
    """Test the finished models of cells on other workspaces, each model once on each as long as neither changes."""
    for cell in cells:
        if not is_finished(workspace, cell):
            continue
        for name, other in others.items():
            _test(workspace, cell, name, other, runtime)


def _test(workspace: Workspace, cell: Cell, name: str, other: Workspace, runtime: Runtime) -> None:
    model, folder, data = workspace.model_file(cell.name), _folder(workspace, name, cell), Dataset.of(other)
    inputs = {
        "model": fingerprint(model),
        "test_images": images_input(test_images(data)),
        "size": size_input(data.size, data.root),
    }
    with artefact(folder, "reid-test", {}, inputs=inputs, renew=True) as run:
        if not run.finished:
            logger.info("%s: is tested on %s", cell.name, name)
            run.finish(evaluate_saved(data, model, None, folder, runtime))


def _folder(workspace: Workspace, name: str, cell: Cell) -> Path:
    return workspace.table_dir("table5") / FOLDER / name / cell.name


def summaries(workspace: Workspace, cells: Sequence[Cell]) -> dict[str, pd.DataFrame]:
    """What `summarise` gives of each other data set that cells were tested on, by name."""
    folder = workspace.table_dir("table5") / FOLDER
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    found = {name: summarise(collect(workspace, cells, partial(_figures, workspace, name))) for name in names}
    return {name: summary for name, summary in found.items() if len(summary)}


def _figures(workspace: Workspace, name: str, cell: Cell) -> Mapping[str, Any] | None:
    """A cell's figures on another data set; None where it was not tested on it since it was trained."""
    tested, trained = read_run(_folder(workspace, name, cell)), read_run(workspace.reid_dir(cell.name))
    if tested is None or trained is None or tested.started < trained.started:
        return None
    figures: Mapping[str, Any] = tested.result
    return figures


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


def write_others(workspace: Workspace, summary: pd.DataFrame) -> None:
    """Write other.json and other.md into tables/table5/; nothing where no model was tested on other data."""
    others, folder = summaries(workspace, declared(workspace)), workspace.table_dir("table5")
    if others:
        with locked(folder):
            write_json(folder / FILE, {"note": NOTE, "lines": {name: summary_json(o) for name, o in others.items()}})
            parts = ["# Table 5 on other data", NOTE, *map(markdown_table, other_grids(summary, others))]
            write_text(folder / "other.md", "\n\n".join(parts) + "\n")


def read_others(workspace: Workspace) -> dict[str, pd.DataFrame]:
    """The summaries that other.json holds, by data set; raises AugmentError for a file that holds something else."""
    path = workspace.table_dir("table5") / FILE
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))["lines"]
        return {name: as_summary(own) for name, own in lines.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AugmentError(f"{path}: holds no table ({error}); delete it and run `augment table5` again") from error
