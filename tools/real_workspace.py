"""What a workspace measured by `augment demo FOLDER --data ...` holds, as docs/results/market1501.json keeps it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from augment.artefacts.records import RunRecord, read_run
from augment.workspace import Workspace
from pipelines.demo.real import NAME, read_runs
from pipelines.demo.real_presets import REAL_PRESETS
from pipelines.demo.why import why_table
from pipelines.measurements.times import read_times
from pipelines.table5.cells import Cell
from pipelines.table5.findings import NAMES
from pipelines.table5.outputs import write_table5
from pipelines.table5.results import declared, is_finished
from pipelines.table5.rows import row_order, row_title
from pipelines.table5.stages import GeneratedSet, Model
from pipelines.table5.text import LENGTH_TITLES, summary_json


def gathered(workspace: Workspace) -> dict[str, Any]:
    """The results of a workspace.

    Raises:
        SystemExit: where nothing was measured by `augment demo --data`.
    """
    folder = workspace.table_dir(NAME)
    runs, summary = read_runs(folder), write_table5(workspace)
    if not runs or summary.empty:
        raise SystemExit(f"{workspace.root}: holds no measurement; run `augment demo {workspace.root.name} --data ...`")
    cells = declared(workspace)
    ours = REAL_PRESETS[runs[-1]["preset"]].ours
    poses, work = read_run(workspace.table_dir("poses")), _work(workspace, cells, ours)
    return {
        "runs": runs,
        "commits": list(dict.fromkeys(str(run.versions.get("commit", "unknown")) for run in work)),
        "hours": round(sum(run.seconds for run in work) / 3600, 2),
        "times": read_times(folder),
        "cells": [sum(is_finished(workspace, cell) for cell in cells), len(cells)],
        "missing": missing_rows(cells, [cell for cell in cells if is_finished(workspace, cell)]),
        "generators": _generators(workspace, runs[-1]["preset"]),
        "poses": None if poses is None else {"estimator": poses.options["estimator"], **poses.result},
        "why": json.loads(why_table(workspace, cells, summary, ours).to_json(orient="records")),
        "lines": summary_json(summary),
    }


def missing_rows(cells: Sequence[Cell], finished: Sequence[Cell]) -> list[str]:
    """What was asked for and is not finished, by p, backbone and row.

    Args:
        cells: those asked for.
        finished: those of them that are.

    Returns:
        Such as "Self, p = 0.3, small, equal updates"; of a row with figures, what of it is missing in brackets.
    """
    unfinished: dict[tuple[float, str, tuple[int, str], str, str], list[Cell]] = {}
    for cell in cells:
        if cell not in finished:
            place = (cell.portion, cell.backbone, row_order(cell.row), cell.row, cell.length)
            unfinished.setdefault(place, []).append(cell)
    return [
        f"{row_title(row)}{_part_of(lacking, finished)}, p = {portion:g}, {backbone}, {LENGTH_TITLES[length]}"
        for (portion, backbone, _, row, length), lacking in sorted(unfinished.items())
    ]


def _part_of(lacking: Sequence[Cell], finished: Sequence[Cell]) -> str:
    """Which part of a row its unfinished cells are, in brackets; empty where they are all of it."""
    like = {replace(cell, seed=0, ordinary=False) for cell in lacking}
    there = {cell.ordinary for cell in finished if replace(cell, seed=0, ordinary=False) in like}
    if not there:
        return ""
    kinds = {cell.ordinary for cell in lacking} - there
    return f" ({' and '.join(NAMES[kind] for kind in sorted(kinds))})" if kinds else " (more seeds)"


def _work(workspace: Workspace, cells: Sequence[Cell], ours: str) -> list[RunRecord]:
    """The records of the finished models of cells, of their generated sets and of the generators of these, by time."""
    folders = set()
    for cell in cells:
        if is_finished(workspace, cell):
            folders.add(workspace.reid_dir(cell.name))
            sets = [need for need in Model(cell, ours).needs if isinstance(need, GeneratedSet)]
            folders |= {made.folder(workspace) for made in sets}
            folders |= {workspace.patn_dir(made.drawn_by(workspace)) for made in sets}
    found = [run for folder in folders if (run := read_run(folder)) is not None]
    return sorted(found, key=lambda run: run.started)


def _generators(workspace: Workspace, preset: str) -> list[dict[str, Any]]:
    """The preset's generators as they were trained."""
    found = []
    for generator in REAL_PRESETS[preset].generators:
        run = read_run(workspace.patn_dir(generator.name))
        if run is not None:
            about = {"name": generator.name, "start": generator.start or "fresh weights"}
            size = [generator.training.height, generator.training.width_px]
            found.append({**about, "size": size, **{key: run.result[key] for key in ("steps", "train_seconds")}})
    return found
