"""`augment patn-import`."""

from __future__ import annotations

from pathlib import Path

import click

from augment.cli import emit, pass_workspace
from augment.commands.idle import note_idle_globals
from augment.options import NAME
from augment.plurals import counted
from augment.training.import_authors import import_network
from augment.workspace import Workspace

ROLES = {"generator": "generator", "d_pp": "discriminator of the appearance", "d_pb": "discriminator of the pose"}


@click.command(short_help="Import a checkpoint of the PATN authors.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--name", type=NAME, help="Folder below patn/.  [default: imported; a discriminator's imported-d_pp or -d_pb]"
)
@click.option(
    "--size",
    nargs=2,
    type=click.IntRange(8),
    metavar="HEIGHT WIDTH",
    default=None,
    help="Image size in pixels that it is for.  [default: 128 64 with batch norm, 256 176 with instance norm]",
)
@click.option(
    "--pose-maps",
    type=click.Choice(["gaussian", "onehot"]),
    help="Pose maps that it takes.  [default: gaussian with batch norm, onehot with instance norm]",
)
@click.option("--force", is_flag=True, help="Import it again if another file was imported under this name.")
@pass_workspace
def command(
    workspace: Workspace, file: Path, name: str | None, size: tuple[int, int] | None, pose_maps: str | None, force: bool
) -> None:
    """Import a .pth file of the PATN authors' code: a generator, or one of its two discriminators.

    Norm, blocks, width and dropout are read from the file, which is never run as a program.  The released DeepFashion
    model (instance norm) generates from one-hot pose maps.

    \b
    Example:
      augment patn-import latest_net_netG.pth
    """
    note_idle_globals("seed", "device", "precision")
    result = import_network(workspace, file, name=name, size=size, pose_maps=pose_maps, force=force)
    height, width = result.size
    maps = f", {result.pose_maps} pose maps" if result.pose_maps else ""
    dropout = "with" if result.dropout else "without"
    emit(
        result,
        f"{result.folder}: {ROLES[result.network]}, {result.norm} norm, {counted(result.blocks, 'block')} of width "
        f"{result.width}, trained {dropout} dropout{maps}, {height} x {width}, {result.parameters:,} parameters",
    )
