"""The parts of the report, in the order of the page; a new part is one function here and one template."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd

from augment.artefact import read_run
from augment.loop import read_metrics
from augment.workspace import Workspace
from pipelines.findings import TERMS, findings
from pipelines.heldout import SHEETS, heldout_name
from pipelines.outputs import read_table5
from pipelines.report import Section, data_uri
from pipelines.rows import ROWS, UNSEEN
from pipelines.tabletext import NOTE, column_title, grids, row_title
from pipelines.times import read_times


def _runs(workspace: Workspace, folder: str) -> dict[str, dict[str, Any]]:
    """The finished artefacts of a folder of the workspace, by name."""
    found = {path.name: read_run(path) for path in sorted((workspace.root / folder).glob("*")) if path.is_dir()}
    return {name: run for name, run in found.items() if run is not None}


def said(workspace: Workspace) -> Section | None:
    """What the numbers say, in sentences."""
    histogram = read_run(workspace.table_dir("histogram"))
    found = findings(read_table5(workspace), None if histogram is None else histogram["result"])
    groups: dict[str, list[Any]] = {}
    for finding in found:
        groups.setdefault(finding.about, []).append(finding)
    return Section("What these runs show", "said.html", {"groups": groups, "terms": TERMS}) if found else None


def table(workspace: Workspace) -> Section | None:
    """Table 5 with its controls, and mAP over p."""
    from pipelines.plots import panels, portion_plot

    summary = read_table5(workspace)
    if summary.empty:
        return None
    histogram = read_run(workspace.table_dir("histogram"))
    context = {
        "grids": grids(summary),
        "sizes": _sizes(summary),
        "note": NOTE,
        "rows": [row for name, row in ROWS.items() if name in set(summary["row"])],
        "histogram": None if histogram is None else histogram["result"],
        "plots": [data_uri(portion_plot(part)) for _, part in panels(summary)],
        "missing": [row.title for name, row in ROWS.items() if name not in set(summary["row"])],
        "unseen": UNSEEN in set(summary["row"]),
    }
    return Section("Table 5", "table.html", context)


def _sizes(part: pd.DataFrame) -> list[tuple[str, str, int, int, int]]:
    """Row, portion, images, updates and seeds of every setting."""
    return [
        (
            row_title(line["row"]),
            column_title(line["portion"], line["ratio"]),
            int(line["images"]),
            int(line["updates"]),
            int(line["seeds"]),
        )
        for line in part.to_dict("records")
    ]


def images(workspace: Workspace) -> Section | None:
    """Contact sheets and SSIM on held-out identities, a generator at a time."""
    shown = []
    for name in _runs(workspace, "patn"):
        folder = workspace.table_dir(heldout_name(name))
        run = read_run(folder)
        if run is not None:
            sheets = {
                kind: data_uri((folder / file).read_bytes())
                for kind, file in SHEETS.items()
                if (folder / file).exists()
            }
            shown.append({"name": name, "ssim": run["result"], "sheets": sheets, "unseen": name == UNSEEN})
    return Section("Generated images", "images.html", {"generators": shown}) if shown else None


def poses(workspace: Workspace) -> Section | None:
    """How a pose estimator agrees with the exact joints."""
    run = read_run(workspace.table_dir("poses"))
    return None if run is None else Section("Are these people, and are the joints right?", "poses.html", run)


def training(workspace: Workspace) -> Section | None:
    """Loss curves and settings of every generator."""
    from pipelines.plots import loss_plot

    runs = _runs(workspace, "patn")
    curves = {name: records for name in runs if (records := read_metrics(workspace.patn_dir(name)))}
    if not runs:
        return None
    plots = [data_uri(loss_plot({name: records})) for name, records in curves.items()]
    return Section("Training of the generator", "training.html", {"runs": runs, "plots": plots})


def times(workspace: Workspace) -> Section | None:
    """Where the time went: the steps of a pipeline, and the work of each kind."""
    steps = read_times(workspace.table_dir("demo"))
    kinds: dict[str, list[float]] = {}
    for folder, kind in (
        ("patn", "training of a generator"),
        ("generated", "generated set"),
        ("reid", "re-ID training"),
    ):
        for run in _runs(workspace, folder).values():
            kinds.setdefault(kind, []).append(float(run.get("seconds", 0)))
    if not steps and not kinds:
        return None
    done = [(kind, len(seconds), sum(seconds), sum(seconds) / len(seconds)) for kind, seconds in kinds.items()]
    return Section("Times", "times.html", {"steps": steps, "total": sum(steps.values()), "work": done})


def settings(workspace: Workspace) -> Section | None:
    """Data, versions, seeds and the settings of one run of each kind."""
    counts = workspace.images().groupby("split")["name"].count().to_dict()
    people = workspace.images().query("pid > 0").groupby("split")["pid"].nunique().to_dict()
    groups = {folder: _runs(workspace, folder) for folder in ("patn", "generated", "reid", "tables")}
    runs = {f"{folder}/{name}": run for folder, found in groups.items() for name, run in found.items()}
    versions = sorted({json.dumps(run["versions"], sort_keys=True) for run in runs.values()})
    context = {
        "data": workspace.data.name,
        "size": workspace.size,
        "seed": workspace.seed,
        "keypoints": workspace.keypoints_source() or "none",
        "counts": [(split, counts.get(split, 0), people.get(split, 0)) for split in ("train", "query", "gallery")],
        "versions": [json.loads(text) for text in versions],
        "runs": {name: (run["seed"], json.dumps(run["options"])) for name, run in runs.items()},
    }
    return Section("Settings, versions, seeds", "settings.html", context)


SECTIONS: tuple[Callable[[Workspace], Section | None], ...] = (said, table, images, poses, training, times, settings)
