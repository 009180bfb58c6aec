"""Surfaces as dense sets of points: tubes of horizontal slices and rounded boxes, in the rest pose.

The rest pose stands upright with hanging arms; x points to the person's left, y up, z forward; the unit of
length is the person's stature, the ground is y = 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from numerics.arrays import Array


@dataclass(frozen=True, kw_only=True)
class Surface:
    """Points of a surface.

    Attributes:
        positions: 3 x N, in statures.
        normals: 3 x N, outward.
        angle: N, around the axis: 0 is left, pi/2 front.
    """

    positions: Array
    normals: Array
    angle: Array

    def subset(self, keep: Array) -> "Surface":
        """Some of the points.

        Args:
            keep: a mask of N.
        """
        return Surface(positions=self.positions[:, keep], normals=self.normals[:, keep], angle=self.angle[keep])


@dataclass(frozen=True, kw_only=True)
class Part:
    """A coloured surface and the bones that carry it.

    Attributes:
        surface: N points.
        colours: 3 x N in 0..255.
        bones: B of the skeleton's.
        weights: B x N that sum to 1; None where one bone carries all.
    """

    surface: Surface
    colours: Array
    bones: tuple[int, ...]
    weights: Array | None = field(default=None)


def smoothstep(values: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, smooth in between (`low` > `high` falls instead of rising).

    Args:
        values: any shape.
        low: below it 0.
        high: above it 1.
    """
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """Makes surfaces.

    Attributes:
        spacing: of neighbouring points, in statures.
    """

    spacing: float

    def tube(
        self, rings: Sequence[tuple[float, float, float, float, float]], roundness: float = 2.0, dense: float = 1.0
    ) -> Surface:
        """A tube through horizontal slices.

        Args:
            rings: (y, centre x, centre z, radius x, radius z) from the top down.
            roundness: the exponent of the superellipse: 2 an ellipse, larger squarer.
            dense: multiplies the number of points around, for cloth that a pose stretches.
        """
        keys = np.asarray(rings, dtype=np.float64)
        step = np.hypot(np.diff(keys[:, 0]), np.maximum(np.abs(np.diff(keys[:, 3])), np.abs(np.diff(keys[:, 4]))))
        length = np.concatenate([[0.0], np.cumsum(step)])
        along = np.linspace(0, length[-1], max(int(np.ceil(length[-1] / self.spacing)), 4))
        y, cx, cz, rx, rz = (_smooth(np.interp(along, length, keys[:, k])) for k in range(5))
        around = max(int(np.ceil(2 * np.pi * keys[:, 3:].max() * 0.95 * dense / self.spacing)), 8)
        cos, sin, angle = _superellipse(around, roundness)
        x = cx[:, None] + rx[:, None] * cos
        z = cz[:, None] + rz[:, None] * sin
        return from_grid(x, np.broadcast_to(y[:, None], x.shape), z, np.broadcast_to(angle, x.shape))

    def sphere(self, radii: tuple[float, float, float], roundness: float = 2.0) -> tuple[Array, ...]:
        """Grids of an ellipsoid around the origin, to be deformed and passed to `from_grid`.

        Args:
            radii: x, y, z.
            roundness: as of `tube`.

        Returns:
            x, y, z and angle.
        """
        rows = max(int(np.ceil(np.pi * max(radii[1], radii[2]) / self.spacing)), 6)
        columns = max(int(np.ceil(2 * np.pi * max(radii[0], radii[2]) / self.spacing)), 8)
        cos, sin, around = _superellipse(columns, roundness)
        up, out, _ = (side[1 : 2 * rows : 2, None] for side in _superellipse(4 * rows, roundness))  # pole to pole
        x, y, z = radii[0] * out * cos, radii[1] * up * np.ones(columns), radii[2] * out * sin
        angle = np.broadcast_to(around, x.shape)
        return x, y, z, angle

    def ball(self, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Surface:
        """An ellipsoid.

        Args:
            centre: x, y, z.
            radii: x, y, z.
        """
        x, y, z, angle = self.sphere(radii)
        return from_grid(x + centre[0], y + centre[1], z + centre[2], angle)

    def box(self, centre: tuple[float, float, float], half: tuple[float, float, float]) -> Surface:
        """A box with rounded edges.

        Args:
            centre: x, y, z.
            half: its half sizes.
        """
        x, y, z = centre
        a, b, c = half
        soft = 0.25 * min(half)
        rings = [(y + b, x, z, 0.0, 0.0), (y + b, x, z, a - soft, c - soft), (y + b - soft, x, z, a, c)]
        rings += [(y - b + soft, x, z, a, c), (y - b, x, z, a - soft, c - soft), (y - b, x, z, 0.0, 0.0)]
        return self.tube(rings, 5.0)


def from_grid(x: Array, y: Array, z: Array, angle: Array) -> Surface:
    """A surface from coordinate grids (rows from top to bottom x columns once around), normals by differences.

    Args:
        x: grid.
        y: grid.
        z: grid.
        angle: around the axis.
    """
    grid = np.stack([x, y, z])  # 3 x rows x columns
    down = np.gradient(grid, axis=1)
    across = np.roll(grid, -1, axis=2) - np.roll(grid, 1, axis=2)
    normals = np.cross(across, down, axis=0)
    normals /= np.maximum(np.sqrt((normals**2).sum(axis=0)), 1e-12)
    flat = (3, -1)
    return Surface(
        positions=np.ascontiguousarray(grid.reshape(flat), dtype=np.float32),
        normals=np.ascontiguousarray(normals.reshape(flat), dtype=np.float32),
        angle=np.ascontiguousarray(angle.reshape(-1), dtype=np.float32),
    )


def _superellipse(count: int, roundness: float) -> tuple[Array, Array, Array]:
    """Points (cos, sin) spread evenly along a superellipse of radius 1, and their angles from 0 to 2 pi."""
    fine = np.linspace(0, 2 * np.pi, 721)
    cos = np.sign(np.cos(fine)) * np.abs(np.cos(fine)) ** (2 / roundness)
    sin = np.sign(np.sin(fine)) * np.abs(np.sin(fine)) ** (2 / roundness)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(cos), np.diff(sin)))])
    at = np.linspace(0, length[-1], count, endpoint=False)
    return np.interp(at, length, cos), np.interp(at, length, sin), np.interp(at, length, fine)


def _smooth(profile: Array) -> Array:
    """Round the corners of a piecewise linear profile; the ends stay where they are."""
    width = max(len(profile) // 16, 1)
    padded = np.concatenate(
        [2 * profile[0] - profile[width:0:-1], profile, 2 * profile[-1] - profile[-2 : -width - 2 : -1]]
    )
    return np.convolve(padded, np.full(2 * width + 1, 1 / (2 * width + 1)), mode="valid")
