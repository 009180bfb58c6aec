"""Pose as pictures: one heat map a joint, made on the device from coordinates."""

import torch
from torch import Tensor
from torch.nn.functional import threshold

from patn import DataError, KeypointError
from patn.keypoints import JOINTS, joints_present

FAINT = 1e-12
"""What a Gaussian's factor must exceed to count: fainter ones multiply to subnormal numbers, on which many processors
compute a hundred times slower; they made the first layer of the pose encoder take a quarter of all time."""


def heat_maps(keypoints: Tensor, size: tuple[int, int], sigma: float = 6.0, channels_last: bool = False) -> Tensor:
    """Gaussian heat maps, one channel a joint; a missing joint's channel is exactly zero.

    Args:
        keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1 in either.
        size: (height, width) in pixels.
        sigma: standard deviation in pixels, above 0.
        channels_last: build the result in that memory format.

    Returns:
        float32 B x 18 x height x width in [0, 1] on the key points' device; the peak is 1 on whole pixels, and a joint
        outside the image keeps its tail.

    Raises:
        KeypointError: for another number of joints.
        DataError: for a `sigma` that is not above 0.

    Source: the released `generate_pose_map_market.py`, sigma = 6 for both data sets; as an outer product.
    """
    if not sigma > 0:
        raise DataError(f"sigma is {sigma}; it must be above 0 pixels")
    present, y, x = _coordinates(keypoints)
    height, width = size
    scale = -0.5 / sigma**2
    rows = _gaussian(torch.arange(height, device=y.device) - y, scale)  # B x 18 x H
    columns = _gaussian(torch.arange(width, device=x.device) - x, scale)  # B x 18 x W
    return _outer(torch.where(present, rows, 0.0), columns, channels_last)


def one_hot_maps(keypoints: Tensor, size: tuple[int, int], channels_last: bool = False) -> Tensor:
    """Maps with a single 1 at each joint's pixel (coordinates rounded down), zero elsewhere.

    Args:
        keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1 in either.
        size: (height, width) in pixels.
        channels_last: build the result in that memory format.

    Returns:
        float32 B x 18 x height x width; a missing joint or one outside the image leaves its channel zero.

    Raises:
        KeypointError: for another number of joints.

    Source: what the released DeepFashion script in effect computes (its maps are truncated to whole numbers).
    """
    present, y, x = _coordinates(keypoints)
    height, width = size
    rows = (torch.arange(height, device=y.device) == y.floor()) & present  # B x 18 x H
    columns = torch.arange(width, device=x.device) == x.floor()  # B x 18 x W
    return _outer(rows.float(), columns.float(), channels_last)


def _coordinates(keypoints: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    if keypoints.ndim != 3 or tuple(keypoints.shape[1:]) != (len(JOINTS), 2):
        raise KeypointError(f"key points are {tuple(keypoints.shape)}; heat maps need (batch, {len(JOINTS)}, 2)")
    y, x = keypoints.to(torch.float32).unsqueeze(-1).unbind(dim=2)  # each B x 18 x 1
    return joints_present(keypoints).unsqueeze(-1), y, x


def _gaussian(distance: Tensor, scale: float) -> Tensor:
    return threshold(torch.exp(distance.square() * scale), FAINT, 0.0)


def _outer(rows: Tensor, columns: Tensor, channels_last: bool) -> Tensor:
    if not channels_last:
        return rows.unsqueeze(3) * columns.unsqueeze(2)  # B x 18 x H x W
    rows = rows.transpose(1, 2).contiguous().unsqueeze(2)  # B x H x 1 x 18
    columns = columns.transpose(1, 2).contiguous().unsqueeze(1)  # B x 1 x W x 18
    return (rows * columns).permute(0, 3, 1, 2)  # laid out as B x H x W x 18, seen as B x 18 x H x W
