"""Moving feature maps part by part: where a part is in the target pose, what the condition image has of it."""

import torch
from torch import Tensor
from torch.nn import functional

from patn.models.parts import part_masks, part_transforms

PartMotion = tuple[Tensor, Tensor]
"""Transforms B x 10 x 2 x 3 in pixels of the image, and masks B x 10 x H x W (see `patn.models.parts`)."""


def part_motion(source: Tensor, target: Tensor, size: tuple[int, int]) -> PartMotion:
    """How the parts move from the condition pose to the target pose, for `warp`.

    Args:
        source: B x 18 x 2 key points of the condition image as (y, x) in pixels, missing = -1.
        target: those of the target image.
        size: (height, width) of the images in pixels.

    Returns:
        Transforms and masks.
    """
    return part_transforms(source, target), part_masks(target, size)


def warp(features: Tensor, motion: PartMotion) -> Tensor:
    """Features of the condition image, moved to the target pose, never negative.

    At each place the largest over the parts of the part's nearest feature; a part that is masked out there, or looks
    outside of the image, gives 0, and as one always does, nothing is below 0.

    Args:
        features: B x C x h x w; h and w are the image's size, divided by one number.
        motion: as of `part_motion`.

    Returns:
        The same shape.
    """
    places = source_places(motion, features.shape[-2:])  # B x 10 x h x w
    batch, channels, height, width = features.shape
    rows = features.permute(0, 2, 3, 1).reshape(batch * height * width, channels)
    rows = torch.cat([rows, rows.new_zeros(1, channels)])
    gathered = functional.embedding(places, rows)  # B x 10 x h x w x C
    return gathered.amax(dim=1).clamp(min=0).permute(0, 3, 1, 2)


def source_places(motion: PartMotion, size: torch.Size | tuple[int, int]) -> Tensor:
    """For each part and place of a map the row of features that it takes.

    Args:
        motion: as of `part_motion`.
        size: (h, w) of the map.

    Returns:
        B x 10 x h x w of the rows of `B * h * w` features; the row after the last stands for nothing.
    """
    transforms, masks = motion
    height, width = size
    ratio = masks.shape[-1] // width
    masks = masks[..., ::ratio, ::ratio]  # nearest neighbour
    y = torch.arange(height, dtype=torch.float64, device=masks.device)[:, None]
    x = torch.arange(width, dtype=torch.float64, device=masks.device)
    entries = transforms[..., None, None].unbind(dim=2)  # two rows of B x 10 x 3 x 1 x 1
    from_x, from_y = (_rounded(row[:, :, 0] * x + row[:, :, 1] * y + row[:, :, 2] / ratio) for row in entries)
    inside = (from_x >= 0) & (from_x < width) & (from_y >= 0) & (from_y < height) & masks
    first = torch.arange(len(masks), device=masks.device).view(-1, 1, 1, 1) * (height * width)
    nothing = len(masks) * height * width
    return torch.where(inside, first + (from_y * width + from_x).long(), nothing)


def _rounded(places: Tensor) -> Tensor:
    """Whole numbers, halves away from 0, as TensorFlow's image transform rounds."""
    return (places.abs() + 0.5).floor().copysign(places)
