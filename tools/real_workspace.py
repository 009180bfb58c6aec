"""What a workspace measured by `augment demo FOLDER --data ...` holds, as docs/results/market1501.json keeps it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from augment.artefacts.records import read_run
from augment.workspace import Workspace
from pipelines.demo.real import NAME, read_runs
from pipelines.demo.real_presets import REAL_PRESETS
from pipelines.demo.why import why_table
from pipelines.measurements.times import read_times
from pipelines.table5.cells import Cell
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
    poses = read_run(workspace.table_dir("poses"))
    missing = sorted(
        {
            (cell.portion, cell.backbone, row_order(cell.row), cell.row, cell.length)
            for cell in cells
            if not is_finished(workspace, cell)
        }
    )
    return {
        "runs": runs,
        "hours": round(_seconds(workspace, cells, ours) / 3600, 2),
        "times": read_times(folder),
        "cells": [sum(is_finished(workspace, cell) for cell in cells), len(cells)],
        "missing": [
            f"{row_title(row)}, p = {portion:g}, {backbone}, {LENGTH_TITLES[length]}"
            for portion, backbone, _, row, length in missing
        ],
        "generators": _generators(workspace, runs[-1]["preset"]),
        "poses": None if poses is None else {"estimator": poses.options["estimator"], **poses.result},
        "why": json.loads(why_table(workspace, cells, summary, ours).to_json(orient="records")),
        "lines": summary_json(summary),
    }


def _seconds(workspace: Workspace, cells: Sequence[Cell], ours: str) -> float:
    """What the finished models of cells, their generated sets and the generators of these took, one after the other."""
    folders = set()
    for cell in cells:
        if is_finished(workspace, cell):
            folders.add(workspace.reid_dir(cell.name))
            sets = [need for need in Model(cell, ours).needs if isinstance(need, GeneratedSet)]
            folders |= {made.folder(workspace) for made in sets}
            folders |= {workspace.patn_dir(made.drawn_by(workspace)) for made in sets}
    return sum(run.seconds for folder in folders if (run := read_run(folder)) is not None)


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
