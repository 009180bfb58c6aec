"""A residual network small enough to learn from scratch in seconds on one CPU core, for images of about 64 x 32."""

from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm and a shortcut (He et al. 2016, basic block).

    Args:
        channels: of the input.
        width: channels of the output.
        stride: of the first convolution.
    """

    def __init__(self, *, channels: int, width: int, stride: int):
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """The block's output.

        Args:
            x: B x channels x H x W.

        Returns:
            B x width x H / stride x W / stride.
        """
        result: Tensor = (self.path(x) + self.shortcut(x)).relu()
        return result


def small_trunk(width: int = 16) -> nn.Sequential:
    """A 5x5 stem and four residual blocks.

    Args:
        width: channels of the stem and of the first block; each later block has twice as many.

    Returns:
        Layers that take B x 3 x 64 x 32 to B x 8 width x 8 x 4.
    """
    trunk = nn.Sequential(
        nn.Conv2d(3, width, 5, stride=2, padding=2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),  # B x width x 32 x 16
    )
    channels = width
    for factor, stride in ((1, 1), (2, 2), (4, 2), (8, 1)):
        trunk.append(ResidualBlock(channels=channels, width=factor * width, stride=stride))
        channels = factor * width
    for module in trunk.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return trunk
