"""VUNet's building blocks: weight-normalised convolutions that start from statistics of the data, and residuals."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAST_STD = 1e-4


class WeightNormConv(nn.Conv2d):
    """`gain * (weight / |weight|) * x + bias`, one gain an output channel; see `starting`.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        kernel: side of the kernel, odd.
        stride: of the convolution.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, padding=kernel // 2)
        nn.init.normal_(self.weight, 0.0, 0.05)
        nn.init.zeros_(self.bias)  # type: ignore[arg-type]
        self.gain = nn.Parameter(torch.ones(outputs))
        self.start = False

    def forward(self, code: Tensor) -> Tensor:
        """The convolution's output.

        Args:
            code: B x inputs x H x W.

        Returns:
            B x outputs x H/stride x W/stride.
        """
        length = self.weight.float().square().sum(dim=(1, 2, 3)).sqrt()
        weight = self.weight * (self.gain / length).to(self.weight.dtype)[:, None, None, None]
        if self.start:
            self._start(functional.conv2d(code, weight, stride=self.stride, padding=self.padding))
            halved: Tensor = self(code)
            return halved
        return functional.conv2d(code, weight, self.bias, stride=self.stride, padding=self.padding)

    def _start(self, plain: Tensor) -> None:
        """Outputs of mean 0 and deviation 1 for these inputs; `plain` are those with a gain of 1."""
        std, mean = torch.std_mean(plain.float(), dim=(0, 2, 3), correction=0)
        std = std.clamp(min=LEAST_STD)
        self.gain.copy_(1 / std)
        self.bias.copy_(-mean / std)  # type: ignore[union-attr]
        self.start = False


@contextmanager
def starting(network: nn.Module) -> Iterator[None]:
    """While it lasts, the first call of each layer sets its gain and bias from what passes through it.

    Args:
        network: whose `WeightNormConv` layers are meant.
    """
    layers = [module for module in network.modules() if isinstance(module, WeightNormConv)]
    for layer in layers:
        layer.start = True
    try:
        with torch.no_grad():
            yield
    finally:
        for layer in layers:
            layer.start = False


class Residual(nn.Module):
    """`x + conv(dropout(ELU(x)))`, or with a skip `a` of that many channels of `concat(x, nin(ELU(a)))`.

    Args:
        channels: of `x`.
        skip: channels of `a`; 0 has none.
        dropout: probability, in training.
    """

    def __init__(self, channels: int, skip: int = 0, dropout: float = 0.1) -> None:
        super().__init__()
        self.nin = WeightNormConv(skip, channels, 1) if skip else None
        self.dropout = nn.Dropout(dropout)
        self.conv = WeightNormConv(2 * channels if skip else channels, channels, 3)

    def forward(self, code: Tensor, skip: Tensor | None = None) -> Tensor:
        """The block's output.

        Args:
            code: B x channels x H x W.
            skip: B x skip x H x W, for a block that has one.

        Returns:
            B x channels x H x W.
        """
        joined = code
        if self.nin is not None:
            assert skip is not None
            joined = torch.cat([code, self.nin(functional.elu(skip))], dim=1)
        result: Tensor = code + self.conv(self.dropout(functional.elu(joined)))
        return result


class Up(nn.Module):
    """Twice the size: a convolution to four times the channels, which become 2 x 2 places.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = WeightNormConv(inputs, 4 * outputs, 3)

    def forward(self, code: Tensor) -> Tensor:
        """The enlarged code.

        Args:
            code: B x inputs x H x W.

        Returns:
            B x outputs x 2H x 2W.
        """
        return functional.pixel_shuffle(self.conv(code), 2)
