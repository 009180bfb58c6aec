"""`augment tensorboard`."""

from __future__ import annotations

from pathlib import Path

import click

from augment.cli import emit, pass_workspace
from augment.commands.idle import note_idle_globals
from augment.training.tensorboard import tensorboard_text, write_events
from augment.workspace import Workspace


@click.command(short_help="Write TensorBoard's event files of all trainings.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of the event files.  [default: tensorboard/ in the workspace]",
)
@pass_workspace
def command(workspace: Workspace, out: Path | None) -> None:
    """Write losses and sample sheets of all trainings as event files, for `tensorboard --logdir DIR`.

    Run it again at any time, during a training too: only what is new is written.

    \b
    Example:
      augment tensorboard -o events
    """
    note_idle_globals("seed", "device", "precision")
    result = write_events(workspace, out or workspace.tensorboard_dir)
    emit(result, tensorboard_text(result))
