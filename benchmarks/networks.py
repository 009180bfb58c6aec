"""Networks that both sides of a benchmark share, and the core's own rate."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from augment.runtime import Runtime
from benchmarks.sides import Work
from tests.authors_networks import Generator, discriminator, old_state

CHANNELS = 256
Network = TypeVar("Network", bound=nn.Module)


def released_generator(blocks: int, width: int, dropout: bool = True) -> Generator:
    """The released generator with batch norm; ReLUs in place, as there."""
    return in_place(Generator("batch", blocks, dropout, width))


def released_discriminator(channels: int, blocks: int, width: int, dropout: bool) -> nn.Module:
    """A released discriminator of `channels` inputs, without its sigmoid."""
    return in_place(discriminator(channels, "batch", dropout, width, blocks))


def in_place(network: Network) -> Network:
    """The network with every ReLU writing over its input."""
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = True
    return network


def save_released(path: Path, blocks: int, width: int, size: tuple[int, int]) -> None:
    """Write a checkpoint as the authors' program saves it.

    Weights as they initialise them, and running statistics of two passes in training mode, without which images in
    eval mode mean nothing.
    """
    torch.manual_seed(0)
    network = released_generator(blocks, width)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, 0.02)
            module.momentum = None
    with torch.no_grad():
        for _ in range(2):
            network(torch.rand(2, 3, *size) * 2 - 1, torch.rand(2, 36, *size))
    torch.save(old_state(network), path)


class VggFeatures(nn.Sequential):
    """VGG-19 up to the ReLU after conv1_2, with random weights: its shapes cost what the trained ones do."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 64, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.ReLU(inplace=True),
        )


def copy_state(source: nn.Module, target: nn.Module) -> None:
    """Copy all tensors in their order; the two networks name the same layers differently."""
    with torch.no_grad():
        for mine, theirs in zip(target.state_dict().values(), source.state_dict().values(), strict=True):
            mine.copy_(theirs)


def digest(networks: list[nn.Module]) -> str:
    """A hash of every bit of the networks' states, whatever the names and the layout in memory."""
    found = hashlib.sha256()
    for network in networks:
        for value in network.state_dict().values():
            found.update(value.detach().contiguous().numpy().tobytes())
    return found.hexdigest()


class Convolution:
    """What the core reaches: a 3x3 convolution of 256 to 256 channels on 32 x 16, batch 8, channels_last."""

    def __init__(self, *, precision: str = "fp32", repeats: int = 12) -> None:
        Runtime().prepare()
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self.layer = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False)
        self.layer.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.code = torch.rand(8, CHANNELS, 32, 16).to(dtype=dtype, memory_format=torch.channels_last)
        self.repeats = repeats

    @staticmethod
    def gflop(repeats: int = 12) -> float:
        """10^9 operations of one run."""
        return repeats * 2 * 8 * 32 * 16 * 9 * CHANNELS**2 / 1e9

    def run(self) -> None:
        """Convolve."""
        with torch.inference_mode():
            for _ in range(self.repeats):
                self.layer(self.code)

    def result(self) -> None:
        """Nothing."""


class Flops:
    """10^9 operations of one run of another side, counted, not timed: `of(**options)`."""

    def __init__(self, *, of: Callable[..., Work], **options: Any) -> None:
        self.work = of(**options)

    def run(self) -> None:
        """Nothing is timed."""

    def result(self) -> float:
        """Count one run."""
        from torch.utils.flop_counter import FlopCounterMode

        with FlopCounterMode(display=False) as counter:
            self.work.run()
        gigaflops: float = counter.get_total_flops() / 1e9
        return gigaflops


def bfloat16_is_native() -> bool:
    """Whether the processor multiplies in bfloat16; elsewhere nothing is required of it."""
    return bool(torch.cpu._is_avx512_bf16_supported())


def layout(image: Tensor, channels_last: bool) -> Tensor:
    """The tensor in that memory format."""
    return image.contiguous(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
