"""Backgrounds of the cameras: a wide painted strip each, from which an image cuts its piece."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from numerics.arrays import Array

_Painter = Callable[[np.random.Generator, Array], None]
_GREY = np.float32(122)


def noise(rng: np.random.Generator, shape: tuple[int, ...], cell: float) -> Array:
    """Smooth noise of unit spread.

    Args:
        rng: the image's or identity's random stream.
        shape: (height, width).
        cell: size of its features in pixels.
    """
    rows, columns = max(int(shape[0] / cell), 2), max(int(shape[1] / cell), 2)
    coarse = Image.fromarray(rng.normal(0, 1, (rows, columns)).astype(np.float32))
    return np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def paint_scene(rng: np.random.Generator, kind: int, size: tuple[int, int], clutter: float) -> Array:
    """A strip of scenery.

    The calmer a scene, the closer its mean colour to the grey that all cameras share.

    Args:
        rng: the image's or identity's random stream.
        kind: its number.
        size: (height, width) in pixels.
        clutter: 0..1, scales its contrast.

    Returns:
        Height x width x 3, float32 in 0..255.
    """
    height, width = size
    scene = np.empty((height, width, 3), dtype=np.float32)
    horizon = int(height * rng.uniform(0.60, 0.74))
    wall, ground = rng.uniform(85, 170), rng.uniform(95, 165)
    scene[:horizon] = wall + rng.normal(0, 9, 3)
    scene[horizon:] = ground + rng.normal(0, 7, 3)
    _WALLS[kind % len(_WALLS)](rng, scene[:horizon])
    _GROUNDS[kind // 2 % len(_GROUNDS)](rng, scene[horizon:])
    scene += noise(rng, size, height / 5)[..., None] * 7 + noise(rng, size, 2)[..., None] * 4
    if rng.random() < 0.6:
        edge = noise(rng, (1, width), width / 6)[0] * 0.12 * height + 0.85 * height
        scene *= np.where(np.arange(height)[:, None] > edge, 0.62, 1.0)[..., None].astype(np.float32)
    middle = scene.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
    middle = _GREY + np.float32(0.3 + 0.7 * clutter) * (middle - _GREY)
    muted: Array = np.clip(middle + np.float32(clutter) * (scene - middle), 0, 255)
    return muted


def _bricks(rng: np.random.Generator, area: Array) -> None:
    rows, columns = np.mgrid[: area.shape[0], : area.shape[1]]
    course = rows // 5
    joint = (rows % 5 == 0) | ((columns + 5 * (course % 2)) % 11 == 0)
    shade = rng.normal(0, 12, (area.shape[0] // 5 + 1, area.shape[1] // 11 + 2))
    area += shade[course, (columns + 5 * (course % 2)) // 11][..., None] + np.array([25, -8, -20])
    area[joint] = area[joint] * 0.4 + 100


def _hedge(rng: np.random.Generator, area: Array) -> None:
    leaves = noise(rng, area.shape[:2], 3) * 22 + noise(rng, area.shape[:2], 9) * 20
    area *= 0.62
    area += leaves[..., None] * np.array([0.8, 1.0, 0.6]) + np.array([-18, 12, -26])


def _windows(rng: np.random.Generator, area: Array) -> None:
    step = int(rng.integers(24, 40))
    for left in range(0, area.shape[1], step):
        tone = rng.uniform(30, 90) if rng.random() < 0.7 else rng.uniform(150, 220)
        area[area.shape[0] // 8 : int(area.shape[0] * 0.8), left : left + step - 6] = tone + rng.normal(0, 6, 3)
    area += noise(rng, area.shape[:2], 14)[..., None] * 16


def _bicycles(rng: np.random.Generator, area: Array) -> None:
    rows, columns = np.mgrid[: area.shape[0], : area.shape[1]]
    radius = area.shape[0] * 0.19
    for _ in range(max(area.shape[1] // 26, 1)):
        x, y = rng.uniform(0, area.shape[1]), area.shape[0] - radius * rng.uniform(0.9, 1.3)
        colour = rng.uniform(25, 190, 3)
        for shift in (0.0, 2.3 * radius):
            ring = np.abs(np.hypot(columns - x - shift, rows - y) - radius)
            area[ring < 1.1] = (40, 40, 42)
        bar = (np.abs(rows - (y - radius * 0.9)) < 1.2) & (columns > x) & (columns < x + 2.3 * radius)
        area[bar] = colour


def _shutters(rng: np.random.Generator, area: Array) -> None:
    rows, columns = np.mgrid[: area.shape[0], : area.shape[1]]
    area += np.where(rows % 7 < 2, -26.0, 8.0)[..., None]
    for left in range(0, area.shape[1], 58):
        door = (columns >= left) & (columns < left + 30)
        area[door] = area[door] * 0.5 + rng.uniform(20, 120, 3)


def _trunks(rng: np.random.Generator, area: Array) -> None:
    area += (noise(rng, area.shape[:2], 16) * 22)[..., None] + np.array([-6, 8, -10])
    columns = np.arange(area.shape[1])
    for _ in range(max(area.shape[1] // 34, 1)):
        trunk = np.abs(columns - rng.uniform(0, area.shape[1])) < rng.uniform(2, 6)
        area[:, trunk] = area[:, trunk] * 0.3 + np.array([48, 40, 32])


def _tiles(_: np.random.Generator, area: Array) -> None:
    rows, columns = np.mgrid[: area.shape[0], : area.shape[1]]
    depth = np.sqrt(rows + 1.0)
    area[(depth * 2.4 % 2 < 0.32) | ((columns + rows * 0.7) % 19 < 1.2)] -= 28


def _grass(rng: np.random.Generator, area: Array) -> None:
    area += (noise(rng, area.shape[:2], 2) * 14)[..., None] + np.array([-22, 8, -34])


def _asphalt(_: np.random.Generator, area: Array) -> None:
    rows, columns = np.mgrid[: area.shape[0], : area.shape[1]]
    area -= 24
    area[(columns + 2 * rows) % 74 < 6] += 70


_WALLS: tuple[_Painter, ...] = (_bricks, _hedge, _windows, _bicycles, _shutters, _trunks)
_GROUNDS: tuple[_Painter, ...] = (_tiles, _asphalt, _grass)
