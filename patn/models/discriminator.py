"""The two discriminators of PATN: D_PP scores the appearance, D_PB the pose; both have this shape."""

from torch import Tensor, nn

from patn import DataError
from patn.models.layers import ResidualBlock, encoder

HEADS = ("maps", "patch1")


class Discriminator(nn.Module):
    """Scores every element of a 256 x H/4 x W/4 code, as released: there is no last convolution to one channel.

    Weights start as in the PyTorch versions of the release, up to 1.1: convolutions as today, batch-norm gains from
    U(0, 1), where today's are 1.

    Args:
        in_channels: 3 for the candidate image plus 3 (condition image, D_PP) or 18 (target maps, D_PB).
        width: channels at full resolution (paper: 64).
        blocks: residual blocks (paper: 3; 0 is Table 4's "w/o resD").
        norm: "batch" or "instance".
        dropout: inside the residual blocks, in training (released: on, against the paper's text).
        leaky: slope of every activation below 0; 0 is ReLU as released, the paper says 0.2.
        head: "maps" as released, or "patch1": one more 3x3 convolution, with a bias, to one channel. Without residual
            blocks "maps" ends in a ReLU, so a score is never negative and a fake is never called more likely fake than
            not.

    Raises:
        DataError: for another head or norm.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        width: int = 64,
        blocks: int = 3,
        norm: str = "batch",
        dropout: bool = True,
        leaky: float = 0.0,
        head: str = "maps",
    ) -> None:
        super().__init__()
        if head not in HEADS:
            raise DataError(f"d_head is {head!r}; it must be one of {', '.join(HEADS)}")
        code = 4 * width
        residual = [ResidualBlock(channels=code, norm=norm, dropout=dropout, leaky=leaky) for _ in range(blocks)]
        last = [nn.Conv2d(code, 1, 3, padding=1)] if head == "patch1" else []
        self.layers = nn.Sequential(*encoder(in_channels, width, norm, leaky=leaky), *residual, *last)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.weight)

    def forward(self, candidate_and_condition: Tensor) -> Tensor:
        """Logits (for "bce") or scores (for "lsgan").

        Args:
            candidate_and_condition: B x in_channels x H x W, the candidate image first.

        Returns:
            B x (4 * width, or 1 for "patch1") x H/4 x W/4.
        """
        scores: Tensor = self.layers(candidate_and_condition)
        return scores
