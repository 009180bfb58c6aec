"""`augment patn-train`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or

OVERRIDES = ("steps", "batch", "lambda_gan", "lambda_l1", "lambda_perceptual")


@click.command(short_help="Train a pose-transfer generator.")
@click.option("--preset", type=click.Choice(["market", "deepfashion", "demo", "study"]), default="market",
              show_default=True, help="All numbers of the recipe; market and deepfashion as released.")  # fmt: skip
@click.option("--name", help="Folder below patn/.  [default: patn, with --portion patn-pP-sS]")
@click.option("--portion", type=click.FloatRange(0, 1, min_open=True), metavar="P",
              help="Train on the pairs inside M^R_p only.  [default: all training pairs, as the paper]")  # fmt: skip
@click.option("--perceptual", type=click.Choice(["auto", "vgg19", "mobilenet", "none"]), default="auto",
              show_default=True, help="Network of the perceptual term; mobilenet is not the paper's.")  # fmt: skip
@click.option("--weights-dir", type=click.Path(path_type=Path, file_okay=False), help="Where weight files are.")
@click.option("--steps", type=click.IntRange(1), help="Updates.  [default: the preset's]")
@click.option("--batch", type=click.IntRange(1), help="Pairs a step.  [default: the preset's]")
@click.option("--lambda-gan", type=click.FloatRange(0), help="Weight of the adversarial loss.  [default: the preset's]")
@click.option("--lambda-l1", type=click.FloatRange(0), help="Weight of the L1 loss.  [default: the preset's]")
@click.option("--lambda-perceptual", type=click.FloatRange(0),
              help="Weight of the perceptual loss.  [default: the preset's]")  # fmt: skip
@click.option("--force", is_flag=True, help="Make it again where it was made with other options.")
@pass_workspace
def command(
    workspace: Any, preset: str, name: str | None, portion: float | None, perceptual: str,
    weights_dir: Path | None, force: bool, **numbers: Any,
) -> None:  # fmt: skip
    """Train a pose-transfer generator (PATN) on the workspace's training pairs.

    Killed training goes on where it last saved when the same command runs again.

    \b
    Example:
      augment patn-train --preset demo --steps 200
    """
    from augment.generator_training import train_generator
    from patn.training import PRESETS

    training = PRESETS[preset]
    given = {key: numbers[key] for key in OVERRIDES if numbers[key] is not None}
    if "steps" in given:  # the learning rate falls over the same share of the run
        given["constant_steps"] = round(given["steps"] * training.constant_steps / training.steps)
    seed = seed_or(workspace.seed)
    name = name or ("patn" if portion is None else f"patn-p{portion}-s{seed}")
    result = train_generator(
        workspace, replace(training, **given), name=name, portion=portion, 
        seed=seed, perceptual=perceptual, weights_dir=weights_dir, runtime=runtime(force),
    )  # fmt: skip
    losses = {key: value for key, value in result["losses"].items() if key not in ("step", "seconds")}
    emit(result, "\n".join([
        f"{result['folder']}: {result['steps']} steps on {result['pairs']} pairs of {result['images']} images, "
        f"{result['train_seconds']} s in {result['precision']}",
        f"Perceptual term: {result['perceptual']}",
        "Last losses: " + ", ".join(f"{key} {value:.4f}" for key, value in losses.items()),
    ]))  # fmt: skip
