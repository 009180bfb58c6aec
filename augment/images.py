"""Images from files into one tensor, decoded once and kept as uint8."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment import AugmentError
from numerics.arrays import Array
from numerics.files import replacing
from numerics.images import is_of_16_bits, upright_rgb

if TYPE_CHECKING:
    import torch
    from PIL import Image

LARGEST = 64_000_000
"""Pixels of an image beyond which it is refused undecoded: a few bytes of a file can ask for any amount of memory."""
IN_MEMORY = 2 << 30
"""Bytes of decoded images up to which load_or_map keeps them in memory."""
CHUNK = 512
NOT_THE_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors of opening a file that are no fault of that file."""


@contextmanager
def open_image(path: str | Path) -> Iterator[Image.Image]:
    """The opened image of a file, its pixels not decoded yet.

    Args:
        path: of the file.

    Raises:
        AugmentError: for a file that is not a readable image, also where decoding it inside the block fails, for one
            of more than LARGEST pixels, and for pixels of 32 bits.
    """
    from PIL import Image

    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with Image.open(path) as file:
            if file.width * file.height > LARGEST:
                raise ValueError(f"{file.width} x {file.height} pixels, more than {LARGEST:,}")
            is_of_16_bits(file)
            yield file
    except (OSError, ValueError, SyntaxError, *bombs) as error:
        if isinstance(error, OSError) and error.errno in NOT_THE_FILES:
            raise
        raise AugmentError(f"{path}: not a readable image ({error}); replace or remove it") from error


def header_size(path: str | Path) -> tuple[int, int] | None:
    """The (height, width) that an image's header gives, None where the file is no readable image.

    Args:
        path: of the file.
    """
    try:
        with open_image(path) as image:
            return image.height, image.width
    except AugmentError:
        return None


def least_and_most_opaque(path: str | Path) -> tuple[int, int]:
    """How opaque an image's least and most opaque pixels are, 0 to 255; of one without transparency nothing is decoded.

    Args:
        path: of the file.

    Raises:
        AugmentError: for a file that is not a readable image.
    """
    with open_image(path) as image:
        if is_of_16_bits(image) or not image.has_transparency_data:  # 16 bits: see `upright_rgb`
            return 255, 255
        opacity = np.asarray(image.convert("RGBA"))[..., 3]
    return int(opacity.min()), int(opacity.max())


def read_image(path: str | Path, size: tuple[int, int] | None = None) -> Array:
    """One image as uint8 H x W x 3, made RGB by `upright_rgb`.

    Args:
        path: of the file.
        size: (height, width) in pixels to which it is resized bilinearly, antialiased; None leaves it.

    Raises:
        AugmentError: for a file that is not a readable image.
    """
    from PIL import Image

    with open_image(path) as file:
        image = upright_rgb(file)
    if size is not None and image.size != (size[1], size[0]):
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(image)


def load_images(paths: Sequence[str | Path], size: tuple[int, int], jobs: int = 2) -> torch.Tensor:
    """All images as one uint8 tensor N x 3 x height x width, RGB; Market-1501's 12,936 of 128 x 64 take 318 MB.

    Args:
        paths: of the files.
        size: (height, width) in pixels to which they are resized.
        jobs: threads that decode.

    Raises:
        AugmentError: for a file that is not a readable image.
    """
    import torch

    images = np.empty((len(paths), 3, *size), dtype=np.uint8)

    def fill(index: int) -> None:
        images[index] = read_image(paths[index], size).transpose(2, 0, 1)

    with ThreadPoolExecutor(jobs) as pool:
        for _ in pool.map(fill, range(len(paths))):
            pass
    return torch.from_numpy(images)


def load_or_map(
    paths: Sequence[str | Path], size: tuple[int, int], cache: Path, key: str, jobs: int = 2, most: int | None = None
) -> torch.Tensor:
    """As load_images, but many pixels stay in a file that is mapped.

    DeepFashion's 48,674 images of 256 x 176 take 6.6 GB of disk; memory holds only what is looked at.

    Args:
        paths: of the files.
        size: (height, width) in pixels to which they are resized.
        cache: the folder of the mapped file, which is made once, by rename, and used from then on.
        key: a fingerprint of the images and their order, part of the file's name.
        jobs: threads that decode.
        most: bytes of pixels that are held in memory; None is IN_MEMORY.

    Returns:
        A channels-last tensor, so that networks take rows of it as they are; writing to it does not reach the file.

    Raises:
        AugmentError: for a file that is not a readable image.
    """
    import torch

    shape = (len(paths), *size, 3)
    if math.prod(shape) <= (IN_MEMORY if most is None else most):
        return load_images(paths, size, jobs)
    path = cache / f"images-{key}-{size[0]}x{size[1]}.u8"
    if not path.is_file() or path.stat().st_size != math.prod(shape):
        _decode_into(path, paths, size, jobs)
    pixels = np.memmap(path, np.uint8, mode="c", shape=shape)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def _decode_into(path: Path, paths: Sequence[str | Path], size: tuple[int, int], jobs: int) -> None:
    """Write all pixels, N x height x width x 3, to `path` by rename; raises OSError where the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with replacing(path, own) as partial, ThreadPoolExecutor(jobs) as pool, partial.open("wb") as file:
        for start in range(0, len(paths), CHUNK):
            for pixels in pool.map(lambda each: read_image(each, size), paths[start : start + CHUNK]):
                file.write(pixels.tobytes())


def to_uint8(images: torch.Tensor) -> torch.Tensor:
    """Images as uint8 by truncation of (x + 1) / 2 * 255, as the released code does.

    Args:
        images: a network's, in [-1, 1]; values outside are clipped.
    """
    import torch

    return ((images.float() + 1) / 2 * 255).clamp(0, 255).to(torch.uint8)


def through_jpeg(images: torch.Tensor, quality: int) -> torch.Tensor:
    """Images after a JPEG with 4:2:0 chroma, on the same device.

    Args:
        images: uint8 N x 3 x H x W, RGB, as those returned.
        quality: Pillow's, 1 to 95.
    """
    import io

    import torch
    from PIL import Image

    made = np.empty(images.shape, dtype=np.uint8)
    for row, pixels in zip(made, images.permute(0, 2, 3, 1).numpy(force=True), strict=True):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling="4:2:0")
        row[...] = np.asarray(Image.open(file)).transpose(2, 0, 1)
    return torch.from_numpy(made).to(images.device)
