"""The two discriminators of PATN: D_PP judges the appearance, D_PB the pose; both have this shape."""

from torch import Tensor, nn

from patn.layers import encoder, two_convolutions


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions plus the identity."""

    def __init__(self, *, channels: int, norm: str, dropout: bool) -> None:
        super().__init__()
        self.path = two_convolutions(channels, channels, norm, dropout=dropout, last_norm=True)

    def forward(self, code: Tensor) -> Tensor:
        """B x channels x H x W to the same shape."""
        return code + self.path(code)


class Discriminator(nn.Module):
    """Judges every element of a 256 x H/4 x W/4 code, as released: there is no last convolution to one channel.

    in_channels: 3 for the candidate image plus 3 (condition image, D_PP) or 18 (target maps, D_PB).
    width: channels at full resolution (paper: 64).  blocks: residual blocks (paper: 3).
    dropout: inside the residual blocks, in training (released: on, against the paper's text).
    Weights keep PyTorch's default initialisation, as released.
    """

    def __init__(
        self, *, in_channels: int, width: int = 64, blocks: int = 3, norm: str = "batch", dropout: bool = True
    ) -> None:
        super().__init__()
        residual = [ResidualBlock(channels=4 * width, norm=norm, dropout=dropout) for _ in range(blocks)]
        self.layers = nn.Sequential(*encoder(in_channels, width, norm), *residual)

    def forward(self, candidate_and_condition: Tensor) -> Tensor:
        """Returns logits (for "bce") or scores (for "lsgan"), B x 4 * width x H/4 x W/4.

        candidate_and_condition: B x in_channels x H x W, the candidate image first.
        """
        return self.layers(candidate_and_condition)
