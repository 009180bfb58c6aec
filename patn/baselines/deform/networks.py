"""Deform's generator and discriminator."""

from typing import Any

import torch
from torch import Tensor, nn

from patn import DataError
from patn.heatmaps import heat_maps
from patn.models.warping import part_motion, warp
from patn.padding import Padding

WARPED = 4  # levels whose appearance is moved part by part
DROPPED = 3  # first steps of the decoder with dropout
NORMS = ("layer", "instance")


class WholeNorm(nn.Module):
    """Normalises an image over channels, rows and columns together; one gain and one bias for all.

    The standard deviation is increased by 1e-3.  Source: what the released code's "instance normalisation" (that of
    keras-contrib) computes, which its number of weights confirms.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, code: Tensor) -> Tensor:
        """The normalised code.

        Args:
            code: B x C x H x W.

        Returns:
            The same shape.
        """
        batch, channels, height, width = code.shape
        code, _, inverse = torch.native_group_norm(code, None, None, batch, channels, height * width, 1, 1e-12)
        return code * (self.gain / (1 + 1e-3 * inverse))[..., None, None] + self.bias  # inverse of the deviation: B x 1


def _norm(norm: str, channels: int) -> nn.Module:
    return WholeNorm() if norm == "layer" else nn.InstanceNorm2d(channels)


class Deform(nn.Module):
    """Generates a person in another pose: a U-Net whose skip connections carry each body part to its new place.

    Images whose sides the levels cannot halve are padded with white and cut back: 256 x 176 becomes 256 x 192 (simpler
    than the square of the released code; the weights do not depend on it).

    Args:
        width: channels of the first convolution (paper: 64); at most 8 * width deeper down.
        levels: sizes of the U-Net; 6 for 128 x 64, 7 for 256 x 256.
        norm: "layer" as released, or "instance".
        sigma: of the heat maps in pixels.
        dropout: of one half, in the decoder's first three steps, in training.

    Raises:
        DataError: for a number that cannot be built.

    Source: paper section 3 as released.
    """

    def __init__(
        self, *, width: int = 64, levels: int = 6, norm: str = "layer", sigma: float = 6.0, dropout: bool = True
    ) -> None:
        super().__init__()
        self.options: dict[str, Any] = {
            "width": width,
            "levels": levels,
            "norm": norm,
            "sigma": sigma,
            "dropout": dropout,
        }
        if norm not in NORMS:
            raise DataError(f"norm is {norm!r}; it must be one of {', '.join(NORMS)}")
        if width < 1 or levels < 2:
            raise DataError(f"Deform of width {width} and {levels} levels cannot be built; give at least 1 and 2")
        self.appearance = _encoder(3 + 18, width, levels, norm)
        self.pose = _encoder(18, width, levels, norm)
        encoded = [min(width * 2**level, 8 * width) for level in range(levels)]
        decoded = [min(2 * width * 2**level, 8 * width) for level in range(levels - 1)]
        steps, inputs = [], 2 * encoded[-1]
        for step, level in enumerate(reversed(range(levels - 1))):
            layers = [
                nn.ReLU(),
                nn.ConvTranspose2d(inputs, decoded[level], 4, stride=2, padding=1, bias=False),
                _norm(norm, decoded[level]),
            ]
            steps.append(nn.Sequential(*layers, *([nn.Dropout(0.5)] if dropout and step < DROPPED else [])))
            inputs = decoded[level] + 2 * encoded[level]
        self.decoder = nn.ModuleList(steps)
        self.output = nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, 3, 3, padding=1), nn.Tanh())
        glorot(self)

    def forward(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> Tensor:
        """The person of `image` in the target pose.

        Args:
            image: B x 3 x H x W in [-1, 1].
            source_keypoints: B x 18 x 2 as (y, x) in pixels of this size, missing = -1.
            target_keypoints: as `source_keypoints`.

        Returns:
            B x 3 x H x W in [-1, 1].
        """
        padding = Padding(image.shape[-2:], 2 ** (self.options["levels"] - 1))
        source, target = padding.keypoints(source_keypoints), padding.keypoints(target_keypoints)
        motion = part_motion(source, target, padding.size)
        maps = [heat_maps(pose, padding.size, self.options["sigma"], channels_last=True) for pose in (source, target)]
        appearance = _encoded(self.appearance, torch.cat([padding.image(image), maps[0]], dim=1))
        pose = _encoded(self.pose, maps[1])
        skips = [
            torch.cat([warp(seen, motion) if level < WARPED else seen, wanted], dim=1)
            for level, (seen, wanted) in enumerate(zip(appearance, pose, strict=True))
        ]
        code = skips.pop()  # deepest level: B x 1024 x 4 x 2
        for step in self.decoder:
            code = torch.cat([step(code), skips.pop()], dim=1)
        return padding.cut(self.output(code))


def _encoder(channels: int, width: int, levels: int, norm: str) -> nn.ModuleList:
    """One module a level; the sizes are halved from the second on, the last has no norm."""
    stages: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1)]
    for level in range(1, levels):
        inputs, outputs = (min(width * 2**number, 8 * width) for number in (level - 1, level))
        layers = [nn.LeakyReLU(0.2), nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False)]
        stages.append(nn.Sequential(*layers, *([_norm(norm, outputs)] if level < levels - 1 else [])))
    return nn.ModuleList(stages)


def _encoded(encoder: nn.ModuleList, code: Tensor) -> list[Tensor]:
    """Every level's output, the finest first."""
    codes = []
    for stage in encoder:
        code = stage(code)
        codes.append(code)
    return codes


class PatchDiscriminator(nn.Module):
    """Scores patches of an image beside its condition: `concat(image, heat maps, candidate, target heat maps)`.

    Args:
        width: channels of the first convolution (paper: 64).
        levels: convolutions; 5 as released, 4 for images of 64 x 32.
        norm: as of `Deform`.
    """

    def __init__(self, *, width: int = 64, levels: int = 5, norm: str = "layer") -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(2 * (3 + 18), width, 4, stride=2)]
        for level in range(1, levels - 1):
            channels = width * 2**level
            convolution = nn.Conv2d(channels // 2, channels, 4, stride=2, padding=1, bias=False)
            layers += [nn.LeakyReLU(0.2), convolution, _norm(norm, channels)]
        last = nn.Conv2d(width * 2 ** (levels - 2), 1, 4, stride=2, padding=1, bias=False)
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(0.2), last)
        glorot(self)

    def forward(self, candidate_and_condition: Tensor) -> Tensor:
        """One logit a patch, above 0 for real.

        Args:
            candidate_and_condition: B x 42 x H x W.

        Returns:
            B x 1 x h x w; 3 x 1 for 128 x 64.
        """
        scores: Tensor = self.layers(candidate_and_condition)
        return scores


def glorot(network: nn.Module) -> None:
    """Initialise weights uniformly by Glorot's rule, biases with 0, as TensorFlow and Keras do.

    Args:
        network: changed in place, from torch's global generator.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
