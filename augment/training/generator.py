"""Training a pose-transfer generator on a workspace's training images."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment import AugmentError
from augment.artefacts.artefact import Fingerprint, artefact, fingerprint
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, keypoints_input
from augment.datasets.pairs import pairable, pairs_among
from augment.datasets.preconditions import require_pairs
from augment.datasets.reduced_set import keep_reduced, real_share
from augment.images import load_or_map
from augment.inference.generators import BUILTIN
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
            kind or size, an identity model that may not be used (see `IdentityModel.require_no_leak`), or NaN losses.
    """
    training = weighted(training, identity)
    folder, data = _folder(workspace, name, training, initial), Dataset.of(workspace)
    kept = None
    if portion is not None:
        kept = keep_reduced(data.images, portion, seed, workspace.reduced_csv(portion, seed))
    names = training_names(data, kept)
    require_pairs(data, names, portion)
    if identity is not None:
        identity.require_no_leak(data, kept)
    kind = choose_perceptual(perceptual, weights_dir) if training.lambda_perceptual > 0 else "none"
    options = {**training.as_dict(), "portion": portion, "perceptual": kind, "precision": runtime.precision}
    options |= {} if identity is None else {"identity_model": identity.name}
    inputs = _inputs(data, names, initial, identity)
    with artefact(
        folder, "generator", options, inputs=inputs, seed=seed, force=runtime.force, wait=runtime.wait, named=True
    ) as run:
        if run.finished:
            return run.recorded(TrainedGenerator)
        from patn.training.averaging import result_of  # loads torch

        runtime.prepare()
        images = _decoded(data, names, training, workspace.cache_dir)
        loss = load_perceptual(kind, images, weights_dir, runtime, training)
        log.info("Perceptual term: %s.", said := loss.name if loss else NO_PERCEPTUAL)
        term = None if identity is None else identity.term()
        objective = build_objective(data, training, names, images, seed, loss, runtime, term)
        if initial is not None:
            initial.start(objective.networks)
        recorded = {"perceptual": said, "seed": seed, "training": options}
        seconds = _train(data, training, objective, folder, recorded, seed, runtime)
        trained = TrainedGenerator(
            folder=str(folder.relative_to(workspace.root)),
            steps=training.steps,
            images=len(names),
            share=real_share(data.images, portion or 1.0),
            pairs=len(objective.pairs),
            parameters=sum(weights.numel() for weights in result_of(objective).parameters()),
            perceptual=said,
            initial=None if initial is None else initial.label,
            identity_model=None if identity is None else identity.name,
            precision=runtime.precision_name(),
            place=runtime.place(),
            train_seconds=round(seconds, 1),
            losses=read_metrics(folder)[-1],
        )
        run.finish(trained)
        return trained


def _folder(workspace: Workspace, name: str, training: GeneratorTraining, initial: InitialWeights | None) -> Path:
    """A new generator's folder; raises AugmentError for a name that is taken and initial weights that do not fit."""
    if name == BUILTIN:
        raise AugmentError(f"{BUILTIN} is the name of the generator that comes with this tool; give another name")
    folder = workspace.patn_dir(name)
    if initial is not None:
        initial.require_fit(training, folder)
    return folder


def _inputs(
    data: Dataset, names: Sequence[str], initial: InitialWeights | None, identity: IdentityModel | None
) -> dict[str, Fingerprint]:
    """What run.json says that a generator is made from."""
    images, pairs = data.split("train").loc[list(names)], data.pair_files["train"]
    inputs = {"images": images_input(images), "keypoints": keypoints_input(data, "train")}
    if pairs.is_file():
        inputs["pairs"] = fingerprint(pairs)
    for source in (initial, identity):
        inputs |= {} if source is None else source.inputs()
    return inputs


def _decoded(data: Dataset, names: Sequence[str], training: GeneratorTraining, cache: Path) -> torch.Tensor:
    """The training images of these names at the configuration's size, uint8 N x 3 x H x W."""
    paths = data.paths("train").loc[list(names)].tolist()
    size = (training.height, training.width_px)
    return load_or_map(paths, size, cache, fingerprint(map(Path, paths)))


def _train(
    data: Dataset,
    training: GeneratorTraining,
    objective: Objective,
    folder: Path,
    recorded: Mapping[str, object],
    seed: int,
    runtime: Runtime,
) -> float:
    """Train to the last step and write the generator's file, which says what is `recorded`; returns the seconds."""
    from patn.checkpoints import save_generator  # loads torch
    from patn.training.averaging import result_of  # loads torch

    size, network = (training.height, training.width_px), result_of(objective)
    seconds = loop.train(
        objective,
        folder,
        seed=seed,
        sample_every=max(training.steps // 8, 1),
        draw=SampleSheet(network, objective.device, held_out_pairs(data, size)),
        label=folder.name,
        save_every=min(500, max(training.steps // 4, 1)),
        progress=runtime.progress,
    )
    with naming(folder / GENERATOR):
        save_generator(folder / GENERATOR, network, training.generator, {"size": size, **recorded})
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
