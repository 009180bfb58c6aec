"""`augment transfer`."""

import logging
from pathlib import Path
from typing import Any

import click

from augment.cli import emit, runtime, workspace_or_none
from augment.commands.idle import given, note_idle_globals, refuse_idle_csv_size
from augment.inference.request import Request
from augment.inference.transfer import transfer, transfer_text
from augment.options import generator_and_pose

log = logging.getLogger(__name__)


@click.command(short_help="Generate people in other poses.")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option(
    "--pose",
    "poses",
    metavar="IMAGE|CSV|FOLDER",
    multiple=True,
    required=True,
    help="Target pose: of an image, of all images of a folder, of all rows of an annotation file; may be repeated.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="OUT",
    help="A picture (.jpg, .png; a grid for many poses), or a folder for one file per pose.",
)
@generator_and_pose
@click.option(
    "--csv-size",
    type=click.IntRange(1),
    nargs=2,
    metavar="HEIGHT WIDTH",
    help="Image size in pixels that CSV files are for.  [default: the workspace's, else the image's or generator's]",
)
@click.option(
    "--size",
    type=click.IntRange(8),
    nargs=2,
    metavar="HEIGHT WIDTH",
    help="Size of what is written, in pixels.  [default: the workspace's, else the generator's]",
)
@click.option("--columns", type=click.IntRange(1), default=12, show_default=True, help="Poses in a row of the grid.")
def command(
    images: tuple[str, ...],
    poses: tuple[str, ...],
    out: Path,
    columns: int,
    **options: Any,
) -> None:
    """Generate the person of each IMAGE in one or many poses.

    An image is a file or, in a workspace, the name of one of its images, whose key points are then used; those of any
    other are estimated. Images of any size are resized, key points with them. With --generator PATH no workspace is
    needed.

    \b
    Example:
      augment transfer 0001_c1s2_001000_01.jpg --pose 0002_c1s3_002000_01.jpg -o transferred.jpg
      augment transfer 0001_c1s2_001000_01.jpg --pose data/keypoints/query.csv -o grid.png
    """
    note_idle_globals("seed")
    refuse_idle_csv_size(*poses, options["source_pose"])
    request = Request(images, poses, workspace_or_none(), runtime=runtime(), **options)
    result = transfer(request, out, columns=columns)
    if given("columns") and result.transferred.poses == 1:
        log.warning("--columns has no effect on one pose.")
    emit(result, transfer_text(result))
