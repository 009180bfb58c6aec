"""Trunk, arms, legs, feet and the clothes on them."""

import numpy as np

from augment.pedestrians.fabric import blend, edge, folds, paint, prints, straps, woven
from augment.pedestrians.identity import Identity
from augment.pedestrians.skeleton import ARM, LEG, PELVIS, SPINE, THIGH_L, THIGH_R, Skeleton
from augment.pedestrians.surfaces import Part, Sampler, from_grid, smoothstep


def trunk(sampler: Sampler, identity: Identity, rng: np.random.Generator) -> Part:
    """Shoulders to crotch with the upper garment, its prints and straps.

    Args:
        sampler: makes the surfaces.
        identity: whose body and clothes.
        rng: the image's or identity's random stream.
    """
    body, ease = identity.body, identity.loose
    g, w, h, b = body.girth, body.girth * body.waist, body.girth * body.hips, body.bust
    s = body.shoulders * (0.75 + 0.25 * g)
    rings = [
        (0.868, 0, -0.008, 0.030, 0.028),
        (0.854, 0, -0.008, 0.040, 0.034),
        (0.843, 0, -0.006, 0.060 * s, 0.041),
        (0.829, 0, -0.004, 0.087 * s, 0.048 * g),
        (0.805, 0, 0, 0.100 * s + ease / 2, 0.057 * g),
        (0.760, 0, 0.002 + b / 2, 0.097 * s + ease / 2, 0.066 * g + b / 2 + ease),
        (0.720, 0, 0.004 + b, 0.092 * s * (0.5 + 0.5 * g) + ease, 0.068 * g + b + ease),
        (0.670, 0, 0.002, 0.087 * w + ease, 0.064 * g + ease),
        (0.610, 0, 0.002, 0.081 * w + ease, 0.061 * w + ease),
        (0.560, 0, -0.002, 0.090 * h + ease, 0.066 * h + ease),
        (0.510, 0, -0.006, 0.097 * h + ease, 0.071 * h + ease),
        (0.485, 0, -0.006, 0.092 * h, 0.066 * h),
        (0.462, 0, -0.004, 0.060 * h, 0.045 * h),
        (0.452, 0, -0.004, 0.0, 0.0),
    ]
    surface = sampler.tube(rings, 2.35)
    x, y, _ = surface.positions
    colours = straps(identity, surface, prints(identity, surface, woven(identity.top, surface, 0.09)))
    below = woven(identity.bottom, surface, 0.09)
    colours += (below - colours) * edge(y, identity.hem).astype(np.float32)
    depth = (0.045 if identity.sleeve < 0.6 else 0.022) * np.where(surface.normals[2] > 0, 1, 0.55)
    neckline = (x / 0.046) ** 2 + ((y - 0.868) / depth) ** 2 < 1
    colours = blend(colours, identity.skin, neckline)
    if identity.scarf:
        colours = blend(colours, identity.back_colour, y > 0.83)
    weight = smoothstep(y, 0.54, 0.65)
    return Part(
        surface=surface,
        colours=colours * folds(surface, rng, 0.06),
        bones=(SPINE, PELVIS),
        weights=np.stack([weight, 1 - weight]),
    )


