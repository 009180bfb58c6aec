"""Head, face, hair and headwear."""

import numpy as np

from augment.pedestrians.fabric import blend, paint
from augment.pedestrians.identity import Colour, Identity
from augment.pedestrians.skeleton import HEAD, SPINE
from augment.pedestrians.surfaces import Part, Sampler, Surface, from_grid, smoothstep
from numerics.arrays import Array

_CENTRE = 0.932
_SIZE = (0.0445, 0.068, 0.056)  # half breadth, half height, half depth


def head_parts(sampler: Sampler, identity: Identity) -> list[Part]:
    """Neck, head with a face, ears, hair and headwear.

    Args:
        sampler: makes the surfaces.
        identity: whose body and clothes.
    """
    scale = identity.body.head
    skull = _skull(sampler, scale, 0.0)
    return [
        Part(surface=skull, colours=_face(identity, skull), bones=(HEAD,)),
        _neck(sampler, identity),
        *_ears(sampler, identity, scale),
        *_hair(sampler, identity, scale),
        *_headwear(sampler, identity, scale),
    ]


def _skull(sampler: Sampler, scale: float, thick: float) -> Surface:
    """The head's surface, blown up by `thick`: jaw narrower than the skull, flat nape, a nose."""
    rx, ry, rz = (size + thick for size in _SIZE)
    x, y, z, angle = sampler.sphere((rx, ry, rz), 2.15)
    low = np.clip(-y / ry, 0, 1)
    x = x * (1 - 0.34 * low**1.8)
    z = np.where(z < 0, z * (1 - 0.45 * low) + 0.008 * low, z * (1 - 0.10 * low))
    nose = np.exp(-((x / 0.0085) ** 2)) * smoothstep(y, 0.016, -0.014) * smoothstep(y, -0.027, -0.016) * (z > 0)
    z = z + 0.014 * nose * (thick == 0)
    return from_grid(x * scale, y + _CENTRE, z * scale, angle)


def _face(identity: Identity, skull: Surface) -> Array:
    """Colours of the head: eyes, brows, mouth, cheeks, shading; glasses."""
    x, y, z = skull.positions
    x, y = np.abs(x) / identity.body.head, y - _CENTRE
    front = z > 0.012
    skin = np.asarray(identity.skin)
    dark = tuple(float(v) for v in skin * 0.62)
    colours = paint(len(x), identity.skin)
    socket = np.exp(-(((x - 0.018) / 0.012) ** 2) - ((y - 0.007) / 0.010) ** 2)
    colours = blend(colours, dark, 0.75 * socket * front)
    colours = blend(colours, (236, 232, 228), ((x - 0.018) / 0.0095) ** 2 + ((y - 0.005) / 0.0055) ** 2 < front)
    colours = blend(colours, (28, 20, 18), ((x - 0.018) / 0.0052) ** 2 + ((y - 0.005) / 0.0056) ** 2 < front)
    brow = (np.abs(x - 0.019) < 0.012) & (np.abs(y - 0.0185 + 0.2 * np.abs(x - 0.017)) < 0.0032)
    colours = blend(colours, tuple(0.7 * v for v in identity.hair), brow & front)
    colours = blend(colours, dark, 0.8 * (np.abs(x - 0.006) < 0.004) * (np.abs(y + 0.0275) < 0.003) * front)
    lips = (float(skin[0] * 0.78), float(skin[1] * 0.52), float(skin[2] * 0.52))
    colours = blend(colours, lips, ((x / 0.0165) ** 2 + ((y + 0.040) / 0.0062) ** 2 < 1) & front)
    colours = blend(colours, (70, 32, 32), (x < 0.014) & (np.abs(y + 0.0402) < 0.0015) & front)
    if identity.glasses:
        ring = np.sqrt(((x - 0.019) / 0.016) ** 2 + ((y - 0.005) / 0.012) ** 2)
        frame = ((ring > 0.82) & (ring < 1.12)) | ((x < 0.006) & (np.abs(y - 0.007) < 0.0022))
        colours = blend(colours, (20, 20, 24), frame & front)
    shaded: Array = colours * (1 - 0.28 * smoothstep(y, -0.045, -0.068))
    return shaded


