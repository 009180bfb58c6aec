"""The files of tables/table5/: table5.json and other.json are made from the run.json files, all others from these."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping

import pandas as pd

from augment import AugmentError
from augment.artefacts.files import write_bytes, write_json
from augment.artefacts.locks import locked
from augment.columns import csv_text
from augment.workspace import Workspace
from pipelines.table5.latex import latex
from pipelines.table5.lines import LISTS, SUMMARY, as_summary
from pipelines.table5.other_data import beside, read_others, write_others
from pipelines.table5.plots import portion_plot
from pipelines.table5.results import collect, declared, summarise
from pipelines.table5.text import NOTE, markdown, summary_json

logger = logging.getLogger(__name__)
FILE = "table5.json"
Summaries = Mapping[str, pd.DataFrame]
"""Of other data, by name."""


def csv(summary: pd.DataFrame, others: Summaries) -> str:
    """The summary as CSV, one line a row and setting; several values of one figure are parted by spaces.

    Args:
        summary: of the own data.
        others: of other data; their columns are behind the own ones.
    """
    return csv_text(beside(_flat(summary), {name: _flat(other) for name, other in others.items()}))


def _flat(summary: pd.DataFrame) -> pd.DataFrame:
    """A summary whose figures by seed are text."""
    flat = {name: summary[name].map(lambda values: " ".join(f"{value:.4f}" for value in values)) for name in LISTS}
    by_seed = summary["by_seed"].map(lambda own: " ".join(f"{seed}:{value:.4f}" for seed, value in own.items()))
    return summary.round(4).assign(**flat, by_seed=by_seed)


def png(summary: pd.DataFrame) -> bytes:
    """mAP over p as PNG."""
    return portion_plot(summary)


RENDERERS: dict[str, Callable[[pd.DataFrame, Summaries], str | bytes]] = {
    "table5.csv": csv,
    "table5.md": lambda summary, _: markdown(summary),
    "table5.tex": latex,
    "table5.png": lambda summary, _: png(summary),
}
"""What makes each file from the summary frames of own and other data; the page is `pipelines.report.page`'s."""


def write_table5(workspace: Workspace) -> pd.DataFrame:
    """Write table5.json and other.json from every finished cell of the workspace and all other files from them.

    One process at a time reads the cells and writes, so that of several the last writes what all have finished.
    Where no cell was ever asked for, nothing is written and the summary is empty.

    Args:
        workspace: the workspace.

    Returns:
        The summary.
    """
    cells, folder = declared(workspace), workspace.table_dir("table5")
    if not cells:
        return read_table5(workspace)
    with locked(folder):
        summary = summarise(collect(workspace, cells))
        write_json(folder / FILE, {"note": NOTE, "lines": summary_json(summary)})
        write_others(workspace, summary)
        render_table5(workspace)
        return read_table5(workspace)


def render_table5(workspace: Workspace) -> None:
    """Write table5.csv, .md, .tex and .png from table5.json and other.json.

    Args:
        workspace: the workspace.

    Raises:
        AugmentError: where one of them is damaged.
    """
    summary, others, folder = read_table5(workspace), read_others(workspace), workspace.table_dir("table5")
    for name, render in RENDERERS.items():
        rendered = render(summary, others)
        write_bytes(folder / name, rendered if isinstance(rendered, bytes) else rendered.encode())
    logger.info("%s: %s, %s", folder, FILE, ", ".join(RENDERERS))


def read_table5(workspace: Workspace) -> pd.DataFrame:
    """The summary that table5.json holds.

    Args:
        workspace: the workspace.

    Returns:
        As of `pipelines.table5.results.summarise`, empty where there is no file.

    Raises:
        AugmentError: for a file that holds something else.
    """
    path = workspace.table_dir("table5") / FILE
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))["lines"]
        return as_summary(lines)
    except FileNotFoundError:
        return pd.DataFrame(columns=SUMMARY)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AugmentError(f"{path}: holds no table ({error}); delete it and run `augment table5` again") from error