def arm(sampler: Sampler, identity: Identity, skeleton: Skeleton, side: int, rng: np.random.Generator) -> list[Part]:
    """One arm with its sleeve, and the hand.

    Args:
        sampler: makes the surfaces.
        identity: whose body and clothes.
        skeleton: in the rest pose.
        side: which one.
        rng: the image's or identity's random stream.
    """
    upper, fore = ARM[side]
    top, elbow, wrist = skeleton.shoulder, skeleton.elbow, skeleton.wrist
    g = 0.35 + 0.65 * identity.body.girth
    x = side * skeleton.shoulder_x
    cuff = top - identity.sleeve * (top - wrist)
    ease = 0.4 * identity.loose + 0.001
    keys = [(top + 0.022, 0.0), (top + 0.019, 0.014), (top + 0.009, 0.025), (top - 0.020, 0.031), (top - 0.07, 0.0305)]
    keys += [(elbow + 0.03, 0.0255), (elbow, 0.0245), (elbow - 0.035, 0.0245), (elbow - 0.08, 0.021), (wrist, 0.0155)]
    keys += [(wrist - 0.026, 0.0125), (wrist - 0.03, 0.0)]
    radii = [(y, r * g + ease * (y > cuff and r > 0.02)) for y, r in keys]
    rings = [(y, x, 0.0, r, r * 1.06) for y, r in radii]
    surface = sampler.tube(rings)
    y = surface.positions[1]
    cloth = woven(identity.top, surface, 0.034)
    if identity.sleeve_colour != identity.top.base:
        cloth = paint(len(y), identity.sleeve_colour)
    cloth = cloth * folds(surface, rng, 0.07)
    sleeve = 1 - edge(y, cuff)
    colours = paint(len(y), identity.skin) * (1 - sleeve) + cloth * sleeve
    weight = smoothstep(y, elbow - 0.035, elbow + 0.035)
    limb = Part(surface=surface, colours=colours, bones=(upper, fore), weights=np.stack([weight, 1 - weight]))
    hand = sampler.ball((x, wrist - 0.044, 0.006), (0.0125, 0.046, 0.022))
    return [limb, Part(surface=hand, colours=paint(len(hand.angle), identity.skin), bones=(fore,))]


def leg(sampler: Sampler, identity: Identity, skeleton: Skeleton, side: int, rng: np.random.Generator) -> list[Part]:
    """One leg with trouser, stocking or skin, and the shoe.

    Args:
        sampler: makes the surfaces.
        identity: whose body and clothes.
        skeleton: in the rest pose.
        side: which one.
        rng: the image's or identity's random stream.
    """
    thigh, shin, foot = LEG[side]
    hip, knee, hx = skeleton.hip, skeleton.knee, skeleton.hip_x
    g = 0.3 + 0.7 * identity.body.girth * (0.5 + 0.5 * identity.body.hips)
    wide = identity.bottom_width if identity.bottom_kind in ("trousers", "shorts") else 0.001
    end = identity.bottom_end if identity.bottom_kind not in ("skirt", "dress") else 1.0
    middle = (hip + knee) / 2
    keys = [
        (hip + 0.035, hx * 0.8, -0.004, 0.0),
        (hip + 0.030, hx * 0.85, -0.004, 0.035),
        (hip - 0.02, hx, -0.004, 0.057),
        (hip - 0.06, hx, 0.0, 0.055),
        (middle, hx * 0.97, 0.003, 0.048),
        (knee + 0.03, hx * 0.93, 0.003, 0.0375),
        (knee, hx * 0.92, 0.002, 0.0345),
        (knee - 0.03, hx * 0.92, -0.003, 0.033),
        (knee - 0.08, hx * 0.91, -0.010, 0.036),
        (0.13, hx * 0.9, -0.010, 0.026),
        (0.07, hx * 0.9, -0.011, 0.0195),
        (0.03, hx * 0.9, -0.011, 0.021),
        (0.026, hx * 0.9, -0.01, 0.0),
    ]

    def radius(y: float, r: float) -> float:
        covered = y > end and r > 0.02
        straight = max(r * g, 0.0285 + wide) if covered and identity.bottom_kind == "trousers" else r * g
        return straight + wide * covered

    surface = sampler.tube([(y, side * x, z, radius(y, r), radius(y, r) * 1.04) for y, x, z, r in keys])
    y = surface.positions[1]
    cloth = woven(identity.bottom, surface, 0.05)
    if identity.side_stripe:
        cloth = blend(cloth, identity.bottom.second, np.cos(surface.angle) * side > 0.86)
    covered = 1 - edge(y, end)
    colours = paint(len(y), identity.skin) * (1 - covered) + cloth * folds(surface, rng, 0.07) * covered
    if end > 0.1:
        colours = blend(colours, identity.socks, edge(y, 0.085))
    bend, root = smoothstep(y, knee - 0.04, knee + 0.04), smoothstep(y, hip - 0.05, hip + 0.03)
    limb = Part(
        surface=surface,
        colours=colours,
        bones=(PELVIS, thigh, shin),
        weights=np.stack([root, bend * (1 - root), 1 - bend]),
    )
    return [limb, _shoe(sampler, identity, side * hx * 0.9, foot)]


