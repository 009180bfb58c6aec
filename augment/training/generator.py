"""Training a pose-transfer generator on a workspace's training images."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment import AugmentError, Misuse
from augment.artefacts.artefact import Fingerprint, artefact, fingerprint
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, keypoints_input
from augment.datasets.pairs import pairable, pairs_among
from augment.datasets.preconditions import require_pairs
from augment.datasets.reduced_set import keep_reduced, real_share
from augment.images import load_or_map
from augment.inference.generators import names_builtin
from augment.results import Result, spread
from augment.runtime import Place, Runtime
from augment.training import loop
from augment.training.identity import IdentityModel, weighted
from augment.training.initial import InitialWeights
from augment.training.loop import read_metrics
from augment.training.perceptual import choose_perceptual, load_perceptual
from augment.training.samples import SampleSheet, held_out_pairs
from augment.workspace import GENERATOR, Workspace
from numerics.files import naming
from patn.keypoints import keypoint_array, scale_keypoints

if TYPE_CHECKING:
    import torch

    from patn.training.generator_training import GeneratorTraining
    from patn.training.identity import IdentityTerm
    from patn.training.perceptual import Perceptual
    from patn.training.protocol import Objective

log = logging.getLogger(__name__)
NO_PERCEPTUAL = "none: the generator is trained without the perceptual term"


@dataclass(frozen=True)
class TrainedGenerator(Result):
    """A trained generator.

    Attributes:
        folder: of the generator, in the workspace.
        steps: updates of the training.
        images: that it was trained on.
        share: of the training images that M^R_p really keeps.
        pairs: that it was trained on.
        parameters: weights of the network.
        perceptual: the network of the perceptual term, in words.
        initial: the generator that it started from, None for fresh weights.
        identity_model: the re-ID model of the identity term, None without one.
        precision: that it was trained in, fp32 or bf16.
        place: where.
        train_seconds: of the process that finished it.
        losses: the last ones, with their step and seconds.
    """

    folder: str
    steps: int
    images: int
    share: float
    pairs: int
    parameters: int
    perceptual: str
    initial: str | None = None
    identity_model: str | None = None
    precision: str = field(kw_only=True)
    place: Place = field(kw_only=True, metadata=spread(Place))
    train_seconds: float = field(kw_only=True)
    losses: Mapping[str, float] = field(kw_only=True)


def train_generator(
    workspace: Workspace,
    training: GeneratorTraining,
    *,
    name: str = "patn",
    portion: float | None = None,
    seed: int = 0,
    initial: InitialWeights | None = None,
    identity: IdentityModel | None = None,
    perceptual: str = "auto",
    weights_dir: Path | None = None,
    runtime: Runtime,
) -> TrainedGenerator:
    """Train a generator into `patn/NAME/`: generator.safetensors, last.safetensors, metrics.jsonl, samples/, run.json.

    A killed run goes on where it last saved, on a CPU with the result of an unbroken one.

    Args:
        workspace: whose training images it learns from.
        training: its numbers.
        name: of the folder.
        portion: trains on the pairs inside M^R_p; None on all.
        seed: of weights, batches and M^R_p.
        initial: the weights to start from, None for fresh ones.
        identity: the re-ID model of the identity term, None for a training without it.
        perceptual: auto, vgg19, mobilenet or none, see `choose_perceptual`.
        weights_dir: a folder searched for files of weights before the hub's cache.
        runtime: device, number format, threads.

    Raises:
        AugmentError: for missing key points, no pairs, a wanted weight file that is missing, initial weights of another
            kind or options, an identity model that may not be used (`IdentityModel.require_no_leak`), or NaN losses.
    """
    training = weighted(training, identity)
    folder = workspace.patn_dir(name)
    _refuse_unfit(name, folder, training, initial)
    data = Dataset.of(workspace)
    kept = None
    if portion is not None:
        kept = keep_reduced(data.images, portion, seed, workspace.reduced_csv(portion, seed))
    names = training_names(data, kept)
    require_pairs(data, names, portion)
    if identity is not None:
        identity.require_no_leak(data, kept)
    kind = choose_perceptual(perceptual, weights_dir) if training.lambda_perceptual > 0 else "none"
    work = _Work(data, names, training, portion, seed, kind, initial, identity, runtime)
    options, inputs = work.options, work.inputs()
    with artefact(
        folder, "generator", options, inputs=inputs, seed=seed, force=runtime.force, wait=runtime.wait, named=True
    ) as run:
        if run.finished:
            return run.recorded(TrainedGenerator)
        runtime.prepare()
        trained = replace(
            work.train(folder, workspace.cache_dir, weights_dir), folder=str(folder.relative_to(workspace.root))
        )
        run.finish(trained)
        return trained


def _refuse_unfit(name: str, folder: Path, training: GeneratorTraining, initial: InitialWeights | None) -> None:
    """Raise AugmentError for a new generator's name that is taken, and for initial weights that do not fit."""
    if names_builtin(name):
        raise Misuse(f"{name} is the name of the generator that comes with this tool; give another name")
    if initial is not None:
        initial.require_fit(training, folder)


