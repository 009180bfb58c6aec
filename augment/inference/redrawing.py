"""A generator that redraws any image files in any poses, inside a workspace or outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from augment import AugmentError
from augment.artefacts.artefact import fingerprint
from augment.artefacts.files import write_image
from augment.images import load_images, to_uint8
from augment.inference.drawing import BATCH, IMAGE_DESCRIPTION, SOFTWARE, write_jpeg
from augment.inference.generators import find_generator
from augment.poses.readers import Pose, PoseReader, find_image, with_a_person
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array

if TYPE_CHECKING:
    import torch

PICTURES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Request:
    """What a user wants redrawn: images, poses (images, folders, CSV files), and by which generator.

    `workspace` None: outside of one.  `size` (height, width) of what is written, default the workspace's, else the
    generator's.  `source_pose`: key points of the images, default the workspace's, else estimated.
    """

    images: Sequence[str]
    poses: Sequence[str]
    workspace: Workspace | None = None
    generator: str | None = None
    source_pose: str | None = None
    csv_size: tuple[int, int] | None = None
    size: tuple[int, int] | None = None
    runtime: Runtime = field(default_factory=Runtime)


class Redrawing:
    """A request with its generator loaded and its poses read: `sources` and `targets` are poses that have joints.

    Without poses `targets` is empty, for poses of the caller's own.
    `size` is the generator's own (height, width), `out` that of what is written, `mark` the generator's fingerprint,
    `skipped` the names of target images in which nobody was found.
    Raises AugmentError for files that are not there, and where no source or no target shows a person.
    """

    def __init__(self, request: Request) -> None:
        from patn.checkpoints import load_generator
        from patn.drawing import for_drawing

        self.request = request
        self.checkpoint = generator_file(request.generator, request.workspace)
        request.runtime.prepare()
        self.device = request.runtime.torch_device()
        bfloat16 = request.runtime.precision == "bf16"  # asked for by name: `auto` draws in fp32
        self.network = for_drawing(load_generator(self.checkpoint, self.device), bfloat16=bfloat16)
        wanted = request.size or (request.workspace.size if request.workspace else None)
        self.size = trained_size(self.checkpoint) or wanted or _no_size(self.checkpoint)
        self.out = wanted or self.size
        self.mark = fingerprint(self.checkpoint)
        reader = self.reader(self.size)
        paths = [find_image(image, request.workspace) for image in request.images]
        given = reader.of_sources(paths, request.source_pose)
        for pose in given:
            with_a_person([pose], "image")
        self.sources = given
        asked = [pose for source in request.poses for pose in reader.read(source)]
        self.targets = with_a_person(asked, "pose") if request.poses else []
        self.skipped = [pose.name for pose in asked if pose.empty]

    def reader(self, size: tuple[int, int]) -> PoseReader:
        """Reads poses in pixels of images of `size` (height, width), as the request says."""
        asked = self.request
        return PoseReader(size, workspace=asked.workspace, csv_size=asked.csv_size, progress=asked.runtime.progress)

    def condition(self, source: Pose) -> torch.Tensor:
        """A source image as uint8 1 x 3 x height x width at the generator's size."""
        assert source.path is not None
        return load_images([source.path], self.size, jobs=1)

    def inputs(self, source: Pose, targets: Sequence[Pose]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the generator's call takes for one source and several targets, on the device."""
        import torch

        condition = (self.condition(source).float() / 127.5 - 1).expand(len(targets), -1, -1, -1)
        poses = torch.from_numpy(np.stack([pose.keypoints for pose in targets]).astype(np.float32))
        own = torch.from_numpy(source.keypoints.astype(np.float32)).expand(len(targets), -1, -1)
        image = condition.contiguous(memory_format=torch.channels_last)
        return image.to(self.device), own.to(self.device), poses.to(self.device)

    def draw(self, source: Pose, targets: Sequence[Pose]) -> Array:
        """One person in each of the poses, uint8 N x H x W x 3 at the size that is written."""
        import torch

        made = []
        for start in range(0, len(targets), BATCH):
            with torch.inference_mode():
                made.append(self.finish(self.network(*self.inputs(source, targets[start : start + BATCH]))))
        return np.concatenate(made)

    def finish(self, drawn: torch.Tensor) -> Array:
        """What the generator drew, [-1, 1], as uint8 N x H x W x 3 at the size that is written."""
        from torch.nn.functional import interpolate

        pixels = to_uint8(drawn).cpu()
        if self.size != self.out:
            pixels = interpolate(pixels.float(), self.out, mode="bicubic").clamp(0, 255).round().byte()
        return pixels.permute(0, 2, 3, 1).contiguous().numpy()

    def description(self, sources: Sequence[Pose], targets: Sequence[Pose], what: str = "generated image") -> str:
        """What the metadata of a written picture says, in the words of generated sets."""
        names = [", ".join(pose.name for pose in poses[:20]) for poses in (sources, targets)]
        more = f" and {len(targets) - 20} more" if len(targets) > 20 else ""
        return f"{what}; source {names[0]}; pose {names[1]}{more}; generator {self.mark}"

    def summary(self) -> dict[str, Any]:
        """What every command says of a request: counts, where key points came from, sizes, generator."""
        origins = sorted({pose.origin for pose in (*self.sources, *self.targets)})
        return {
            "images": len(self.sources),
            "poses": len(self.targets),
            "skipped": self.skipped,
            "keypoints": origins,
            "size": list(self.out),
            "generator_size": list(self.size),
            "generator": self.mark,
        }


def generator_file(generator: str | None, workspace: Workspace | None) -> Path:
    """The checkpoint: a name or path in a workspace, a path outside; raises AugmentError where there is none."""
    if workspace is not None:
        return find_generator(workspace, generator)
    if generator is None:
        raise AugmentError(f"{Path.cwd()}: no workspace here or above; name a generator's file with --generator PATH")
    path = Path(generator) / "generator.safetensors" if Path(generator).is_dir() else Path(generator)
    if not path.is_file():
        raise AugmentError(f"{path}: there is no such file; name a generator's file with --generator PATH")
    return path


def trained_size(checkpoint: Path) -> tuple[int, int] | None:
    """The (height, width) that a generator was trained at, None where its file does not say."""
    from patn.checkpoints import read_metadata

    size = read_metadata(checkpoint)["extra"].get("size")
    return (int(size[0]), int(size[1])) if size else None


def _no_size(checkpoint: Path) -> tuple[int, int]:
    raise AugmentError(f"{checkpoint}: does not say which size of images it was trained for; give --size HEIGHT WIDTH")


def write_picture(pixels: Array, path: Path, description: str) -> None:
    """A JPEG or PNG, by its name's ending, whose EXIF says that it is generated and from what; written by rename.

    Raises AugmentError where it cannot be written.
    """
    from PIL import Image

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() != ".png":
            return write_jpeg(pixels, path, description)
        exif = Image.Exif()
        exif[IMAGE_DESCRIPTION], exif[SOFTWARE] = description, "augment"
        write_image(Image.fromarray(pixels), path, "PNG", exif=exif)
    except OSError as error:
        raise AugmentError(f"{path}: cannot be written ({error.strerror}); choose another place with -o") from error
