"""`augment animate`."""

from pathlib import Path
from typing import Any

import click

from augment.cli import emit, runtime, workspace_or_none
from augment.commands.idle import note_idle_globals, refuse_idle, refuse_idle_csv_size, unless
from augment.inference.animation import Motion, animate, animation_text
from augment.inference.request import Request
from augment.options import Finite, generator_and_pose


@click.command(short_help="Generate people in motion, as a video.")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option(
    "--poses",
    metavar="FOLDER|VIDEO|CSV",
    help="Frames in the order of their numbers, a video, an annotation file.  [default: a walk]",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="OUT",
    help="A video: .mp4 or .gif.",
)
@generator_and_pose
@click.option(
    "--csv-size",
    type=click.IntRange(1),
    nargs=2,
    metavar="HEIGHT WIDTH",
    help="Image size in pixels that CSV files are for.  [default: the workspace's, else the generator's]",
)
@click.option(
    "--size",
    type=click.IntRange(8),
    nargs=2,
    metavar="HEIGHT WIDTH",
    help="Size of a person in the video, in pixels.  [default: the workspace's, else the generator's]",
)
@click.option("--frames", type=click.IntRange(1), metavar="N", help="At most N.  [default: all; 56 for the walk]")
@click.option("--fps", type=Finite(1, 120), help="Frames per second.  [default: the video's, else 12]")
@click.option(
    "--bridge",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    metavar="N",
    help="Longest gap of a joint, in frames, that is filled linearly; in longer ones it stays at its last "
    "place; 0 fills none.",
)
@click.option(
    "--smooth",
    type=click.IntRange(0),
    default=7,
    show_default=True,
    metavar="N",
    help="Frames of the Savitzky-Golay window, more for smoother motion (an even one counts as one less); "
    "0 to 4: off, as in the paper.",
)
@click.option(
    "--fit/--no-fit",
    default=True,
    show_default=True,
    help="Scale and move the motion as a whole onto each image's person.",
)
@click.option("--plain", is_flag=True, help="The generated people alone, without images and skeleton.")
def command(
    images: tuple[str, ...],
    poses: str | None,
    out: Path,
    plain: bool,
    frames: int | None,
    fps: float | None,
    bridge: int,
    smooth: int,
    fit: bool,
    **options: Any,
) -> None:
    """Generate the person of each IMAGE in the pose of every frame, the images above and the skeleton at the left.

    Key points of frames are found as `augment transfer` finds them. Missing joints are bridged and jitter is smoothed
    over time; the number of bridged joints and the jitter before and after are printed. MP4 needs the extra `video`,
    GIF nothing.

    \b
    Example:
      augment animate 0001_c1s2_001000_01.jpg 0002_c1s3_002000_01.jpg -o walk.gif
    """
    note_idle_globals("seed")
    refuse_idle_csv_size(poses, options["source_pose"])
    walk = unless(poses is not None, "without --poses: the walk has neither gaps nor jitter")
    refuse_idle({"bridge": walk, "smooth": walk})
    motion = Motion(poses, frames, bridge, smooth, fit, fps)
    result = animate(Request(images, (), workspace_or_none(), runtime=runtime(), **options), motion, out, plain=plain)
    emit(result, animation_text(result))
