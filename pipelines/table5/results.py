"""Results of a table's cells: from their run.json files to means, deviations and paired differences."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.artefacts.files import write_json
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input
from augment.datasets.reduced_set import standing_for
from augment.evaluation.reid import test_images
from augment.training.reid_data import EPOCHS, LENGTHS, UPDATES
from augment.workspace import REAL_ONLY, Workspace
from pipelines.paper import paper_backbone, table5
from pipelines.table5.cells import BLOCK, Cell
from pipelines.table5.lines import PLACE, SUMMARY, Line, Place
from pipelines.table5.rows import row_order
from pipelines.table5.spread import differences, gaps_closed, spread
from reid import DataError

logger = logging.getLogger(__name__)
MEASURES = ("mAP", "mAP_trapezoid", "rank1", "rank5", "rank10", "updates", "images", "share")


FIELDS = [*PLACE, "seed"]


def cells_dir(workspace: Workspace) -> Path:
    """Where Table 5's cells are declared, one small file a cell; their results are in `reid/`."""
    return workspace.table_dir("table5") / "cells"


def declare(workspace: Workspace, cells: Iterable[Cell]) -> None:
    """Note cells as part of Table 5, so that the report knows them."""
    for cell in cells:
        path = cells_dir(workspace) / f"{cell.name}.json"
        if not path.exists():
            write_json(path, cell.as_dict())


