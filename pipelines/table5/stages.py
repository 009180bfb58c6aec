"""The stages of Table 5 as plain data: a generator inside M^R_p, a generated set, a re-ID model; who needs what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from augment import Different, Misuse
from augment.artefacts.records import read_run
from augment.generation.filtering import Filtering
from augment.generation.generate import generate
from augment.generation.plan import Sampling
from augment.generation.prepared_set import SetRequest, prepare_set
from augment.runtime import Runtime
from augment.training.reid import choose_weights, train_reid
from augment.training.reid_data import UPDATES, TrainingSet
from augment.workspace import REAL_ONLY, Workspace
from pipelines.table5.cells import Cell
from pipelines.table5.generators import OwnGenerator, ReducedGenerator, TunedGenerator
from pipelines.table5.row_generators import own_generator
from pipelines.table5.rows import row_of, set_row

if TYPE_CHECKING:
    from reid.training import ReidTraining


@dataclass(frozen=True)
class GeneratedSet:
    """The generated set of a row at (p, ratio, seed), which its cells share; `generator` as of `Model`.

    `judge`: the model of None that scores the images of a filtered set.
    """

    row: str
    portion: float
    ratio: int
    seed: int
    generator: str | OwnGenerator | None = None
    judge: Model | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"set {self.row} p{self.portion}{f' x{self.ratio}' if self.ratio > 1 else ''} s{self.seed}"

    @property
    def trained(self) -> OwnGenerator | ReducedGenerator | TunedGenerator | None:
        """The generator that is trained for it, if any."""
        row = row_of(self.row)
        if row.identity:
            return TunedGenerator(
                self.portion, self.seed, (Model(Cell(REAL_ONLY, portion=self.portion, seed=self.seed)),)
            )
        if row.tuned:
            return TunedGenerator(self.portion, self.seed) if row.reduced else TunedGenerator()
        if row.reduced and row.generator is None and isinstance(self.generator, OwnGenerator):
            return ReducedGenerator(self.generator.training.generator, self.portion, self.seed, (self.generator,))
        if row.reduced:
            return ReducedGenerator(row.generator or self._named, self.portion, self.seed)
        return self.generator if row.generator is None and isinstance(self.generator, OwnGenerator) else None

    @property
    def _named(self) -> str | None:
        """The generator of Ours where it is there already and was named."""
        return None if isinstance(self.generator, OwnGenerator) else self.generator

    @property
    def needs(self) -> tuple[OwnGenerator | ReducedGenerator | TunedGenerator | Model, ...]:
        """The generator that is trained for it, and the model that scores it."""
        return tuple(need for need in (self.trained, self.judge) if need is not None)

    @property
    def images(self) -> str:
        """The set's name below `generated/`: one for each scoring model."""
        name = row_of(self.row).images
        return name if self.judge is None else f"{name}-{self.judge.cell.backbone}-{self.judge.cell.preset}"

    def folder(self, workspace: Workspace) -> Path:
        """Where it is."""
        return workspace.generated_dir(self.images, self.portion, self.seed, self.ratio)

    def taught_by(self, workspace: Workspace) -> str | None:
        """The generator that has to be there: it generates the set, or another one follows or starts from it.

        Args:
            workspace: the workspace.

        Returns:
            Its name; None where the set's is trained from nothing.

        Raises:
            AugmentError: where the workspace's own one is not clear.
        """
        return self.drawn_by(workspace) if self.trained is None else self.trained.taught_by(workspace)

    def drawn_by(self, workspace: Workspace) -> str:
        """The generator whose images it holds."""
        if self.trained is not None:
            return self.trained.generator(workspace)
        return row_of(self.row).generator or self._named or own_generator(workspace)

    def make(self, workspace: Workspace, runtime: Runtime) -> None:
        """Generate it.

        Args:
            workspace: the workspace.
            runtime: device, threads and precision, and whether finished work is made again.
        """
        row = row_of(self.row)
        request = SetRequest(
            portion=self.portion,
            seed=self.seed,
            generator=self.drawn_by(workspace),
            sampling=Sampling(
                row.target_poses or "removed", self.ratio, per_identity=row.per_identity, scenes=row.scenes
            ),
            filtering=None if row.filtered is None else Filtering(row.filtered),
            judge=None if self.judge is None else self.judge.cell.name,
            name=self.images,
        )
        generate(prepare_set(workspace, request), runtime)


