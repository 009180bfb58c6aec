"""Examples of the workspace's generated sets: source, pose, generated image and the real one that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.artefacts.records import RunRecord, read_run
from augment.datasets.dataset import Dataset
from augment.generation.manifest import MANIFEST
from augment.images import read_image
from augment.workspace import Workspace, slug
from numerics.arrays import Array
from pipelines.report.pictures import photograph
from pipelines.report.tiles import Tiles
from pipelines.table5.results import declared, kept_share
from pipelines.table5.rows import ROWS, row_of, row_order, row_title
from pipelines.table5.stages import Model
from pipelines.table5.text import column_title
from reid import DataError

SHOWN = 4
GAP = 2


@dataclass(frozen=True)
class Example:
    """One picture of tiles side by side.

    Attributes:
        picture: as a data URI.
        tiles: what each tile is.
        name: the generated image's.
        identity: whose it is, if known.
    """

    picture: str
    tiles: tuple[str, ...]
    name: str
    identity: int | None


@dataclass(frozen=True)
class GeneratedSet:
    """A generated set: title, its column of the table, how many images of each kind it holds, a few examples."""

    title: str
    column: str
    real: int
    generated: int
    seed: int
    examples: list[Example]


def generated_sets(workspace: Workspace) -> list[GeneratedSet]:
    """The finished sets of the workspace with examples; of several seeds the first, by portion and then by row.

    The examples are spread evenly over a set's generated images by name, so that sets of one portion and seed, which
    replace the same images, show the same ones.
    """
    found: dict[tuple[float, int, tuple[int, str], str], tuple[Path, RunRecord]] = {}
    rows = _rows(workspace)
    for folder in workspace.generated_sets():
        run = read_run(folder)
        if run is None or not (folder / MANIFEST).is_file() or "portion" not in run.options:
            continue
        portion, ratio = float(run.options["portion"]), int(run.options.get("ratio", 1))
        name = folder.name.removesuffix(workspace.generated_dir("", portion, run.seed or 0, ratio).name)
        key = (portion, ratio, row_order(rows.get(name, name)), name)
        if key not in found or (run.seed or 0) < (found[key][1].seed or 0):
            found[key] = folder, run
    train = Tiles(workspace, "train")
    described = _ready_made(workspace, train)
    for portion, ratio, order, name in found:
        title = row_title(rows[name]) if name in rows else name
        folder, made = found[portion, ratio, order, name]
        column = column_title(portion, ratio, float(made.result.get("share", "nan")))
        described[portion, ratio, order] = _described(train, folder, made, title, column)
    return [described[key] for key in sorted(described)]


def _ready_made(workspace: Workspace, train: Tiles) -> dict[tuple[float, int, tuple[int, str]], GeneratedSet]:
    """The folders of images of the table's cells, the first seed's; one that cannot be trained on is left out."""
    described: dict[tuple[float, int, tuple[int, str]], GeneratedSet] = {}
    for cell in sorted(declared(workspace), key=lambda cell: cell.seed):
        key = (cell.portion, cell.ratio, row_order(cell.row))
        if row_of(cell.row).folder is None or key in described:
            continue
        try:
            table = Model(cell).data.table(workspace, Dataset.of(workspace))
        except (AugmentError, DataError):
            continue
        made = table[table["generated"]]
        examples = [_pair(train, Path(line["path"]), int(line["pid"])) for line in _spread(made).to_dict("records")]
        title = row_title(cell.row)
        column = column_title(cell.portion, cell.ratio, kept_share(workspace, cell))
        described[key] = GeneratedSet(title, column, len(table) - len(made), len(made), cell.seed, examples)
    return described


def _pair(train: Tiles, path: Path, identity: int) -> Example:
    """A ready-made image of an identity, and the real one where its name says which it replaces."""
    replaced = path.name.replace("_gen.", ".")
    removed = train.pixels(replaced) if replaced != path.name else None
    tiles = {"generated": read_image(path, train.size), **({} if removed is None else {"removed": removed})}
    return Example(photograph(_side_by_side(list(tiles.values()))), tuple(tiles), path.name, identity)


def _rows(workspace: Workspace) -> dict[str, str]:
    """The row of every set that the table's rows and cells know, by the set's name in its folder's."""
    rows = {slug(row.images): name for name, row in reversed(ROWS.items()) if row.generates}
    needs = [need for cell in declared(workspace) for need in Model(cell).needs]
    return {**rows, **{slug(need.images): need.row for need in needs}}


def _described(train: Tiles, folder: Path, run: RunRecord, title: str, column: str) -> GeneratedSet:
    manifest = pd.read_csv(folder / MANIFEST, dtype={"source": str, "pose": str}, keep_default_na=False)
    made = manifest[manifest["kind"] == "generated"]
    examples = [_example(train, folder, line) for line in _spread(made).to_dict("records")]
    real = int((manifest["kind"] == "real").sum())
    return GeneratedSet(title, column, real, len(made), run.seed or 0, [e for e in examples if e is not None])


def _spread(made: pd.DataFrame) -> pd.DataFrame:
    """A few lines, evenly from the first to the last."""
    return made.iloc[np.linspace(0, len(made) - 1, min(SHOWN, len(made))).astype(int)] if len(made) else made


def _example(train: Tiles, folder: Path, line: dict[Any, Any]) -> Example | None:
    """The tiles of one generated image, None where its file is gone; a tile that there is nothing for is left out."""
    name, source = str(line["name"]), str(line.get("source", ""))
    replaced = name.replace("_gen.", ".")
    parts: list[tuple[str, Array | None]] = [
        ("source", train.pixels(source)),
        ("pose", train.skeleton(str(line.get("pose", "")))),
        ("generated", train.file(folder / "bounding_box_train" / name)),
        ("removed", train.pixels(replaced) if replaced != name else None),
    ]
    tiles = {what: pixels for what, pixels in parts if pixels is not None}
    if "generated" not in tiles:
        return None
    return Example(photograph(_side_by_side(list(tiles.values()))), tuple(tiles), name, train.identity(source))


def _side_by_side(tiles: Sequence[Array]) -> Array:
    """Equally large uint8 tiles in a row with white gaps."""
    gap = np.full((tiles[0].shape[0], GAP, 3), 255, np.uint8)
    return np.concatenate([part for tile in tiles for part in (tile, gap)][:-1], axis=1)
