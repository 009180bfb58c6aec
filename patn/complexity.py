"""How large a generator is and how much it computes, counted on tensors without storage."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from patn.baselines.published import PublishedCount
from patn.generators import build_generator, kind_of
from patn.keypoints import JOINTS


@dataclass(frozen=True)
class Complexity:
    """Counts of one generator at one image size.

    Attributes:
        parameters: all weights (buffers such as running statistics are none).
        transfer_parameters: those of modules that run when one image is generated.
        gflop: 10^9 floating point operations an image, two a multiply-add; convolutions and matrix products only.
    """

    parameters: int
    transfer_parameters: int
    gflop: float


def complexity(name: str, options: Mapping[str, Any], size: tuple[int, int]) -> Complexity:
    """Counts of a generator by its name; takes no memory for weights and no time for their arithmetic.

    Args:
        name: one of `patn.generators.GENERATORS`.
        options: its constructor's arguments.
        size: (height, width) of the images in pixels.

    Returns:
        The counts.

    Raises:
        DataError: for an unknown name, option or size.
    """
    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        return count(build_generator(name, options), size)


def published_count(name: str, options: Mapping[str, Any], size: tuple[int, int]) -> PublishedCount:
    """What the paper's Table 2 counts of a generator.

    Args:
        name: as of `complexity`.
        options: as of `complexity`.
        size: as of `complexity`.

    Returns:
        The count.

    Raises:
        DataError: as `complexity`.
    """
    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        return kind_of(name).published(build_generator(name, options), size)


def count(generator: nn.Module, size: tuple[int, int]) -> Complexity:
    """Counts of a built generator, called once with one image on the device where its weights are.

    Args:
        generator: left in eval mode.
        size: (height, width) of the image in pixels.

    Returns:
        The counts.
    """
    generator = generator.eval()
    device = next(generator.parameters()).device
    image = torch.zeros(1, 3, *size, device=device)
    pose = torch.zeros(1, len(JOINTS), 2, device=device)
    used: set[Tensor] = set()

    def note(module: nn.Module, *_: object) -> None:
        used.update(module.parameters(recurse=False))

    counter = FlopCounterMode(display=False)
    with ExitStack() as hooks, torch.no_grad(), counter:
        for module in generator.modules():
            hooks.callback(module.register_forward_pre_hook(note).remove)
        generator(image, pose, pose)
    return Complexity(
        sum(weights.numel() for weights in generator.parameters()),
        sum(weights.numel() for weights in used),
        counter.get_total_flops() / 1e9,
    )
