"""Table 5: re-ID trained on the kept real images with and without generated ones; its cells and its files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from augment import AugmentError
from augment.artefact import read_run
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines import results
from pipelines.cells import Cell
from pipelines.grid import run_cells
from pipelines.outputs import write_table5
from pipelines.rows import own_generator, row_of

if TYPE_CHECKING:
    from reid.objective import ReidTraining

logger = logging.getLogger(__name__)
SMALL = "small"


@dataclass(frozen=True)
class Table5:
    """The cells to be asked for: every combination of the fields, each training once.

    `presets` maps a backbone to the preset of its training; those not named take `demo` for `small`, else `open-reid`.
    """

    portions: tuple[float, ...] = (0.1,)
    backbones: tuple[str, ...] = (SMALL,)
    rows: tuple[str, ...] = ("none", "ours", "ours*")
    seeds: int = 3
    first_seed: int = 0
    lengths: tuple[str, ...] = ("epochs", "updates")
    ordinary: tuple[bool, ...] = (False,)
    ratios: tuple[int, ...] = (1,)
    preset: str | None = None
    scratch: bool = False

    def cells(self) -> list[Cell]:
        """The distinct trainings, seeds next to each other; AugmentError for a bad value."""
        for row in self.rows:
            row_of(row)
        cells = [
            Cell(row, backbone, portion, ratio, seed, length, ordinary, self._preset(backbone), self.scratch)
            for backbone in self.backbones
            for length in self.lengths
            for portion in self.portions
            for ratio in (self.ratios if portion == 1 else (1,))
            for row in self.rows
            for ordinary in self.ordinary
            for seed in range(self.first_seed, self.first_seed + self.seeds)
            if ratio == 1 or row != "none"
        ]
        return list(dict.fromkeys(cell.canonical for cell in cells))

    def _preset(self, backbone: str) -> str:
        return self.preset or ("demo" if backbone == SMALL else "open-reid")


def training_of(cell: Cell) -> ReidTraining:
    """The re-ID training of a cell: its preset with its backbone, with or without ordinary augmentation.

    Raises reid.DataError for an unknown preset or backbone.
    """
    from reid.training import ordinary, preset

    training = preset(cell.preset, cell.backbone, pretrained=not cell.scratch)
    return ordinary(training) if cell.ordinary else training


def run_cell(root: Path, cell: Cell, runtime: Runtime, generator: str | None = None) -> dict[str, Any]:
    """Generate the cell's images where its row has any, train its model, evaluate it; returns the re-ID result.

    `generator` names the workspace's own generator where there are several.
    """
    from augment.generation import generate
    from augment.reid_training import TrainingSet, choose_weights, train_reid

    workspace = Workspace.find(root)
    row = row_of(cell.row)
    if row.target_poses is not None:
        generate(
            workspace,
            portion=cell.portion,
            seed=cell.seed,
            generator=row.generator or generator or own_generator(workspace),
            target_poses=row.target_poses,
            ratio=cell.ratio,
            name=cell.row,
            runtime=replace(runtime, force=False),
        )
    return train_reid(
        workspace,
        training_of(cell),
        TrainingSet(cell.portion, cell.row, cell.ratio, cell.seed, cell.length),
        name=cell.name,
        weights=choose_weights(cell.backbone, cell.scratch, None, None),
        runtime=runtime,
    )


def run_table5(
    workspace: Workspace, cells: Sequence[Cell], *, jobs: int, runtime: Runtime, generator: str | None = None
) -> pd.DataFrame:
    """Run the cells that are not finished and write the table's files; returns the summary of `pipelines.results`.

    Raises AugmentError when a row's generator is missing, before anything is trained.
    """
    for name in sorted({row_of(cell.row).generator or "" for cell in cells if row_of(cell.row).target_poses}):
        if read_run(workspace.patn_dir(name or generator or own_generator(workspace))) is None:
            raise AugmentError(f"{workspace.patn_dir(name or generator or '')}: no finished generator of that name")
    results.declare(workspace, cells)
    run_cells(
        workspace.root,
        cells,
        partial(run_cell, generator=generator),
        finished=partial(results.is_finished, workspace),
        jobs=jobs,
        runtime=runtime,
        label="table5",
    )
    return write_table5(workspace)


if __name__ == "__main__":
    import sys

    from augment.cli import augment

    augment(prog_name="augment", args=["table5", *sys.argv[1:]])
