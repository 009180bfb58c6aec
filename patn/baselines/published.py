"""What the paper's Table 2 counted for each method."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class PublishedCount:
    """What the paper's Table 2 counted for one method: a formula over weights.

    Attributes:
        generator: weights of the generator, all its networks.
        discriminator: weights of the discriminator that the method's checkpoint holds beside them.
        without_gradient: generator weights that no training step ever changes.
        optimizer: whether the checkpoint holds Adam's state too.

    Source: the released layer lists of each method at 256 x 256; each formula gives the published number to all digits.
    """

    generator: int
    discriminator: int = 0
    without_gradient: int = 0
    optimizer: bool = False

    @property
    def as_in_the_paper(self) -> int:
        """Weights, and where the paper counted a checkpoint with Adam's state, two moments for every trained one."""
        weights = self.generator + self.discriminator
        return weights + 2 * (weights - self.without_gradient) if self.optimizer else weights


Counting = Callable[[nn.Module, tuple[int, int]], PublishedCount]
"""From a generator (perhaps without storage) and an image size to what the paper counts of it."""


def weights_of(network: nn.Module) -> int:
    """The number of a network's weights; buffers are none."""
    return sum(weights.numel() for weights in network.parameters())


def bare(generator: nn.Module, _: tuple[int, int]) -> PublishedCount:
    """The generator alone, as the paper counts Deform and PATN."""
    return PublishedCount(weights_of(generator))
