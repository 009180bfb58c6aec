"""The images of a plan: batches that resume, JPEG files that say what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
from tqdm import tqdm

from augment.datasets.dataset import Dataset
from augment.images import load_images, read_image
from augment.inference.generator import BATCH, Generator
from augment.inference.pictures import write_jpeg
from augment.runtime import Runtime
from augment.workers import overlapped
from numerics.arrays import Array, Pixels
from patn.keypoints import keypoint_array, scale_keypoints

if TYPE_CHECKING:
    import torch

COPY = "copy"
"""How a plan says that an image is its source, copied as it is; anything else is generated."""


@dataclass(frozen=True)
class Generation:
    """Which generator generates, and how.

    Attributes:
        checkpoint: its file.
        mark: that file's fingerprint.
        runtime: where it runs.
        scenes: what generated people are put into, None for nothing.
    """

    checkpoint: Path
    mark: str
    runtime: Runtime
    scenes: Placing | None = None


class Placing(Protocol):
    """What puts generated people into scenes."""

    def place(self, images: Pixels, rows: pd.DataFrame) -> Pixels:
        """Generated people in the scenes of their rows.

        Args:
            images: B x H x W x 3, as those returned.
            rows: of the plan, one an image.
        """

    def choose(self, plan: pd.DataFrame) -> list[str]:
        """The scene of each row.

        Args:
            plan: of a generated set.
        """


def generate_plan(
    data: Dataset, plan: pd.DataFrame, target: Path, generation: Generation, poses: pd.DataFrame | None = None
) -> None:
    """Generate the images of a plan in fixed batches; a batch that is all there is skipped.

    Files appear by rename, so a killed run goes on with the same batches and, on a CPU, ends with the same bytes.

    Args:
        data: whose images and key points the plan names.
        plan: a row an image, see `augment.generation.plan.make_plan`.
        target: the folder to write into.
        generation: the generator, and how it generates.
        poses: all that the plan names, a key point table; None is that of the training images.
    """
    target.mkdir(exist_ok=True)
    path_of = data.paths("train").to_dict()
    for row in plan[plan["how"] == COPY].itertuples():
        pixels = read_image(path_of[row.source], data.size)
        said = f"copy of the real image {row.source}, which has no pose to generate from"
        write_jpeg(pixels, target / str(row.output), said)
    transfers = plan[plan["how"] != COPY]
    starts = range(0, len(transfers), BATCH)
    batches = [transfers.iloc[start : start + BATCH] for start in starts]
    todo = [batch for batch in batches if not all((target / name).is_file() for name in batch["output"])]
    if not todo:
        return
    generate = SplitGenerator(data, generation.checkpoint, generation.runtime, keypoints=poses)
    with tqdm(
        total=len(todo), desc=target.parent.name, unit="batch", disable=None if generation.runtime.progress else True
    ) as bar:

        def work(batch: pd.DataFrame, images: torch.Tensor) -> Pixels:
            made = generate.from_images(images, batch["source"].tolist(), batch["pose"].tolist())
            return made if generation.scenes is None else generation.scenes.place(made, batch)

        def write(batch: pd.DataFrame, images: Pixels) -> None:
            for row, image in zip(batch.itertuples(), images, strict=True):
                write_jpeg(image, target / str(row.output), _said(row, generation.mark))
            bar.update()

        overlapped(todo, lambda batch: generate.images(batch["source"].tolist()), work, write)


def _said(row: Any, mark: str) -> str:
    """What a generated image's metadata say of it."""
    scene = f"; scene {row.scene}" if getattr(row, "scene", "") else ""
    return f"generated image; source {row.source}; pose {row.pose}{scene}; generator {mark}"


class SplitGenerator:
    """A generator that takes images of one split, and their poses, by name.

    Args:
        data: whose images and key points they are.
        checkpoint: its file.
        runtime: device, threads and precision, and whether finished work is made again.
        split: of the images.
        keypoints: of all that is named, a table; None is that of the split.
    """

    def __init__(
        self,
        data: Dataset,
        checkpoint: Path,
        runtime: Runtime,
        split: str = "train",
        keypoints: pd.DataFrame | None = None,
    ) -> None:
        self.generator = Generator(checkpoint, runtime, data.size)
        self.paths = data.paths(split)
        self.keypoints = data.keypoints(split) if keypoints is None else keypoints

    def poses(self, names: Sequence[str]) -> Array:
        """Key points of images in the generator's pixels.

        Args:
            names: of B images.

        Returns:
            B x 18 x 2 as (y, x).
        """
        return scale_keypoints(keypoint_array(self.keypoints, names), self.generator.out, self.generator.size)

    def at_own_size(self, sources: Sequence[str], poses: Sequence[str]) -> torch.Tensor:
        """Images in other poses, at the generator's own size.

        Args:
            sources: names of the B condition images.
            poses: names of the images whose poses they take.

        Returns:
            uint8 B x 3 x h x w.
        """
        return self.generator.at_own_size(self.images(sources), self.poses(sources), self.poses(poses))

    def __call__(self, sources: Sequence[str], poses: Sequence[str]) -> Pixels:
        """The same at the data set's image size, as uint8 B x H x W x 3."""
        return self.from_images(self.images(sources), sources, poses)

    def from_images(self, images: torch.Tensor, sources: Sequence[str], poses: Sequence[str]) -> Pixels:
        """The same from images that are read already.

        Args:
            images: as `images` returns them.
            sources: their names.
            poses: names of the images whose poses they take.
        """
        return self.generator.generate(images, self.poses(sources), self.poses(poses))

    def images(self, names: Sequence[str]) -> torch.Tensor:
        """Condition images at the generator's own size.

        Args:
            names: of B images.

        Returns:
            uint8 B x 3 x h x w.
        """
        return load_images([self.paths[name] for name in names], self.generator.size, jobs=1)
