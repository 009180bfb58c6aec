"""Files that appear whole or not at all, and whose trouble names them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an OSError of the block that names no file name this one: a disk is full while a file is being written.

    What safetensors says of the system's errors becomes such an OSError.

    Args:
        path: the file that is being read or written.

    Raises:
        OSError: that names `path`, where the block's named no file.
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


@contextmanager
def replacing(path: Path, partial: Path | None = None) -> Iterator[Path]:
    """The file to write, which takes the place of `path` when the block ends and is deleted when it fails.

    Args:
        path: the file that is either the old one or the whole new one.
        partial: the file to write, in the same folder; None is PATH.partial, for what one process alone writes.

    Yields:
        The path to write to.

    Raises:
        OSError: that names `path`, where it cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial") if partial is None else partial
    with naming(path):
        try:
            yield partial
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
