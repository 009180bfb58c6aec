"""A data set that torchreid reads, made into a Market-1501 folder of links."""

from __future__ import annotations

import contextlib
import os
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from augment import AugmentError
from augment.layouts.identity_folders import photos_layout
from augment.layouts.inventory import Inventory, Reason, files_below, own_reason, printable
from augment.layouts.natural_order import natural_key
from augment.layouts.photographs import Photo, can_be_linked
from augment.layouts.registry import Layout
from augment.layouts.torchreid_sets import CUHK03, SetChoice, find_base
from augment.workers import thread_map
from numerics.seeds import Stream, global_streams

if TYPE_CHECKING:
    from torchreid.reid.data.datasets.dataset import ImageDataset

OWN = "torchreid"
"""The folder beside the data in which torchreid writes: random splits, and the images of cuhk03's file."""
WRITTEN = (
    "splits.json",
    "splits_single_shot.json",
    *(f"splits_{kind}_{boxes}.json" for kind in ("classic", "new") for boxes in ("labeled", "detected")),
    "images_labeled",
    "images_detected",
)
"""What torchreid may have written beside the images already, which is then used."""
UNREADABLE = (AssertionError, AttributeError, IndexError, KeyError, OSError, RuntimeError, TypeError, ValueError)
"""What torchreid raises where files are not as it expects."""


def set_layout(
    choice: SetChoice, folder: Path, data: Path, *, size: tuple[int, int] | None = None, seed: int = 0
) -> Layout:
    """Make `data` the Market-1501 view of a data set that torchreid reads.

    Nothing is written to `folder` and nothing is downloaded.

    Args:
        choice: the data set, its version and split.
        folder: torchreid's root, the data set's folder, or the folder as its owners ship it.
        data: the folder to make; it appears complete, by rename.
        size: (height, width) to work at; None takes the images' own.
        seed: of random splits that torchreid makes.

    Returns:
        The layout with the decisions taken, in words.

    Raises:
        AugmentError: for a folder that is not laid out as expected, a split that does not exist, an image that cannot
            be read, and where `data` holds other images.
    """
    base = find_base(folder, choice.entry)
    photos, pids = _read(choice, base, data.with_name(OWN), seed)
    cameras = {str(photo.camera): int(str(photo.camera)) + 1 for photo in photos}
    return photos_layout(
        photos,
        (cameras, f"cameras are torchreid's, {len(cameras)} of them, counted from 1"),
        _inventory(choice, base, photos),
        data,
        size=size,
        parted=f"{choice.key}, as torchreid reads it",
        said=_said(choice, base),
        pids=pids,
        untested=f"{choice.title} has training images alone",
    )


def _said(choice: SetChoice, base: Path) -> list[str]:
    """Sentences on what is special about the data set."""
    said = []
    if not choice.entry.trains:
        said.append(f"{choice.title} has test images alone: models of other workspaces are evaluated on it")
    if choice.splits > 1:
        given = next((name for name in WRITTEN[:2] if (base / name).exists()), None)
        made = f"those of {base / given}" if given else f"in {OWN}/, random ones by the seed"
        said.append(f"this is split {choice.split} of {choice.splits}; the splits are {made}")
    return said


def _read(choice: SetChoice, base: Path, own: Path, seed: int) -> tuple[list[Photo], dict[str, int]]:
    """All images as photos, by split and name, and the number of each identity: 0 is nobody's."""
    was_there = own.exists()
    try:
        _link(choice, base, own / choice.entry.folder)
        dataset = _dataset(choice, base, own, seed)
        photos = _photos(choice, dataset)
    except AugmentError:
        if not was_there:
            shutil.rmtree(own, ignore_errors=True)
        raise
    return _numbered(photos, {"test 0"} if 0 in dataset._junk_pids else set())


def _numbered(photos: list[Photo], nobody: set[str]) -> tuple[list[Photo], dict[str, int]]:
    """The photos with identities that are numbered as their first images are sorted, and the numbers; nobody's is 0.

    torchreid's own labels follow the order of a set, which is another one in another process.
    """
    identities = dict.fromkeys(photo.identity for photo in photos if photo.identity not in nobody)
    numbers = {identity: number for number, identity in enumerate(identities, start=1)} | dict.fromkeys(nobody, 0)
    renamed = [replace(photo, identity=str(numbers[photo.identity])) for photo in photos]
    return renamed, {str(number): number for number in numbers.values()}


def _link(choice: SetChoice, base: Path, folder: Path) -> None:
    """Links to everything that torchreid reads, in a folder of our own: it writes beside what it reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tops = {need.partition("/")[0] for version in choice.entry.versions for need in version}
    for name in (*sorted(tops), *WRITTEN):
        if (base / name).exists() and not os.path.lexists(folder / name):
            (folder / name).symlink_to((base / name).resolve())


def _dataset(choice: SetChoice, base: Path, own: Path, seed: int) -> ImageDataset:
    """torchreid's data set; raises AugmentError where it cannot read the files."""
    try:
        with warnings.catch_warnings(), open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            warnings.simplefilter("ignore")  # of old layouts, and on import of a missing Cython
            from torchreid.reid.data.datasets import init_image_dataset

            with global_streams(seed, Stream.DATASET_SPLITS):
                return init_image_dataset(choice.name, root=str(own), verbose=False, **choice.options)
    except ImportError as error:
        raise AugmentError(
            f"{base}: torchreid reads {choice.name} with {error.name}, which is not installed; {_remedy(choice, error)}"
        ) from error
    except UNREADABLE as error:
        raise AugmentError(f"{base}: torchreid cannot read it as {choice.title} ({error}); correct it") from error


def _remedy(choice: SetChoice, error: ImportError) -> str:
    """How to install what torchreid reads a data set with."""
    return f"pip install {'augment-reid[cuhk03]' if choice.name == CUHK03 else error.name}"


def _photos(choice: SetChoice, dataset: ImageDataset) -> list[Photo]:
    """The images of the halves that the data set has; raises AugmentError for one that cannot be read."""
    halves = {"train": dataset.train} if choice.entry.trains else {}
    halves |= {"query": dataset.query, "gallery": dataset.gallery} if choice.entry.tests else {}
    photos = [
        Photo(path, Path(path).resolve(), f"{_half(split)} {pid}", str(camera), False, split)
        for split, rows in halves.items()
        for path, pid, camera, _ in sorted(rows, key=lambda row: natural_key(row[0]))
    ]
    kinds = list(thread_map(lambda photo: can_be_linked(photo.source), photos, 4))
    for photo, kind in zip(photos, kinds, strict=True):
        if not photo.source.is_file():
            raise AugmentError(f"{photo.source}: is named by a list or split of {choice.name} and is not there")
        if isinstance(kind, Reason):
            raise AugmentError(f"{photo.source}: {kind.value}; replace it")
    return [replace(photo, plain=bool(kind)) for photo, kind in zip(photos, kinds, strict=True)]


def _half(split: str) -> str:
    """Identities of the two halves are different people, whatever their numbers."""
    return "train" if split == "train" else "test"


def _inventory(choice: SetChoice, base: Path, photos: list[Photo]) -> Inventory:
    """Which files of the data set were taken, and why others were not."""
    taken = {str(photo.source) for photo in photos}
    tops = {need.partition("/")[0] for version in choice.entry.versions for need in version}
    passed = {}
    for top in sorted(name for name in tops if (base / name).is_dir()):
        for file in (f"{top}/{below}" for below in files_below(base / top)):
            if os.path.realpath(base / file) not in taken:
                passed[printable(file)] = own_reason(base, file) or Reason.SPLIT
    return Inventory(len(photos), passed)