@dataclass(frozen=True)
class Model:
    """The re-ID model of a cell.

    Attributes:
        cell: the cell.
        generator: the workspace's own one by name where there are several, or as it is to be trained; None where it is
            the only one, and where nothing is generated for the cell.
        weights: a file that the backbone starts from; None is what it starts from anyway, if anything.
    """

    cell: Cell
    generator: str | OwnGenerator | None = None
    weights: Path | None = None

    def __post_init__(self) -> None:
        if not row_of(self.cell.row).generates:
            object.__setattr__(self, "generator", None)

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"cell {self.cell.name}"

    @property
    def needs(self) -> tuple[GeneratedSet, ...]:
        """The generated set that it is trained on, if any."""
        cell, row = self.cell, row_of(self.cell.row)
        if not row.generates:
            return ()
        base = replace(cell, row=REAL_ONLY, length=UPDATES, ordinary=True)
        judge = None if row.filtered is None else Model(base, weights=self.weights)
        return (GeneratedSet(set_row(cell.row), cell.portion, cell.ratio, cell.seed, self.generator, judge),)

    @property
    def data(self) -> TrainingSet:
        """What it is trained on."""
        cell, row = self.cell, row_of(self.cell.row)
        made = self.needs[0].images if self.needs else REAL_ONLY
        images = row.folder_of(cell.portion, cell.seed) or made
        return TrainingSet(cell.portion, images, cell.ratio, cell.seed, cell.length, row.repeat)

    @property
    def training(self) -> ReidTraining:
        """How it is trained."""
        return training_of(self.cell, pretrained=self.weights is not None)

    def start(self) -> Path | None:
        """The file of weights that it starts from, None for one that is trained from scratch.

        Raises:
            AugmentError: where that is missing, or given for a network or preset that starts from nothing.
        """
        from reid.training import FROM_SCRATCH  # loads torch

        cell = self.cell
        scratch = cell.scratch or (self.weights is not None and cell.preset in FROM_SCRATCH)
        return choose_weights(cell.backbone, scratch, self.weights, None)

    def folder(self, workspace: Workspace) -> Path:
        """Where it is."""
        return workspace.reid_dir(self.cell.name)

    def make(self, workspace: Workspace, runtime: Runtime) -> None:
        """Train and evaluate it.

        Args:
            workspace: the workspace.
            runtime: device, threads and precision, and whether finished work is made again.
        """
        train_reid(workspace, self.training, self.data, name=self.cell.name, weights=self.start(), runtime=runtime)


Stage = OwnGenerator | ReducedGenerator | TunedGenerator | GeneratedSet | Model


def training_of(cell: Cell, *, pretrained: bool = False) -> ReidTraining:
    """The re-ID training of a cell: its preset with its backbone, its row's way with generated images.

    Args:
        cell: of Table 5.
        pretrained: whether its network starts from weights where it would not by itself.

    Raises:
        reid.DataError: for an unknown preset or backbone.
        Misuse: for a row whose way with generated images is the preset's with all: it would be another row.
    """
    from reid.models.backbones import backbone_of  # loads torch
    from reid.training import preset, with_erasing_and_jitter  # loads torch

    row = row_of(cell.row)
    pretrained = pretrained or (backbone_of(cell.backbone).imagenet_weights and not cell.scratch)
    training = preset(cell.preset, cell.backbone, pretrained=pretrained)
    if row.smoothing is not None and row.smoothing == training.label_smoothing:
        raise Misuse(
            f"⟨rows⟩ {cell.row}: ⟨preset⟩ {cell.preset} smooths the labels of all images by {row.smoothing:g}, so that "
            "this is the row without it; give another number, such as smoothed:0.3"
        )
    training = replace(training, generated_smoothing=row.smoothing, generated_weight=row.weight)
    return with_erasing_and_jitter(training) if cell.ordinary else training


def make(root: Path, stage: Stage, runtime: Runtime) -> None:
    """Do the work of a stage in the workspace at `root`; a finished one is skipped, an interrupted one goes on.

    Args:
        root: the workspace's folder.
        stage: a generator, a generated set or a model.
        runtime: device, threads and precision, and whether finished work is made again.

    Raises:
        Different: for one that was made otherwise or from other input.
    """
    try:
        stage.make(Workspace.find(root), runtime)
    except Different as error:
        raise Different(error.what, "put that back, or delete the folder to have it made again") from error


def is_finished(workspace: Workspace, stage: Stage) -> bool:
    """Whether the stage's folder is complete.

    Args:
        workspace: the workspace.
        stage: a generator, a generated set or a model.

    Raises:
        AugmentError: for a damaged one.
    """
    return read_run(stage.folder(workspace)) is not None
