"""The style term of PATN with deformable skips: features of each body segment, compared by their Gram matrices."""

import torch
from torch import Tensor
from torch.nn import functional

CROPS = ((16, 16), (16, 7), (16, 7), (32, 32), (32, 7), (32, 7), (16, 16))
"""Rows and columns that each of `patn.models.segments.SEGMENTS` is resampled to."""


def segment_style(generated: Tensor, target: Tensor, boxes: Tensor, there: Tensor, size: tuple[int, int]) -> Tensor:
    """Sum over the segments of the mean squared difference of their Gram matrices.

    Args:
        generated: features B x C x h x w of a batch of images.
        target: as `generated`.
        boxes: the target pose's, as of `patn.models.segments.segment_boxes`.
        there: the same; a segment counts over the images that have it.
        size: (height, width) of the images in pixels.

    Returns:
        A scalar.

    Source: branch PATN_Fine of the released code.
    """
    total = generated.new_zeros((), dtype=torch.float32)
    ratio = size[0] / generated.shape[-2]
    for segment, crop_size in enumerate(CROPS):
        own = there[:, segment]
        corners = boxes[:, segment].floor() / ratio
        first, second = (_gram(_crops(features.float(), corners, crop_size)) for features in (generated, target))
        squares = (first - second).square().mean(dim=(1, 2))
        total = total + torch.where(own, squares, 0.0).sum() / own.sum().clamp(min=1)
    return total


def _crops(features: Tensor, corners: Tensor, size: tuple[int, int]) -> Tensor:
    """A box of each image resampled to B x C x size: at the middle of each cell, bilinearly, 0 outside of the image.

    corners: B x 2 x 2 as ((first y, x), (end y, x)) in pixels of the features.
    """
    places, inside = [], []
    for axis, (count, length) in enumerate(zip(size, features.shape[-2:], strict=True)):
        first, end = corners[:, 0, axis, None], corners[:, 1, axis, None]  # B x 1
        middles = torch.arange(count, dtype=corners.dtype, device=corners.device) + 0.5
        place = first + middles * (end - first) / count - 0.5  # B x count
        inside.append((place >= 0) & (place <= length - 1))
        places.append((2 * place + 1) / length - 1)
    grid = torch.stack(torch.broadcast_tensors(places[1][:, None, :], places[0][:, :, None]), dim=-1).float()
    sampled = functional.grid_sample(features, grid, padding_mode="border", align_corners=False)
    return torch.where((inside[0][:, :, None] & inside[1][:, None, :])[:, None], sampled, 0.0)


def _gram(features: Tensor) -> Tensor:
    """Products of all channels with all, divided by the number of values: B x C x h x w to B x C x C."""
    rows = features.flatten(2)
    return rows @ rows.mT / features[0].numel()
