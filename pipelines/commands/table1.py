"""`augment table1`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from augment.commands.idle import refuse_idle, unless
from augment.options import weights_dir
from pipelines.commands.values import NAMES

if TYPE_CHECKING:
    from augment.workspace import Workspace


@click.command(short_help="Image quality of the workspace's generators beside the paper's Table 1.")
@click.option("--generators", type=NAMES, default="", metavar="NAME,...", help="Names below patn/.  [default: all]")
@click.option(
    "--train",
    type=NAMES,
    default="",
    metavar="METHOD,...",
    help="Train these first, below patn/table1/: any generators of patn-train, or paper, its four methods.",
)
@click.option(
    "--preset",
    type=click.Choice(["market", "deepfashion", "demo", "study"]),
    default="market",
    show_default=True,
    help="Configuration of each method of --train.",
)
@click.option(
    "--steps",
    type=click.IntRange(1),
    metavar="N",
    help="Updates of every method of --train.  [default: each one's own schedule]",
)
@click.option(
    "--batch",
    type=click.IntRange(1),
    metavar="N",
    help="Pairs per update of every method of --train.  [default: each one's own]",
)
@click.option(
    "--metrics",
    type=NAMES,
    default="all",
    show_default=True,
    metavar="NAME,...",
    help="SSIM, IS, mask-SSIM, mask-IS, DS, PCKh.",
)
@click.option(
    "--pairs", type=click.IntRange(1), metavar="N", help="Test pairs, sampled by --seed.  [default: as patn-eval]"
)
@weights_dir
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Processes of PCKh's estimator.  [default: all cores]"
)
@click.option("--dry-run", is_flag=True, help="List the methods of --train and their updates; do nothing.")
@click.option("--force", is_flag=True, help="Train and measure finished ones again.")
@pass_workspace
def command(
    workspace: Workspace,
    generators: tuple[str, ...],
    train: tuple[str, ...],
    preset: str,
    steps: int | None,
    batch: int | None,
    jobs: int | None,
    dry_run: bool,
    force: bool,
    **asked: Any,
) -> None:
    """Measure the images of every generator by the paper's protocol, and print Table 1 with them.

    Methods of --train are trained first, each by its own schedule or all for the same number of updates.

    \b
    Example:
      augment table1 --pairs 8 --metrics SSIM,mask-SSIM
      augment table1 --train paper --steps 36000 --dry-run
    """
    from augment.workers import available_cores  # loads multiprocessing
    from pipelines.tables.methods import Methods, plan, plan_text  # loads pandas
    from pipelines.tables.table1 import Table1, run_table1, terminal  # loads pandas

    wanted = tuple(name for name in train if name)
    trains = unless(wanted, "without --train: nothing is trained")
    refuse_idle({"preset": trains, "steps": trains, "batch": trains, "dry_run": trains})
    seed, weights_dir = seed_or(workspace.seed), asked["weights_dir"]
    methods = Methods(wanted, preset, steps, batch, seed, weights_dir=weights_dir)
    if dry_run:
        planned = plan(workspace, methods)
        emit({"methods": [one.as_dict() for one in planned]}, plan_text(planned))
        return
    named = tuple(name for name in generators if name)
    table = Table1(named, methods if wanted else None, **asked, seed=seed_or(0), jobs=jobs or available_cores())
    result = run_table1(workspace, table, runtime(force))
    emit(result.as_dict(), terminal(result))
