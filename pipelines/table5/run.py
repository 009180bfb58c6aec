"""Table 5: re-ID trained on the kept real images with and without generated ones; its cells and its files."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

import patn
import reid
from augment import AugmentError, Different, Misuse
from augment.datasets.reduced_set import real_share, standing_for
from augment.plurals import counted
from augment.runtime import Runtime
from augment.training.reid_data import LENGTHS
from augment.workspace import REAL_ONLY, Workspace, row_name
from pipelines.grid.pools import Placement
from pipelines.grid.scheduler import in_order, run_tasks
from pipelines.table5 import results
from pipelines.table5.cells import Cell
from pipelines.table5.generators import OwnGenerator
from pipelines.table5.outputs import write_table5
from pipelines.table5.requirements import Requirements
from pipelines.table5.rows import row_of
from pipelines.table5.stages import Model, is_finished, make

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
    lengths: tuple[str, ...] = LENGTHS
    ordinary: tuple[bool, ...] = (False,)
    ratios: tuple[int, ...] = (1,)
    preset: str | None = None
    scratch: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(row_name(row) for row in self.rows))

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
            if ratio == 1 or row != REAL_ONLY
        ]
        return list(dict.fromkeys(cell.canonical for cell in cells))

    def _preset(self, backbone: str) -> str:
        return self.preset or ("demo" if backbone == SMALL else "open-reid")


def one_a_set(workspace: Workspace, cells: Sequence[Cell]) -> list[Cell]:
    """The cells without those whose portion keeps the same images as another one that is asked for, which is said.

    Portions round to whole images, and every identity keeps one: on few images an identity several are one set.
    """
    try:
        images = workspace.images()
    except (AugmentError, reid.DataError):
        return list(cells)  # nothing can be said without images; the cells themselves say that there are none
    shares = {portion: real_share(images, portion) for portion in {cell.portion for cell in cells}}
    stands = standing_for(shares)
    if 1.0 in shares.values():
        stands |= dict.fromkeys((portion for portion, share in shares.items() if share == 1.0), 1.0)
    for portion, other in sorted(stands.items()):
        if portion != other:
            share = f"{100 * shares[portion]:.3g} % of the training images"
            logger.warning("p = %g keeps %s, the same as p = %g: it is not another result.", portion, share, other)
    return list(dict.fromkeys(replace(cell, portion=stands[cell.portion]).canonical for cell in cells))


def say_dropped(table: Table5, cells: Sequence[Cell]) -> None:
    """Say which rows drop out of the table's `cells` where nothing is removed, so that nothing is generated.

    Args:
        table: what was asked for.
        cells: of which.

    Raises:
        AugmentError: where no row that was asked for is left.
    """
    left = {cell.row for cell in cells}
    whole = [cell for cell in cells if cell.portion == 1 and cell.ratio == 1]
    gone = [row for row in table.rows if row not in {cell.row for cell in whole}]
    if not left & set(table.rows):
        why = "⟨ratios⟩ above 1 are of generated sets" if not cells else "nothing is removed at ⟨portions⟩ 1"
        raise Misuse(
            f"⟨rows⟩ {','.join(table.rows)}: {why}, so no cell of these rows is left; give a smaller ⟨portions⟩, or "
            "with ⟨portions⟩ 1 rows that generate and ⟨ratios⟩ 2"
        )
    if whole and gone:
        logger.warning("At p = 1 nothing is removed, so nothing is generated: None stands for %s.", ", ".join(gone))


def chosen(cells: Sequence[Cell], only: Sequence[str] = (), shard: tuple[int, int] | None = None) -> list[Cell]:
    """The cells that this process is to see to.

    Every N-th cell is a shard's, so that the seeds of a row go to different ones.

    Args:
        cells: cells of Table 5.
        only: names of cells; empty: all.
        shard: I of N, counted from 1, of those; None: all of them.

    Raises:
        AugmentError: for a name that is none of the cells'.
    """
    named = {cell.name: cell for cell in cells}
    for name in only:
        if name not in named:
            raise Misuse(
                f"⟨only⟩ {name}: is none of the {counted(len(named), 'cell')} asked for; `augment table5 --dry-run` "
                "lists them"
            )
    wanted = [named[name] for name in dict.fromkeys(only)] if only else list(cells)
    if shard is None:
        return wanted
    number, count = shard
    return wanted[number - 1 :: count]


def run_table5(
    workspace: Workspace,
    cells: Sequence[Cell],
    *,
    placement: Placement,
    runtime: Runtime,
    generator: str | OwnGenerator | None = None,
    part: Sequence[Cell] | None = None,
    weights: Mapping[str, Path] | None = None,
) -> pd.DataFrame:
    """Run the cells that are not finished and write the table's files.

    The table is of all that are finished; it is also written where a cell fails, before the failure is raised.

    Args:
        workspace: the workspace.
        cells: cells of Table 5.
        placement: where the work runs.
        runtime: device, threads and precision, and whether finished work is made again.
        generator: the generator of Ours by name, or as it is to be trained; None is the workspace's only one.
        part: those of the cells that this process is to see to (None: all); other processes see to the others.
        weights: files that networks start from, by backbone.

    Returns:
        The summary, as of `pipelines.table5.results.summarise`.

    Raises:
        AugmentError: when a row's generator is missing, or when what is finished was made otherwise or from other
            input, before anything is trained.
    """
    models = models_of(cells if part is None else part, generator, weights or {})
    Requirements(workspace).check(in_order(models))
    if not runtime.force:
        refuse_changed(workspace, models, runtime)
    results.declare(workspace, cells)
    try:
        run_tasks(
            workspace.root,
            models,
            make,
            finished=partial(is_finished, workspace),
            placement=placement,
            runtime=runtime,
            label="table5",
        )
    except AugmentError:
        write_table5(workspace)
        raise
    return write_table5(workspace)


def models_of(cells: Sequence[Cell], generator: str | OwnGenerator | None, weights: Mapping[str, Path]) -> list[Model]:
    """The models of cells.

    Args:
        cells: of Table 5.
        generator: as of `run_table5`.
        weights: files that networks start from, by backbone.
    """
    return [Model(cell, generator, weights.get(cell.backbone)) for cell in cells]


def refuse_changed(workspace: Workspace, models: Sequence[Model], runtime: Runtime) -> None:
    """Compare models that are finished, and what they need, with what they would be made with and from now.

    What cannot be compared, since what it was made from is gone or another process is at it, is said and passed over.

    Args:
        workspace: the workspace.
        models: what is asked for.
        runtime: device, threads and precision, and whether finished work is made again.

    Raises:
        AugmentError: naming the first difference.
    """
    for stage in in_order([model for model in models if is_finished(workspace, model)]):
        if is_finished(workspace, stage):
            try:
                make(workspace.root, stage, replace(runtime, wait=False, progress=False))
            except Different as error:
                raise AugmentError(f"{stage.name}: {error.marked}") from error
            except (AugmentError, patn.DataError, reid.DataError) as error:
                logger.warning("%s: is taken as it is, it cannot be compared: %s", stage.name, error)
