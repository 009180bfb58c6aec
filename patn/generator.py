"""The generator of Progressive Pose Attention Transfer (PATN)."""

from typing import Any

import torch
from torch import Tensor, nn

from patn import DataError
from patn.heatmaps import heat_maps, one_hot_maps
from patn.layers import encoder, initialise, norm_layer, two_convolutions

POSE_MAPS = ("gaussian", "onehot")


def pose_maps(keypoints: Tensor, size: tuple[int, int], kind: str = "gaussian", sigma: float = 6.0) -> Tensor:
    """Maps of one pose as the networks see it, B x 18 x height x width in [0, 1], channels_last in memory.

    keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.  kind: "gaussian" heat maps of `sigma` pixels, or "onehot"
    pixels (what the authors' DeepFashion maps became when they were stored as bytes).
    """
    if kind == "gaussian":
        return heat_maps(keypoints, size, sigma=sigma, channels_last=True)
    if kind == "onehot":
        return one_hot_maps(keypoints, size, channels_last=True)
    raise DataError(f"pose_maps is {kind!r}; it must be one of {', '.join(POSE_MAPS)}")


class PatBlock(nn.Module):
    """Pose-attentional transfer block: the pose code says where the image code changes (paper eq. 1 and 2)."""

    def __init__(self, *, channels: int, pose_channels: int, norm: str, dropout: bool) -> None:
        super().__init__()
        self.image_path = two_convolutions(channels, channels, norm, dropout=dropout, last_norm=True)
        self.pose_path = two_convolutions(pose_channels, channels, norm, dropout=dropout, last_norm=False)

    def forward(self, image_code: Tensor, pose_code: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the new image code and the raw pose features, from which the next block's pose code is made."""
        pose_features = self.pose_path(pose_code)  # B x 256 x H/4 x W/4
        mask = pose_features.sigmoid()  # eq. 1: one value an element of the image code
        image_code = image_code + mask * self.image_path(image_code)  # eq. 2
        return image_code, pose_features


class Patn(nn.Module):
    """Redraws a person in another pose: two encoders, a row of PAT blocks, one decoder.

    blocks: number of PAT blocks (paper: 9).  width: channels at full resolution (paper: 64); the codes have 4 * width.
    norm: "batch" (Market-1501) or "instance" (DeepFashion).  dropout: of one half, in the blocks, in training.
    pose_maps, sigma: see `pose_maps`.  Weights are drawn as released, from torch's global generator.
    Source: paper section 3.1; the released code where they differ (the second pose convolution halves the depth).
    """

    def __init__(
        self,
        *,
        blocks: int = 9,
        width: int = 64,
        norm: str = "batch",
        dropout: bool = True,
        pose_maps: str = "gaussian",
        sigma: float = 6.0,
        image_channels: int = 3,
        joints: int = 18,
    ) -> None:
        super().__init__()
        if blocks < 1 or width < 1:
            raise DataError(
                f"a generator of {blocks} blocks and width {width} cannot be built; both must be at least 1"
            )
        if pose_maps not in POSE_MAPS:
            raise DataError(f"pose_maps is {pose_maps!r}; it must be one of {', '.join(POSE_MAPS)}")
        self.options: dict[str, Any] = {
            "blocks": blocks,
            "width": width,
            "norm": norm,
            "dropout": dropout,
            "pose_maps": pose_maps,
            "sigma": sigma,
            "image_channels": image_channels,
            "joints": joints,
        }
        code = 4 * width
        self.image_encoder = nn.Sequential(*encoder(image_channels, width, norm))
        self.pose_encoder = nn.Sequential(*encoder(2 * joints, width, norm))
        self.blocks = nn.ModuleList(
            PatBlock(channels=code, pose_channels=code if index == 0 else 2 * code, norm=norm, dropout=dropout)
            for index in range(blocks)
        )
        self.decoder = nn.Sequential(*decoder(code, image_channels, norm))
        initialise(self)

    def forward(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> Tensor:
        """Returns B x 3 x H x W in [-1, 1]: the person of `image` in the target pose.

        image: B x 3 x H x W in [-1, 1], H and W divisible by 4 and at least 8.
        source_keypoints, target_keypoints: B x 18 x 2 as (y, x) in pixels of this size, missing = -1.
        """
        height, width = image.shape[-2:]
        if height % 4 or width % 4 or min(height, width) < 8:
            raise DataError(f"images are {height} x {width}; both sides must be divisible by 4 and at least 8")
        poses = torch.cat([self._maps(source_keypoints, image), self._maps(target_keypoints, image)], dim=1)
        image_code = self.image_encoder(image)  # B x 256 x H/4 x W/4
        pose_code = self.pose_encoder(poses)  # B x 256 x H/4 x W/4
        for index, block in enumerate(self.blocks):
            if index > 0:
                pose_code = torch.cat([pose_code, image_code], dim=1)  # eq. 3: B x 512 x H/4 x W/4
            image_code, pose_code = block(image_code, pose_code)
        return self.decoder(image_code)

    def _maps(self, keypoints: Tensor, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        return pose_maps(keypoints, (height, width), self.options["pose_maps"], self.options["sigma"])


def decoder(channels: int, image_channels: int, norm: str) -> list[nn.Module]:
    """Nine layers from `channels` x H/4 x W/4 to `image_channels` x H x W in [-1, 1]; the last has a bias always."""
    layers: list[nn.Module] = []
    for inputs in (channels, channels // 2):
        layers += [
            nn.ConvTranspose2d(inputs, inputs // 2, 3, stride=2, padding=1, output_padding=1, bias=norm == "instance"),
            norm_layer(norm, inputs // 2),
            nn.ReLU(inplace=True),
        ]
    return [*layers, nn.ReflectionPad2d(3), nn.Conv2d(channels // 4, image_channels, 7), nn.Tanh()]
