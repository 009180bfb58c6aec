"""`augment info`."""

from contextlib import suppress
from pathlib import Path

import click

from augment import AugmentError
from augment.cli import emit, runtime, workspace_or_none
from augment.commands.idle import note_idle_globals
from augment.info import info, info_text
from augment.options import weights_dir
from augment.training.identity import identity_models


@click.command(short_help="Print versions, devices and weight files.")
@weights_dir
def command(weights_dir: Path | None) -> None:
    """Print versions, devices, cores, number formats, and which weight files are found where.

    Inside a workspace, also which of its generators were trained with an identity term, and by which re-ID model.

    \b
    Example:
      augment info
    """
    note_idle_globals("seed")
    models: dict[str, str] = {}
    with suppress(AugmentError):  # a workspace that cannot be read hides nothing of the machine
        workspace = workspace_or_none()
        models = {} if workspace is None else identity_models(workspace)
    report = info(runtime(), weights_dir, models)
    emit(report, info_text(report))
