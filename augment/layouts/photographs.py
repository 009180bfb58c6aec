"""The photographs in one sub-folder an identity: which files they are, of whom, by which camera."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from augment import AugmentError
from augment.images import open_image
from augment.layouts.inventory import Inventory, Reason, files_below, is_hidden, printable
from augment.layouts.natural_order import natural_key
from augment.plurals import counted
from augment.workers import thread_map
from numerics.images import UnknownRange
from reid.data.names import is_text, parse_number

_CAMERA = re.compile(r"(?<![a-z])c(?:am(?:era)?)?[-_ ]?([0-9]+)", re.IGNORECASE)
_LETTER = re.compile(r"cam(?:era)?[-_ ]?([a-z])", re.IGNORECASE)
_NOBODY = re.compile("0+|-0*1")
_ORIENTATION = 0x0112
SHOWN = 8


@dataclass(frozen=True)
class Photo:
    """An image of the given folder.

    Attributes:
        file: its path below that folder.
        source: where it is once links are followed.
        identity: the name of the folder of whoever it shows.
        camera: that its name gives, None where it gives none.
        plain: whether a link will do; else it has to be converted to JPEG.
        split: train, query or gallery.
    """

    file: str
    source: Path
    identity: str
    camera: str | None
    plain: bool
    split: str = "train"


def scan(folder: Path) -> tuple[list[Photo], Inventory, list[str]]:
    """All readable images by identity in natural order, the inventory of all files, and sentences on what was odd.

    Args:
        folder: everything below a sub-folder of it is of one identity.

    Raises:
        AugmentError: where there is no image.
        reid.DataError: for the number of a camera that is too large.
    """
    passed: dict[str, Reason] = {}
    candidates = []
    for file in files_below(folder):
        reason = _reason(folder, file)
        if reason is None:
            candidates.append(file)
        else:
            passed[printable(file)] = reason
    photos = []
    for file, header in zip(
        candidates, thread_map(lambda file: can_be_linked(folder / file), candidates, 4), strict=True
    ):
        if isinstance(header, Reason):
            passed[printable(file)] = header
        else:
            photos.append(_photo(folder, file, plain=header))
    if not photos:
        raise AugmentError(f"{folder}: no sub-folder holds a readable image; sort the images into one per identity")
    passed = dict(sorted(passed.items(), key=lambda item: natural_key(item[0])))
    odd = [*_deeper(photos), *_odd_identities(folder, photos), *_two_endings(photos)]
    return photos, Inventory(len(photos), passed), odd


def _reason(folder: Path, file: str) -> Reason | None:
    """Why a file is not looked into; None where it is."""
    if is_hidden(file):
        return Reason.HIDDEN
    if "/" not in file:
        return Reason.LOOSE
    if not is_text(file):
        return Reason.NAME
    if is_nobody(file.partition("/")[0]):
        return Reason.NOBODY
    return None if (folder / file).is_file() else Reason.NO_FILE


def is_nobody(identity: str) -> bool:
    """Whether an identity is 0 or -1, as Market-1501 numbers background (0000) and junk.

    Args:
        identity: the name of a folder.
    """
    return _NOBODY.fullmatch(identity) is not None


def can_be_linked(path: Path) -> bool | Reason:
    """Whether an image can be linked as it is (an upright JPEG) or has to be converted; why it cannot be taken.

    Args:
        path: its header alone is read.
    """
    from PIL import Image

    try:
        with open_image(path) as image:
            upright = image.getexif().get(_ORIENTATION, 1) == 1
            return image.format == "JPEG" and image.mode in ("RGB", "L") and upright
    except AugmentError as error:
        if isinstance(error.__cause__, UnknownRange):
            return Reason.RANGE
        kind = Image.registered_extensions().get(path.suffix.lower())
        return Reason.UNREADABLE if kind in Image.OPEN else Reason.TYPE


def _photo(folder: Path, file: str, *, plain: bool) -> Photo:
    identity, *between, name = PurePosixPath(file).parts
    return Photo(file, (folder / file).resolve(), identity, camera_of(PurePosixPath(name).stem, between, file), plain)


def camera_of(stem: str, folders: Sequence[str], file: str) -> str | None:
    """The camera that names give, without leading zeros; 0 is one.  None where no name gives one.

    Args:
        stem: of the file's name, looked at first (`c3`, `cam003`).
        folders: between the identity's and the file, of which the nearest counts (also `cam_a`).
        file: the path, for messages.

    Raises:
        reid.DataError: for a number that is too large.
    """
    found = _CAMERA.search(stem) or next(filter(None, map(_CAMERA.fullmatch, reversed(folders))), None)
    if found is not None:
        return str(parse_number(found[1], "camera", file))
    letter = next(filter(None, map(_LETTER.fullmatch, reversed(folders))), None)
    return letter[1].lower() if letter else None


def number_cameras(photos: Sequence[Photo]) -> tuple[dict[str, int], str]:
    """The number from 1 of each camera where every photograph has one, else nothing; and a sentence that says so.

    Args:
        photos: all of the data set.
    """
    without = [photo.file for photo in photos if photo.camera is None]
    if without:
        return {}, (
            f"not every name gives a camera (c1, cam2), {len(without):,} of {len(photos):,} do not, such as "
            f"{without[0]}: queries count as cameras 1 and 2, gallery images as 3 to 6"
        )
    cameras = sorted({str(photo.camera) for photo in photos}, key=natural_key)
    if all(camera.isdigit() and int(camera) > 0 for camera in cameras):
        return {camera: int(camera) for camera in cameras}, f"cameras were read from the names: {_listed(cameras)}"
    numbers = {camera: number for number, camera in enumerate(cameras, start=1)}
    return numbers, f"cameras were read from the names: {_listed(cameras)}, numbered from 1 here"


def _deeper(photos: Iterable[Photo]) -> list[str]:
    """A sentence on images in sub-folders of an identity's folder that are no camera's."""
    folders = [PurePosixPath(photo.file).parent for photo in photos]
    deeper = [folder for folder in folders if not all(map(_CAMERA.fullmatch, folder.parts[1:]))]
    if not deeper:
        return []
    images, count = counted(len(deeper), "image"), "counts" if len(deeper) == 1 else "count"
    return [f"{images} in sub-folders ({_listed(map(str, dict.fromkeys(deeper)))}) {count} as the person's"]


def _two_endings(photos: Iterable[Photo]) -> list[str]:
    """A sentence on files that differ in their ending only (`a.jpg`, `a.png`), which are perhaps one picture."""
    names: dict[str, list[str]] = {}
    for photo in photos:
        names.setdefault(str(PurePosixPath(photo.file).with_suffix("")).casefold(), []).append(photo.file)
    twice = [files for files in names.values() if len(files) > 1]
    if not twice:
        return []
    return [
        f"{_listed(' and '.join(map(printable, files)) for files in twice)} differ in their ending only and count as "
        "images of their own; where they show one picture, remove one of them"
    ]


def _odd_identities(folder: Path, photos: Iterable[Photo]) -> list[str]:
    """Sentences on folders without an image, and on identities whose names are nearly the same."""
    found = dict.fromkeys(photo.identity for photo in photos)
    said = []
    empty = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir() and not is_hidden(entry.name) and not is_nobody(entry.name) and entry.name not in found
    )
    if empty:
        make = counted(len(empty), "folder without an image makes", "folders without an image make")
        said.append(f"{make} no identity: {_listed(map(printable, empty))}")
    return [*said, *alike_said(found)]


def alike_said(identities: Iterable[str]) -> list[str]:
    """What to say of identities whose names are nearly the same, as 7 and 007; nothing where there are none.

    Args:
        identities: their names; repeated ones count once.
    """
    found = set(identities)
    folded = Counter(map(_folded, found))
    alike = sorted((name for name in found if folded[_folded(name)] > 1), key=lambda name: (_folded(name), name))
    return [f"identities with nearly the same name are different people here: {_listed(alike)}"] if alike else []


def _folded(identity: str) -> str:
    """An identity without case, leading zeros, blanks around it and the ways in which a letter can be encoded."""
    name = unicodedata.normalize("NFKC", identity).casefold().strip()
    return re.sub("0*([0-9]+)", r"\1", name)


def _listed(names: Iterable[str]) -> str:
    """The first names, and how many there are more."""
    all_names = list(names)
    more = f" and {len(all_names) - SHOWN:,} more" if len(all_names) > SHOWN else ""
    return ", ".join(all_names[:SHOWN]) + more
