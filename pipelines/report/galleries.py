"""Ranked galleries of a few finished models, made once and kept beside the table."""

from __future__ import annotations

import logging
from dataclasses import astuple, dataclass
from pathlib import Path

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input
from augment.evaluation.reid import evaluate_saved, test_images
from augment.runtime import Runtime
from augment.training.reid_data import UPDATES
from augment.workspace import REAL_ONLY, Workspace
from pipelines.report.pictures import webp
from pipelines.table5.cells import Cell
from pipelines.table5.results import declared, is_finished, kept_share
from pipelines.table5.rows import row_of, row_order, row_title
from pipelines.table5.text import column_title
from reid import DataError

logger = logging.getLogger(__name__)
QUERIES = 5
PICTURE = "ranked.webp"


@dataclass(frozen=True)
class Shown:
    """A finished model whose galleries are shown.

    Attributes:
        name: of its folder in `reid/`.
        title: in words.
    """

    name: str
    title: str


def gallery_dir(workspace: Workspace, name: str) -> Path:
    """Where a model's ranked galleries are kept.

    Args:
        workspace: the workspace.
        name: of the model's folder in `reid/`.
    """
    return workspace.table_dir("table5") / "galleries" / name


def chosen(workspace: Workspace) -> list[Shown]:
    """None and Ours of one setting, whose galleries are shown.

    Args:
        workspace: the workspace.

    Returns:
        The two at the first block, equal updates, the smallest portion and seed that each of them has. Ours is the
        first other row with generated images where that was not run. Without such a pair, the first two finished models
        by name.
    """
    cells = [cell for cell in declared(workspace) if is_finished(workspace, cell) and _model(workspace, cell.name)]
    places: dict[tuple[object, ...], dict[str, Cell]] = {}
    for cell in cells:
        if cell.ratio == 1 and cell.length == UPDATES:
            block = astuple(cell.block)
            places.setdefault((*block, cell.portion, cell.seed), {})[cell.row] = cell
    for _, rows in sorted(places.items(), key=lambda place: tuple(map(str, place[0]))):
        augmented = [row for row in sorted(rows, key=row_order) if row != REAL_ONLY and not row_of(row).repeat]
        other = rows["ours" if "ours" in augmented else augmented[0]] if augmented else None
        if REAL_ONLY in rows and other is not None:
            return [Shown(cell.name, _title(workspace, cell)) for cell in (rows[REAL_ONLY], other)]
    names = [path.parent.name for path in workspace.reid_models()]
    return [Shown(name, name) for name in names if read_run(workspace.reid_dir(name)) is not None][:2]


def _model(workspace: Workspace, name: str) -> Path | None:
    path = workspace.model_file(name)
    return path if path.is_file() else None


def _title(workspace: Workspace, cell: Cell) -> str:
    block = cell.block.title
    kept = column_title(cell.portion, cell.ratio, kept_share(workspace, cell))
    return f"{row_title(cell.row)}, {kept}, seed {cell.seed} ({block})"


def make_galleries(workspace: Workspace, runtime: Runtime) -> None:
    """Make the galleries of the chosen models that are not made yet, or whose model is another by now.

    Each takes one pass of its network over the query and gallery images.  What cannot be made is left out with a
    warning, so that the report is written all the same.

    Args:
        workspace: the workspace.
        runtime: device, threads and precision, and whether finished work is made again.
    """
    for shown in chosen(workspace):
        try:
            _make(workspace, shown.name, runtime)
        except (AugmentError, DataError) as error:
            logger.warning("no ranked galleries of %s: %s", shown.name, error)


def _make(workspace: Workspace, name: str, runtime: Runtime) -> None:
    from PIL import Image

    model, folder = workspace.model_file(name), gallery_dir(workspace, name)
    options = {"queries": QUERIES}
    inputs = {"model": fingerprint(model), "images": images_input(test_images(Dataset.of(workspace)))}
    with artefact(folder, "galleries", options, inputs=inputs, renew=True) as run:
        if not run.finished:
            logger.info("%s: ranking the gallery for the report", name)
            picture_file, partial = folder / "ranked.png", folder / f"{PICTURE}.partial"
            ranking = evaluate_saved(Dataset.of(workspace), model, QUERIES, picture_file, runtime).rankings.standard
            with Image.open(picture_file) as picture:
                partial.write_bytes(webp(picture))
            partial.replace(folder / PICTURE)
            picture_file.unlink()
            run.finish({"mAP": ranking.mAP, "rank1": ranking.rank1, "queries": ranking.queries})