def _shoe(sampler: Sampler, identity: Identity, x: float, foot: int) -> Part:
    gx, gy, gz, angle = sampler.sphere((0.026, 0.032, 0.074), 2.5)
    gy = np.where(gz > 0, gy * (1 - 0.45 * gz / 0.074), gy)
    gx = gx * (1 + 0.15 * gz / 0.074)
    surface = from_grid(x + gx, np.maximum(gy + 0.026, 0.001), 0.028 + gz, angle)
    sole = surface.positions[1] < 0.010
    colours = blend(
        paint(len(sole), identity.shoes), (190, 188, 184) if sum(identity.shoes) < 300 else (60, 58, 58), sole
    )
    return Part(surface=surface, colours=colours, bones=(foot,))


def skirt(sampler: Sampler, identity: Identity, skeleton: Skeleton, rng: np.random.Generator) -> list[Part]:
    """A skirt, the lower half of a dress, or the skirts of a long coat.

    Args:
        sampler: makes the surfaces.
        identity: whose body and clothes.
        skeleton: in the rest pose.
        rng: the image's or identity's random stream.
    """
    parts = []
    if identity.bottom_kind in ("skirt", "dress"):
        parts.append(_cone(sampler, identity, skeleton, identity.bottom_end, 0.012, 0.60, False, rng))
    if identity.coat:
        parts.append(_cone(sampler, identity, skeleton, identity.coat, 0.008 + identity.loose, 0.56, True, rng))
    return parts


def _cone(
    sampler: Sampler,
    identity: Identity,
    skeleton: Skeleton,
    end: float,
    flare: float,
    waist: float,
    coat: bool,
    rng: np.random.Generator,
) -> Part:
    h = identity.body.girth * identity.body.hips
    ease = identity.loose + 0.004
    low = flare * (0.5 - end) / 0.15
    thigh = 0.062 * (0.3 + 0.7 * h) + identity.bottom_width
    wide, deep = max(0.106 * h, skeleton.hip_x + thigh) + ease, max(0.074 * h, thigh + 0.008) + ease
    rings = [
        (waist, 0, 0, 0.086 * h + ease, 0.064 * h + ease),
        (0.51, 0, -0.005, 0.97 * wide, deep),
        (0.44, 0, -0.002, wide + low / 3, deep + low / 3),
        (end, 0, 0, wide + low, deep + low),
        (end - 0.006, 0, 0, wide + low - 0.007, deep + low - 0.007),
    ]
    surface = sampler.tube(rings, 2.3, dense=2.6)
    x, y, z = surface.positions
    cloth = identity.top if coat or identity.bottom_kind == "dress" else identity.bottom
    colours = woven(cloth, surface, 0.1)
    if coat and identity.top_front == "open":
        gap = (np.abs(x) < 0.02 + 0.04 * (0.55 - y)) & (z > 0)
        colours = blend(colours, identity.front_colour, gap)
    free = 1 - smoothstep(y, 0.465, 0.565)
    left = smoothstep(x, -0.06, 0.06) * free
    return Part(
        surface=surface,
        colours=colours * folds(surface, rng, 0.08),
        bones=(PELVIS, THIGH_L, THIGH_R),
        weights=np.stack([1 - free, left, free - left]),
    )