@dataclass(frozen=True)
class _Work:
    """What is to be done for a generator: on which images, in which configuration, from which weights."""

    data: Dataset
    names: Sequence[str]
    training: GeneratorTraining
    portion: float | None
    seed: int
    perceptual: str
    initial: InitialWeights | None
    identity: IdentityModel | None
    runtime: Runtime

    @property
    def options(self) -> dict[str, object]:
        """What run.json and the generator's file say of its configuration."""
        options = {**self.training.as_dict(), "portion": self.portion, "perceptual": self.perceptual}
        options["precision"] = self.runtime.precision
        return options if self.identity is None else {**options, "identity_model": self.identity.name}

    def inputs(self) -> dict[str, Fingerprint]:
        """What run.json says that it is made from."""
        images, pairs = self.data.split("train").loc[list(self.names)], self.data.pair_files["train"]
        inputs = {"images": images_input(images), "keypoints": keypoints_input(self.data, "train")}
        if pairs.is_file():
            inputs["pairs"] = fingerprint(pairs)
        for source in (self.initial, self.identity):
            inputs |= {} if source is None else source.inputs()
        return inputs

    def train(self, folder: Path, cache: Path, weights_dir: Path | None) -> TrainedGenerator:
        """Train and write the generator's file; images too many for memory are decoded into `cache`."""
        from patn.training.averaging import result_of  # loads torch

        training, runtime = self.training, self.runtime
        images = self._decoded(cache)
        loss = load_perceptual(self.perceptual, images, weights_dir, runtime, training)
        log.info("Perceptual term: %s.", said := loss.name if loss else NO_PERCEPTUAL)
        term = None if self.identity is None else self.identity.term()
        objective = build_objective(self.data, training, self.names, images, self.seed, loss, runtime, term)
        if self.initial is not None:
            self.initial.start(objective.networks)
        seconds = self._run(objective, folder, said)
        return TrainedGenerator(
            folder=str(folder),
            steps=training.steps,
            images=len(self.names),
            share=real_share(self.data.images, self.portion or 1.0),
            pairs=len(objective.pairs),
            parameters=sum(weights.numel() for weights in result_of(objective).parameters()),
            perceptual=said,
            initial=None if self.initial is None else self.initial.label,
            identity_model=None if self.identity is None else self.identity.name,
            precision=runtime.precision_name(),
            place=runtime.place(),
            train_seconds=round(seconds, 1),
            losses=read_metrics(folder)[-1],
        )

    def _decoded(self, cache: Path) -> torch.Tensor:
        """The training images at the configuration's size, uint8 N x 3 x H x W."""
        paths = self.data.paths("train").loc[list(self.names)].tolist()
        size = (self.training.height, self.training.width_px)
        return load_or_map(paths, size, cache, fingerprint(map(Path, paths)))

    def _run(self, objective: Objective, folder: Path, perceptual: str) -> float:
        """Train to the last step and write the generator's file; returns the seconds."""
        from patn.checkpoints import save_generator  # loads torch
        from patn.training.averaging import result_of  # loads torch

        training = self.training
        size, network = (training.height, training.width_px), result_of(objective)
        seconds = loop.train(
            objective,
            folder,
            seed=self.seed,
            sample_every=max(training.steps // 8, 1),
            draw=SampleSheet(network, objective.device, held_out_pairs(self.data, size)),
            label=folder.name,
            save_every=min(500, max(training.steps // 4, 1)),
            progress=self.runtime.progress,
        )
        recorded = {"size": size, "perceptual": perceptual, "seed": self.seed, "training": self.options}
        with naming(folder / GENERATOR):
            save_generator(folder / GENERATOR, network, training.generator, recorded)
        return seconds


def training_names(data: Dataset, kept: Sequence[str] | None = None) -> list[str]:
    """Names of the training images with usable key points.

    Args:
        data: whose images they are.
        kept: the names of M^R_p, which alone count; None for all.
    """
    return pairable(data, data.train["name"].tolist() if kept is None else kept)


def build_objective(
    data: Dataset,
    training: GeneratorTraining,
    names: Sequence[str],
    images: torch.Tensor,
    seed: int,
    perceptual: Perceptual | None,
    runtime: Runtime,
    identity: IdentityTerm | None = None,
) -> Objective:
    """The objective over all ordered pairs of one identity among `names`.

    Raises:
        AugmentError: where no identity has two images with usable key points.
    """
    import torch

    from patn.generators import objective_of  # loads torch

    array = keypoint_array(data.keypoints("train"), names)
    pid_of = data.split("train")["pid"]
    table = pairs_among(data, names, [int(pid_of[name]) for name in names], array)
    if table.empty:
        raise AugmentError(f"{data.folder}: no identity has two training images with a pose; see `augment check`")
    index_of = {name: index for index, name in enumerate(names)}
    pairs = np.stack([table["from"].map(index_of).to_numpy(), table["to"].map(index_of).to_numpy()], axis=1)
    keypoints = scale_keypoints(array, data.size, (training.height, training.width_px))
    return objective_of(
        training,
        images,
        torch.from_numpy(np.asarray(keypoints, np.float32)),
        torch.from_numpy(pairs.astype(np.int64)),
        seed=seed,
        device=runtime.torch_device(),
        autocast=runtime.training_dtype(),
        perceptual=perceptual,
        identity=identity,
    )