def declared(workspace: Workspace) -> list[Cell]:
    """The cells declared so far, by name.

    Args:
        workspace: the workspace.

    Raises:
        AugmentError: for a file that is no cell.
    """
    cells = []
    for path in sorted(cells_dir(workspace).glob("*.json")):
        try:
            cells.append(Cell.from_json(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError, AugmentError) as error:
            raise AugmentError(f"{path}: is no cell ({error}); delete it and run `augment table5` again") from error
    return cells


def is_finished(workspace: Workspace, cell: Cell) -> bool:
    """Whether the cell's model is trained and evaluated.

    Args:
        workspace: the workspace.
        cell: its model.
    """
    return read_run(workspace.reid_dir(cell.name)) is not None


def kept_share(workspace: Workspace, cell: Cell) -> float:
    """The share of the real images that a cell's model was trained with.

    Args:
        workspace: the workspace.
        cell: its model.

    Returns:
        Nan where it is not recorded.
    """
    run = read_run(workspace.reid_dir(cell.name))
    return float("nan") if run is None else float(run.result.get("share", "nan"))


def collect(
    workspace: Workspace,
    cells: Iterable[Cell],
    figures: Callable[[Cell], Mapping[str, Any] | None] = lambda _: {},
) -> pd.DataFrame:
    """The figures of the cells that are finished.

    One of other images than there are now is left out, which is said: it compares with no other.

    Args:
        workspace: the workspace.
        cells: those asked for.
        figures: measures of a cell in place of the recorded ones; None leaves the cell out.

    Returns:
        A line a cell: its fields and measures (mAP and ranks in percent) and its seconds.
    """
    lines = []
    now = _images_now(workspace)
    for cell in cells:
        run, measured = read_run(workspace.reid_dir(cell.name)), figures(cell)
        if run is None or measured is None:
            continue
        then = {"tested": run.inputs.get("test_images"), "trained": run.result.get("training_images")}
        other = [verb for verb, mark in then.items() if None not in (mark, now[verb]) and mark != now[verb]]
        if other:
            logger.warning(
                "%s: was %s on other images than there are now, and is left out of the table.",
                workspace.reid_dir(cell.name),
                " and ".join(other),
            )
        else:
            result = {**run.result, **measured}
            measures = {name: result.get(name, np.nan) for name in MEASURES}
            lines.append({**cell.as_dict(), **measures, "seconds": run.seconds})
    return one_a_set(pd.DataFrame(lines, columns=[*FIELDS, *MEASURES, "seconds"]))


def _images_now(workspace: Workspace) -> dict[str, str | None]:
    """What a `run.json` of now says of the images that models are tested and trained on; None where there are none."""
    return {
        "tested": _mark(lambda: test_images(Dataset.of(workspace))),
        "trained": _mark(lambda: Dataset.of(workspace).train),
    }


def _mark(images: Callable[[], pd.DataFrame]) -> str | None:
    try:
        return images_input(images())
    except (AugmentError, DataError):
        return None


def one_a_set(results: pd.DataFrame) -> pd.DataFrame:
    """Portions that keep the same share of the images, which are one set, as one; see `standing_for`.

    Args:
        results: as of `collect`.
    """
    known = results.dropna(subset="share")
    shares = {float(line["portion"]): float(line["share"]) for line in known.to_dict("records")}
    stands = {p: other for p, other in standing_for(shares).items() if p != other}
    if not stands:
        return results
    lines = []
    for line in results.to_dict("records"):
        cell = Cell.from_json({name: line[name] for name in FIELDS})
        shown = replace(cell, portion=stands.get(cell.portion, cell.portion)).canonical.as_dict()
        lines.append({**{str(name): value for name, value in line.items()}, **shown})
    return pd.DataFrame(lines, columns=results.columns).drop_duplicates(FIELDS, ignore_index=True)


def expand(results: pd.DataFrame) -> pd.DataFrame:
    """Show every training under each length it stands for.

    Rows whose training is the same under both lengths are trained once (`Cell.canonical`); where None was trained for
    equal epochs at a portion, the other rows of that portion stand beside it there too, and the ceiling (portion 1)
    stands wherever anything was.

    Args:
        results: as of `collect`.
    """
    lines = []
    epochs = results[results["length"] == EPOCHS]
    blocks = set(epochs[BLOCK].itertuples(index=False, name=None))
    asked = set(epochs.loc[epochs["row"] == REAL_ONLY, [*BLOCK, "portion"]].itertuples(index=False, name=None))
    for line in results.to_dict("records"):
        lines.append(line)
        cell = Cell.from_json({name: line[name] for name in FIELDS})
        block = tuple(line[name] for name in BLOCK)
        for length in LENGTHS:
            other = replace(cell, length=length)
            wanted = (*block, cell.portion) in asked or (cell.portion == 1 and block in blocks)
            if length != cell.length and wanted and other.canonical == cell.canonical:
                lines.append({**line, "length": length})
    return pd.DataFrame(lines, columns=results.columns)


def summarise(results: pd.DataFrame) -> pd.DataFrame:
    """Spread over seeds of every setting and row, the difference to None and the gap closed, both paired by seed.

    Args:
        results: as of `collect`.

    Returns:
        A table, sorted as it is read, whose columns are the fields of `Line`.
    """
    grouped: Iterable[tuple[Any, pd.DataFrame]] = expand(results).groupby(PLACE, sort=False, dropna=False)
    groups = {Place(*key): group for key, group in grouped}
    figures = {place: _by_seed(group) for place, group in groups.items()}
    lines = [_line(place, group, figures) for place, group in groups.items()]
    return _in_reading_order(pd.DataFrame([asdict(line) for line in lines], columns=SUMMARY))


def _line(place: Place, group: pd.DataFrame, figures: Mapping[Place, dict[str, float]]) -> Line:
    """The line of the cells of one place; `figures` is mAP by place and seed."""
    none = replace(place, row=REAL_ONLY, ratio=1)
    own, base, ceiling = (figures.get(other, {}) for other in (place, none, replace(none, portion=1.0)))
    augmented = place.row != REAL_ONLY
    gains = differences(own, base) if augmented else {}
    gaps = gaps_closed(own, base, ceiling) if augmented else {}
    mean, gain, gap = (spread(list(values.values())) for values in (own, gains, gaps))
    backbone, portion = paper_backbone(place.backbone), float(place.portion)
    return Line(
        **asdict(place),
        seeds=mean.count,
        mAP_mean=mean.mean,
        mAP_std=mean.std,
        rank1_mean=group["rank1"].mean(),
        updates=group["updates"].median(),
        images=group["images"].median(),
        share=group["share"].astype(float).median(),
        seconds_mean=group["seconds"].mean(),
        by_seed=own,
        gains=list(gains.values()),
        gain_mean=gain.mean,
        gain_std=gain.std,
        gain_low=gain.low,
        gain_high=gain.high,
        gaps=list(gaps.values()),
        gap_mean=gap.mean,
        gap_std=gap.std,
        paper=table5(backbone, place.row, portion, int(place.ratio)),
        paper_none=table5(backbone, "none", portion),
    )


def _by_seed(group: pd.DataFrame) -> dict[str, float]:
    """mAP of each seed, smallest seed first."""
    figures = {int(line["seed"]): float(line["mAP"]) for line in group.to_dict("records")}
    return {str(seed): figures[seed] for seed in sorted(figures)}


def _in_reading_order(summary: pd.DataFrame) -> pd.DataFrame:
    """Backbone, plain first, rows as declared and the others by name after them, equal updates first, portions."""
    summary = summary.assign(
        _length=summary["length"].map({UPDATES: 0, EPOCHS: 1}),
        _row=summary["row"].map(row_order),
    )
    keys = [*BLOCK, "_row", "_length", "portion", "ratio"]
    return summary.sort_values(keys, ignore_index=True).drop(columns=["_length", "_row"])
