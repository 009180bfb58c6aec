"""The ten body parts of Deform: how each moves from one pose to another, and where it is in the target pose.

Points are (x, y) in pixels; everything is batched, in float64, on the key points' device, and asks no value of the
device. Source: the released code (pose transforms and masks) with the scikit-image 0.13.1 that it pins, as closed
formulas.
"""

import torch
from torch import Tensor

from patn.keypoints import joints_present

PARTS = 10
BODY = (8, 11, 5, 2)  # right hip, left hip, left shoulder, right shoulder
HEAD = (0, 14, 15, 16, 17)  # nose, eyes, ears
SHOULDERS = (2, 5)
LIMBS = ((8, 9), (11, 12), (9, 10), (12, 13), (2, 3), (5, 6), (3, 4), (6, 7))
"""Thighs, shins, upper arms, forearms as (from, to), right before left: a limb's other side is its index ^ 1."""
TRANSFORM_REACH = (0.1, 0.1, 0.3, 0.3, 0.1, 0.1, 0.3, 0.3)
MASK_REACH = (0.1, 0.1, 0.5, 0.5, 0.1, 0.1, 0.5, 0.5)
"""How far a limb's quadrilateral goes beyond its second joint, as a share of its length."""
AWAY = 1000.0  # pixels: where a part without a match looks, outside of every image
_SINGULAR = 1e-8  # of the determinant of a 2 x 2 scatter of unit trace
_NEWTON_STEPS = 10
_TINY = 1e-12


def part_transforms(source: Tensor, target: Tensor) -> Tensor:
    """Affine maps from pixels of the target image to pixels of the condition image, one a body part.

    The map between the part's points by total least squares (see `_fit`). A limb that the condition pose lacks is taken
    from its other side; a part without enough points looks `AWAY`. The body without hips and shoulders stays where it
    is (the released code stops there).

    Args:
        source: B x 18 x 2 key points of the condition image as (y, x) in pixels, missing = -1.
        target: those of the target image.

    Returns:
        B x 10 x 2 x 3.
    """
    here, there = _points(target), _points(source)
    seen_here, seen_there = joints_present(target), joints_present(source)
    common = (seen_here & seen_there).double()
    body = common[:, BODY].amin(dim=1, keepdim=True).expand(-1, len(BODY))
    maps = [_fit(here[:, BODY], there[:, BODY], body, identity=True)]
    head = (*HEAD, *SHOULDERS)
    some = common[:, HEAD].amax(dim=1, keepdim=True)  # a head needs one of its own joints
    maps.append(_fit(here[:, head], there[:, head], common[:, head] * some))
    quads_here, drawn_here = _quads(here, seen_here, TRANSFORM_REACH)
    quads_there, drawn_there = _quads(there, seen_there, TRANSFORM_REACH)
    other = [limb ^ 1 for limb in range(len(LIMBS))]
    chosen = torch.where(drawn_there[..., None, None], quads_there, quads_there[:, other])
    usable = drawn_here & (drawn_there | drawn_there[:, other])
    weights = usable.double()[..., None].expand(-1, -1, 4)
    limbs = _fit(quads_here.flatten(0, 1), chosen.flatten(0, 1), weights.flatten(0, 1))
    return torch.cat([torch.stack(maps, dim=1), limbs.view(len(source), len(LIMBS), 2, 3)], dim=1)


def part_masks(target: Tensor, size: tuple[int, int]) -> Tensor:
    """Where each part is in the target pose.

    The body is everywhere, so the background moves with the torso; the head is a square around its joints, a limb a
    rectangle; a missing part is nowhere.

    Args:
        target: B x 18 x 2 key points as (y, x) in pixels, missing = -1.
        size: (height, width) in pixels.

    Returns:
        B x 10 x height x width booleans.
    """
    points, seen = _points(target), joints_present(target)
    body = torch.ones(len(target), 1, *size, dtype=torch.bool, device=target.device)
    corners, drawn = _quads(points, seen, MASK_REACH)
    limbs = _in_polygons(corners, size) & drawn[..., None, None]
    return torch.cat([body, _head_mask(points, seen, size), limbs], dim=1)


