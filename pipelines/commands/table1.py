"""`augment table1`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from pipelines.commands.values import NAMES

if TYPE_CHECKING:
    from augment.workspace import Workspace


@click.command(short_help="Image quality of the workspace's generators beside the paper's Table 1.")
@click.option("--generators", type=NAMES, default="", metavar="NAME,...", help="Below patn/.  [default: all]")
@click.option("--metrics", type=NAMES, default="all", show_default=True, metavar="NAME,...",
              help="SSIM, IS, mask-SSIM, mask-IS, DS, PCKh.")  # fmt: skip
@click.option("--pairs", type=click.IntRange(1), metavar="N",
              help="Test pairs, drawn by --seed.  [default: as patn-eval]")  # fmt: skip
@click.option("--weights-dir", type=click.Path(path_type=Path, file_okay=False), help="Where weight files are.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes of PCKh's estimator.  [default: all]")
@click.option("--force", is_flag=True, help="Measure again what was measured.")
@pass_workspace
def command(workspace: Workspace, generators: tuple[str, ...], jobs: int | None, force: bool, **asked: Any) -> None:
    """Measure the images of every generator by the paper's protocol, and print Table 1 with them.

    \b
    Example:
      augment table1 --pairs 8 --metrics SSIM,mask-SSIM
    """
    from pipelines.pools import available_cores
    from pipelines.table1 import Table1, run_table1, terminal

    named = tuple(name for name in generators if name)
    table = Table1(named, **asked, seed=seed_or(0), jobs=jobs or available_cores())
    result = run_table1(workspace, table, runtime(force))
    emit(result, terminal(result))
