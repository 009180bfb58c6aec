"""`augment reid-train`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from augment.commands.idle import configuring, refuse_idle, unless
from augment.commands.sections import SectionCommand, SectionOption
from augment.datasets.reduced_set import share_text
from augment.evaluation.reid import summary
from augment.options import BACKBONE, NAME, RECIPES, SET, Finite, headline, weights_dir
from augment.plurals import counted
from augment.training.reid import choose_weights, train_reid
from augment.training.reid_data import EPOCHS, LENGTHS, TrainingSet
from augment.workspace import REAL_ONLY, Workspace

option = partial(click.option, cls=SectionOption)
data = partial(option, section="Images")
recipe = partial(option, section="Configuration; default: the preset's")


@click.command(short_help="Train a re-ID model and evaluate it.", cls=SectionCommand)
@option(
    "--preset",
    type=click.Choice(RECIPES),
    default="open-reid",
    show_default=True,
    help="Configuration of the training; open-reid-256 has the batches of four GPUs, strong is a more recent one.",
)
@option(
    "--backbone",
    type=BACKBONE,
    metavar="NAME",
    help="resnet50, inception, small or a network of torchreid's, such as osnet_x1_0.  [default: the preset's]",
)
@option(
    "--weights",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File of weights that the backbone starts from: trained on ImageNet, or torchreid's.",
)
@weights_dir
@option("--from-scratch", is_flag=True, help="Train resnet50 without ImageNet weights; demo and study always do.")
@headline
@option("--name", type=NAME, help="Folder below reid/.  [default: backbone, set, portion, seed, length]")
@option("--force", is_flag=True, help="Make it again if it was made with other options.")
@data(
    "--portion",
    type=Finite(0, 1, min_open=True),
    default=1.0,
    metavar="P",
    show_default=True,
    help="Share of the real training images that is kept.",
)
@data(
    "--augmentation",
    type=SET,
    default=REAL_ONLY,
    metavar="none|ours|ours-random|NAME|DIR",
    show_default=True,
    help="none trains on M^R_p; else a generated set of that portion, or a folder of images.",
)
@data("--repeat", is_flag=True, help="Repeat the images of M^R_p to the size of the full set; a control.")
@data(
    "--ratio",
    type=click.IntRange(1, 3),
    default=1,
    show_default=True,
    help="Ratio of the generated set, see generate.",
)
@data(
    "--length",
    type=click.Choice(LENGTHS),
    default=EPOCHS,
    show_default=True,
    help="Equal passes over the set (as in the paper), or as many updates as the full set gets (the fair comparison).",
)
@recipe("--epochs", type=click.IntRange(1), help="Passes over the training set.")
@recipe("--batch", type=click.IntRange(2), help="Images per update.")
@recipe(
    "--ghost-batch",
    type=click.IntRange(2),
    metavar="N",
    help="Images over which batch norm takes its statistics, a divisor of the batch.",
)
@recipe("--learning-rate", type=Finite(0, min_open=True), help="Learning rate of the head.")
@recipe(
    "--generated-smoothing",
    type=Finite(0, 1),
    metavar="E",
    help="Label smoothing of generated images; CamStyle: 0.1, LSRO: 1.  [default: as real ones]",
)
@recipe(
    "--generated-weight",
    type=Finite(0, min_open=True),
    metavar="W",
    help="Weight of a generated image's loss; a real one's is 1.  [default: 1]",
)
@recipe(
    "--erasing-jitter",
    former=("--ordinary",),
    is_flag=True,
    help="Add random erasing and colour jitter.",
)
@recipe(
    "--feature",
    type=click.Choice(["logits", "pooled", "neck"]),
    help="Features compared at test; logits: the classifier's outputs; pooled: the trunk's outputs, averaged; neck: "
    "the classifier's inputs.",
)
@recipe("--distance", type=click.Choice(["euclidean", "cosine"]), help="Distance of these features.")
@recipe(
    "--model",
    type=click.Choice(["last", "best"]),
    help="Test the last epoch, or the best one by the ranking of 100 training identities (Open-ReID).",
)
@pass_workspace
def command(
    workspace: Workspace,
    preset: str,
    backbone: str | None,
    portion: float,
    augmentation: str | Path,
    repeat: bool,
    ratio: int,
    length: str,
    erasing_jitter: bool,
    weights: Path | None,
    weights_dir: Path | None,
    from_scratch: bool,
    queries: str,
    ap: str,
    name: str | None,
    force: bool,
    **given: Any,
) -> None:
    """Train a re-ID model on M^R_p or M^A_p and report mAP and CMC on query and gallery.

    \b
    Example:
      augment reid-train --preset demo --backbone small --portion 0.3 --epochs 2
    """
    workspace.require_reid("reid-train")
    from reid.models.backbones import backbone_of  # loads torch
    from reid.training import FROM_SCRATCH, with_erasing_and_jitter  # loads torch
    from reid.training import preset as named_preset  # loads torch

    generated = unless(augmentation != REAL_ONLY, "without --augmentation: no image is generated")
    backbone = backbone or named_preset(preset).backbone
    pretrains = unless(backbone_of(backbone).imagenet_weights, f"with {backbone}, which starts from no weights")
    pretrains = pretrains or unless(preset not in FROM_SCRATCH, f"with --preset {preset}, which starts from no weights")
    refuse_idle(
        {
            "generated_smoothing": generated,
            "generated_weight": generated,
            "from_scratch": pretrains,
            "weights_dir": pretrains or unless(weights is None, "with --weights"),
        }
    )
    seed = seed_or(workspace.seed)
    images = TrainingSet(portion, augmentation, ratio, seed, length, repeat)
    from_scratch = from_scratch or preset in FROM_SCRATCH
    file = choose_weights(backbone, from_scratch, weights, weights_dir)
    with configuring():
        training = named_preset(preset, backbone, pretrained=file is not None)
        training = replace(training, **{key: value for key, value in given.items() if value is not None})
    training = with_erasing_and_jitter(training) if erasing_jitter else training
    name = name or (images.name(backbone) + ("-ordinary" if erasing_jitter else ""))
    result = train_reid(workspace, training, images, name=name, weights=file, runtime=runtime(force))
    said = [summary(result.folder, result.rankings, queries, ap), *filter(None, [share_text(portion, result.share)])]
    trained = f"Trained on {result.real} real and {counted(result.images - result.real, 'generated image')}"
    trained += f" ({result.distinct} distinct)" if repeat else ""
    trained += f" of {counted(result.identities, 'identity', 'identities')}, {counted(result.updates, 'update')}, "
    trained += f"{result.precision}."
    emit(result, "\n".join([*said, trained]))
