"""`augment check`."""

from pathlib import Path
from typing import Any

import click

from augment.cli import emit, pass_workspace, runtime
from augment.commands.idle import note_idle_globals


@click.command(short_help="Say what the workspace has and lacks.")
@click.option("--weights-dir", type=click.Path(path_type=Path, file_okay=False), help="Where weight files are.")
@click.option("--jobs", type=click.IntRange(1), help="Images decoded at once.  [default: all cores]")
@pass_workspace
def command(workspace: Any, weights_dir: Path | None, jobs: int | None) -> None:
    """Look at every image, at key points and weight files; exit with 1 if something needed is wrong.

    \b
    Example:
      augment check --jobs 2
    """
    note_idle_globals("seed", "device", "precision")
    from augment.check import check, check_text
    from augment.workers import available_cores

    report = check(workspace, weights_dir=weights_dir, jobs=jobs or available_cores(), progress=runtime().progress)
    emit(report, check_text(report))
    if not report["ok"]:
        raise click.exceptions.Exit(1)
