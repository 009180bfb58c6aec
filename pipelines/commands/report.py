"""`augment report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from augment.commands.idle import refuse_idle, unless
from augment.options import Renamed

if TYPE_CHECKING:
    from augment.workspace import Workspace


@click.command(short_help="One HTML page of all that the workspace holds.")
@click.option("--no-galleries", is_flag=True, help="Rank no gallery for it; show what earlier reports ranked.")
@click.option("--no-generators", is_flag=True, help="Generate no image for it; show those of earlier reports.")
@click.option(
    "--identities",
    cls=Renamed,
    former=("--people",),
    type=click.IntRange(1, 200),
    default=12,
    show_default=True,
    metavar="N",
    help="Test identities on which every generator is shown, two pairs of each; another --seed samples others.",
)
@pass_workspace
def command(workspace: Workspace, no_galleries: bool, no_generators: bool, identities: int) -> None:
    """Write one self-contained HTML page of all that the workspace holds and print its path.

    What networks generate for it is kept: the next report generates only what has changed.

    \b
    Example:
      augment report
    """
    from pipelines.report.page import Pictures, write_report  # loads pandas

    refuse_idle({"identities": unless(not no_generators, "with --no-generators")})
    pictures = Pictures(not no_galleries, 0 if no_generators else identities, seed_or(workspace.seed))
    path = write_report(workspace, runtime=runtime(), pictures=pictures)
    emit({"report": str(path)}, str(path))
