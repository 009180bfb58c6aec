"""Pose as a code at a fraction of the image's size, made there and never at full size."""

import math

import torch
from torch import Tensor, nn

from patn.heatmaps import heat_maps
from patn.keypoints import JOINTS, MISSING, joints_present

WIDE = 3
"""How much wider the second map of a joint is: between two joints, where the first have faded, these still tell places
apart."""
WAVES = 3
"""Octaves of the position waves: 1, 2 and 4 half turns over an image's side."""


def reduced_maps(keypoints: Tensor, size: tuple[int, int], factor: int, sigma: float) -> Tensor:
    """Heat maps at 1/factor of the size, one channel a joint; a missing joint's channel is zero.

    Args:
        keypoints: B x 18 x 2 as (y, x) in pixels of the full size, missing = -1.
        size: (height, width) of the full size, divisible by factor.
        factor: of the reduction.
        sigma: standard deviation in pixels of the full size.

    Returns:
        float32 B x 18 x height/factor x width/factor; a place stands for the middle of its factor x factor pixels.
    """
    middle = (keypoints.float() + 0.5) / factor - 0.5
    points = torch.where(joints_present(keypoints).unsqueeze(-1), middle, float(MISSING))
    return heat_maps(points, (size[0] // factor, size[1] // factor), sigma / factor, channels_last=True)


class PoseCode(nn.Module):
    """What every place at a quarter of the size is in a pose: near which joints, and where in the image."""

    def __init__(self, channels: int, sigma: float) -> None:
        """Of that many channels; sigma: of the maps in pixels of the image."""
        super().__init__()
        self.sigma = sigma
        self.layers = nn.Sequential(
            nn.Conv2d(2 * len(JOINTS) + 4 * WAVES, channels, 1), nn.ReLU(), nn.Conv2d(channels, channels, 1)
        )

    def forward(self, keypoints: Tensor, size: tuple[int, int]) -> Tensor:
        """The code of a pose.

        Args:
            keypoints: B x 18 x 2 as (y, x) in pixels of an image of `size`, missing = -1.
            size: (height, width), divisible by 4.

        Returns:
            B x channels x H/4 x W/4.
        """
        maps = [reduced_maps(keypoints, size, 4, sigma) for sigma in (self.sigma, WIDE * self.sigma)]
        waves = position_waves(maps[0].shape[-2], maps[0].shape[-1], keypoints.device)
        codes: Tensor = self.layers(torch.cat([*maps, waves.expand(len(keypoints), -1, -1, -1)], dim=1))
        return codes


def position_waves(height: int, width: int, device: torch.device) -> Tensor:
    """Sines and cosines of the position; the same share of any size has the same.

    Args:
        height: of the map.
        width: of the map.
        device: of the result.

    Returns:
        1 x 4 * WAVES x height x width.
    """
    waves = []
    for index, side in enumerate((height, width)):
        share = (torch.arange(side, device=device) + 0.5) / side
        shape = (side, 1) if index == 0 else (1, side)
        for octave in range(WAVES):
            angle = (math.pi * 2**octave * share).reshape(shape).expand(height, width)
            waves += [angle.sin(), angle.cos()]
    return torch.stack(waves).unsqueeze(0)
