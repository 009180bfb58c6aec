"""`augment table3`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from augment.cli import emit, pass_workspace
from augment.commands.idle import note_idle_globals

if TYPE_CHECKING:
    from augment.workspace import Workspace


@click.command(short_help="The user study's answers beside the paper's Table 3.")
@click.option("--unfinished", is_flag=True, help="Count volunteers who stopped before the end, too.")
@pass_workspace
def command(workspace: Workspace, unfinished: bool) -> None:
    """Print how many real images were taken for generated and how many generated ones for real.

    It counts the answers of all studies of `augment study`, running ones too. The practice images do not count.

    \b
    Example:
      augment table3
    """
    note_idle_globals("seed", "device", "precision")
    from pipelines.tables.table3 import run_table3, terminal  # loads pandas

    made = run_table3(workspace, unfinished=unfinished)
    emit(made.as_dict(), terminal(made))
