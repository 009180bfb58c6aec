"""Things between the camera and the person: a pole, a railing, somebody who passes by."""

import numpy as np

from numerics.arrays import Array


def draw_occluder(picture: Array, clutter: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """A picture with, sometimes, an occluder.

    Args:
        picture: H x W x 3 in 0..255.
        clutter: 0..1, more of it more often.
        rng: the image's or identity's random stream.

    Returns:
        The picture, and the mask (H x W) of what the occluder covers.
    """
    height, width = picture.shape[:2]
    cover = np.zeros((height, width), dtype=bool)
    if rng.random() >= 0.06 + 0.12 * clutter:
        return picture, cover
    rows, columns = np.mgrid[:height, :width]
    kind = int(rng.integers(3))
    side = -1 if rng.random() < 0.5 else 1
    tone = 110 + rng.uniform(-80, 70) * (0.4 + 0.6 * clutter) + rng.normal(0, 8, 3)
    if kind == 0:
        at = width * (0.5 + side * rng.uniform(0.22, 0.46))
        cover = np.abs(columns - at) < width * rng.uniform(0.025, 0.05)
    elif kind == 1:
        at = height * rng.uniform(0.74, 0.9)
        cover = (np.abs(rows - at) < 0.012 * height) | (np.abs(rows - at - 0.1 * height) < 0.01 * height)
        cover |= ((columns + int(rng.integers(40))) % 40 < 2) & (rows > at)
    else:
        reach, shoulder = width * rng.uniform(0.06, 0.2), height * rng.uniform(0.15, 0.35)
        from_side = columns if side < 0 else width - 1 - columns
        body = (from_side < reach) & (rows > shoulder + 0.3 * np.maximum(from_side - 0.5 * reach, 0))
        cover = body | (np.hypot(from_side - 0.25 * reach, rows - shoulder + 0.05 * height) < 0.055 * height)
    shade = 1 - 0.25 * (columns - columns[cover].min(initial=width)) / width if cover.any() else 1.0
    painted = picture.copy()
    painted[cover] = (tone * np.broadcast_to(np.asarray(shade)[..., None], picture.shape))[cover]
    return painted, cover
