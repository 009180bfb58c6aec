"""`augment check`."""

from __future__ import annotations

from pathlib import Path

import click

from augment.check.conclusions import check_text
from augment.check.inspection import check
from augment.cli import emit, pass_workspace, runtime
from augment.commands.idle import note_idle_globals
from augment.options import weights_dir
from augment.workers import available_cores
from augment.workspace import Workspace


@click.command(short_help="Say what the workspace has and lacks.")
@weights_dir
@click.option("--jobs", type=click.IntRange(1), help="Images decoded at once.  [default: all cores]")
@pass_workspace
def command(workspace: Workspace, weights_dir: Path | None, jobs: int | None) -> None:
    """Look at every image, at key points and weight files; exit with 1 if something needed is wrong.

    \b
    Example:
      augment check --jobs 2
    """
    note_idle_globals("seed", "device", "precision")
    report = check(workspace, weights_dir=weights_dir, jobs=jobs or available_cores(), progress=runtime().progress)
    emit(report, check_text(report))
    if not report.ok:
        raise click.exceptions.Exit(1)
