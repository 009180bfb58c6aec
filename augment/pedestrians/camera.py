"""A fixed camera: where it hangs, what stands behind the people, how it renders light and colour."""

from dataclasses import dataclass

import numpy as np

from augment.pedestrians.scenery import paint_scene
from augment.pedestrians.settings import Pedestrians
from numerics.arrays import Array
from numerics.seeds import Stream, random_stream


@dataclass(frozen=True, kw_only=True)
class Camera:
    """One of the data set's cameras; the scene is wider than an image.

    Attributes:
        scene: height' x width' x 3 in 0..255.
        tightness: an identity's height as a share of the image's.
        sway: how far identities stand off its middle, a standard deviation as a share of its width.
    """

    tilt: float
    scene: Array
    light: Array
    ambient: float
    cast: Array
    gain: float
    contrast: float
    blur: float
    grain: float
    tightness: float
    sway: float = 0.035


def draw_camera(settings: Pedestrians, number: int, stream: Stream = Stream.RENDERED_CAMERA) -> Camera:
    """A camera of a data set: a function of the seed, the clutter and the image size.

    Args:
        settings: size, content and seed of the data set.
        number: from 1.
        stream: the data set's.
    """
    rng = random_stream(settings.seed, stream, number)
    size = (int(settings.height * 1.12), settings.width * 5)
    spread = 0.2 + 0.8 * settings.clutter
    towards = np.array([rng.uniform(-0.8, 0.8), rng.uniform(0.4, 1.0), rng.uniform(0.3, 1.0)])
    return Camera(
        scene=paint_scene(rng, number - 1, size, settings.clutter),
        tilt=float(rng.uniform(3, 16)),
        light=(towards / np.sqrt((towards**2).sum())).astype(np.float32),
        ambient=float(rng.uniform(0.62, 0.78)),
        cast=np.exp(rng.normal(0, 0.055 * spread, 3)).astype(np.float32),
        gain=float(np.exp(rng.uniform(-0.24, 0.24) * spread)),
        contrast=float(1 + rng.uniform(-0.18, 0.12) * spread),
        blur=float(rng.uniform(0.25, 0.65)),
        grain=float(rng.uniform(1.5, 4.5)),
        tightness=float(rng.uniform(0.86, 0.93)),
    )


def backdrop(camera: Camera, size: tuple[int, int], rng: np.random.Generator) -> Array:
    """A piece of the camera's scene.

    Args:
        camera: whose scene.
        size: (height, width) in pixels.
        rng: the image's or identity's random stream.

    Returns:
        A fresh float32 array in 0..255.
    """
    top = int(rng.integers(0, camera.scene.shape[0] - size[0] + 1))
    left = int(rng.integers(0, camera.scene.shape[1] - size[1] + 1))
    return camera.scene[top : top + size[0], left : left + size[1]].copy()


def develop(camera: Camera, picture: Array, rng: np.random.Generator) -> Array:
    """What the camera makes of light: blur, contrast, colour cast, gain and grain.

    Args:
        camera: which one.
        picture: H x W x 3 in 0..255.
        rng: the image's or identity's random stream.

    Returns:
        uint8 of the same shape.
    """
    picture = _blurred(picture, camera.blur * picture.shape[0] / 128 * float(rng.uniform(0.8, 1.35)))
    picture = (picture - 118) * camera.contrast + 118
    picture = picture * camera.cast * np.float32(camera.gain * np.exp(rng.normal(0, 0.04)))
    grain = rng.standard_normal(picture.shape, dtype=np.float32) * np.float32(camera.grain)
    return np.clip(picture + grain + 0.5, 0, 255).astype(np.uint8)


def _blurred(picture: Array, sigma: float) -> Array:
    """Gaussian blur of the first two axes, edges repeated."""
    reach = max(int(np.ceil(2.5 * sigma)), 1)
    taps = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2)).astype(np.float32)
    taps /= taps.sum()
    for axis in (0, 1):
        pad = [(0, 0)] * 3
        pad[axis] = (reach, reach)
        padded = np.pad(picture, pad, mode="edge")
        length, blurred = picture.shape[axis], np.zeros_like(picture)
        for k, tap in enumerate(taps):
            blurred += tap * (padded[k : k + length] if axis == 0 else padded[:, k : k + length])
        picture = blurred
    return picture
