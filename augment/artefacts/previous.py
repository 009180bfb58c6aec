"""The finished artefact that `--force` makes again: kept beside its folder until the new one is finished."""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress
from pathlib import Path

from augment.artefacts.records import PENDING, RUN

log = logging.getLogger(__name__)


def kept(folder: Path) -> Path:
    """Where the finished contents of a folder are kept while it is made again, whether there are any or not.

    It is one level further down than artefacts are, so that no list of these shows it.

    Args:
        folder: of the artefact; where it is a link, what it leads to is moved.
    """
    place = folder.resolve()
    return place.parent / f".{place.name}.before" / place.name


def set_aside(folder: Path) -> None:
    """Empty a folder; what is finished there is kept, what is not is deleted.

    Args:
        folder: of the artefact, locked.
    """
    if not (folder / RUN).exists():
        clear(folder)
        return
    place, aside = folder.resolve(), kept(folder)
    aside.parent.mkdir(exist_ok=True)
    place.rename(aside)
    try:
        place.mkdir()
    except OSError:
        put_back(folder)
        raise


def put_back(folder: Path) -> None:
    """Give an empty folder back what was kept of it.

    Args:
        folder: of the artefact, locked.
    """
    aside = kept(folder)
    aside.rename(folder.resolve())
    aside.parent.rmdir()


def give_up(folder: Path) -> None:
    """Take the mark of a run away that failed before it wrote anything else, and give back what was there before.

    Args:
        folder: of the artefact, locked.
    """
    aside = kept(folder)
    if {path.name for path in folder.iterdir()} <= {PENDING}:
        (folder / PENDING).unlink(missing_ok=True)
        if aside.exists():
            put_back(folder)
    elif aside.exists():
        log.warning("%s: is unfinished; what was there before is kept in %s until it is finished", folder, aside)


def forget(folder: Path) -> None:
    """Delete what was kept of a folder that is finished again.

    Args:
        folder: of the artefact, locked.
    """
    aside = kept(folder).parent
    if aside.exists():
        shutil.rmtree(aside, ignore_errors=True)


def settle(folder: Path) -> None:
    """Do what a process did not come to that was killed while it kept, gave back or deleted what was there before.

    Args:
        folder: of the artefact, locked.
    """
    if (folder / RUN).exists():
        forget(folder)
    elif kept(folder).exists() and not any(folder.iterdir()):
        put_back(folder)
    else:
        with suppress(OSError):  # not empty: something is kept
            kept(folder).parent.rmdir()


def clear(folder: Path) -> None:
    """Delete all that a folder holds.

    Args:
        folder: of an artefact.
    """
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
