"""What a generator attends to, as pictures: condition, target pose, generated image, then the mask of every block."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from augment import AugmentError, Misuse
from augment.images import read_image, to_uint8
from augment.inference.pictures import write_picture
from augment.inference.request import LoadedRequest, Request, Transferred
from augment.inference.sheets import GAP, draw_skeleton, sheet
from augment.poses.readers import Pose, scaled_to
from augment.results import Result, spread
from numerics.arrays import Array
from numerics.files import replacing
from patn import DataError

COLOUR_MAPS = {"colour": "coolwarm", "grey": "gray"}
TILE = 256  # rows of a picture, so that headings fit above it
BAR, BAR_WIDTH, LABEL = 12, 256, 14


@dataclass(frozen=True)
class MaskView:
    """How masks become pictures.

    Attributes:
        block: only this one, counted from 1; None for all.
        channel: one channel, counted from 0; None for the mean.
        colours: `colour` (blue 0, red 1) or `grey`.
        stretch: the colours span the 1st to 99th percentile of all maps of the picture instead of 0 to 1.
    """

    block: int | None = None
    channel: int | None = None
    colours: str = "colour"
    stretch: bool = False

    def __post_init__(self) -> None:
        if self.colours not in COLOUR_MAPS:
            raise AugmentError(f"colours is {self.colours!r}; it must be one of {', '.join(COLOUR_MAPS)}")


@dataclass(frozen=True)
class Strip(Result):
    """The masks of one pair.

    Attributes:
        image: its name.
        pose: the name of the image or row that it is of.
        means: of each block's map.
    """

    image: str
    pose: str
    means: tuple[float, ...]


@dataclass(frozen=True)
class Masks(Result):
    """A written picture of masks.

    Attributes:
        out: its file.
        blocks: those that it shows, counted from 1.
        channels: mean, or the number of a channel.
        colours: the values that the ends of the colours stand for.
        strips: the pairs.
        transferred: what was generated.
    """

    out: str
    blocks: tuple[int, ...]
    channels: int | str
    colours: tuple[float, float]
    strips: tuple[Strip, ...]
    transferred: Transferred = field(metadata=spread(Transferred))


def attention(request: Request, out: Path, view: MaskView, *, values: Path | None = None) -> Masks:
    """Write a strip of masks for every image and pose of the request (paper Fig. 5).

    Args:
        request: images, poses and the generator.
        out: the picture's file.
        view: how masks become pictures.
        values: also write the masks as shown (channels reduced), float32 pairs x blocks x H/4 x W/4, as .npy.

    Raises:
        AugmentError: for a generator without masks, a block or channel that is not there, another ending than .png or
            .jpg, and as `transfer` does.
    """
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise Misuse(f"{out}: the picture's name has to end in .png or .jpg")
    work = LoadedRequest(request)
    work.refuse_input(out)
    pairs = [(source, target) for source in work.sources for target in work.targets]
    found = [masks_of(work, source, target, view) for source, target in pairs]
    blocks, maps = found[0][1], np.stack([kept for _, _, kept in found])
    ends = span(maps, view.stretch)
    strips, tile = [], _enlarged(work.generator.out)
    for (source, target), (generated, _, kept) in zip(pairs, found, strict=True):
        painted = [paint(mask, tile, ends, view.colours) for mask in kept]
        strips.append([*_people(work, source, target, generated), *painted])
    headings = ["condition", "target pose", "generated", *(f"block {number}" for number in blocks)]
    picture = _with_bar(sheet(strips, headings), ends, view.colours)
    write_picture(picture, out, work.description(work.sources, work.targets, "attention masks and generated image"))
    if values is not None:
        _write_values(maps, values)
    shown = [
        Strip(source.name, target.name, tuple(round(float(mask.mean()), 4) for mask in kept))
        for (source, target), kept in zip(pairs, maps, strict=True)
    ]
    channels = "mean" if view.channel is None else view.channel
    return Masks(str(out), tuple(blocks), channels, ends, tuple(shown), work.summary())


def masks_of(work: LoadedRequest, source: Pose, target: Pose, view: MaskView) -> tuple[Array, list[int], Array]:
    """One pair's generated image and attention masks.

    Args:
        work: the generator, loaded.
        source: whom the image shows.
        target: the pose generated.
        view: which blocks and channels are shown.

    Returns:
        The image (uint8 H x W x 3), the blocks shown (from 1) and their maps (blocks x h x w).

    Raises:
        AugmentError: for a generator without masks, and for blocks or channels that it has not.
    """
    import torch

    from patn.models.attention import forward_with_masks, mask_maps  # loads torch

    generator = work.generator
    try:
        with torch.inference_mode():
            drawn, masks = forward_with_masks(generator.network, *generator.inputs(*work.inputs(source, [target])))
        maps = mask_maps(masks, view.channel)[0].cpu().numpy()
    except DataError as error:
        raise AugmentError(f"{work.generator.checkpoint}: {error}") from error
    numbers = list(range(1, len(maps) + 1))
    if view.block is not None:
        if view.block not in numbers:
            raise AugmentError(
                f"{work.generator.checkpoint}: has blocks 1 to {len(maps)}; there is no block {view.block}"
            )
        numbers = [view.block]
    return generator.finished(to_uint8(drawn).cpu())[0], numbers, maps[[number - 1 for number in numbers]]


def span(maps: Array, stretch: bool) -> tuple[float, float]:
    """The values that the ends of the colours stand for.

    Args:
        maps: all maps of the picture.
        stretch: the 1st and 99th percentile of the maps instead of 0 and 1.
    """
    if not stretch:
        return 0.0, 1.0
    low, high = np.percentile(maps, [1, 99])
    return round(float(low), 4), round(float(max(high, low + 1e-4)), 4)


def paint(mask: Array, size: tuple[int, int], ends: tuple[float, float], colours: str) -> Array:
    """A map as a picture, interpolated bilinearly.

    Args:
        mask: h x w.
        size: (height, width) of the picture.
        ends: the values that the colours span.
        colours: `colour` or `grey`.

    Returns:
        uint8 H x W x 3.
    """
    import matplotlib
    import torch
    from torch.nn.functional import interpolate

    smooth = interpolate(torch.from_numpy(mask)[None, None], size, mode="bilinear", align_corners=False)[0, 0].numpy()
    scaled = np.clip((smooth - ends[0]) / (ends[1] - ends[0]), 0, 1)
    return matplotlib.colormaps[COLOUR_MAPS[colours]](scaled, bytes=True)[..., :3]


def _enlarged(size: tuple[int, int]) -> tuple[int, int]:
    """A whole multiple of a size with at least 256 rows."""
    factor = max(1, -(-TILE // size[0]))
    return size[0] * factor, size[1] * factor


def _people(work: LoadedRequest, source: Pose, target: Pose, generated: Array) -> list[Array]:
    """The first three tiles of a strip, enlarged: condition image, target pose, generated image."""
    from PIL import Image

    assert source.path is not None
    height, width = _enlarged(work.generator.out)
    condition = read_image(source.path, work.generator.out)
    images = [
        np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))
        for pixels in (condition, generated)
    ]
    skeleton = draw_skeleton(scaled_to(target, work.generator.size, (height, width)), (height, width))
    return [images[0], skeleton, images[1]]


def _with_bar(picture: Array, ends: tuple[float, float], colours: str) -> Array:
    """The picture with a bar of its colours below, and the values of its ends and middle."""
    import matplotlib
    from PIL import Image, ImageDraw

    canvas = Image.new("RGB", (picture.shape[1], picture.shape[0] + GAP + BAR + LABEL), "white")
    canvas.paste(Image.fromarray(picture), (0, 0))
    width = min(BAR_WIDTH, picture.shape[1] // 2)
    ramp = matplotlib.colormaps[COLOUR_MAPS[colours]](np.linspace(0, 1, width), bytes=True)[:, :3]
    top, left = picture.shape[0] + GAP, picture.shape[1] - width
    canvas.paste(Image.fromarray(np.ascontiguousarray(np.broadcast_to(ramp, (BAR, width, 3)))), (left, top))
    pen = ImageDraw.Draw(canvas)
    pen.line([(left + width // 2, top), (left + width // 2, top + BAR)], fill="black")
    for share, anchor in ((0, "la"), (0.5, "ma"), (1, "ra")):
        value = ends[0] + share * (ends[1] - ends[0])
        pen.text((left + share * (width - 1), top + BAR + 1), f"{value:.3g}", fill="black", anchor=anchor)
    return np.asarray(canvas)


def _write_values(maps: Array, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial, partial.open("wb") as file:
        np.save(file, maps.astype(np.float32))


def attention_text(result: Masks) -> str:
    """The result in words.

    Args:
        result: as the command has it.
    """
    first = result.strips[0]
    means = ", ".join(f"{number}: {mean:.3f}" for number, mean in zip(result.blocks, first.means, strict=True))
    shown = "mean over channels" if result.channels == "mean" else f"channel {result.channels}"
    more = "" if len(result.strips) == 1 else f" of the first of {len(result.strips)} pairs"
    return f"{result.out}: masks ({shown}); their means by block{more}: {means}"
