"""The parts of the report, in the order of the page; a new part is one function here and one template."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from augment.artefacts.records import RunRecord, read_run
from augment.training.loop import read_metrics
from augment.workspace import Workspace
from pipelines.measurements.heldout import SHEETS, HeldoutSsim, heldout_name
from pipelines.measurements.times import read_times
from pipelines.report.curves import HEIGHT, WIDTH, cell_curves, generator_curves
from pipelines.report.examples import generated_sets
from pipelines.report.galleries import PICTURE, chosen, gallery_dir
from pipelines.report.glance import glance
from pipelines.report.pictures import data_uri, photograph, photograph_of, svg
from pipelines.report.section import Section
from pipelines.report.sidebyside import read_images
from pipelines.report.tiles import Tiles
from pipelines.table5.findings import TERMS, findings
from pipelines.table5.lines import lines_of
from pipelines.table5.other_data import other_grids, other_note, read_others
from pipelines.table5.outputs import read_table5
from pipelines.table5.plots import portion_plot
from pipelines.table5.results import declared, is_finished
from pipelines.table5.rows import CONTROLS, ROWS, UNSEEN, row_of, row_order, row_title
from pipelines.table5.text import (
    NOTE,
    Grid,
    blocks,
    column_title,
    grids,
    remarks,
)

KINDS = {
    "patn": "generator training",
    "generated": "generated set",
    "reid": "re-ID training",
    "tables": "measurement",
}
MEDIA = {".webp": "image/webp", ".gif": "image/gif", ".mp4": "video/mp4"}


def _runs(workspace: Workspace, folder: str) -> dict[str, RunRecord]:
    """The finished artefacts of a folder of the workspace, by name."""
    found = {path.name: read_run(path) for path in sorted((workspace.root / folder).glob("*")) if path.is_dir()}
    return {name: run for name, run in found.items() if run is not None}


def said(workspace: Workspace) -> Section | None:
    """What the numbers say, in sentences."""
    histogram = read_run(workspace.table_dir("histogram"))
    found = findings(read_table5(workspace), None if histogram is None else histogram.result)
    groups: dict[str, list[Any]] = {}
    for finding in found:
        groups.setdefault(finding.about, []).append(finding)
    return Section("What these runs show", "said.html", {"groups": groups, "terms": TERMS}) if found else None


def table(workspace: Workspace) -> Section | None:
    """Table 5 with its controls."""
    summary, others = read_table5(workspace), read_others(workspace)
    if summary.empty:
        return None
    histogram, cells = read_run(workspace.table_dir("histogram")), declared(workspace)
    context = {
        "cells": len(cells),
        "unfinished": sum(not is_finished(workspace, cell) for cell in cells),
        "blocks": [_block(block.title, part, summary, others) for block, part in blocks(summary)],
        "note": NOTE,
        "remarks": [*remarks(summary), *([other_note(others)] if others else [])],
        "rows": [row_of(name) for name in sorted(set(summary["row"]), key=row_order)],
        "histogram": None if histogram is None else histogram.result,
        "missing": [ROWS[name].title for name in CONTROLS if name not in set(summary["row"])],
    }
    return Section("Table 5", "table5.html", context)


@dataclass(frozen=True)
class ShownBlock:
    """One block of Table 5 as the page shows it.

    Attributes:
        title: of the block.
        grids: its tables.
        details: its lines in detail.
        plot: a picture's address, None where there is nothing to plot.
    """

    title: str
    grids: Sequence[Grid]
    details: Sequence[tuple[str, ...]]
    plot: str | None


def _block(title: str, part: pd.DataFrame, summary: pd.DataFrame, others: Mapping[str, pd.DataFrame]) -> ShownBlock:
    """The tables of one block, its lines in detail and its plot where it has one."""
    plot = svg(portion_plot(part, "svg", summary)) if (part["ratio"] == 1).any() else None
    return ShownBlock(title, [*grids(part), *other_grids(part, others)], _details(part), plot)


def _details(part: pd.DataFrame) -> list[tuple[str, ...]]:
    """Row, portion, length, mAP of every seed, mean rank-1, images, updates and mean seconds of every setting."""
    return [
        (
            row_title(line.row),
            column_title(line.portion, line.ratio, line.share),
            line.length,
            " ".join(f"{figure:.1f}" for figure in line.by_seed.values()),
            f"{line.rank1_mean:.1f} ({line.seeds})",
            *(f"{number:.0f}" for number in (line.images, line.updates, line.seconds_mean)),
        )
        for line in lines_of(part)
    ]


def images(workspace: Workspace) -> Section | None:
    """Contact sheets and SSIM on held-out identities, a generator at a time."""
    shown = []
    for name in _runs(workspace, "patn"):
        folder = workspace.table_dir(heldout_name(name))
        run = read_run(folder)
        if run is not None:
            sheets = {kind: photograph_of(folder / file) for kind, file in SHEETS.items() if (folder / file).exists()}
            ssim = HeldoutSsim.of(run.result)
            shown.append({"name": name, "measured": ssim, "sheets": sheets, "unseen": name == UNSEEN})
    return Section("Generators, measured", "images.html", {"generators": shown}) if shown else None


def side_by_side(workspace: Workspace) -> Section | None:
    """All generators on the same test pairs with the masks of those that have any, and identities that walk."""
    made, tiles = read_images(workspace), Tiles(workspace, "gallery")
    if not made:
        return None
    identities = {pair: tiles.identity(pair[0]) for each in made for pair in each.pictures}
    figures, widest = [], 0
    for pair in sorted(identities, key=lambda pair: (identities[pair] or 0, pair)):
        shown = {what: photograph(pixels) for what, pixels in tiles.pair(*pair).items()}
        images = [(each, _uri(each.pictures.get(pair)), _uri(each.masks.get(pair))) for each in made]
        widest = max(widest, len(shown) + len(made))
        figures.append({"identity": identities[pair], "names": pair, "real": shown, "made": images})
    films = [(each, _uri(each.walk)) for each in made if each.walk is not None]
    context = {
        "figures": figures,
        "tiles": widest,
        "films": films,
        "masks": any(each.blocks for each in made),
    }
    known = tuple(sorted({identity for identity in identities.values() if identity is not None}))
    return Section("Generators side by side", "sidebyside.html", context, known)


def _uri(path: Path | None) -> str | None:
    """A file that a page shows as it is, None where there is none."""
    return None if path is None else data_uri(path.read_bytes(), MEDIA[path.suffix])


def sets(workspace: Workspace) -> Section | None:
    """Examples of every generated set, by portion."""
    columns: dict[str, list[Any]] = {}
    for made in generated_sets(workspace):
        columns.setdefault(made.column, []).append(made)
    examples = [example for made in columns.values() for each in made for example in each.examples]
    known = tuple(sorted({example.identity for example in examples if example.identity is not None}))
    return Section("Generated training images", "sets.html", {"columns": columns}, known) if columns else None


def galleries(workspace: Workspace) -> Section | None:
    """Ranked galleries of the models that `pipelines.report.galleries.make_galleries` made."""
    shown = []
    for model in chosen(workspace):
        folder = gallery_dir(workspace, model.name)
        run = read_run(folder)
        if run is not None and (folder / PICTURE).is_file():
            picture = photograph_of(folder / PICTURE)
            shown.append({"title": model.title, "figures": run.result, "picture": picture})
    return Section("What the models find", "galleries.html", {"models": shown}) if shown else None


def poses(workspace: Workspace) -> Section | None:
    """How a pose estimator agrees with the exact joints, or with key points that were given."""
    run = read_run(workspace.table_dir("poses"))
    if run is None:
        return None
    context = {"options": run.options, "result": run.result}
    return Section("Are these people, and are the joints right?", "poses.html", context)


def training(workspace: Workspace) -> Section | None:
    """Loss curves of every generator, with its settings, and of every cell."""
    runs = _runs(workspace, "patn")
    generators = {name: generator_curves(read_metrics(workspace.patn_dir(name))) for name in runs}
    cells = cell_curves(workspace)
    context = {"runs": runs, "generators": generators, "cells": cells, "width": WIDTH, "height": HEIGHT}
    return Section("Training curves", "training.html", context) if runs or cells else None


def times(workspace: Workspace) -> Section | None:
    """Where the time went: the steps of a pipeline, and the work of each kind."""
    steps = read_times(workspace.table_dir("demo"))
    kinds: dict[str, list[float]] = {}
    for folder, kind in KINDS.items():
        for run in _runs(workspace, folder).values() if folder != "tables" else ():
            kinds.setdefault(kind, []).append(0.0 if math.isnan(run.seconds) else run.seconds)
    if not steps and not kinds:
        return None
    done = [(kind, len(seconds), sum(seconds), sum(seconds) / len(seconds)) for kind, seconds in kinds.items()]
    return Section("Times", "times.html", {"steps": steps, "total": sum(steps.values()), "work": done})


def settings(workspace: Workspace) -> Section | None:
    """Data, versions, seeds, settings and fingerprints of every run."""
    counts = workspace.images().groupby("split")["name"].count().to_dict()
    identities = workspace.images().query("pid > 0").groupby("split")["pid"].nunique().to_dict()
    groups = {folder: found for folder in KINDS if (found := _runs(workspace, folder))}
    versions = {json.dumps(run.versions, sort_keys=True) for found in groups.values() for run in found.values()}
    context = {
        "data": workspace.data.name,
        "size": workspace.size,
        "seed": workspace.seed,
        "keypoints": workspace.keypoints_source() or "none",
        "counts": [(split, counts.get(split, 0), identities.get(split, 0)) for split in ("train", "query", "gallery")],
        "versions": [json.loads(text) for text in sorted(versions)],
        "groups": [(folder, KINDS[folder], *_told_apart(found)) for folder, found in groups.items()],
    }
    return Section("Settings, versions, fingerprints", "settings.html", context)


def _told_apart(runs: Mapping[str, RunRecord]) -> tuple[str, list[tuple[str, Any, str, str]]]:
    """The options that all runs share, and of each run its name, seed, other options and input fingerprints."""
    first, *others = (run.options for run in runs.values())
    missing = object()
    shared = {name: value for name, value in first.items() if all(o.get(name, missing) == value for o in others)}
    lines = [
        (name, run.seed, _pairs({n: v for n, v in run.options.items() if n not in shared}), _pairs(run.inputs))
        for name, run in runs.items()
    ]
    return _pairs(shared), lines


def _pairs(values: Mapping[str, Any]) -> str:
    """`epochs 14, flip true`: names and values as they are recorded."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    return ", ".join(f"{name} {text}" for name, text in texts.items())


SECTIONS: tuple[Callable[[Workspace], Section | None], ...] = (
    *(glance, table, side_by_side, said, sets, galleries, images, training, poses, times, settings),
)
