"""`augment info`."""

from pathlib import Path

import click

from augment.cli import emit, runtime
from augment.commands.idle import note_idle_globals
from augment.info import info, info_text
from augment.options import weights_dir


@click.command(short_help="Print versions, devices and weight files.")
@weights_dir
def command(weights_dir: Path | None) -> None:
    """Print versions, devices, cores, number formats, and which weight files are found where.

    \b
    Example:
      augment info
    """
    note_idle_globals("seed")
    report = info(runtime(), weights_dir)
    emit(report, info_text(report))
