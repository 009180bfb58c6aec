"""`augment table4`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from augment.options import weights_dir
from augment.plurals import counted
from augment.training.perceptual import CHOICES
from pipelines.commands.values import NAMES

if TYPE_CHECKING:
    from augment.workspace import Workspace


@click.command(short_help="Every ablation of Table 4 that is asked for, beside the paper's.")
@click.option(
    "--rows",
    type=NAMES,
    default="paper",
    show_default=True,
    metavar="ROW,...",
    help="Any of resnet5, resnet9, resnet13, patn5, patn9, patn13, no-add, no-cat, no-resd; paper: all of these. "
    "Beyond the paper resnet5-wide, resnet9-wide, resnet13-wide, no-resd-literal; all: these too.",
)
@click.option(
    "--preset",
    type=click.Choice(["market", "deepfashion", "demo", "study"]),
    default="market",
    show_default=True,
    help="Size and configuration of every row, see patn-train.",
)
@click.option("--steps", type=click.IntRange(1), help="Updates of each row.  [default: the preset's]")
@click.option(
    "--metrics",
    type=NAMES,
    default="all",
    show_default=True,
    metavar="NAME,...",
    help="SSIM, IS, mask-SSIM, mask-IS, DS, PCKh.",
)
@click.option(
    "--pairs",
    type=click.IntRange(1),
    metavar="N",
    help="Test pairs, measured on each row.  [default: as patn-eval; 400 with demo, study]",
)
@click.option(
    "--perceptual",
    type=click.Choice(CHOICES),
    default="auto",
    show_default=True,
    help="Network of the perceptual term; mobilenet is not the paper's.",
)
@weights_dir
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Processes of PCKh's estimator.  [default: all cores]"
)
@click.option("--dry-run", is_flag=True, help="List the rows and which are trained; train nothing.")
@click.option("--force", is_flag=True, help="Train and measure finished rows again.")
@pass_workspace
def command(workspace: Workspace, jobs: int | None, dry_run: bool, force: bool, **asked: Any) -> None:
    """Train a generator for each row of Table 4, measure it on identities it never saw, and print the table.

    \b
    Example:
      augment table4 --preset demo --rows resnet5,patn5,no-cat --dry-run
    """
    from augment.workers import available_cores  # loads multiprocessing
    from pipelines.tables.ablations import Table4  # loads torch
    from pipelines.tables.table4 import run_table4, states, terminal  # loads torch

    table = Table4(**asked, seed=seed_or(workspace.seed), jobs=jobs or available_cores())
    if dry_run:
        trained = states(workspace, table)
        text = "\n".join(f"{'trained' if done else 'to do  '}  {row}" for row, done in trained.items())
        rows = counted(len(trained), "row is", "rows are")
        emit({"rows": trained}, f"{text}\n{sum(trained.values())} of {rows} trained.")
        return
    result = run_table4(workspace, table, runtime(force))
    emit(result.as_dict(), terminal(result, table))