def _head_mask(points: Tensor, seen: Tensor, size: tuple[int, int]) -> Tensor:
    """The square around the mean of the head's joints, B x 1 x height x width booleans.

    The mean is cut to whole pixels; from there it goes whole pixels up and left, and one less down and right.
    """
    weights = seen[:, HEAD].double()
    count = weights.sum(dim=1)
    middle = ((points[:, HEAD] * weights[..., None]).sum(dim=1) / count.clamp(min=1)[:, None]).trunc()  # B x 2
    half = (0.4 * body_scale(points, seen)).floor()[:, None]
    spans = []
    for axis, length in ((1, size[0]), (0, size[1])):
        place = torch.arange(length, dtype=torch.float64, device=points.device)
        spans.append((place >= middle[:, axis, None] - half) & (place < middle[:, axis, None] + half))
    return ((spans[0][:, :, None] & spans[1][:, None, :]) & (count > 0)[:, None, None])[:, None]


def _in_polygons(corners: Tensor, size: tuple[int, int]) -> Tensor:
    """Which pixels lie inside each polygon, B x K x height x width booleans; corners: B x K x C x 2 as (x, y).

    A pixel does when an odd number of edges lie below it in its column; of two opposite borders one counts.
    Source: Franklin's PNPOLY with columns in the place of rows, as scikit-image 0.13.1 calls it.
    """
    column = torch.arange(size[1], dtype=torch.float64, device=corners.device)
    row = torch.arange(size[0], dtype=torch.float64, device=corners.device)[:, None]
    inside = torch.zeros(*corners.shape[:2], *size, dtype=torch.bool, device=corners.device)
    for end, start in zip(corners.unbind(dim=2), corners.roll(1, dims=2).unbind(dim=2), strict=True):
        (x0, y0), (x1, y1) = ((point[..., 0, None], point[..., 1, None]) for point in (end, start))  # B x K x 1
        met = ((x0 <= column) & (column < x1)) | ((x1 <= column) & (column < x0))  # B x K x W
        height = (y1 - y0) * (column - x0) / torch.where(x1 == x0, 1.0, x1 - x0) + y0
        inside ^= met[:, :, None, :] & (row < height[:, :, None, :])
    return inside


def body_scale(points: Tensor, seen: Tensor) -> Tensor:
    """Root mean square of a pose's shoulder-hip distances, over the sides that are there.

    Args:
        points: B x 18 x 2 in pixels.
        seen: B x 18 booleans, the joints that are there.

    Returns:
        B lengths in pixels; 0 without such a side.
    """
    sides = torch.stack([seen[:, 2] & seen[:, 8], seen[:, 5] & seen[:, 11]], dim=1).double()
    squares = torch.stack([(points[:, 2] - points[:, 8]), (points[:, 5] - points[:, 11])], dim=1).square().sum(dim=2)
    return ((squares * sides).sum(dim=1) / sides.sum(dim=1).clamp(min=1)).sqrt()


def _points(keypoints: Tensor) -> Tensor:
    return keypoints.double().flip(-1)  # as (x, y)


