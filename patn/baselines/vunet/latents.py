"""VUNet's latent maps at the two coarsest scales: their means from an image's parts, and from the shape alone."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from patn.baselines.vunet.layers import Residual, Up, WeightNormConv

LATENT_SCALES = 2
PRIORS = ("grouped", "single")
Codes = list[Tensor]


class Posterior(nn.Module):
    """From the parts' codes to the means of the latent maps at the two coarsest scales."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.nin = WeightNormConv(channels, channels, 1)
        self.first = nn.ModuleList(Residual(channels, channels, dropout) for _ in range(LATENT_SCALES))
        self.mean = nn.ModuleList(WeightNormConv(channels, channels, 3) for _ in range(LATENT_SCALES))
        self.second = Residual(channels, 2 * channels, dropout)
        self.up = Up(channels, channels)

    def forward(self, codes: list[Codes], sample: bool) -> tuple[Codes, Codes]:
        """The means of the latent maps, and the latent maps.

        Args:
            codes: the parts' codes of each scale, the finest first.
            sample: sample the latent maps around the means; else they are the means.

        Returns:
            Means and latent maps, the coarsest first.
        """
        code, means, latents = self.nin(codes[-1][-1]), [], []
        for scale in range(LATENT_SCALES):
            saved = codes[-1 - scale]
            code = self.first[scale](code, saved[-1])
            mean = self.mean[scale](code)
            means.append(mean)
            latents.append(mean + torch.randn_like(mean) if sample else mean)
            if scale == 0:
                code = self.up(self.second(code, torch.cat([saved[0], latents[-1]], dim=1)))
        return means, latents


class GroupedPrior(nn.Module):
    """The latent map's mean as the shape alone says it, four places of each 2 x 2 cell one after another.

    Args:
        channels: of the latent map.
        dropout: in every block.
    """

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.block = Residual(channels, dropout=dropout)
        self.means = nn.ModuleList(WeightNormConv(4 * channels, channels, 3) for _ in range(4))
        self.steps = nn.ModuleList(Residual(4 * channels, channels, dropout) for _ in range(3))

    def forward(self, code: Tensor, latent: Tensor) -> Tensor:
        """The latent map's mean.

        Args:
            code: of the shape, B x C x h x w; h and w are even.
            latent: the posterior's sample, as `code`.

        Returns:
            B x C x h x w.
        """
        features = functional.pixel_unshuffle(self.block(code), 2)
        batch, channels, height, width = latent.shape
        groups = functional.pixel_unshuffle(latent, 2).view(batch, channels, 4, height // 2, width // 2)
        means = []
        for group in range(4):
            means.append(self.means[group](features))
            if group < 3:
                features = self.steps[group](features, groups[:, :, group])
        return functional.pixel_shuffle(torch.stack(means, dim=2).flatten(1, 2), 2)


class SinglePrior(nn.Module):
    """The latent map's mean by one convolution of the code."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean = WeightNormConv(channels, channels, 3)

    def forward(self, code: Tensor, _: Tensor) -> Tensor:
        """B x C x h x w to the same shape."""
        mean: Tensor = self.mean(code)
        return mean
