"""`augment patn-train`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from augment.commands.idle import configuring, refuse_idle, unless
from augment.commands.sections import SectionCommand, SectionOption
from augment.datasets.reduced_set import share_text
from augment.options import NAME, Finite, weights_dir
from augment.plurals import counted
from augment.training.generator import TrainedGenerator, train_generator
from augment.training.identity import IdentityModel
from augment.training.initial import InitialWeights, starting_training
from augment.training.perceptual import CHOICES
from augment.workspace import Workspace
from patn import DataError
from patn.training.generator_training import GeneratorTraining

option = partial(click.option, cls=SectionOption)
network = partial(option, section="Network and ablations")
recipe = partial(option, section="Configuration, where the paper and the released code differ; default: as released")
KINDS = (
    "patn; patn-skips: with deformable skip connections; resnet: plain residual blocks; correspondence: moves the "
    "condition image's pixels; pg2, deform, vunet: baselines"
)
DISCRIMINATORS = ("gan", "d_head", "d_leaky", "d_dropout", "d_init", "no_discriminator_residuals")
ABLATIONS = ("no_add", "no_cat", "no_discriminator_residuals")


@click.command(short_help="Train a pose-transfer generator.", cls=SectionCommand)
@option(
    "--preset",
    type=click.Choice(["market", "deepfashion", "demo", "study"]),
    help="Configuration of the training; market and deepfashion as released.  [default: market; with --init: that of "
    "the other generator, with 1,200 updates at half its learning rate]",
)
@option(
    "--size",
    type=click.IntRange(8),
    nargs=2,
    metavar="HEIGHT WIDTH",
    help="Image size in pixels; joints in the pose maps grow with it.  [default: the preset's; with --init and no "
    "--preset: the other generator's]",
)
@option("--name", type=NAME, help="Folder below patn/.  [default: the generator's, with --portion patn-pP-sS]")
@option(
    "--portion",
    type=Finite(0, 1, min_open=True),
    metavar="P",
    help="Train on the pairs inside M^R_p only.  [default: all training pairs, as the paper]",
)
@option(
    "--init",
    metavar="builtin|NAME|PATH",
    help="Start from the weights of another generator of the same kind.  [default: fresh weights]",
)
@option(
    "--perceptual",
    type=click.Choice(CHOICES),
    default="auto",
    show_default=True,
    help="Network of the perceptual term; mobilenet is not the paper's.",
)
@option(
    "--identity-model",
    metavar="REID",
    help="patn, patn-skips, resnet, correspondence: add an identity term by this re-ID model below reid/; with "
    "--portion, by one that saw real images of the same M^R_p alone.  [default: no such term]",
)
@weights_dir
@option("--steps", type=click.IntRange(1), help="Updates.  [default: the preset's]")
@option("--batch", type=click.IntRange(1), help="Pairs per update.  [default: the preset's]")
@option("--force", is_flag=True, help="Make it again if it was made with other options.")
@network("--generator", metavar="NAME", help=f"{KINDS}.  [default: patn; with --init: the other's kind]")
@network("--blocks", type=click.IntRange(1), help="Blocks of the generator.  [default: the preset's]")
@network(
    "--fusion",
    type=click.Choice(["concat", "two_streams"]),
    help="resnet: one encoder for image and poses, or PATN's two and twice the width.",
)
@network(
    "--skips",
    type=click.Choice(["segments", "affine"]),
    help="patn-skips: codes are moved by seven upright boxes, or by Deform's ten parts.",
)
@network("--no-add", is_flag=True, help="patn: without the sum of eq. 2.")
@network("--no-cat", is_flag=True, help="patn: without eq. 3: the pose code never sees the image.")
@network(
    "--no-discriminator-residuals",
    is_flag=True,
    help="Both discriminators without residual blocks, and with --d-head patch1 unless you give maps.",
)
@recipe(
    "--learning-rate",
    "lr",
    type=Finite(0, min_open=True),
    metavar="RATE",
    help="Adam's learning rate.  [default: the preset's]",
)
@recipe(
    "--gan",
    type=click.Choice(["bce", "lsgan"]),
    help="Adversarial loss; bce: logarithmic, as in the paper; lsgan: least squares.",
)
@recipe(
    "--lambda-gan",
    type=Finite(0),
    help="Weight of the adversarial loss, for PATN of the sum of its two terms; paper: 5, released: 2.5.",
)
@recipe("--lambda-l1", type=Finite(0), help="Weight of the L1 loss; paper: 1.")
@recipe("--lambda-perceptual", type=Finite(0), help="Weight of the perceptual loss; paper: 1.")
@recipe("--lambda-style", type=Finite(0), help="patn-skips: weight of the style term; released: 10.")
@recipe(
    "--lambda-identity",
    type=Finite(0),
    help="Weight of the identity term, 1 - cosine of the features of generated and real image.  [default: 1]",
)
@recipe("--lambda-kl", type=Finite(0), help="vunet: weight of the KL term at the end; released: 1.")
@recipe("--perceptual-loss", type=click.Choice(["l1", "mse"]), help="Distance of features; paper: l1.")
@recipe(
    "--d-head",
    type=click.Choice(["maps", "patch1"]),
    help="Output of the discriminators: 256 maps, or one map after one more convolution.",
)
@recipe(
    "--d-leaky", type=Finite(0, 1), metavar="SLOPE", help="Slope of the discriminators' activation below 0; paper: 0.2."
)
@recipe("--d-dropout/--no-d-dropout", default=None, help="Dropout in the discriminators; paper: none.")
@recipe("--g-dropout/--no-g-dropout", default=None, help="Dropout in the generator's blocks; paper: yes.")
@recipe("--d-init/--no-d-init", default=None, help="Discriminators start from N(0, 0.02), as the generator.")
@recipe(
    "--pose-reduction",
    type=click.Choice(["second", "first"]),
    help="patn: which pose convolution of a block halves the depth; paper's text: first.",
)
@recipe(
    "--pose-maps",
    type=click.Choice(["gaussian", "onehot"]),
    help="Input for a joint: a heat map (paper), or a single pixel.",
)
@recipe(
    "--norm",
    type=click.Choice(["batch", "instance"]),
    help="Norm of the networks; paper: batch on Market-1501, else instance.",
)
@recipe(
    "--constant-steps",
    type=click.IntRange(0),
    metavar="N",
    help="Updates before the learning rate begins to fall, step by step; paper: 60000.  [default: the preset's share]",
)
@recipe(
    "--ema",
    type=Finite(0, 1, max_open=True),
    metavar="DECAY",
    help="Keep an exponential moving average of the generator's weights, such as 0.998, in place of the last ones.  "
    "[default: the preset's; PATN: 0, the last]",
)
@pass_workspace
def command(
    workspace: Workspace,
    preset: str | None,
    name: str | None,
    portion: float | None,
    init: str | None,
    perceptual: str,
    identity_model: str | None,
    weights_dir: Path | None,
    force: bool,
    **given: Any,
) -> None:
    """Train a pose-transfer generator (PATN or a baseline) on the workspace's training pairs.

    If it is stopped or killed, the same command goes on where it last saved.

    \b
    Example:
      augment patn-train --preset demo --steps 200
    """
    initial = None if init is None else InitialWeights.find(workspace, init)
    identity = None if identity_model is None else IdentityModel.find(workspace, identity_model)
    with configuring():
        training = training_of(preset, given, initial)
    perceives = unless(perceptual != "none", "with --perceptual none")
    judges = unless(getattr(training, "lambda_gan", 1), "with --lambda-gan 0")
    refuse_idle(
        {
            **dict.fromkeys(("lambda_perceptual", "perceptual_loss", "weights_dir"), perceives),
            **dict.fromkeys(DISCRIMINATORS, judges),
            "lambda_identity": unless(identity, "without --identity-model"),
            "identity_model": unless(given["lambda_identity"] != 0, "with --lambda-identity 0"),
        }
    )
    seed = seed_or(workspace.seed)
    name = name or (training.generator if portion is None else f"{training.generator}-p{portion}-s{seed}")
    result = train_generator(
        workspace,
        training,
        name=name,
        portion=portion,
        seed=seed,
        initial=initial,
        identity=identity,
        perceptual=perceptual,
        weights_dir=weights_dir,
        runtime=runtime(force),
    )
    emit(result, _said(result, portion))


def _said(result: TrainedGenerator, portion: float | None) -> str:
    """A trained generator in words."""
    losses = {key: value for key, value in result.losses.items() if key not in ("step", "seconds")}
    return "\n".join(
        [
            f"{result.folder}: {counted(result.steps, 'step')} on "
            f"{counted(result.pairs, 'pair')} of {counted(result.images, 'image')}, "
            f"{result.train_seconds} s in {result.precision}",
            *filter(None, [share_text(portion or 1.0, result.share)]),
            *([f"Started from: {result.initial}"] if result.initial else []),
            f"Perceptual term: {result.perceptual}",
            *([f"Identity term by: {result.identity_model}"] if result.identity_model else []),
            "Last losses: " + ", ".join(f"{key} {value:.4f}" for key, value in losses.items()),
        ]
    )


def training_of(preset: str | None, given: dict[str, Any], initial: InitialWeights | None = None) -> GeneratorTraining:
    """The generator's preset with those options that were given.

    Args:
        preset: its name; None is the generator's own, or that of the initial weights.
        given: options by name, None where one was not given: fields of the training, and flags of the ablations.
        initial: the weights to start from.

    Raises:
        DataError: for an unknown generator, and for options that do not go together or are another generator's.
    """
    from dataclasses import replace

    training = starting_training(preset, given.get("generator"), initial)
    steps, constant_steps = given.get("steps"), given.get("constant_steps")
    if steps is not None or constant_steps is not None:
        training = training.of_steps(steps or training.steps, constant_steps)
    if size := given.get("size"):
        training = training.of_size(*size)
    fields = {key: value for key, value in given.items() if value is not None and key not in ABLATIONS}
    fields = {key: value for key, value in fields.items() if key not in ("steps", "constant_steps", "size")}
    if given.get("no_discriminator_residuals"):
        fields = {"d_head": "patch1", **fields, "d_blocks": 0}
    for flag in ("add", "cat"):
        if given.get(f"no_{flag}"):
            fields[flag] = False
    for name in fields:
        if name not in training.__dataclass_fields__:
            option = {"d_blocks": "no_discriminator_residuals", "add": "no_add", "cat": "no_cat"}.get(name, name)
            raise DataError(
                f"--{option.replace('_', '-')} has no effect on generator {training.generator}; leave it out"
            )
    return replace(training, **fields)
