"""The person's mask of mask-SSIM and mask-IS: thick limbs and discs at the joints, closed; batched, on any device."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from patn import KeypointError
from patn.keypoints import JOINTS, LIMBS, joints_present

RADIUS = 4  # pixels, for images of every size
CLOSING = 5  # pixels: side of the closing's square
_NEAR = 1e-7  # pixels: ends of a row nearer than this to the border are decided by the exact test


def person_masks(keypoints: Tensor, size: tuple[int, int]) -> Tensor:
    """Where the person is: B x height x width booleans.

    keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.  size: (height, width) in pixels.
    The body of `body_shapes` after a morphological closing with a square of 5 x 5 pixels; what lies outside the image
    is off for the dilation and on for the erosion. Raises KeypointError for another shape of key points.
    Source: the released evaluation; pixel for pixel what scikit-image draws.
    """
    return ~_dilated(~_dilated(body_shapes(keypoints, size)))


def body_shapes(keypoints: Tensor, size: tuple[int, int]) -> Tensor:
    """Limbs as rectangles of half-width 4, border included, and discs of radius 4, border excluded: B x H x W booleans.

    A limb whose ends are missing or coincide is left out. Arguments and errors as of `person_masks`.
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
    inside = [down.square() + (column - centre).square() < RADIUS**2 for column in (first, last)]
    return _shrink(first, last, inside, joints_present(points))


def _limb_rows(points: Tensor, rows: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """First and last column of each limb's rectangle in each row, B x 23 x H; first > last where it has none."""
    ends = torch.tensor(LIMBS, device=points.device)
    start, end = points[:, ends[:, 0]], points[:, ends[:, 1]]  # B x 23 x 2
    step = start - end
    length = step.square().sum(dim=2, keepdim=True).sqrt()
    present = joints_present(points)
    drawn = present[:, ends[:, 0]] & present[:, ends[:, 1]] & (length[..., 0] > 0)
    length = length.where(drawn[..., None], torch.ones_like(length))
    normal = RADIUS * torch.stack([-step[..., 1], step[..., 0]], dim=2) / length
    along, across = step / length, normal / RADIUS  # unit vectors
    down = rows - end[..., 0, None]  # B x 23 x H
    low, high = torch.full_like(down, -torch.inf), torch.full_like(down, torch.inf)
    for unit, least, most in ((along, 0.0, length), (across, -RADIUS, torch.full_like(length, RADIUS))):
        offset, slope = down * unit[..., 0, None], unit[..., 1, None]
        one, other = (least - offset) / slope, (most - offset) / slope
        level = slope == 0  # the two sides run along the rows
        open_row = level & (offset >= least) & (offset <= most)
        low = low.maximum(one.minimum(other).where(~level, torch.inf)).where(~open_row, low)
        high = high.minimum(one.maximum(other).where(~level, -torch.inf)).where(~open_row, high)
    corners = torch.stack([start + normal, start - normal, end - normal, end + normal], dim=2)  # B x 23 x 4 x 2
    low, high = end[..., 1, None] + low, end[..., 1, None] + high
    first, last = _columns(low, high, width)
    return _shrink(first, last, [_inside(corners, rows, *place) for place in ((first, low), (last, high))], drawn)


def _inside(corners: Tensor, rows: Tensor, columns: Tensor, border: Tensor) -> Tensor:
    """Which end columns of rows (B x K x H) belong to their polygon; those near its border are looked at closely."""
    inside = torch.ones_like(columns, dtype=torch.bool)
    near = (columns - border).abs() <= 2 * _NEAR
    image, limb, row = near.nonzero(as_tuple=True)
    inside[near] = _in_polygon(corners[image, limb], rows[row], columns[near])
    return inside


def _columns(low: Tensor, high: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Whole columns between two places, those on a place included, inside the image."""
    return (low - _NEAR).ceil().clamp(0, width), (high + _NEAR).floor().clamp(-1, width - 1)


def _shrink(first: Tensor, last: Tensor, inside: list[Tensor], drawn: Tensor) -> tuple[Tensor, Tensor]:
    """The columns without an end that lies outside; none at all for shapes that are not drawn (B x K)."""
    first, last = first + (~inside[0]).double(), last - (~inside[1]).double()
    return first, torch.where(drawn[..., None], last, -1.0)


def _in_polygon(corners: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Which of N pixels lie inside their polygon (N x corners x 2 as (y, x)) or on its border.

    O'Rourke's rule (Computational Geometry in C, 7.4): edges crossed by the ray to the right and by the one to the
    left; the border is where the two counts differ in parity. Its rounding decides for pixels on a slanted border.
    """
    ys, xs = corners[..., 0] - row[:, None], corners[..., 1] - column[:, None]
    last_ys, last_xs = ys.roll(1, dims=1), xs.roll(1, dims=1)
    crossing = (xs * last_ys - last_xs * ys) / (last_ys - ys)
    right = ((ys > 0) != (last_ys > 0)) & (crossing > 0)
    left = ((ys < 0) != (last_ys < 0)) & (crossing < 0)
    corner = ((ys.abs() < 1e-12) & (xs.abs() < 1e-12)).any(dim=1)
    return corner | (right.sum(dim=1) % 2 == 1) | (left.sum(dim=1) % 2 == 1)


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