def _neck(sampler: Sampler, identity: Identity) -> Part:
    r = 0.0315 * (0.6 + 0.4 * identity.body.girth)
    surface = sampler.tube(
        [
            (0.915, 0, -0.010, r, r),
            (0.86, 0, -0.008, r, r),
            (0.835, 0, -0.008, 1.15 * r, 1.1 * r),
            (0.80, 0, -0.01, 1.6 * r, r),
        ]
    )
    y = surface.positions[1]
    shade = 0.72 + 0.2 * smoothstep(y, 0.88, 0.84)
    weight = smoothstep(y, 0.84, 0.88)
    return Part(
        surface=surface,
        colours=paint(len(y), identity.skin) * shade,
        bones=(HEAD, SPINE),
        weights=np.stack([weight, 1 - weight]),
    )


def _ears(sampler: Sampler, identity: Identity, scale: float) -> list[Part]:
    parts = []
    for side in (1, -1):
        surface = sampler.ball((side * 0.046 * scale, 0.928, -0.004), (0.006, 0.017, 0.010))
        parts.append(Part(surface=surface, colours=paint(len(surface.angle), identity.skin) * 0.9, bones=(HEAD,)))
    return parts


def _cover(surface: Surface, front: float, temple: float, side: float, nape: float) -> Array:
    """Points above a line around the head, given by its height at the forehead, temple, ear and nape."""
    x, y, z = surface.positions
    around = np.degrees(np.arctan2(np.abs(x), z))  # 0 = front, 180 = back
    line = np.interp(around, [0, 30, 55, 80, 110, 180], [front, front, temple, side, (side + nape) / 2, nape])
    above: Array = y > line
    return above


_STYLES = {  # thickness, then the heights of the hair line
    "short": (0.007, 0.972, 0.955, 0.935, 0.895),
    "crew": (0.004, 0.976, 0.962, 0.945, 0.91),
    "bob": (0.012, 0.968, 0.94, 0.875, 0.865),
    "long": (0.010, 0.968, 0.94, 0.875, 0.865),
    "bun": (0.006, 0.974, 0.955, 0.925, 0.885),
    "tail": (0.006, 0.974, 0.955, 0.925, 0.885),
}


def _strands(surface: Surface, colour: Colour) -> Array:
    """Hair colour with faint strands and a lighter crown."""
    y = surface.positions[1]
    strand = 1 + 0.10 * np.sin(9 * surface.angle + 160 * y) + 0.06 * np.sin(23 * surface.angle)
    strands: Array = paint(len(y), colour) * strand * (1 + 0.25 * smoothstep(y, 0.96, 1.0))
    return strands


def _hair(sampler: Sampler, identity: Identity, scale: float) -> list[Part]:
    style = identity.hair_style
    if style == "bald":
        return []
    thick, *line = _STYLES[style]
    shell = _skull(sampler, scale, thick)
    shell = shell.subset(_cover(shell, *line))
    surfaces = [shell]
    if style in ("long", "bob"):
        end = 0.765 if style == "long" else 0.862
        rings = [
            (0.95, 0, -0.008, 0.050, 0.055),
            (0.90, 0, -0.012, 0.053, 0.052),
            (0.86, 0, -0.018, 0.054, 0.046),
            (end, 0, -0.040 if style == "long" else -0.016, 0.052, 0.042),
            (end - 0.004, 0, -0.04 if style == "long" else -0.016, 0.0, 0.0),
        ]
        curtain = sampler.tube([(y, x, z, rx * scale, rz * scale) for y, x, z, rx, rz in rings])
        surfaces.append(curtain.subset(curtain.positions[2] < 0.010))
    if style == "bun":
        surfaces.append(sampler.ball((0, 0.965, -0.066 * scale), (0.026, 0.026, 0.024)))
    if style == "tail":
        surfaces.append(sampler.ball((0, 0.885, -0.074 * scale), (0.017, 0.075, 0.017)))
    return [Part(surface=s, colours=_strands(s, identity.hair), bones=(HEAD,)) for s in surfaces]


def _headwear(sampler: Sampler, identity: Identity, scale: float) -> list[Part]:
    if identity.headwear == "none":
        return []
    shell = _skull(sampler, scale, 0.014)
    level = 0.962 if identity.headwear == "cap" else 0.950
    shell = shell.subset(_cover(shell, level, level, level - 0.004, level - 0.018))
    colour = paint(len(shell.angle), identity.headwear_colour)
    if identity.headwear == "beanie":
        colour = colour * (1 - 0.25 * (shell.positions[1] < level + 0.016))
        return [Part(surface=shell, colours=colour, bones=(HEAD,))]
    brim = sampler.ball((0, level + 0.002, 0.065 * scale), (0.036, 0.005, 0.042))
    shade = paint(len(brim.angle), identity.headwear_colour) * 0.8
    return [Part(surface=shell, colours=colour, bones=(HEAD,)), Part(surface=brim, colours=shade, bones=(HEAD,))]
