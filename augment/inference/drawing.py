"""Drawing the images of a plan: the loaded generator, batches that resume, JPEG files that say what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from tqdm import tqdm

from augment.artefacts.files import write_image
from augment.datasets.reduced_set import training_images
from augment.images import load_images, read_image, to_uint8
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import keypoint_array, scale_keypoints

if TYPE_CHECKING:
    import torch

BATCH = 32
IMAGE_DESCRIPTION, SOFTWARE = 0x010E, 0x0131


@dataclass(frozen=True)
class Pen:
    """Which generator draws and how: its file, the file's fingerprint, where it runs."""

    checkpoint: Path
    mark: str
    runtime: Runtime


def draw_plan(
    workspace: Workspace, plan: pd.DataFrame, target: Path, pen: Pen, keypoints: pd.DataFrame | None = None
) -> None:
    """Make the images of a plan in fixed batches, into the folder `target`; a batch that is all there is skipped.

    `keypoints`: further poses that the plan names, a key point table; None is the workspace's training images alone.
    Files appear by rename, so a killed run goes on with the same batches and, on a CPU, ends with the same bytes.
    """
    target.mkdir(exist_ok=True)
    path_of = training_images(workspace.images()).set_index("name")["path"].to_dict()
    for row in plan[plan["how"] == "copy"].itertuples():
        pixels = read_image(path_of[row.source], workspace.size)
        write_jpeg(pixels, target / str(row.output), description(row, pen.mark))
    transfers = plan[plan["how"] != "copy"]
    starts = range(0, len(transfers), BATCH)
    batches = [transfers.iloc[start : start + BATCH] for start in starts]
    todo = [batch for batch in batches if not all((target / name).is_file() for name in batch["output"])]
    if not todo:
        return
    draw = Drawing(workspace, pen.checkpoint, pen.runtime, keypoints=keypoints)
    bar = tqdm(todo, desc=target.parent.name, unit="batch", disable=None if pen.runtime.progress else True)
    for batch in bar:
        images = draw(batch["source"].tolist(), batch["pose"].tolist())
        for row, image in zip(batch.itertuples(), images, strict=True):
            write_jpeg(image, target / str(row.output), description(row, pen.mark))


class Drawing:
    """A loaded generator that draws the workspace's training images in each other's poses."""

    def __init__(
        self,
        workspace: Workspace,
        checkpoint: Path,
        runtime: Runtime,
        split: str = "train",
        keypoints: pd.DataFrame | None = None,
    ) -> None:
        from patn.checkpoints import load_generator, read_metadata
        from patn.drawing import for_drawing

        runtime.prepare()
        self.device = runtime.torch_device()
        bfloat16 = runtime.precision == "bf16"  # asked for by name: `auto` draws in fp32
        self.network = for_drawing(load_generator(checkpoint, self.device), bfloat16=bfloat16)
        made_for = read_metadata(checkpoint)["extra"].get("size", workspace.size)
        self.size = (int(made_for[0]), int(made_for[1]))
        self.out = workspace.size
        self.paths = workspace.images().query("split == @split").set_index("name")["path"]
        self.keypoints = workspace.keypoints(split)
        if keypoints is not None:
            self.keypoints = pd.concat([self.keypoints, keypoints])

    def poses(self, names: Sequence[str]) -> torch.Tensor:
        """Key points of images in the generator's pixels, B x 18 x 2."""
        import torch

        return torch.from_numpy(scale_keypoints(keypoint_array(self.keypoints, names), self.out, self.size))

    def at_own_size(self, sources: Sequence[str], poses: Sequence[str]) -> torch.Tensor:
        """Images of `sources` in the poses of `poses` as uint8 B x 3 x h x w at the generator's own size."""
        import torch

        images = load_images([self.paths[name] for name in sources], self.size, jobs=1).to(self.device)
        condition = (images.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            drawn = self.network(condition, self.poses(sources).to(self.device), self.poses(poses).to(self.device))
        return to_uint8(drawn).cpu()

    def __call__(self, sources: Sequence[str], poses: Sequence[str]) -> Array:
        """The same at the workspace's image size, as uint8 B x H x W x 3."""
        from torch.nn.functional import interpolate

        drawn = self.at_own_size(sources, poses)
        if self.size != self.out:
            drawn = interpolate(drawn.float(), self.out, mode="bicubic").clamp(0, 255).round().byte()
        return drawn.permute(0, 2, 3, 1).contiguous().numpy()


def description(row: Any, mark: str) -> str:
    """What a file's metadata says of a plan's row; `mark` is the generator's fingerprint."""
    if row.how == "copy":
        return f"copy of the real image {row.source}, which has no pose to generate from"
    return f"generated image; source {row.source}; pose {row.pose}; generator {mark}"


def write_jpeg(pixels: Array, path: Path, description: str) -> None:
    """A JPEG of quality 95 whose metadata says what it is, written by rename; raises OSError that names the file."""
    from PIL import Image

    exif = Image.Exif()
    exif[IMAGE_DESCRIPTION], exif[SOFTWARE] = description, "augment"
    write_image(Image.fromarray(pixels), path, "JPEG", quality=95, exif=exif)
