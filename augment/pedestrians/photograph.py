"""One image of a person before a camera, with the exact key points."""

from dataclasses import dataclass

import numpy as np

from augment.pedestrians.camera import Camera, backdrop, develop
from augment.pedestrians.figure import Figure, View, view_figure
from augment.pedestrians.gait import draw_pose
from augment.pedestrians.occluders import draw_occluder
from augment.pedestrians.settings import Pedestrians
from augment.pedestrians.skeleton import turn
from numerics.arrays import Array

_DISTANCE = 6.0  # of the camera, in statures
_GAP = int(0.02 * 65536) << 32  # a step in depth that makes a hole, in the units of `render_figure`
_FARTHEST = 16 / 7  # off the image's middle, in spreads of where people stand
_FINE = 2  # drawn at twice the size, then averaged
HEAD = 0.13  # height of a head, in statures
# How far in front of a joint its own skin may lie, in statures (18 joints, OpenPose order).
_DEPTH = np.array([0.03, 0.09] + [0.07, 0.05, 0.045] * 2 + [0.11, 0.07, 0.07] * 2 + [0.03, 0.03, 0.035, 0.035])


@dataclass(frozen=True, kw_only=True)
class Photograph:
    """A rendered image and what is known of it.

    Attributes:
        image: height x width x 3 uint8.
        keypoints: 18 x 2 (y, x) whole pixels, -1 outside the image.
        visible: 18 of 0/1.
        head: the head's height in pixels, chin to crown.
    """

    image: Array
    keypoints: Array
    visible: Array
    head: float


@dataclass(frozen=True, kw_only=True)
class Crop:
    """Where the person lies in the image.

    Attributes:
        scale: pixels per stature.
        x: of the origin in the image, from the left.
        y: of the origin in the image, from the top.
    """

    scale: float
    x: float
    y: float


def photograph(
    figure: Figure, camera: Camera, settings: Pedestrians, rng: np.random.Generator, *, botched: bool = False
) -> Photograph:
    """An identity in a random pose and direction.

    Args:
        figure: the identity.
        camera: before which.
        settings: size, content and seed of the data set.
        rng: the image's or identity's random stream.
        botched: crops away a large part, as a failed detector does.
    """
    size = (settings.height, settings.width)
    pose = draw_pose(figure.identity, rng)
    view = view_figure(figure, pose, turn(x=camera.tilt) @ turn(y=float(rng.uniform(-180, 180))))
    fine = 1 if botched else _FINE  # a botched crop is magnified, its points lie further apart
    crop = _place(view, camera, size, rng, botched)
    colours, alpha, depth = render_figure(view, camera, crop, size, fine)
    background = backdrop(camera, size, rng)
    background *= _shadow(view, crop, size)[..., None]
    picture = background * (1 - alpha[..., None]) + colours
    picture, cover = draw_occluder(picture, settings.clutter, rng)
    keypoints, visible = _keypoints(view, crop, size, depth, cover)
    image = develop(camera, picture, rng)
    return Photograph(image=image, keypoints=keypoints, visible=visible, head=HEAD * crop.scale)


def _project(points: Array) -> tuple[Array, Array]:
    """Image axes (right, down) of points 3 x N, in statures at the person's distance."""
    nearer = _DISTANCE / (_DISTANCE - points[2])
    return points[0] * nearer, -points[1] * nearer


def _place(view: View, camera: Camera, size: tuple[int, int], rng: np.random.Generator, botched: bool) -> Crop:
    """The detector's box: tight around the person with jitter; sometimes it cuts the feet."""
    right, down = _project(view.points)
    top, bottom = float(down.min()), float(down.max())
    middle = 0.5 * float(right.min() + right.max()) * 0.6 + 0.4 * float(view.joints[[8, 11], 0].mean())
    fill = float(np.clip(camera.tightness + rng.normal(0, 0.025), min(0.78, camera.tightness - 0.08), 0.97))
    if rng.random() < 0.05:
        fill = float(rng.uniform(1.0, 1.08))
    if botched:
        fill = float(rng.uniform(1.3, 1.9))
    scale = fill * size[0] / (bottom - top)
    slack = size[0] - scale * (bottom - top)
    if botched:
        x = size[1] / 2 + size[1] * rng.uniform(-0.55, 0.55)
        y = slack * float(rng.uniform(-0.1, 1.1))
    else:
        farthest = _FARTHEST * camera.sway
        x = size[1] / 2 + size[1] * float(np.clip(rng.normal(0, camera.sway), -farthest, farthest))
        y = slack * float(rng.uniform(0.3, 0.7)) if slack > 0 else 0.02 * size[0]
    return Crop(scale=scale, x=float(x - middle * scale), y=float(y - top * scale))


