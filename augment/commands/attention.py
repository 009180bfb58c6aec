"""`augment attention`."""

from pathlib import Path
from typing import Any

import click

from augment.cli import emit, runtime, workspace_or_none
from augment.commands.idle import note_idle_globals, refuse_idle, refuse_idle_csv_size
from augment.inference.attention import MaskView, attention, attention_text
from augment.inference.request import Request
from augment.options import generator_and_pose


class Channels(click.ParamType[int | str]):
    """`mean`, or the number of a channel from 0."""

    name = "mean|N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """The word, or the number as int."""
        if isinstance(value, int):
            return value
        if value == "mean":
            return "mean"
        if not str(value).isdigit():
            self.fail(f"{value!r} is neither mean nor the number of a channel", param, ctx)
        return int(str(value))


@click.command(short_help="Show what a generator's blocks attend to.")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option(
    "--pose",
    "poses",
    metavar="IMAGE|CSV|FOLDER",
    multiple=True,
    required=True,
    help="Target pose, as transfer takes it; a strip of masks for each.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="OUT",
    help="The picture, .png or .jpg.",
)
@click.option("--block", type=click.IntRange(1), metavar="K", help="Only this block.  [default: all]")
@click.option("--all", "everything", is_flag=True, help="All blocks, where augment.toml names one.")
@click.option(
    "--channels", type=Channels(), default="mean", show_default=True, help="Mean over channels, or one channel from 0."
)
@click.option(
    "--colours",
    type=click.Choice(["colour", "grey"]),
    default="colour",
    show_default=True,
    help="colour runs from blue (0) over grey (0.5) to red (1).",
)
@click.option("--stretch", is_flag=True, help="Colours span the 1st to 99th percentile of all maps instead of 0 to 1.")
@click.option(
    "--values",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.npy",
    help="Also write the masks as numbers, pairs x blocks x height / 4 x width / 4.",
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
    help="Size of the images in pixels.  [default: the workspace's, else the generator's]",
)
def command(
    images: tuple[str, ...],
    poses: tuple[str, ...],
    out: Path,
    block: int | None,
    everything: bool,
    channels: int | str,
    colours: str,
    stretch: bool,
    values: Path | None,
    **options: Any,
) -> None:
    """Show the attention masks of a PATN generator's blocks, as Fig. 5 of the paper.

    A strip holds the condition image, the target pose, the generated image and one map per block: the mean of the mask
    over its channels, as large as the image. Means span a narrow range; --stretch shows what differs. With a
    correspondence generator, the maps show how much each head adds to a pixel.

    \b
    Example:
      augment attention 0001_c1s2_001000_01.jpg --pose 0002_c1s3_002000_01.jpg -o masks.png
    """
    note_idle_globals("seed")
    refuse_idle_csv_size(*poses, options["source_pose"])
    refuse_idle({"block": "with --all" if everything else None})
    request = Request(images, poses, workspace_or_none(), runtime=runtime(), **options)
    channel = channels if isinstance(channels, int) else None
    view = MaskView(None if everything else block, channel, colours, stretch)
    result = attention(request, out, view, values=values)
    emit(result, attention_text(result))
