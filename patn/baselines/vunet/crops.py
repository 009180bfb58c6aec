"""The appearance as eight crops of body parts, each warped to one small upright picture, for all images at once."""

import torch
from torch import Tensor
from torch.nn import functional

CROPS = 8
TORSO = (5, 11, 8, 2)  # left shoulder, left hip, right hip, right shoulder
LIMBS = ((5, 6), (6, 7), (2, 3), (3, 4), (11, 12), (8, 9))
"""Left and right: upper arm, forearm; then left and right thigh.  As (from, to)."""
THIGHS = (4, 5)  # places in LIMBS
HALF_WIDTH = 0.25  # of a limb, as a share of its length
_SINGULAR = 1e-9


def part_crops(images: Tensor, keypoints: Tensor, size: tuple[int, int]) -> Tensor:
    """Torso, head, arms and thighs of each image, cut out and warped upright.

    Each part's quadrilateral is mapped by a homography to the rectangle from the middle of the crop's first pixel to
    one pixel beyond its last, sampled bilinearly, the image's border continued. A thigh without a knee goes straight
    down to the bottom row; a head without a nose is the square above the shoulders; joints left of or above the image
    are missing.

    Args:
        images: B x 3 x H x W in [-1, 1].
        keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.
        size: (height, width) of a crop.

    Returns:
        B x 24 x height x width, three channels a part; a missing part is 0 (mid grey).

    Source: the released code.
    """
    corners, there = part_corners(keypoints, images.shape[-2])
    homographies, regular = _homographies(corners)
    there = there & regular
    across = torch.arange(size[1], dtype=torch.float64, device=images.device) / size[1]
    down = (torch.arange(size[0], dtype=torch.float64, device=images.device) / size[0])[:, None]
    rows = homographies[..., None, None].unbind(dim=2)  # three rows of B x 8 x 3 x 1 x 1
    x, y, scale = (row[:, :, 0] * across + row[:, :, 1] * down + row[:, :, 2] for row in rows)
    places = torch.stack([x, y], dim=-1) / scale[..., None]  # B x 8 x h x w x 2
    sides = torch.tensor([images.shape[-1], images.shape[-2]], dtype=torch.float64, device=images.device)
    grid = ((2 * places + 1) / sides - 1).nan_to_num(0.0).clamp(-4, 4).float()
    batch, (height, width) = len(images), size
    sampled = functional.grid_sample(
        images.float(), grid.reshape(batch, CROPS * height, width, 2), padding_mode="border", align_corners=False
    )
    crops = sampled.view(batch, 3, CROPS, height, width).transpose(1, 2)
    return (crops * there[..., None, None, None]).reshape(batch, 3 * CROPS, height, width)


def part_corners(keypoints: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """The corners of each part, and which parts are there.

    The four corners become the crop's (0, 0), (0, 1), (1, 1), (1, 0) as (x, y) from left to right, top to bottom.

    Args:
        keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.
        height: of the images in pixels.

    Returns:
        B x 8 x 4 x 2 as (x, y) in pixels, and B x 8 booleans.
    """
    points, seen = keypoints.double().flip(-1), (keypoints >= 0).all(dim=-1)
    torso, torso_there = points[:, TORSO], seen[:, TORSO].all(dim=1)
    head, head_there = _head(points, seen)
    ends = torch.tensor(LIMBS, device=points.device)
    start, end = points[:, ends[:, 0]], points[:, ends[:, 1]]  # B x 6 x 2
    there = seen[:, ends[:, 0]] & seen[:, ends[:, 1]]
    straight = torch.stack([start[..., 0], torch.full_like(start[..., 0], height - 1)], dim=-1)
    kneeless = seen[:, ends[:, 0]] & ~seen[:, ends[:, 1]]
    kneeless[:, : THIGHS[0]] = False
    end = torch.where(kneeless[..., None], straight, end)
    normal = HALF_WIDTH * _across(end - start)
    limbs = torch.stack([start + normal, start - normal, end - normal, end + normal], dim=2)
    corners = torch.cat([torso[:, None], head[:, None], limbs], dim=1)
    return corners, torch.cat([torso_there[:, None], head_there[:, None], there | kneeless], dim=1)


def _head(points: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """The head's corners B x 4 x 2: around the nose, or without one the square above the shoulders."""
    left, right, nose = points[:, 5], points[:, 2], points[:, 0]
    neck = (left + right) / 2
    top = neck + 2 * (nose - neck)
    normal = 0.5 * _across(neck - top)
    around = torch.stack([top - normal, neck - normal, neck + normal, top + normal], dim=1)
    upwards = _across(right - left)
    upwards = torch.where(upwards[:, 1:] > 0, -upwards, upwards)
    above = torch.stack([left + upwards, left, right, right + upwards], dim=1)
    has_nose = seen[:, 0]
    return torch.where(has_nose[:, None, None], around, above), seen[:, 2] & seen[:, 5]


def _across(step: Tensor) -> Tensor:
    """The step turned by a right angle, ... x 2 as (x, y)."""
    return torch.stack([-step[..., 1], step[..., 0]], dim=-1)


def _homographies(corners: Tensor) -> tuple[Tensor, Tensor]:
    """Maps from the unit square to each quadrilateral, B x 8 x 3 x 3, and which quadrilaterals have one, B x 8.

    Source: Heckbert's closed form (Fundamentals of Texture Mapping, 1989, section 2.2.3).
    """
    origin, low, far, right = corners.unbind(dim=2)  # (0, 0), (0, 1), (1, 1), (1, 0)
    one, two, total = right - far, low - far, origin - right + far - low
    determinant = one[..., 0] * two[..., 1] - one[..., 1] * two[..., 0]
    size = (one.square().sum(-1) + two.square().sum(-1)).clamp(min=1e-12)
    regular = determinant.abs() > _SINGULAR * size
    safe = torch.where(regular, determinant, torch.ones_like(determinant))
    g = (total[..., 0] * two[..., 1] - total[..., 1] * two[..., 0]) / safe
    h = (one[..., 0] * total[..., 1] - one[..., 1] * total[..., 0]) / safe
    first, second = right - origin + g[..., None] * right, low - origin + h[..., None] * low
    columns = [torch.cat([first, g[..., None]], -1), torch.cat([second, h[..., None]], -1)]
    ones = torch.ones_like(g)[..., None]
    return torch.stack([*columns, torch.cat([origin, ones], -1)], dim=-1), regular
