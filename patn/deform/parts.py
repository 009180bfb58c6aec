"""The ten body parts of Deform: how each moves from one pose to another, and where it is in the target pose.

Points are (x, y) in pixels; everything is batched, in float64, on the key points' device, and asks no value of the
device. Source: spec of the released code (pose transforms and masks); ours are closed formulas.
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
_SINGULAR = 1e-8  # of the determinant of a 2 x 2 scatter over the square of its trace


def part_transforms(source: Tensor, target: Tensor) -> Tensor:
    """Affine maps from pixels of the target image to pixels of the condition image, B x 10 x 2 x 3.

    source, target: B x 18 x 2 key points as (y, x) in pixels, missing = -1.
    The least-squares map between the part's points.  A limb that the condition pose lacks is taken from its other side;
    a part without enough points looks `AWAY`.  The body without hips and shoulders stays where it is (the released code
    stops there).
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
    """Where each part is in the target pose, B x 10 x height x width booleans.

    target: B x 18 x 2 key points as (y, x) in pixels.  The body is everywhere, so the background moves with the torso;
    the head is a square around its joints, a limb a rectangle; a missing part is nowhere.
    """
    points, seen = _points(target), joints_present(target)
    y = torch.arange(size[0], dtype=torch.float64, device=target.device)[:, None]
    x = torch.arange(size[1], dtype=torch.float64, device=target.device)
    body = torch.ones(len(target), 1, *size, dtype=torch.bool, device=target.device)
    weights = seen[:, HEAD].double()
    count = weights.sum(dim=1)
    middle = (points[:, HEAD] * weights[..., None]).sum(dim=1) / count.clamp(min=1)[:, None]  # B x 2
    half = (0.4 * body_scale(points, seen)).floor()[:, None, None]
    near = [(axis - middle[:, i, None, None]).abs() <= half for i, axis in ((0, x), (1, y))]
    head = near[0] & near[1] & (count > 0)[:, None, None]
    corners, drawn = _quads(points, seen, MASK_REACH)
    start, end = corners[:, :, :2].mean(dim=2), corners[:, :, 2:].mean(dim=2)  # B x 8 x 2
    along, length = _direction(end - start)
    step = [axis - start[:, :, i, None, None] for i, axis in ((0, x), (1, y))]
    along_x, along_y = along[..., 0, None, None], along[..., 1, None, None]
    far = step[0] * along_x + step[1] * along_y  # B x 8 x H x W: along the limb, and across it
    side = (step[1] * along_x - step[0] * along_y).abs()
    width = (0.2 * body_scale(points, seen))[:, None, None, None]
    inside = (far >= 0) & (far <= length[..., None]) & (side <= width) & (drawn & (length[..., 0] > 0))[..., None, None]
    return torch.cat([body, head[:, None], inside], dim=1)


def body_scale(points: Tensor, seen: Tensor) -> Tensor:
    """Root mean square of a pose's shoulder-hip distances in pixels, over the sides that are there, B; 0 without."""
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
    """The affine maps with the least weighted squares, N x 2 x 3, from N x K x 2 points `here` to those `there`.

    weights: N x K, 0 leaves a point out.  Points on a line have no such map: they look `AWAY`, or with `identity` stay.
    """
    share = weights / weights.sum(dim=1, keepdim=True).clamp(min=1)
    middles = [(points * share[..., None]).sum(dim=1) for points in (here, there)]  # N x 2
    mine, theirs = here - middles[0][:, None], there - middles[1][:, None]
    scatter = (share[..., None, None] * mine[..., :, None] * mine[..., None, :]).sum(dim=1)  # N x 2 x 2
    moved = (share[..., None, None] * theirs[..., :, None] * mine[..., None, :]).sum(dim=1)
    a, b, c = scatter[:, 0, 0], scatter[:, 0, 1], scatter[:, 1, 1]
    determinant = a * c - b * b
    good = determinant > _SINGULAR * (a + c).square()
    adjugate = torch.stack([c, -b, -b, a], dim=1).view(-1, 2, 2)
    inverse = adjugate / torch.where(good, determinant, torch.ones_like(determinant))[:, None, None]
    linear = (moved[..., :, :, None] * inverse[:, None, :, :]).sum(dim=2)
    shift = middles[1] - (linear * middles[0][:, None]).sum(dim=2)
    fitted = torch.cat([linear, shift[..., None]], dim=2)
    away = 0.0 if identity else AWAY
    nowhere = torch.tensor([[1.0, 0.0, away], [0.0, 1.0, away]], dtype=torch.float64, device=here.device)
    return torch.where(good[:, None, None], fitted, nowhere)
