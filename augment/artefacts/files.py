"""Text, JSON, tables and images written by rename: the old file or the whole new one."""

from __future__ import annotations

import errno
import io
import json
import os
import platform
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.columns import csv_text
from numerics.files import replacing

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text so that `path` is either the old file or the whole new one."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file by rename, and take away what killed processes of this machine left of the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    here = f"{path.name}.{platform.node()}-"
    for left in path.parent.iterdir():
        owner = left.name.removeprefix(here).split(".")[0]
        if left.name.startswith(here) and owner.isdecimal() and not _alive(int(owner)):
            left.unlink(missing_ok=True)
    own = path.with_name(f"{here}{os.getpid()}.{secrets.token_hex(4)}.partial")  # machines may share the folder
    with replacing(path, own) as partial:
        partial.write_bytes(content)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError as error:
        return error.errno != errno.ESRCH  # a process of somebody else lives, too
    return True


def write_json(path: Path, value: object) -> None:
    """Write indented JSON by rename."""
    write_text(path, json.dumps(value, indent=2, sort_keys=False) + "\n")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV without its index, by rename; see csv_text."""
    write_text(path, csv_text(table))


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
    with replacing(path) as partial:
        partial.write_bytes(content)
