"""`augment report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from augment.cli import emit, pass_workspace, runtime

if TYPE_CHECKING:
    from augment.workspace import Workspace


@click.command(short_help="One HTML page of all that the workspace holds.")
@click.option("--no-galleries", is_flag=True, help="Rank no gallery for it; show what earlier reports ranked.")
@pass_workspace
def command(workspace: Workspace, no_galleries: bool) -> None:
    """Write one self-contained HTML page of all that the workspace holds and print its path.

    \b
    Example:
      augment report
    """
    from pipelines.report import write_report

    path = write_report(workspace, runtime=None if no_galleries else runtime())
    emit({"report": str(path)}, str(path))
