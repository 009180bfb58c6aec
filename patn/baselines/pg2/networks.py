"""PG2's networks: a coarse image, what has to be added to it, and a discriminator of single images."""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from patn import DataError
from patn.baselines.deform.networks import glorot
from patn.baselines.pg2.inputs import discs
from patn.padding import Padding

CODE = 64  # numbers between the halves of the coarse network
COARSEST = 8  # rows of its coarsest maps


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution and ReLU."""
    padding = kernel // 2
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding), nn.ReLU(inplace=True))


class ResidualPair(nn.Module):
    """The sum of a code and two convolutions of it, each with ReLU.

    Args:
        channels: of the code.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.path = nn.Sequential(_conv(channels, channels), _conv(channels, channels))

    def forward(self, code: Tensor) -> Tensor:
        """B x channels x H x W to the same shape."""
        result: Tensor = code + self.path(code)
        return result


class Coarse(nn.Module):
    """G1: a U-Net with residual pairs; between its halves the whole image goes through 64 numbers.

    Args:
        width: channels of the finest level (paper: 128).
        levels: sizes, the coarsest of `size / 2^(levels - 1)`.
        size: (height, width) of the padded images in pixels.
    """

    def __init__(self, *, width: int, levels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.coarsest = tuple(side // 2 ** (levels - 1) for side in size)
        places = self.coarsest[0] * self.coarsest[1]
        self.stem = _conv(3 + 18, width)
        self.encoder = nn.ModuleList(ResidualPair(width * (level + 1)) for level in range(levels))
        self.downs = nn.ModuleList(
            _conv(width * (level + 1), width * (level + 2), stride=2) for level in range(levels - 1)
        )
        self.shrink = nn.Linear(width * levels * places, CODE)
        self.grow = nn.Linear(CODE, width * places)
        widths, inputs = [], width
        for level in reversed(range(levels)):
            widths.append(inputs + width * (level + 1))
            inputs = width * level
        self.decoder = nn.ModuleList(ResidualPair(channels) for channels in widths)
        self.ups = nn.ModuleList(
            _conv(channels, width * (levels - 1 - step), kernel=1) for step, channels in enumerate(widths[:-1])
        )
        self.output = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, image_and_pose: Tensor) -> Tensor:
        """The coarse image.

        Args:
            image_and_pose: B x 21 x H x W.

        Returns:
            B x 3 x H x W without bounds.
        """
        code, skips = self.stem(image_and_pose), []
        for level, block in enumerate(self.encoder):
            code = block(code)
            skips.append(code)
            if level < len(self.downs):
                code = self.downs[level](code)
        code = self.grow(self.shrink(code.flatten(1))).view(len(code), -1, *self.coarsest)
        for step, block in enumerate(self.decoder):
            code = block(torch.cat([code, skips.pop()], dim=1))
            if step < len(self.ups):
                code = self.ups[step](_doubled(code))
        coarse: Tensor = self.output(code)
        return coarse


class Refine(nn.Module):
    """G2: a U-Net from the coarse image and the condition image to what has to be added to the coarse one.

    Its last convolution starts at 0, so that an untrained one adds nothing (ours).

    Args:
        width: channels of the finest level.
        levels: sizes.
        finest_skip: whether the last level sees the first one's code (as released at 256 x 256, not at 128 x 64).
    """

    def __init__(self, *, width: int, levels: int, finest_skip: bool) -> None:
        super().__init__()
        self.finest_skip = finest_skip
        channels = [width * (level + 1) for level in range(levels)]
        self.stem = _conv(3 + 3, width)
        self.encoder = nn.ModuleList(
            nn.Sequential(_conv(channels[level - 1] if level else width, count), _conv(count, count))
            for level, count in enumerate(channels)
        )
        self.downs = nn.ModuleList(_conv(count, count, stride=2) for count in channels[:-1])
        inputs = [channels[-1] + channels[-1], *(width + count for count in reversed(channels[:-1]))]
        if not finest_skip:
            inputs[-1] = width
        self.decoder = nn.ModuleList(nn.Sequential(_conv(count, width), _conv(width, width)) for count in inputs)
        self.output = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, coarse_and_image: Tensor) -> Tensor:
        """What has to be added to the coarse image.

        Args:
            coarse_and_image: B x 6 x H x W.

        Returns:
            B x 3 x H x W without bounds.
        """
        code, skips = self.stem(coarse_and_image), []
        for level, block in enumerate(self.encoder):
            code = block(code)
            skips.append(code)
            if level < len(self.downs):
                code = self.downs[level](code)
        for step, block in enumerate(self.decoder):
            skip = skips.pop()
            code = block(torch.cat([code, skip], dim=1) if skips or self.finest_skip else code)
            if step + 1 < len(self.decoder):
                code = _doubled(code)
        difference: Tensor = self.output(code)
        return difference


def _doubled(code: Tensor) -> Tensor:
    return functional.interpolate(code, scale_factor=2.0, mode="nearest")


