"""Training and evaluating a re-ID model on a workspace's reduced or generated training set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from augment import AugmentError, Misuse
from augment.artefacts.artefact import Fingerprint, artefact, fingerprint, fingerprint_names
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, size_input
from augment.datasets.preconditions import require_learnable, warn_of_batches
from augment.datasets.reduced_set import real_share
from augment.evaluation.reid import Rankings, evaluate_model, test_images
from augment.images import load_images
from augment.results import Result, spread
from augment.runtime import Place, Runtime
from augment.training.loop import LAST, train
from augment.training.reid_data import EPOCHS, TrainingSet
from augment.weights import find_weights, load_path, missing_sentence
from augment.workspace import MODEL, Workspace
from numerics.files import naming
from reid.data.market1501 import relabel

if TYPE_CHECKING:
    import torch

    from reid.objective import ReidObjective
    from reid.training import ReidTraining


@dataclass(frozen=True)
class TrainedModel(Result):
    """A trained re-ID model and its figures.

    Attributes:
        folder: of the model, in the workspace.
        rankings: on query and gallery.
        updates: steps of the training.
        images: that it was trained on, repeated ones as often as they are.
        real: those of them that are real.
        distinct: how many different ones.
        identities: its classes.
        portion: p of the real images.
        share: of the real images that M^R_p really keeps.
        training_images: a fingerprint of all real training images.
        precision: that it was trained in, fp32 or bf16.
        place: where.
        train_seconds: of the process that finished it.
        epoch: that was taken, counted from 1; None where the last one was.
        validation: its score, in percent.
    """

    folder: str
    rankings: Rankings = field(metadata=spread(Rankings))
    updates: int
    images: int
    real: int
    distinct: int
    identities: int
    portion: float
    share: float
    training_images: str
    precision: str
    place: Place = field(metadata=spread(Place))
    train_seconds: float
    epoch: int | None = None
    validation: float | None = None


def train_reid(
    workspace: Workspace,
    training: ReidTraining,
    data: TrainingSet,
    *,
    name: str | None = None,
    weights: Path | None = None,
    runtime: Runtime,
) -> TrainedModel:
    """Train a re-ID model, evaluate it on query and gallery, and write `reid/NAME/`.

    That is model.safetensors, last.safetensors, metrics.jsonl and run.json; a killed run goes on where it last saved,
    at
    most an epoch before.  With model "best", the result's `epoch` is the tested one, counted from 1, and `validation`
    its score.

    Args:
        workspace: whose images are trained on and ranked.
        training: its numbers.
        data: the training images.
        name: of the folder; None says what the model is.
        weights: a file of the backbone's weights, None for training from scratch.
        runtime: device, number format, threads.

    Raises:
        AugmentError: for images that nothing can be learnt from or ranked with, and for NaN losses.
    """
    from reid.models.backbones import refuse_weights  # loads torch

    work = _Work.plan(workspace, training, data, weights)
    if runtime.force and weights is not None:
        refuse_weights(training.backbone, weights)  # a trained model is not given up for a file that cannot be used
    folder = workspace.reid_dir(name or data.name(training.backbone))
    with artefact(
        folder,
        "reid",
        {**work.options, "precision": runtime.precision},
        inputs=work.inputs(),
        seed=data.seed,
        force=runtime.force,
        wait=runtime.wait,
        named=True,
    ) as run:
        if run.finished:
            return run.recorded(TrainedModel)
        trained = replace(work.train(folder, runtime), folder=str(folder.relative_to(workspace.root)))
        run.finish(trained)
        return trained


@dataclass(frozen=True)
class _Work:
    """What is to be done for a model: on which images, in which configuration, from which weights."""

    dataset: Dataset
    data: TrainingSet
    table: pd.DataFrame
    training: ReidTraining
    weights: Path | None

    @classmethod
    def plan(cls, workspace: Workspace, training: ReidTraining, data: TrainingSet, weights: Path | None) -> _Work:
        """Read the images; raises AugmentError where there is nothing to learn from them."""
        dataset = Dataset.of(workspace)
        table = data.table(workspace, dataset)
        require_learnable(dataset, training, table)
        return cls(dataset, data, table, with_length(training, data, len(dataset.train)), weights)

    @property
    def options(self) -> Mapping[str, Any]:
        """What run.json and the model's file say of its configuration."""
        name = self.weights.name if self.weights else None
        return {**asdict(self.training), **self.data.as_dict(), "weights": name}

    def inputs(self) -> dict[str, Fingerprint]:
        """What run.json says it is made from; raises AugmentError where the model could not be evaluated."""
        identities = map(str, sorted(self.dataset.train["pid"].unique()))
        inputs = {
            "images": images_input(self.table),
            "test_images": images_input(test_images(self.dataset)),
            "size": size_input(self.dataset.size, self.dataset.root),
            "identities": Fingerprint(fingerprint_names(identities)),
        }
        return inputs if self.weights is None else {**inputs, "weights": fingerprint(self.weights)}

    def train(self, folder: Path, runtime: Runtime) -> TrainedModel:
        """Train, write the model's file and evaluate it."""
        from reid.checkpoints import save_model  # loads torch

        warn_of_batches(self.training, self.table)
        runtime.prepare()
        seed = self.data.seed
        objective, pids = build_objective(self.dataset, self.training, self.table, seed, self.weights, runtime)
        seconds = train(
            objective,
            folder,
            seed=seed,
            label=folder.name,
            progress=runtime.progress,
            save_every=min(500, max(1, objective.steps // self.training.epochs)),  # an epoch of the schedule
        )
        selection = objective.choose()
        with naming(folder / MODEL):
            save_model(folder / MODEL, objective.model, {"training": self.options, "pids": pids, "seed": seed})
        rankings = evaluate_model(self.dataset, objective.model, self.training, runtime)
        (folder / LAST).unlink(missing_ok=True)
        return TrainedModel(
            folder=str(folder),
            rankings=rankings,
            updates=objective.steps,
            images=len(self.table),
            real=int((~self.table["generated"]).sum()),
            distinct=self.table["path"].nunique(),
            identities=len(pids),
            portion=self.data.portion,
            share=real_share(self.dataset.images, self.data.portion),
            training_images=images_input(self.dataset.train),
            precision=runtime.precision_name(),
            place=runtime.place(),
            train_seconds=round(seconds, 1),
            epoch=selection.epoch if selection else None,
            validation=round(100 * selection.score, 4) if selection else None,
        )


def with_length(training: ReidTraining, data: TrainingSet, full: int) -> ReidTraining:
    """The configuration with the number of updates that the full real set gives, where that is asked for.

    Args:
        training: its epochs and batch count.
        data: says whether epochs or updates are kept.
        full: how many images the full real set has.
    """
    if data.length == EPOCHS:
        return training
    return replace(training, updates=training.epochs * max(1, full // training.batch))


def build_objective(
    data: Dataset, training: ReidTraining, table: pd.DataFrame, seed: int, weights: Path | None, runtime: Runtime
) -> tuple[ReidObjective, list[int]]:
    """What trains on images, which are decoded once, and the identities of its classes.

    Args:
        data: whose training identities are the classes.
        training: its numbers.
        table: the images, as of `TrainingSet.table`.
        seed: of weights and batches.
        weights: a file of the backbone's weights, None for training from scratch.
        runtime: device and number format.
    """
    import torch

    from reid.objective import ReidObjective  # loads torch

    labels, pids = labels_of(table, data.train)
    size = training.size if training.crop != "random-area" else data.size
    objective = ReidObjective(
        training,
        load_images(table["path"].tolist(), size),
        labels,
        classes=len(pids),
        seed=seed,
        generated=torch.tensor(table["generated"].tolist()),
        cameras=torch.tensor(table["camid"].tolist()),
        device=runtime.torch_device(),
        autocast=runtime.training_dtype(),
        weights=weights,
    )
    return objective, pids


def labels_of(table: pd.DataFrame, everyone: pd.DataFrame) -> tuple[torch.Tensor, list[int]]:
    """Class indices of images, and the identities of the classes.

    Args:
        table: the images, column pid.
        everyone: all training images, column pid: an identity without an image in `table` has a class, too.
    """
    import torch

    _, pids = relabel(everyone["pid"].tolist())
    index = {int(pid): number for number, pid in enumerate(pids)}
    return torch.tensor([index[int(pid)] for pid in table["pid"]]), [int(pid) for pid in pids]


def choose_weights(backbone: str, from_scratch: bool, weights: Path | None, weights_dir: Path | None) -> Path | None:
    """The file of weights that a backbone starts from, None for one that is trained from scratch.

    Args:
        backbone: its name.
        from_scratch: whether that is asked for.
        weights: a file that is asked for.
        weights_dir: a folder searched for torchvision's before the hub's cache.

    Raises:
        AugmentError: where resnet50's file is missing and training from scratch was not asked for, and for a file that
            would not be used.
    """
    from reid.models.backbones import backbone_of  # loads torch

    entry = backbone_of(backbone)
    if weights is not None and (from_scratch or entry.load is None):
        why = f"is trained from scratch {'always' if entry.load is None else 'here'}"
        raise Misuse(f"⟨weights⟩ {weights}: {backbone} {why} and starts from no file; leave ⟨weights⟩ out")
    if weights is not None or from_scratch or not entry.imagenet_weights:
        return weights
    if find_weights(backbone, weights_dir) is None:
        raise AugmentError(f"{missing_sentence(backbone)}; or train without them: ⟨from_scratch⟩")
    return load_path(backbone, weights_dir)
