"""Every file below a folder of images: taken, or passed over and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

import pandas as pd

from augment import AugmentError
from augment.artefacts.files import write_text
from augment.columns import csv_text
from augment.layouts.natural_order import natural_key
from augment.plurals import counted
from reid.data.market1501 import FOLDERS
from reid.data.names import is_image_name

PASSED_OVER = "passed_over.csv"
"""The list in the workspace of what `augment init` passed over."""
DEPTH = 3
"""How many levels below the given folder a data set is looked for."""
SYSTEM_FOLDERS = frozenset({"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found"})
SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})


class Reason(StrEnum):
    """Why a file below the folder of images was passed over, as the end of `3 files passed over: ...`."""

    HIDDEN = "hidden, or of the system"
    TYPE = "of no image type that is read"
    NO_FILE = "a link that leads to no file, or no file"
    NAME = "their names hold bytes or signs that are no text"
    UNREADABLE = "not readable as an image"
    RANGE = "of 32 bits a pixel, of which none is known to be white (save them with 8 or 16)"
    LOOSE = "in no identity's folder"
    NOBODY = "in a folder -1 or 0, which is junk and background, not a person (rename it if it is one)"
    DEEPER = "images deeper than the layout has them: move them up"
    OUTSIDE = f"images outside {', '.join(FOLDERS.values())}"
    FLAT_NAME = "images that are not named as the benchmark's"
    UNLISTED = "images in neither list"
    SPLIT = "images that the data set's split leaves out"


@dataclass(frozen=True)
class Inventory:
    """What became of the files below a folder.

    Attributes:
        taken: how many became images.
        passed: why every other one, a path below the folder, did not.
    """

    taken: int
    passed: Mapping[str, Reason]

    def counts(self) -> dict[str, int]:
        """How many files were passed over for each reason, the most frequent first."""
        return {reason.value: count for reason, count in Counter(self.passed.values()).most_common()}

    def sentences(self) -> list[str]:
        """What was taken and, one sentence a reason with an example, what was not; nothing where all was taken."""
        if not self.passed:
            return []
        files = self.taken + len(self.passed)
        were = "was" if self.taken == 1 else "were"
        said = [f"{self.taken:,} of {counted(files, 'file')} {were} taken; {PASSED_OVER} lists the others"]
        for reason, count in self.counts().items():
            example = next(path for path, why in self.passed.items() if why == reason)
            said.append(f"{counted(count, 'file')} passed over: {reason}, such as {example}")
        return said

    def write(self, root: Path) -> None:
        """Write passed_over.csv (file, reason) where it is another, or take it away where nothing was passed over.

        Args:
            root: the workspace's folder.
        """
        path = root / PASSED_OVER
        if self.passed:
            rows = [(file, reason.value) for file, reason in self.passed.items()]
            text = csv_text(pd.DataFrame(rows, columns=["file", "reason"]))
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                write_text(path, text)
        elif path.exists():
            path.unlink()


def take_stock(folder: Path, taken: Collection[str], reason: Callable[[str], Reason]) -> Inventory:
    """The inventory of a folder.

    Args:
        folder: all files below it are listed.
        taken: those that became images, as paths below it.
        reason: why an image that is neither hidden nor broken did not; all other files say it themselves.
    """
    passed = {
        printable(file): own_reason(folder, file) or reason(file) for file in files_below(folder) if file not in taken
    }
    return Inventory(len(taken), passed)


def own_reason(folder: Path, file: str) -> Reason | None:
    """Why a file is no image to be taken in any layout; None where it may be one.

    Args:
        folder: of the images.
        file: as a path below it; need not be there.
    """
    if is_hidden(file):
        return Reason.HIDDEN
    if not is_image_name(PurePosixPath(file).name):
        return Reason.TYPE
    return None if (folder / file).is_file() else Reason.NO_FILE


def files_below(folder: Path) -> list[str]:
    """Every file below a folder, as a path below it with slashes, in natural order.

    Args:
        folder: links to folders in it are followed, except those that lead in a circle.

    Raises:
        AugmentError: for a folder that cannot be read.
    """
    return sorted(_walk(os.fspath(folder), "", ()), key=natural_key)


def _walk(folder: str, below: str, followed: tuple[str, ...]) -> Iterator[str]:
    """The files below `folder`, which was reached by links in the folders `followed`."""
    for entry in _entries(folder):
        if not entry.is_dir():
            yield f"{below}{entry.name}"
        elif not entry.is_symlink():
            yield from _walk(entry.path, f"{below}{entry.name}/", followed)
        elif not _leads_back(entry, here := (*followed, os.path.realpath(folder))):
            yield from _walk(entry.path, f"{below}{entry.name}/", here)


def folders_below(folder: Path, depth: int) -> Iterator[Path]:
    """The folders below a folder, upper ones first, in natural order; no hidden ones.

    Args:
        folder: is not among them.
        depth: at most so many levels below it.
    """
    level = [folder]
    for _ in range(depth):
        level = [
            Path(entry.path)
            for upper in level
            for entry in _entries(os.fspath(upper))
            if entry.is_dir() and not is_hidden(entry.name) and not _leads_back(entry, (os.path.realpath(upper),))
        ]
        yield from sorted(level, key=natural_key)


def is_hidden(path: str) -> bool:
    """Whether a file is a hidden or system file, or lies in such a folder.

    Args:
        path: below the folder of the images, with slashes.
    """
    parts = path.split("/")
    if any(part.startswith(".") or part.lower() in SYSTEM_FOLDERS for part in parts):
        return True
    return parts[-1].lower() in SYSTEM_FILES


def printable(path: str) -> str:
    """A path as text that can be printed and written.

    Args:
        path: bytes in it that are no text, and line breaks, become escapes.
    """
    text = path.encode("utf-8", "backslashreplace").decode()
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise AugmentError(f"{folder}: cannot be read ({error.strerror}); correct or remove it") from error


def _leads_back(entry: os.DirEntry[str], places: Iterable[str]) -> bool:
    """Whether a folder is a link to one of the (real) places or to a folder around one."""
    if not entry.is_symlink():
        return False
    target = os.path.realpath(entry.path)
    return any(os.path.commonpath([place, target]) == target for place in places)
