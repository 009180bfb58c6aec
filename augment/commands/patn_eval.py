"""`augment patn-eval`."""

from __future__ import annotations

from typing import Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from augment.commands.idle import refuse_idle, unless
from augment.evaluation.image_quality import evaluate_generator, summary
from augment.evaluation.protocol import METRICS, Evaluation
from augment.options import weights_dir
from augment.workers import available_cores
from augment.workspace import Workspace


@click.command(short_help="Measure a generator's images: SSIM, IS, DS, PCKh, FID, LPIPS, identity.")
@click.option(
    "--generator",
    metavar="NAME|PATH",
    help="A generator below patn/, a file, builtin, or builtin-128x64.  [default: the only one, else builtin]",
)
@click.option(
    "--split", type=click.Choice(["test", "train"]), default="test", show_default=True, help="Which pairs are measured."
)
@click.option(
    "--pairs",
    type=click.IntRange(1),
    metavar="N",
    help="Pairs, sampled by --seed.  [default: 12,000 as the paper, DeepFashion 8,570, or all]",
)
@click.option(
    "--protocol",
    type=click.Choice(["paper", "clean"]),
    default="paper",
    show_default=True,
    help="paper: JPEG of quality 75, scikit-image 0.14.2's SSIM; clean: no JPEG, today's SSIM.",
)
@click.option(
    "--metrics",
    metavar="NAME,...",
    default="all",
    show_default=True,
    help="ssim, mask-ssim, l1, is, mask-is, fid, ds, pckh, lpips, mask-lpips, identity.",
)
@click.option(
    "--reid-model",
    metavar="NAME",
    help="Model of the identity score.  [default: the best that was trained on all real images]",
)
@weights_dir
@click.option("--jobs", type=click.IntRange(1), help="Processes of the pose estimator.  [default: all cores]")
@click.option("--force", is_flag=True, help="Measure finished ones again.")
@pass_workspace
def command(
    workspace: Workspace, generator: str | None, metrics: str, jobs: int | None, force: bool, **asked: Any
) -> None:
    """Measure a generator's images of test pairs, beside copies of the condition image, the mean image and real ones.

    Each metric is measured once; one that lacks a weight file says which, and the others go on.

    \b
    Example:
      augment patn-eval --pairs 8 --metrics ssim,mask-ssim
    """
    names = METRICS if metrics == "all" else tuple(name.strip() for name in metrics.split(","))
    refuse_idle({"reid_model": unless("identity" in names, "without the metric identity")})
    evaluation = Evaluation(names, seed=seed_or(0), jobs=jobs or available_cores(), **asked)
    result = evaluate_generator(workspace, evaluation, generator=generator, runtime=runtime(force))
    emit(result, summary(result))
