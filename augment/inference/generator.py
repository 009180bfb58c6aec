"""One trained generator, loaded and ready to generate images."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment import AugmentError
from augment.artefacts.artefact import fingerprint
from augment.images import to_uint8
from augment.runtime import Runtime
from numerics.arrays import Array, Pixels

if TYPE_CHECKING:
    import torch

BATCH = 32
"""Images that are generated at a time."""


class Generator:
    """A trained generator on its device, its batch norms folded away.

    Attributes:
        checkpoint: its file.
        network: called with images, source and target key points; see `inputs`.
        device: where the network is.
        size: (height, width) in pixels of the images it takes and makes; key points are in these pixels.
        out: (height, width) of the images that `generate` returns.
    """

    def __init__(self, checkpoint: Path, runtime: Runtime, out: tuple[int, int] | None = None) -> None:
        """Load it; `out` None is the generator's own size.

        Raises:
            AugmentError: where neither its file nor `out` says a size.
            patn.WeightsError: for a file that is no generator.
        """
        from patn.checkpoints import load_generator  # loads torch
        from patn.inference import for_inference  # loads torch

        runtime.prepare()
        self.checkpoint = checkpoint
        self.device = runtime.torch_device()
        self.network = for_inference(load_generator(checkpoint, self.device), bfloat16=runtime.generates_bf16)
        self.size = trained_size(checkpoint) or out or _no_size(checkpoint)
        self.out = out or self.size

    @cached_property
    def fingerprint(self) -> str:
        """A short SHA-256 of its file."""
        return fingerprint(self.checkpoint)

    def inputs(
        self, images: torch.Tensor, source_poses: Array, target_poses: Array
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the network takes, on the device.

        Args:
            images: as of `generate`.
            source_poses: as of `generate`.
            target_poses: as of `generate`.
        """
        import torch

        condition = images.to(self.device).float() / 127.5 - 1
        poses = [
            torch.from_numpy(np.asarray(array, np.float32)).to(self.device) for array in (source_poses, target_poses)
        ]
        return condition.contiguous(memory_format=torch.channels_last), poses[0], poses[1]

    def at_own_size(self, images: torch.Tensor, source_poses: Array, target_poses: Array) -> torch.Tensor:
        """Images as uint8 B x 3 x h x w of the generator's own size, on the CPU.

        Args:
            images: as of `generate`.
            source_poses: as of `generate`.
            target_poses: as of `generate`.
        """
        import torch

        with torch.inference_mode():
            return to_uint8(self.network(*self.inputs(images, source_poses, target_poses))).cpu()

    def generate(self, images: torch.Tensor, source_poses: Array, target_poses: Array) -> Pixels:
        """The people of images in other poses.

        Args:
            images: uint8 B x 3 x h x w, of the generator's size.
            source_poses: B x 18 x 2 as (y, x) in pixels of the generator's size, missing = -1.
            target_poses: the poses to generate, alike.

        Returns:
            B x H x W x 3 of the size `out`.
        """
        return self.finished(self.at_own_size(images, source_poses, target_poses))

    def finished(self, generated: torch.Tensor) -> Pixels:
        """Images as uint8 B x H x W x 3 of the size `out`.

        Args:
            generated: as `at_own_size` returns them.
        """
        from torch.nn.functional import interpolate

        if self.size != self.out:
            generated = interpolate(generated.float(), self.out, mode="bicubic").clamp(0, 255).round().byte()
        return generated.permute(0, 2, 3, 1).contiguous().numpy()


def trained_size(checkpoint: Path) -> tuple[int, int] | None:
    """The (height, width) that a generator was trained at, None where its file does not say.

    Args:
        checkpoint: its file.
    """
    from patn.checkpoints import read_metadata  # loads torch

    size = read_metadata(checkpoint).extra.get("size")
    return (int(size[0]), int(size[1])) if size else None


def _no_size(checkpoint: Path) -> tuple[int, int]:
    raise AugmentError(f"{checkpoint}: does not say which size of images it was trained for; give ⟨size⟩ HEIGHT WIDTH")