def _direction(step: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vector (zero for no length) and length, ... x 2 and ... x 1."""
    length = step.square().sum(dim=-1, keepdim=True).sqrt()
    return step / length.clamp(min=1e-12), length


def _quads(points: Tensor, seen: Tensor, reach: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """Corners of each limb's rectangle, B x 8 x 4 x 2, and whether both its joints are there, B x 8."""
    ends = torch.tensor(LIMBS, device=points.device)
    start, end = points[:, ends[:, 0]], points[:, ends[:, 1]]  # B x 8 x 2
    further = torch.tensor(reach, dtype=torch.float64, device=points.device)[:, None]
    before = start + 0.1 * (start - end)
    after = end + further * (end - before)
    along, length = _direction(end - start)
    normal = torch.stack([-along[..., 1], along[..., 0]], dim=-1) * (0.2 * body_scale(points, seen))[:, None, None]
    normal = torch.where(length > 0, normal, torch.ones_like(normal))
    corners = torch.stack([before + normal, before - normal, after - normal, after + normal], dim=2)
    return corners, seen[:, ends[:, 0]] & seen[:, ends[:, 1]]


def _fit(here: Tensor, there: Tensor, weights: Tensor, *, identity: bool = False) -> Tensor:
    """The affine maps by total least squares, N x 2 x 3, from N x K x 2 points `here` to those `there`.

    Both sets of points are first moved to mean 0 and scaled to one mean square; then a map (a, b) and a number c are
    sought with |a|^2 + |b|^2 + c^2 = 1 for which the sum of squares of a x - c u and b x - c v is least, and the map is
    (a, b) / c: what scikit-image's `estimate_transform("affine")` takes from the last singular vector.  It is the
    ordinary least-squares map but for the least sum's being subtracted from the scatter's diagonal.

    weights: N x K, 0 leaves a point out.  Points on a line have no such map: they look `AWAY`, or with `identity` stay.
    """
    share = weights / weights.sum(dim=1, keepdim=True).clamp(min=1)
    middles = [(points * share[..., None]).sum(dim=1) for points in (here, there)]  # N x 2
    mine, theirs = here - middles[0][:, None], there - middles[1][:, None]
    sizes = [(share[..., None] * points.square()).sum(dim=(1, 2)).sqrt().clamp(min=_TINY) for points in (mine, theirs)]
    mine, theirs = mine / sizes[0][:, None, None], theirs / sizes[1][:, None, None]
    scatter = (share[..., None, None] * mine[..., :, None] * mine[..., None, :]).sum(dim=1)  # N x 2 x 2
    moved = (share[..., None, None] * theirs[..., :, None] * mine[..., None, :]).sum(dim=1)
    scatter = scatter - torch.diag_embed(_least_sum(scatter, moved)[:, None].expand(-1, 2))
    determinant, adjugate = _determinant(scatter), _adjugate(scatter)
    good = determinant > _SINGULAR
    inverse = adjugate / determinant.where(good, 1.0)[:, None, None]
    linear = (sizes[1] / sizes[0])[:, None, None] * (moved @ inverse)
    shift = middles[1] - (linear * middles[0][:, None]).sum(dim=2)
    fitted = torch.cat([linear, shift[..., None]], dim=2)
    away = 0.0 if identity else AWAY
    nowhere = torch.tensor([[1.0, 0.0, away], [0.0, 1.0, away]], dtype=torch.float64, device=here.device)
    return torch.where(good[:, None, None], fitted, nowhere)


def _least_sum(scatter: Tensor, moved: Tensor) -> Tensor:
    """The smallest eigenvalue of the total least squares of `_fit`, N, from its scatters of unit trace, N x 2 x 2.

    It is the smallest root of a cubic whose roots are real and not negative, which Newton's steps from 0 never pass.
    """
    determinant, squares = _determinant(scatter), moved.square().sum(dim=(1, 2))
    rest = determinant - (moved @ _adjugate(scatter) * moved).sum(dim=(1, 2))  # the cubic at 0
    root = torch.zeros_like(rest)
    for _ in range(_NEWTON_STEPS):
        value = ((2 - root) * root - (1 + determinant - squares)) * root + rest
        slope = (4 - 3 * root) * root - (1 + determinant - squares)
        root = root - value / slope.where(slope < -_TINY, -1.0)
    return root


def _determinant(matrices: Tensor) -> Tensor:
    return matrices[:, 0, 0] * matrices[:, 1, 1] - matrices[:, 0, 1] * matrices[:, 1, 0]


def _adjugate(matrices: Tensor) -> Tensor:
    a, b, c, d = matrices.flatten(1).unbind(dim=1)
    return torch.stack([d, -b, -c, a], dim=1).view(-1, 2, 2)