class Pg2(nn.Module):
    """Generates a person in another pose: first coarsely, then by a difference that adds what is missing.

    Images whose sides the levels cannot halve are padded with white and cut back: 256 x 176 becomes 256 x 192. The
    condition pose is not used.

    Args:
        width: channels of the finest level (paper: 128).
        height: of the images in pixels, which the 64 numbers between the halves fix.
        width_px: of the images in pixels, as `height`.
        levels: of the coarse network; None is as released, so that its coarsest maps have 8 rows.
        radius: of the joints' discs in pixels.
        finest_skip: see `Refine`; None is as released, from 256 rows on.

    Raises:
        DataError: for a number that cannot be built.

    Source: the paper as released.
    """

    def __init__(
        self,
        *,
        width: int = 128,
        height: int = 128,
        width_px: int = 64,
        levels: int | None = None,
        radius: float = 4.0,
        finest_skip: bool | None = None,
    ) -> None:
        super().__init__()
        self.options: dict[str, Any] = {
            "width": width,
            "height": height,
            "width_px": width_px,
            "levels": levels,
            "radius": radius,
            "finest_skip": finest_skip,
        }
        levels = max(2, (height // COARSEST).bit_length()) if levels is None else levels
        if width < 1 or levels < 2 or min(height, width_px) < 1 or not radius > 0:
            raise DataError(
                f"PG2 of width {width}, {levels} levels and radius {radius} cannot be built for {height} x {width_px}; "
                "give at least 1, 2 and above 0"
            )
        self.padding = Padding((height, width_px), 2 ** (levels - 1))
        self.coarse = Coarse(width=width, levels=levels, size=self.padding.size)
        skip = height >= 256 if finest_skip is None else finest_skip
        self.refine = Refine(width=width, levels=max(1, levels - 2), finest_skip=skip)
        glorot(self)
        nn.init.zeros_(self.refine.output.weight)

    def forward(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> Tensor:  # noqa: ARG002
        """The person of `image` in the target pose.

        Args:
            image: B x 3 x H x W in [-1, 1] of the size it was built for.
            source_keypoints: not used.
            target_keypoints: B x 18 x 2 as (y, x) in pixels of this size, missing = -1.

        Returns:
            B x 3 x H x W, in [-1, 1] in eval mode, without bounds in training.

        Raises:
            DataError: for images of another size.
        """
        coarse = self.generate_coarse(image, target_keypoints)
        generated = self.padding.cut(self.refined(coarse, image))
        return generated if self.training else generated.clamp(-1, 1)

    def generate_coarse(self, image: Tensor, target_keypoints: Tensor) -> Tensor:
        """The first network's image.

        Args:
            image: as of `forward`.
            target_keypoints: as of `forward`.

        Returns:
            B x 3 x padded H x padded W, without bounds.

        Raises:
            DataError: for images of another size.
        """
        if tuple(image.shape[-2:]) != self.padding.inner:
            height, width = self.padding.inner
            raise DataError(f"images are {image.shape[-2]} x {image.shape[-1]}; this PG2 is for {height} x {width}")
        pose = discs(self.padding.keypoints(target_keypoints), self.padding.size, self.options["radius"])
        coarse: Tensor = self.coarse(torch.cat([self.padding.image(image), pose], dim=1))
        return coarse

    def refined(self, coarse: Tensor, image: Tensor) -> Tensor:
        """The coarse image with its difference added.

        Args:
            coarse: padded, as `generate_coarse` returns it.
            image: the condition image, not padded.

        Returns:
            B x 3 x padded H x padded W, without bounds.
        """
        refined: Tensor = coarse + self.refine(torch.cat([coarse, self.padding.image(image)], dim=1))
        return refined


class ImageDiscriminator(nn.Module):
    """Scores single images; its batch norms see the current batch always.

    Args:
        size: (height, width) of the images in pixels.
        width: channels of the first convolution (paper: 64).
        levels: convolutions; None is as released, 4, and 5 from 256 rows on.
    """

    def __init__(self, *, size: tuple[int, int], width: int = 64, levels: int | None = None) -> None:
        super().__init__()
        levels = (5 if size[0] >= 256 else 4) if levels is None else levels
        channels = [min(width * 2**level, 8 * width) for level in range(levels)]
        layers: list[nn.Module] = [nn.Conv2d(3, width, 5, stride=2, padding=2), nn.LeakyReLU(0.2, inplace=True)]
        for inputs, outputs in pairwise(channels):
            norm = nn.BatchNorm2d(outputs, track_running_stats=False)
            layers += [nn.Conv2d(inputs, outputs, 5, stride=2, padding=2), norm, nn.LeakyReLU(0.2, inplace=True)]
        places = [-(-side // 2**levels) for side in size]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * places[0] * places[1], 1))
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(module.weight, 0.0, 0.02)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Tensor:
        """One logit an image, above 0 for real.

        Args:
            images: B x 3 x H x W in about [-1, 1].

        Returns:
            B x 1.
        """
        scores: Tensor = self.layers(images)
        return scores
