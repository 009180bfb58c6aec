"""The person's mask of mask-SSIM and mask-IS: thick limbs and discs at the joints, closed; batched, on any device."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from patn import KeypointError
from patn.keypoints import JOINTS, LIMBS, joints_present

RADIUS = 4  # pixels, for images of every size
CLOSING = 5  # pixels: side of the closing's square
_NEAR = 1e-7  # pixels: a disc's ends are looked at more closely than this


def person_masks(keypoints: Tensor, size: tuple[int, int]) -> Tensor:
    """Where the person is: the body of `body_shapes` after a morphological closing with a square of 5 x 5 pixels.

    What lies outside the image is off for the dilation and on for the erosion.

    Args:
        keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.
        size: (height, width) in pixels.

    Returns:
        B x height x width booleans.

    Raises:
        KeypointError: for another shape of key points.

    Source: the released evaluation; pixel for pixel what scikit-image 0.14.2 draws, which its authors pinned.
    """
    return closed(body_shapes(keypoints, size))


def closed(masks: Tensor) -> Tensor:
    """Masks after a dilation and an erosion with a square of 5 x 5 pixels, as of `person_masks`.

    Args:
        masks: B x H x W booleans.

    Returns:
        The same shape.
    """
    return ~_dilated(~_dilated(masks))


def body_shapes(keypoints: Tensor, size: tuple[int, int]) -> Tensor:
    """Limbs as rectangles of half-width 4, discs of radius 4 without their border.

    Of a rectangle's border, pixels to the left and above belong to it, those to the right and below do not. A limb
    whose ends are missing or coincide is left out.

    Args:
        keypoints: as of `person_masks`.
        size: as of `person_masks`.

    Returns:
        B x height x width booleans.

    Raises:
        KeypointError: for another shape of key points.
    """
    if keypoints.ndim != 3 or keypoints.shape[1:] != (len(JOINTS), 2):
        raise KeypointError(f"key points are {tuple(keypoints.shape)}; masks need B x {len(JOINTS)} x 2")
    points = keypoints.double()
    rows = torch.arange(size[0], dtype=torch.float64, device=points.device)
    limbs, discs = _limb_rows(points, rows, size[1]), _disc_rows(points, rows, size[1])
    first, last = (torch.cat(ends, dim=1) for ends in zip(limbs, discs, strict=True))
    return _fill(first, last, size)


def _disc_rows(points: Tensor, rows: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """First and last column of each joint's disc in each row, B x 18 x H; first > last where it has none."""
    down = rows - points[..., 0, None]  # B x 18 x H
    centre = points[..., 1, None]
    half = (RADIUS**2 - down.square()).clamp(min=0).sqrt()
    first, last = _columns(centre - half, centre + half, width)
    outside = [(down.square() + (column - centre).square() >= RADIUS**2).double() for column in (first, last)]
    return first + outside[0], torch.where(joints_present(points)[..., None], last - outside[1], -1.0)


def _limb_rows(points: Tensor, rows: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """First and last column of each limb's rectangle in each row, B x 23 x H; first > last where it has none.

    A row enters the rectangle at the first edge that it crosses and leaves it at the second; an edge has its upper end
    and not its lower one (Franklin's crossing test, in the order of 0.14.2's arithmetic, whose rounding decides).
    """
    ends = torch.tensor(LIMBS, device=points.device)
    start, end = points[:, ends[:, 0]], points[:, ends[:, 1]]  # B x 23 x 2
    step = start - end
    length = step.square().sum(dim=2, keepdim=True).sqrt()
    present = joints_present(points)
    drawn = present[:, ends[:, 0]] & present[:, ends[:, 1]] & (length[..., 0] > 0)
    length = length.where(drawn[..., None], torch.ones_like(length))
    normal = RADIUS * torch.stack([-step[..., 1], step[..., 0]], dim=2) / length
    corners = torch.stack([start + normal, start - normal, end - normal, end + normal], dim=2)  # B x 23 x 4 x 2
    y, x = corners[..., 0, None], corners[..., 1, None]  # B x 23 x 4 x 1
    last_y, last_x = y.roll(1, dims=2), x.roll(1, dims=2)
    crossed = ((y <= rows) & (rows < last_y)) | ((last_y <= rows) & (rows < y))  # B x 23 x 4 x H, two edges a row
    crossed &= drawn[..., None, None]
    column = (last_x - x) * (rows - y) / (last_y - y) + x
    low = torch.where(crossed, column, torch.inf).amin(dim=2)
    high = torch.where(crossed, column, -torch.inf).amax(dim=2)
    return low.ceil().clamp(0, width), (high.ceil() - 1).clamp(-1, width - 1)


def _columns(low: Tensor, high: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Whole columns between two places, those on a place included, inside the image."""
    return (low - _NEAR).ceil().clamp(0, width), (high + _NEAR).floor().clamp(-1, width - 1)


def _fill(first: Tensor, last: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixels that any of K shapes covers, from its columns in each row (B x K x H): B x H x W booleans."""
    height, width = size
    batch, shapes, _ = first.shape
    row = torch.arange(batch * height, device=first.device).view(batch, 1, height).expand(-1, shapes, -1)
    covered = (first <= last).int().flatten()
    edges = torch.zeros(batch * height * (width + 1), dtype=torch.int32, device=first.device)
    place = row * (width + 1)
    edges.index_add_(0, (place + first.clamp(0, width).long()).flatten(), covered)
    edges.index_add_(0, (place + (last + 1).clamp(0, width).long()).flatten(), -covered)
    return edges.view(batch, height, width + 1).cumsum(dim=2)[..., :width] > 0


def _dilated(masks: Tensor) -> Tensor:
    """B x H x W booleans, on where any pixel of the closing's square around is on; outside the image is off."""
    border = CLOSING // 2
    for dim, sides in ((1, (0, 0, border, border)), (2, (border, border))):
        length, wide = masks.shape[dim], pad(masks, sides)
        masks = wide.narrow(dim, 0, length)
        for shift in range(1, CLOSING):
            masks = masks | wide.narrow(dim, shift, length)
    return masks
