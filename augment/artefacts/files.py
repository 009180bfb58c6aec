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
    """Write UTF-8 text by rename.

    Args:
        path: is either the old file or the whole new one at any time.
        text: all of it, line ends as they are.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file by rename, and remove what killed processes of this machine left of the same file.

    Args:
        path: is either the old file or the whole new one at any time; its folder is made where it is missing.
        content: all of it.
    """
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
    """Write indented JSON by rename.

    Args:
        path: as of `write_text`.
        value: of JSON types; keys keep their order.
    """
    write_text(path, json.dumps(value, indent=2, sort_keys=False) + "\n")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV without its index, by rename.

    Args:
        table: its numbers are written as `csv_text` does.
        path: as of `write_text`.
    """
    write_text(path, csv_text(table))


def write_image(image: Image.Image, path: Path, kind: str, **options: Any) -> None:
    """Write an image by rename.

    It is encoded in memory: writing a JPEG to a file, Pillow takes a full disk for success.

    Args:
        image: as Pillow has it.
        path: written by one process alone; its folder has to be there.
        kind: "JPEG" or "PNG", whatever the path ends in.
        options: Pillow's, of that kind.

    Raises:
        OSError: where it cannot be written; names the file.
    """
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    replace_file(path, buffer.getvalue())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file by rename.

    Args:
        path: written by one process alone; its folder has to be there.
        content: all of it.

    Raises:
        OSError: where it cannot be written; names the file.
    """
    with replacing(path) as partial:
        partial.write_bytes(content)
