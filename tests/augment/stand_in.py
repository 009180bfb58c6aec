"""A generator without a network, whose images hold the poses that it was asked for: tests see what it was given."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from augment.inference import request
from augment.runtime import Runtime
from numerics.arrays import Array, Pixels

SIZE = (64, 32)


class StandIn:
    """As `augment.inference.generator.Generator`; works at 64 x 32.

    Attributes:
        calls: how many images each call was asked for.
    """

    size, fingerprint = SIZE, "f00d"

    def __init__(self, checkpoint: Path, _: Runtime, out: tuple[int, int] | None = None) -> None:
        self.checkpoint, self.out = checkpoint, out or SIZE
        self.calls: list[int] = []

    def generate(self, images: torch.Tensor, source_poses: Array, target_poses: Array) -> Pixels:
        """Images whose red is the source's first pixel, green its nose's row, blue the target's nose's row."""
        self.calls.append(len(images))
        made = np.zeros((len(images), *self.out, 3), np.uint8)
        made[..., 0] = images[:, 0, :1, :1].numpy()
        made[..., 1] = source_poses[:, 0, 0].round().astype(np.uint8)[:, None, None]
        made[..., 2] = target_poses[:, 0, 0].round().astype(np.uint8)[:, None, None]
        return made


def stand_in(patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let requests take a stand-in; returns what was asked of `find_generator`, filled as they are loaded."""
    asked: dict[str, Any] = {}

    def find(workspace: object, generator: object) -> Path:
        asked.update(workspace=workspace, generator=generator)
        return Path("generator.safetensors")

    patch.setattr(request, "Generator", StandIn)
    patch.setattr(request, "find_generator", find)
    return asked
