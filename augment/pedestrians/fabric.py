"""Fabrics: woven patterns, prints and folds painted onto surface points."""

from collections.abc import Sequence

import numpy as np

from augment.pedestrians.identity import Cloth, Colour, Identity
from augment.pedestrians.surfaces import Surface, smoothstep
from numerics.arrays import Array

SOFT = 0.004
"""Half of the height over which an edge is soft."""


def paint(count: int, colour: Colour) -> Array:
    """Points of one colour.

    Args:
        count: of points.
        colour: red, green, blue in 0..255.

    Returns:
        3 x count, float32 in 0..255.
    """
    return np.repeat(np.asarray(colour, dtype=np.float32)[:, None], count, axis=1)


def blend(colours: Array, colour: Sequence[float], mask: Array) -> Array:
    """Colours mixed with one colour.

    Args:
        colours: 3 x N in 0..255.
        colour: red, green, blue in 0..255.
        mask: N values, 1 where the one colour shows, 0 where it does not.
    """
    share = mask.astype(np.float32)
    blended: Array = colours * (1 - share) + np.asarray(colour, dtype=np.float32)[:, None] * share
    return blended


_TILE = {"pinstripes": 0.6, "dots": 0.8, "diagonal": 1.1}  # sizes of the repeat where it is not 1


def woven(cloth: Cloth, surface: Surface, radius: float) -> Array:
    """The colours of a fabric on a tube; the pattern closes around the tube.

    Args:
        cloth: the fabric.
        surface: the tube's points.
        radius: about the tube's.

    Returns:
        3 x N in 0..255.
    """
    tile = cloth.size * _TILE.get(cloth.pattern, 1.0)
    repeats = 2 * max(round(np.pi * radius / tile), 1)
    height = surface.positions[1]
    a, b = surface.angle * np.float32(repeats / (2 * np.pi)) % 1, height / np.float32(tile) % 1
    masks = {
        "plain": np.zeros(len(a)),
        "rings": b < 0.5,
        "pinstripes": a < 0.4,
        "check": (a < 0.5) ^ (b < 0.5),
        "halves": height > 0.60 + cloth.size,
        "dots": (a - 0.5) ** 2 + (b - 0.5) ** 2 < 0.085,
        "diagonal": (a + b) % 1 < 0.45,
    }
    return blend(paint(len(a), cloth.base), cloth.second, masks[cloth.pattern])


def prints(identity: Identity, surface: Surface, colours: Array) -> Array:
    """The trunk's colours with what is printed on its front and on its back.

    Args:
        identity: whose body and clothes.
        surface: the points that are coloured.
        colours: 3 x N in 0..255.
    """
    x, y, _ = surface.positions
    front = surface.normals[2] > 0.05
    masks_front = {
        "none": np.zeros(len(x), bool),
        "disc": (x / 0.048) ** 2 + ((y - 0.71) / 0.048) ** 2 < 1,
        "panel": (np.abs(x) < 0.055) & (np.abs(y - 0.70) < 0.045),
        "lettering": (np.abs(x) < 0.068) & (np.abs(y - 0.72) < 0.03) & ((x / 0.034 % 1) < 0.6),
        "open": np.abs(x) < 0.026 + 0.01 * np.clip((0.8 - y) / 0.3, 0, 1),
        "placket": (np.abs(x) < 0.008) | ((np.abs(x) < 0.05) & (np.abs(x) > 0.018) & (np.abs(y - 0.73) < 0.012)),
        "band": np.abs(y - 0.69) < 0.028,
    }
    masks_back = {
        "none": np.zeros(len(x), bool),
        "panel": (np.abs(x) < 0.06) & (np.abs(y - 0.71) < 0.06),
        "disc": (x / 0.055) ** 2 + ((y - 0.70) / 0.055) ** 2 < 1,
        "yoke": y > 0.745,
        "lettering": (np.abs(x) < 0.075) & (np.abs(y - 0.74) < 0.022) & ((x / 0.03 % 1) < 0.6),
        "spine": np.abs(x) < 0.02,
    }
    colours = blend(colours, identity.front_colour, masks_front[identity.top_front] & front)
    return blend(colours, identity.back_colour, masks_back[identity.top_back] & (surface.normals[2] < -0.05))


def straps(identity: Identity, surface: Surface, colours: Array) -> Array:
    """The trunk's colours with the straps of what is carried.

    Args:
        identity: whose body and clothes.
        surface: the points that are coloured.
        colours: 3 x N in 0..255.
    """
    x, y, _ = surface.positions
    front = surface.normals[2] > 0
    side = identity.bag_side
    if identity.bag == "backpack":
        return blend(colours, identity.bag_colour, (np.abs(np.abs(x) - 0.062) < 0.013) & (y > 0.67) & front)
    if identity.bag == "shoulder":
        line = 0.50 + (0.84 - 0.50) * (0.085 - side * x) / 0.15
        return blend(colours, identity.bag_colour, (np.abs(y - line) < 0.022) & (y > 0.5))
    if identity.bag == "tote":
        return blend(colours, identity.bag_colour, (np.abs(side * x - 0.088) < 0.012) & (y > 0.70))
    return colours


def folds(surface: Surface, rng: np.random.Generator, strength: float) -> Array:
    """Brightness factors of soft folds and creases.

    Args:
        surface: the points that are coloured.
        rng: the image's or identity's random stream.
        strength: how far they are from 1.

    Returns:
        N values around 1.
    """
    x, y, z = surface.positions
    waves = np.zeros(len(x), dtype=np.float32)
    for _ in range(4):
        kx, ky, kz = rng.normal(0, 1, 3) * (40, 32, 40)
        waves += np.sin(kx * x + ky * y + kz * z + rng.uniform(0, 6.3), dtype=np.float32)
    return 1 + strength * waves / 2


def edge(values: Array, at: float) -> Array:
    """1 below the height `at`, 0 above, with a soft edge.

    Args:
        values: heights.
        at: where the edge is.
    """
    return 1 - smoothstep(values, at - SOFT, at + SOFT)
