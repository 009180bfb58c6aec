"""Files that appear whole or not at all, and whose trouble names them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an OSError of the block that names no file name this one: a disk is full while a file is being written.

    What safetensors says of the system's errors becomes such an OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise
    except Exception as error:
        told = re.search(r"I/O error: (.+) \(os error (\d+)\)", str(error))
        if told is None:
            raise
        raise OSError(int(told[2]), told[1], str(path)) from error


def write_image(image: Image.Image, path: Path, kind: str, **options: Any) -> None:
    """Write an image of the kind "JPEG" or "PNG" by rename; `options` are Pillow's.

    It is encoded in memory: writing a JPEG to a file, Pillow takes a full disk for success.
    Raises OSError that names the file.
    """
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    replace_file(path, buffer.getvalue())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that one process alone writes, by rename; raises OSError that names it."""
    partial = path.with_suffix(".partial")
    with naming(path):
        try:
            partial.write_bytes(content)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
