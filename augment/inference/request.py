"""A request: any image files in any poses, by one generator, inside a workspace or outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment import AugmentError
from augment.images import load_images
from augment.inference.generator import BATCH, Generator
from augment.inference.generators import find_generator
from augment.poses.readers import Pose, PoseReader, find_image, with_a_person
from augment.results import Result
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array, Pixels

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Request:
    """What a user wants generated: images, poses (images, folders, CSV files), and by which generator.

    `workspace` None: outside of one.  `size` (height, width) of what is written, default the workspace's, else the
    generator's.

    Attributes:
        source_pose: key points of the images, default the workspace's, else estimated.
    """

    images: Sequence[str]
    poses: Sequence[str]
    workspace: Workspace | None = None
    generator: str | None = None
    source_pose: str | None = None
    csv_size: tuple[int, int] | None = None
    size: tuple[int, int] | None = None
    runtime: Runtime = field(default_factory=Runtime)


@dataclass(frozen=True)
class Transferred(Result):
    """What was generated for a request.

    Attributes:
        images: how many condition images.
        poses: how many target poses; None where they are frames.
        skipped: names of the target images in which nobody was found.
        keypoints: where key points came from: workspace, csv, array or an estimator's name.
        size: (height, width) in pixels of what is written.
        generator_size: (height, width) in pixels at which the generator works.
        generator: the fingerprint of its file.
    """

    images: int
    poses: int | None = None
    skipped: tuple[str, ...] = field(kw_only=True)
    keypoints: tuple[str, ...] = field(kw_only=True)
    size: tuple[int, int] = field(kw_only=True)
    generator_size: tuple[int, int] = field(kw_only=True)
    generator: str = field(kw_only=True)


class LoadedRequest:
    """A request with its generator loaded and its poses read: `sources` and `targets` are poses that have joints.

    Without poses `targets` is empty, for poses of the caller's own. `skipped` are the names of target images in which
    nobody was found.

    Raises:
        AugmentError: for files that are not there, and where no source or no target shows a person.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        wanted = request.size or (request.workspace.size if request.workspace else None)
        self.generator = Generator(find_generator(request.workspace, request.generator), request.runtime, wanted)
        reader = self.reader(self.generator.size)
        paths = [find_image(image, request.workspace) for image in request.images]
        given = reader.of_sources(paths, request.source_pose)
        for pose in given:
            with_a_person([pose], "image")
        self.sources = given
        asked = [pose for source in request.poses for pose in reader.read(source)]
        self.targets = with_a_person(asked, "pose") if request.poses else []
        self.skipped = [pose.name for pose in asked if pose.empty]

    def reader(self, size: tuple[int, int]) -> PoseReader:
        """What reads poses, as the request says.

        Args:
            size: (height, width) of the images in whose pixels poses are returned.
        """
        asked = self.request
        return PoseReader(size, workspace=asked.workspace, csv_size=asked.csv_size, progress=asked.runtime.progress)

    def refuse_input(self, out: Path, *others: str | None) -> None:
        """Refuse to write over a file that is read.

        Args:
            out: the file to be written.
            others: further files that are read.

        Raises:
            AugmentError: where it is one of them.
        """
        given = (*self.request.poses, self.request.source_pose, *others)
        read = [pose.path for pose in (*self.sources, *self.targets)] + [Path(name) for name in given if name]
        if out.exists() and any(path is not None and path.exists() and path.samefile(out) for path in read):
            raise AugmentError(f"{out}: is read itself and would be lost; choose another place with -o")

    def inputs(self, source: Pose, targets: Sequence[Pose]) -> tuple[torch.Tensor, Array, Array]:
        """What the generator is given for one source: images, source and target poses.

        Args:
            source: of an image, not of a row of a file.
            targets: one an image to be made.
        """
        assert source.path is not None
        images = load_images([source.path], self.generator.size, jobs=1).expand(len(targets), -1, -1, -1)
        own = np.repeat(source.keypoints[None], len(targets), axis=0)
        return images, own, np.stack([pose.keypoints for pose in targets])

    def generate(self, source: Pose, targets: Sequence[Pose]) -> Pixels:
        """One person in each of some poses, uint8 N x H x W x 3 at the size that is written.

        Args:
            source: of an image, not of a row of a file.
            targets: the poses, in the generator's pixels.
        """
        starts = range(0, len(targets), BATCH)
        made = [self.generator.generate(*self.inputs(source, targets[start : start + BATCH])) for start in starts]
        return np.concatenate(made)

    def description(self, sources: Sequence[Pose], targets: Sequence[Pose], what: str = "generated image") -> str:
        """What the metadata of a written picture says, in the words of generated sets.

        Args:
            sources: whom it shows.
            targets: the poses; the first 20 are named.
            what: the picture is.
        """
        names = [", ".join(pose.name for pose in poses[:20]) for poses in (sources, targets)]
        more = f" and {len(targets) - 20} more" if len(targets) > 20 else ""
        return f"{what}; source {names[0]}; pose {names[1]}{more}; generator {self.generator.fingerprint}"

    def summary(self, *origins: str) -> Transferred:
        """What every command says of a request; `origins` are those of further key points."""
        return Transferred(
            images=len(self.sources),
            poses=len(self.targets),
            skipped=tuple(self.skipped),
            keypoints=tuple(sorted({*origins, *(pose.origin for pose in (*self.sources, *self.targets))})),
            size=self.generator.out,
            generator_size=self.generator.size,
            generator=self.generator.fingerprint,
        )
