"""VUNet: a U-Net from a stick man to an image; its two coarsest scales receive what an encoder reads off body parts."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from patn import DataError
from patn.baselines.vunet.crops import CROPS, part_crops
from patn.baselines.vunet.latents import LATENT_SCALES, PRIORS, Codes, GroupedPrior, Posterior, SinglePrior
from patn.baselines.vunet.layers import Residual, Up, WeightNormConv
from patn.baselines.vunet.stickman import stick_man
from patn.padding import Padding


class DownPath(nn.Module):
    """From an image to codes of ever smaller size: two residual blocks a scale, both kept.

    Args:
        inputs: channels of the image.
        channels: of each scale, the finest first.
        dropout: in every block.
    """

    def __init__(self, inputs: int, channels: list[int], dropout: float) -> None:
        super().__init__()
        self.nin = WeightNormConv(inputs, channels[0], 1)
        self.blocks = nn.ModuleList(
            nn.ModuleList([Residual(count, dropout=dropout), Residual(count, dropout=dropout)]) for count in channels
        )
        self.downs = nn.ModuleList(
            WeightNormConv(channels[scale], channels[scale + 1], 3, stride=2) for scale in range(len(channels) - 1)
        )

    def forward(self, code: Tensor) -> list[Codes]:
        """The two codes of each scale.

        Args:
            code: B x inputs x H x W.

        Returns:
            Two codes a scale, the finest first.
        """
        code, codes = self.nin(code), []
        for scale, blocks in enumerate(self.blocks):
            first, second = blocks.children()
            code = first(code)
            codes.append([code, second(code)])
            code = codes[-1][-1]
            if scale < len(self.downs):
                code = self.downs[scale](code)
        return codes


class UpPath(nn.Module):
    """From the stick man's codes and the latent maps to the image.

    Args:
        channels: of each scale, the finest first.
        dropout: in every block.
        prior: "grouped" or "single".
    """

    def __init__(self, channels: list[int], dropout: float, prior: str) -> None:
        super().__init__()
        coarse_first = channels[::-1]
        cap = coarse_first[0]
        self.nin = WeightNormConv(cap, cap, 1)
        self.blocks = nn.ModuleList(
            nn.ModuleList([Residual(count, count, dropout), Residual(count, count, dropout)]) for count in coarse_first
        )
        self.latents = nn.ModuleList(WeightNormConv(2 * cap, cap, 1) for _ in range(LATENT_SCALES))
        self.priors = nn.ModuleList(
            GroupedPrior(cap, dropout) if prior == "grouped" else SinglePrior(cap) for _ in range(LATENT_SCALES)
        )
        self.ups = nn.ModuleList(Up(count, finer) for count, finer in pairwise(coarse_first))
        self.output = WeightNormConv(channels[0], 3, 3)

    def forward(self, codes: list[Codes], latents: Codes, priors: bool) -> tuple[Tensor, Codes]:
        """The image, and the latent maps' means as the shape alone says them.

        Args:
            codes: the stick man's codes of each scale, the finest first.
            latents: the latent maps, the coarsest first.
            priors: whether to calculate the means.

        Returns:
            B x 3 x H x W without bounds, and the means, none without `priors`.
        """
        code, means = self.nin(codes[-1][-1]), []
        for scale, blocks in enumerate(self.blocks):
            first, second = blocks.children()
            saved = codes[-1 - scale]
            code = first(code, saved[-1])
            if scale < LATENT_SCALES:
                if priors:
                    means.append(self.priors[scale](code, latents[scale]))
                code = self.latents[scale](torch.cat([code, latents[scale]], dim=1))
            code = second(code, saved[0])
            if scale < len(self.ups):
                code = self.ups[scale](code)
        return self.output(code), means


class Vunet(nn.Module):
    """Generates a person in another pose: the shape as a stick man, the appearance as eight crops of body parts.

    Images whose sides the scales cannot halve are padded with white and cut back. Simplified: runs on rectangles as
    well as on the released squares.

    Args:
        width: channels at full resolution (paper: 32); at most 4 * width deeper down.
        scales: sizes of the U-Net; the coarsest two hold latent maps, whose sides have to be even: 6 for 128 x 64 and
            256 x 192, 7 for the paper's square images.
        crop_factor: crops are 2^crop_factor times smaller than the image, and of its shape (paper: 2 at 256 x 256, 1 at
            128 x 128).
        prior: "grouped" as released, or "single", a twentieth of its weights.
        dropout: in every block.

    Raises:
        DataError: for a number that cannot be built.

    Source: the paper as released.
    """

    def __init__(
        self,
        *,
        width: int = 32,
        scales: int = 6,
        crop_factor: int = 1,
        prior: str = "grouped",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if prior not in PRIORS:
            raise DataError(f"prior is {prior!r}; it must be one of {', '.join(PRIORS)}")
        if width < 1 or scales < 4 or not 0 <= crop_factor <= scales - LATENT_SCALES:
            raise DataError(
                f"VUNet of width {width}, {scales} scales and crop_factor {crop_factor} cannot be built; give at least "
                "1, 4 and at most two less than the scales"
            )
        self.options: dict[str, Any] = {
            "width": width,
            "scales": scales,
            "crop_factor": crop_factor,
            "prior": prior,
            "dropout": float(dropout),
        }
        channels = [min(width * 2**scale, 4 * width) for scale in range(scales)]
        self.appearance = DownPath(3 * CROPS, channels[crop_factor:], dropout)
        self.posterior = Posterior(channels[-1], dropout)
        self.shape = DownPath(3, channels, dropout)
        self.decoder = UpPath(channels, dropout, prior)

    def forward(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> Tensor:
        """The person of `image` in the target pose, by the latent maps' means, without noise.

        Args:
            image: B x 3 x H x W in [-1, 1].
            source_keypoints: B x 18 x 2 as (y, x) in pixels of this size, missing = -1.
            target_keypoints: as `source_keypoints`.

        Returns:
            B x 3 x H x W, in [-1, 1] in eval mode, without bounds in training.
        """
        stick = self.stick_man(target_keypoints, image.shape[-2:])
        generated, _, _ = self._generate(image, source_keypoints, stick, sample=False)
        return generated if self.training else generated.clamp(-1, 1)

    def stick_man(self, keypoints: Tensor, size: Sequence[int]) -> Tensor:
        """What the network sees of the poses: a stick man on the padded image.

        Args:
            keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.
            size: (height, width) of the images in pixels.

        Returns:
            B x 3 x padded height x padded width in [-1, 1].
        """
        padding = self._padding(size)
        return stick_man(padding.keypoints(keypoints), padding.size)

    def reconstruct(self, image: Tensor, keypoints: Tensor, stick: Tensor) -> tuple[Tensor, Codes, Codes]:
        """The image again with noise in the latent maps: what training compares.

        Args:
            image: as of `forward`.
            keypoints: the image's own, as of `forward`.
            stick: as `stick_man` returns it.

        Returns:
            The image without bounds; the latent maps' means from the image and from the shape, the coarsest first.
        """
        return self._generate(image, keypoints, stick, sample=True)

    def _padding(self, size: Sequence[int]) -> Padding:
        return Padding(size, 2 ** self.options["scales"])

    def _generate(self, image: Tensor, source: Tensor, stick: Tensor, *, sample: bool) -> tuple[Tensor, Codes, Codes]:
        factor = 2 ** self.options["crop_factor"]
        padding = self._padding(image.shape[-2:])
        height, width = padding.size
        crops = part_crops(padding.image(image), padding.keypoints(source), (height // factor, width // factor))
        means, latents = self.posterior(self.appearance(crops), sample)
        generated, priors = self.decoder(self.shape(stick), latents, priors=sample)
        return padding.cut(generated), means, priors