def render_figure(
    view: View, camera: Camera, crop: Crop, size: tuple[int, int], fine: int
) -> tuple[Array, Array, Array]:
    """A person alone, before nothing.

    Args:
        view: of the person.
        camera: whose light it is.
        crop: where the person lies in the image.
        size: (height, width) of the image in pixels.
        fine: how many times the size is rendered and averaged.

    Returns:
        Colour times coverage (H x W x 3), coverage (H x W), nearest depth at `fine` times the size (-inf = nobody).
    """
    height, width = size[0] * fine, size[1] * fine
    right, down = _project(view.points)
    scale = np.float32(crop.scale * fine)
    column = np.floor(right * scale + np.float32(crop.x * fine)).astype(np.int64)
    row = np.floor(down * scale + np.float32(crop.y * fine)).astype(np.int64)
    inside = np.flatnonzero((column >= 0) & (column < width) & (row >= 0) & (row < height))
    near = ((view.points[2, inside] + 2) * 65536).astype(np.int64)
    front = np.full(height * width, -1, dtype=np.int64)
    np.maximum.at(front, row[inside] * width + column[inside], near << 32 | inside)
    front = _fill(front.reshape(height, width))
    hit = front >= 0
    owner = front[hit] & 0xFFFFFFFF
    canvas = np.zeros((height, width, 3), dtype=np.float32)
    canvas[hit] = _lit(view, camera, owner)
    depth = np.full((height, width), -np.inf)
    depth[hit] = (front[hit] >> 32) / 65536 - 2
    blocks = (size[0], fine, size[1], fine)
    alpha = hit.astype(np.float32).reshape(blocks).mean(axis=(1, 3))
    return canvas.reshape(*blocks, 3).mean(axis=(1, 3)), alpha, depth


def _fill(front: Array) -> Array:
    """Close cracks one pixel wide: a pixel far behind (or empty) between two neighbours takes the farther of them."""
    across = np.minimum(front[1:-1, :-2], front[1:-1, 2:])
    along = np.minimum(front[:-2, 1:-1], front[2:, 1:-1])
    around, inner = np.maximum(across, along), front[1:-1, 1:-1]
    filled = front.copy()
    filled[1:-1, 1:-1] = np.where(inner + _GAP < around, around, inner)
    return filled


def _lit(view: View, camera: Camera, owner: Array) -> Array:
    """Colours (M x 3) of surface points in the camera's light."""
    normals, light = view.normals[:, owner], camera.light
    lambert = np.maximum(normals[0] * light[0] + normals[1] * light[1] + normals[2] * light[2], 0)
    sky = 0.06 * normals[1]
    rim = np.float32(0.16) * (1 - np.clip(normals[2], 0, 1)) ** 2
    shade = camera.ambient + (1.12 - camera.ambient) * lambert + sky - rim
    lit: Array = (view.colours[:, owner] * shade).T
    return lit


def _shadow(view: View, crop: Crop, size: tuple[int, int]) -> Array:
    """Factors (H x W) of the contact shadow around the feet."""
    rows, columns = np.arange(size[0])[:, None], np.arange(size[1])[None]
    right, down = _project(view.joints.T)
    dark = np.zeros(size)
    for joint, share in ((10, 0.38), (13, 0.38)):
        x, y = right[joint] * crop.scale + crop.x, (down[joint] + 0.03) * crop.scale + crop.y
        spread = ((columns - x) / (0.085 * crop.scale)) ** 2 + ((rows - y) / (0.022 * crop.scale)) ** 2
        dark = np.maximum(dark, share * np.exp(-spread))
    return (1 - dark).astype(np.float32)


def _keypoints(view: View, crop: Crop, size: tuple[int, int], depth: Array, cover: Array) -> tuple[Array, Array]:
    """Whole-pixel joints (18 x 2, -1 outside the image) and whether each is seen (not behind anything)."""
    right, down = _project(view.joints.T)
    x, y = np.floor(right * crop.scale + crop.x), np.floor(down * crop.scale + crop.y)
    inside = (x >= 0) & (x < size[1]) & (y >= 0) & (y < size[0])
    keypoints = np.where(inside[:, None], np.stack([y, x], axis=1), -1).astype(np.int64)
    fine = depth.shape[0] // size[0]
    visible = np.zeros(18, dtype=np.int64)
    for joint in np.flatnonzero(inside):
        row, column = keypoints[joint]
        nearest = depth[row * fine : (row + 1) * fine, column * fine : (column + 1) * fine]
        seen = nearest.min() - view.joints[joint, 2] < _DEPTH[joint]
        visible[joint] = int(seen and not cover[row, column])
    return keypoints, visible
