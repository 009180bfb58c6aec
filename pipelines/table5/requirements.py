"""What the stages of Table 5 need of the data: told before the first of them begins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from augment.datasets.dataset import Dataset
from augment.datasets.pairs import pairable, posed_names
from augment.datasets.preconditions import require_learnable, require_pairs
from augment.datasets.reduced_set import reduced_set
from augment.evaluation.reid import test_images
from augment.generation.planned_set import require_poses
from augment.inference.generators import names_builtin
from augment.workspace import Workspace
from pipelines.table5.generators import OwnGenerator
from pipelines.table5.row_generators import no_generator, require_generator
from pipelines.table5.rows import UNSEEN, row_of
from pipelines.table5.stages import GeneratedSet, Model, Stage, training_of


def refuse_unknown(workspace: Workspace, models: Sequence[Model]) -> None:
    """Raise where a model is asked for wrongly, whatever may still be made: also a plan of such ones is none.

    Args:
        workspace: the workspace.
        models: what is asked for.

    Raises:
        reid.DataError: for an unknown backbone or preset.
        AugmentError: for a row that names no generator, neither a trained one nor a kind, for a folder of images
            that cannot be trained on, and for weights of a network that starts from none.
        reid.WeightsError: for a file that holds none of its backbone.
    """
    from patn.generators import GENERATORS  # loads torch
    from reid.models.backbones import refuse_weights  # loads torch

    for model in models:
        training_of(model.cell)
        if model.weights is not None:
            model.start()
        row = row_of(model.cell.row)
        if row.folder is not None:
            model.data.table(workspace, Dataset.of(workspace))
        named = row.generator
        if named in (None, UNSEEN, *GENERATORS) or names_builtin(str(named)):
            continue
        if not workspace.patn_dir(str(named)).is_dir():
            raise no_generator(workspace, str(named))
    for backbone, weights in dict.fromkeys((model.cell.backbone, model.weights) for model in models):
        if weights is not None:
            refuse_weights(backbone, weights)


class Requirements:
    """Looks at stages of one workspace; key points and images are read once, and each M^R_p is sampled once.

    Args:
        workspace: the workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._posed: list[str] | None = None
        self._pairable: list[str] | None = None
        self._ranked = False
        self._reduced: dict[tuple[float, int], list[str]] = {}
        self._started: set[tuple[str, str, bool, Path | None]] = set()

    @cached_property
    def data(self) -> Dataset:
        """The workspace's images."""
        return Dataset.of(self.workspace)

    def check(self, stages: Sequence[Stage]) -> None:
        """Refuse stages that cannot be made.

        Args:
            stages: in the order in which they would be made.

        Raises:
            AugmentError: for the first that cannot: no generator, nothing to evaluate on, no pair, no file of weights.
        """
        made = {stage.generator(self.workspace) for stage in stages if isinstance(stage, OwnGenerator)}
        for stage in stages:
            if not isinstance(stage, Model):
                name = stage.taught_by(self.workspace)
                if name is not None and name not in made:
                    require_generator(self.workspace, name)
        if any(isinstance(stage, Model) for stage in stages):
            self._check_ranking()
        for stage in stages:
            self._check_data(stage)

    def _check_ranking(self) -> None:
        if not self._ranked:
            test_images(self.data)
            self._ranked = True

    def _check_data(self, stage: Stage) -> None:
        train = self.data.train
        kept = self._kept(_portion(stage), _seed(stage))
        if isinstance(stage, Model):
            require_learnable(self.data, training_of(stage.cell), train[train["name"].isin(kept)])
            self._check_start(stage)
            return
        keeps = set(kept)
        if isinstance(stage, GeneratedSet):
            if self._posed is None:
                self._posed = posed_names(self.data, train["name"].tolist())
            require_poses(self.data, [name for name in self._posed if name in keeps], stage.portion)
        else:
            if self._pairable is None:
                self._pairable = pairable(self.data, train["name"].tolist())
            require_pairs(self.data, [name for name in self._pairable if name in keeps], _portion(stage))

    def _check_start(self, model: Model) -> None:
        """Refuse a model whose file of weights is missing; each file is read once."""
        key = (model.cell.backbone, model.cell.preset, model.cell.scratch, model.weights)
        if key not in self._started:
            model.start()
            self._started.add(key)

    def _kept(self, portion: float, seed: int) -> list[str]:
        if (portion, seed) not in self._reduced:
            self._reduced[portion, seed] = reduced_set(self.data.images, portion, seed)
        return self._reduced[portion, seed]


def _portion(stage: Stage) -> float:
    return stage.cell.portion if isinstance(stage, Model) else stage.portion or 1.0


def _seed(stage: Stage) -> int:
    return stage.cell.seed if isinstance(stage, Model) else stage.seed or 0
