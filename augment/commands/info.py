"""`augment info`."""

from pathlib import Path

import click

from augment.cli import emit, runtime
from augment.commands.idle import note_idle_globals
from augment.info import info, info_text


@click.command(short_help="Print versions, devices and weight files.")
@click.option("--weights-dir", type=click.Path(path_type=Path, file_okay=False), help="Where weight files are.")
def command(weights_dir: Path | None) -> None:
    """Print versions, devices, cores, number formats, and which weight files are found where.

    \b
    Example:
      augment info
    """
    note_idle_globals("seed")
    report = info(runtime(), weights_dir)
    emit(report, info_text(report))
