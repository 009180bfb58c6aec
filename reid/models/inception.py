"""Open-ReID's `inception`: a small network of 1x1 and 3x3 convolutions that is trained from scratch.

It is neither GoogLeNet nor Inception-v2.  Source: Xiao et al., "Learning deep feature representations with domain
guided dropout", 2016, and Open-ReID's class of that name.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional


def convolution(channels_in: int, channels: int, *, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution without bias, padded to keep the size at stride 1, then BatchNorm2d and ReLU.

    Args:
        channels_in: channels of the input.
        channels: channels of the output.
        kernel: side of the kernel, odd.
        stride: of the convolution.

    Returns:
        The three layers.
    """
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


def together(units: Iterable[nn.Module], x: Tensor) -> list[Tensor]:
    """`x` after the 1x1 convolutions that begin several branches, before their batch norms.

    Computed as one convolution: `x` is read once, and its gradient is one product instead of a sum of several. This is
    faster in training only.

    Args:
        units: what `convolution` built with a kernel of 1, one a branch.
        x: B x channels x H x W.

    Returns:
        B x width x H x W each.
    """
    weights: list[Tensor] = [next(unit.parameters()) for unit in units]
    convolved = functional.conv2d(x, torch.cat(weights))
    layout = (
        torch.channels_last if convolved.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
    )
    parts = convolved.split([len(weight) for weight in weights], dim=1)
    return [part.contiguous(memory_format=layout) for part in parts]


def finish(unit: nn.Module, convolved: Tensor) -> Tensor:
    """What remains of a unit behind its convolution: BatchNorm2d and ReLU.

    Args:
        unit: what `convolution` built.
        convolved: its convolution's output.

    Returns:
        The unit's output, of the same shape.
    """
    _, norm, relu = unit.children()
    active: Tensor = relu(norm(convolved))
    return active


class AverageBlock(nn.Module):
    """Four branches at the input's size (4a, 5a, 6a).

    Args:
        channels: of the input.
        width: channels of each branch; the output has 4 x `width`.
    """

    def __init__(self, *, channels: int, width: int):
        super().__init__()
        self.shallow = nn.Sequential(
            convolution(channels, width, kernel=1),
            convolution(width, width, kernel=3),
        )
        self.deep = nn.Sequential(
            convolution(channels, width, kernel=1),
            convolution(width, width, kernel=3),
            convolution(width, width, kernel=3),
        )
        self.point = convolution(channels, width, kernel=1)
        self.average = nn.Sequential(nn.AvgPool2d(3, stride=1, padding=1), convolution(channels, width, kernel=1))

    def forward(self, x: Tensor) -> Tensor:
        """The branches' outputs side by side.

        Args:
            x: B x channels x H x W.

        Returns:
            B x 4 width x H x W.
        """
        if not self.training:
            return torch.cat([self.shallow(x), self.deep(x), self.point(x), self.average(x)], dim=1)
        units = [self.shallow[0], self.deep[0], self.point, self.average[1]]
        shallow, deep, point, average = together(units, x)
        shallow = self.shallow[1](finish(self.shallow[0], shallow))
        deep = self.deep[2](self.deep[1](finish(self.deep[0], deep)))
        point = finish(self.point, point)
        average = finish(self.average[1], self.average[0](average))  # pooled after the convolution: linear both
        return torch.cat([shallow, deep, point, average], dim=1)


class MaximumBlock(nn.Module):
    """Two branches and the pooled input at half the size (4b, 5b, 6b).

    Args:
        channels: of the input.
        width: channels of each branch; the output has 2 x `width` + `channels`.
    """

    def __init__(self, *, channels: int, width: int):
        super().__init__()
        self.shallow = nn.Sequential(
            convolution(channels, width, kernel=1),
            convolution(width, width, kernel=3, stride=2),
        )
        self.deep = nn.Sequential(
            convolution(channels, width, kernel=1),
            convolution(width, width, kernel=3),
            convolution(width, width, kernel=3, stride=2),
        )
        self.maximum = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """The branches' outputs and the pooled input side by side.

        Args:
            x: B x channels x H x W.

        Returns:
            B x (2 width + channels) x ceil(H / 2) x ceil(W / 2).
        """
        if not self.training:
            return torch.cat([self.shallow(x), self.deep(x), self.maximum(x)], dim=1)
        shallow, deep = together([self.shallow[0], self.deep[0]], x)
        shallow = self.shallow[1](finish(self.shallow[0], shallow))
        deep = self.deep[2](self.deep[1](finish(self.deep[0], deep)))
        return torch.cat([shallow, deep, self.maximum(x)], dim=1)


def inception_trunk() -> nn.Sequential:
    """The layers up to the global pool; 6,354,464 parameters.

    Convolutions start from Kaiming normal (fan-out), batch norms from 1 and 0.

    Returns:
        Layers that take B x 3 x 144 x 56 to B x 1536 x 10 x 4.
    """
    trunk = nn.Sequential()
    trunk.add_module("conv1", convolution(3, 32, kernel=3))  # B x 32 x 144 x 56
    trunk.add_module("conv2", convolution(32, 32, kernel=3))
    trunk.add_module("conv3", convolution(32, 32, kernel=3))
    trunk.add_module("pool3", nn.MaxPool2d(2, stride=2, padding=1))  # B x 32 x 73 x 29
    channels = 32
    for stage, width in ((4, 64), (5, 128), (6, 256)):
        trunk.add_module(f"block{stage}a", AverageBlock(channels=channels, width=width))
        trunk.add_module(f"block{stage}b", MaximumBlock(channels=4 * width, width=width))
        channels = 6 * width  # 384 x 37 x 15, 768 x 19 x 8, 1536 x 10 x 4
    for module in trunk.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
    return trunk
