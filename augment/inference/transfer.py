"""People in other poses, as pictures: one generated image, or a grid of images by poses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from augment import Misuse
from augment.images import read_image
from augment.inference.pictures import PICTURES, write_picture
from augment.inference.request import LoadedRequest, Request, Transferred
from augment.inference.sheets import draw_skeleton, sheet
from augment.plurals import counted
from augment.poses.readers import scaled_to
from augment.results import Result, spread
from numerics.arrays import Array

GRID = "grid.png"


@dataclass(frozen=True)
class Pictures(Result):
    """Written pictures.

    Attributes:
        out: the place that was named.
        files: all of them.
        transferred: what was generated.
    """

    out: str
    files: tuple[str, ...]
    transferred: Transferred = field(metadata=spread(Transferred))


def transfer(request: Request, out: Path, *, columns: int = 12) -> Pictures:
    """Generate every image of the request in every pose.

    Args:
        request: images, poses and the generator.
        out: ending in .jpg or .png, one image in one pose is that picture, more are a grid; any other is a folder of
            one JPEG an image and pose, and their grid.
        columns: poses a line of the grid.

    Raises:
        AugmentError: for another ending, files that are not there, and images in which no person is found.
    """
    single_file = out.suffix.lower() in PICTURES and not out.is_dir()
    if out.suffix and not single_file and not out.is_dir():
        raise Misuse(f"{out}: pictures end in {', '.join(PICTURES)}; give one of these, or a folder's name")
    work = LoadedRequest(request)
    target = out if single_file else out / GRID
    work.refuse_input(target)
    bar = tqdm(work.sources, desc="transfer", unit="person", disable=None if request.runtime.progress else True)
    generated = [work.generate(source, work.targets) for source in bar]
    files: list[str] = []
    if not single_file:
        files = _write_each(work, generated, out)
    if single_file and len(work.sources) == len(work.targets) == 1:
        write_picture(generated[0][0], target, work.description(work.sources, work.targets))
    else:
        picture = _grid(work, generated, columns)
        write_picture(picture, target, work.description(work.sources, work.targets, "grid of generated images"))
    return Pictures(str(out), (*files, str(target)), work.summary())


def _write_each(work: LoadedRequest, generated: Sequence[Array], folder: Path) -> list[str]:
    """One JPEG an image and pose, named after both."""
    files: list[str] = []
    for source, images in zip(work.sources, generated, strict=True):
        for target, pixels in zip(work.targets, images, strict=True):
            stem = f"{Path(source.name).stem}_as_{Path(target.name).stem}"
            path = folder / f"{stem}.jpg"
            number = len(files)
            while str(path) in files:  # images of one name in several folders, or of several types
                path = folder / f"{stem}_{number}.jpg"
                number += 1
            work.refuse_input(path)
            write_picture(pixels, path, work.description([source], [target]))
            files.append(str(path))
    return files


def _grid(work: LoadedRequest, generated: Sequence[Array], columns: int) -> Array:
    """The grid of a request, uint8 H x W x 3."""
    sources = [read_image(source.path, work.generator.out) for source in work.sources if source.path is not None]
    skeletons = [
        draw_skeleton(scaled_to(pose, work.generator.size, work.generator.out), work.generator.out)
        for pose in work.targets
    ]
    return grid(sources, skeletons, generated, columns)


def grid(sources: Sequence[Array], skeletons: Sequence[Array], generated: Sequence[Array], columns: int = 12) -> Array:
    """Identities by poses as one picture: the sources in the first column, the target skeletons above.

    Args:
        sources: uint8 H x W x 3 each.
        skeletons: uint8 H x W x 3 each.
        generated: for each source uint8 poses x H x W x 3.
        columns: more poses go on in further lines, each with its skeletons and all sources.
    """
    blank = np.full_like(sources[0], 255)
    rows: list[list[Array]] = []
    for start in range(0, len(skeletons), columns):
        part = slice(start, start + columns)
        rows.append([blank, *skeletons[part]])
        rows += [[source, *images[part]] for source, images in zip(sources, generated, strict=True)]
    return sheet(rows)


def transfer_text(result: Pictures) -> str:
    """The result in words.

    Args:
        result: as the command has it.
    """
    made = result.transferred
    height, width = made.size
    people, poses = counted(made.images, "person", "people"), counted(made.poses or 0, "pose")
    lines = [f"{result.out}: {people} in {poses}, {height} x {width} pixels; key points: {', '.join(made.keypoints)}"]
    if made.skipped:
        more = f" and {len(made.skipped) - 5} more" if len(made.skipped) > 5 else ""
        lines.append(f"Left out, nobody was found in them: {', '.join(made.skipped[:5])}{more}")
    return "\n".join(lines)
