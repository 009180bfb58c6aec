"""Examples of the workspace's generated sets: source, pose, generated image and the real one that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.artefact import read_run
from augment.images import read_image
from augment.sheets import draw_skeleton
from augment.training_set import MANIFEST
from augment.workspace import Workspace, slug
from patn.keypoints import keypoint_array
from pipelines.pictures import photograph
from pipelines.results import declared
from pipelines.rows import ROWS, row_of, row_order, row_title
from pipelines.stages import Model
from pipelines.tabletext import column_title
from reid import DataError

SHOWN = 4
GAP = 2


@dataclass(frozen=True)
class Example:
    """One picture of tiles side by side, what each tile is, and the generated image's name."""

    picture: str
    tiles: tuple[str, ...]
    name: str


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
    found: dict[tuple[float, int, tuple[int, str], str], tuple[Path, dict[str, Any]]] = {}
    rows = _rows(workspace)
    for folder in sorted((workspace.root / "generated").glob("*")):
        run = read_run(folder) if folder.is_dir() else None
        if run is None or not (folder / MANIFEST).is_file() or "portion" not in run["options"]:
            continue
        portion, ratio = float(run["options"]["portion"]), int(run["options"].get("ratio", 1))
        name = folder.name.removesuffix(workspace.generated_dir("", portion, run["seed"], ratio).name)
        key = (portion, ratio, row_order(rows.get(name, name)), name)
        if key not in found or run["seed"] < found[key][1]["seed"]:
            found[key] = folder, run
    train = _Training(workspace)
    described = _ready_made(workspace, train)
    for portion, ratio, order, name in found:
        title = row_title(rows[name]) if name in rows else name
        folder, run = found[portion, ratio, order, name]
        described[portion, ratio, order] = _described(train, folder, run, title, column_title(portion, ratio))
    return [described[key] for key in sorted(described)]


def _ready_made(workspace: Workspace, train: _Training) -> dict[tuple[float, int, tuple[int, str]], GeneratedSet]:
    """The folders of images of the table's cells, the first seed's; one that cannot be trained on is left out."""
    described: dict[tuple[float, int, tuple[int, str]], GeneratedSet] = {}
    for cell in sorted(declared(workspace), key=lambda cell: cell.seed):
        key = (cell.portion, cell.ratio, row_order(cell.row))
        if row_of(cell.row).folder is None or key in described:
            continue
        try:
            table = Model(cell).data.table(workspace)
        except (AugmentError, DataError):
            continue
        made = table[table["generated"]]
        examples = [_pair(train, Path(line["path"])) for line in _spread(made).to_dict("records")]
        title, column = row_title(cell.row), column_title(cell.portion, cell.ratio)
        described[key] = GeneratedSet(title, column, len(table) - len(made), len(made), cell.seed, examples)
    return described


def _pair(train: _Training, path: Path) -> Example:
    """A ready-made image, and the real one where its name says which it replaces."""
    replaced = path.name.replace("_gen.", ".")
    withheld = train.pixels(replaced) if replaced != path.name else None
    tiles = {"generated": read_image(path, train.size), **({} if withheld is None else {"withheld": withheld})}
    return Example(photograph(_side_by_side(list(tiles.values()))), tuple(tiles), path.name)


def _rows(workspace: Workspace) -> dict[str, str]:
    """The row of every set that the table's rows and cells know, by the set's name in its folder's."""
    rows = {slug(row.images): name for name, row in reversed(ROWS.items()) if row.generates}
    needs = [need for cell in declared(workspace) for need in Model(cell).needs]
    return {**rows, **{slug(need.images): need.row for need in needs}}


class _Training:
    """The training images' files and poses, looked up by name."""

    def __init__(self, workspace: Workspace) -> None:
        self.size = workspace.size
        self._paths = workspace.images().query("split == 'train'").set_index("name")["path"].to_dict()
        try:
            self._poses: pd.DataFrame | None = workspace.keypoints("train")
        except AugmentError:
            self._poses = None

    def pixels(self, name: str) -> np.ndarray | None:
        """The image, None where there is none of that name."""
        return _pixels(Path(self._paths[name]), self.size) if name in self._paths else None

    def skeleton(self, name: str) -> np.ndarray | None:
        """The limbs of an image's pose, None where it has none."""
        if self._poses is None or name not in self._poses.index:
            return None
        return draw_skeleton(keypoint_array(self._poses, [name])[0], self.size)


def _described(train: _Training, folder: Path, run: dict[str, Any], title: str, column: str) -> GeneratedSet:
    manifest = pd.read_csv(folder / MANIFEST, dtype={"source": str, "pose": str}, keep_default_na=False)
    made = manifest[manifest["kind"] == "generated"]
    examples = [_example(train, folder, line) for line in _spread(made).to_dict("records")]
    real = int((manifest["kind"] == "real").sum())
    return GeneratedSet(title, column, real, len(made), run["seed"], [e for e in examples if e is not None])


def _spread(made: pd.DataFrame) -> pd.DataFrame:
    """A few lines, evenly from the first to the last."""
    return made.iloc[np.linspace(0, len(made) - 1, min(SHOWN, len(made))).astype(int)] if len(made) else made


def _example(train: _Training, folder: Path, line: dict[Any, Any]) -> Example | None:
    """The tiles of one generated image, None where its file is gone; a tile that there is nothing for is left out."""
    name = str(line["name"])
    replaced = name.replace("_gen.", ".")
    parts: list[tuple[str, np.ndarray | None]] = [
        ("source", train.pixels(str(line.get("source", "")))),
        ("pose", train.skeleton(str(line.get("pose", "")))),
        ("generated", _pixels(folder / "bounding_box_train" / name, train.size)),
        ("withheld", train.pixels(replaced) if replaced != name else None),
    ]
    tiles = {what: pixels for what, pixels in parts if pixels is not None}
    if "generated" not in tiles:
        return None
    return Example(photograph(_side_by_side(list(tiles.values()))), tuple(tiles), name)


def _pixels(path: Path, size: tuple[int, int]) -> np.ndarray | None:
    return read_image(path, size) if path.is_file() else None


def _side_by_side(tiles: Sequence[np.ndarray]) -> np.ndarray:
    """Equally large uint8 tiles in a row with white gaps."""
    gap = np.full((tiles[0].shape[0], GAP, 3), 255, np.uint8)
    return np.concatenate([part for tile in tiles for part in (tile, gap)][:-1], axis=1)
