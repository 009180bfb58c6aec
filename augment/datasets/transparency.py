"""Images with transparent pixels: how many there are, and what is done with them, since a network sees none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from augment import AugmentError
from augment.images import least_and_most_opaque
from augment.layouts.identity_folders import SOURCES
from augment.plurals import counted
from augment.results import Result
from augment.workers import thread_map

OPAQUE = 255


@dataclass(frozen=True)
class Transparency(Result):
    """How many images have transparent pixels.

    Attributes:
        some: images with one or more.
        whole: those of them that show nothing at all.
    """

    some: int = 0
    whole: int = 0

    @classmethod
    def of_files(cls, paths: Sequence[Path], jobs: int = 1) -> Transparency:
        """That of some files.

        Args:
            paths: of the images; one that cannot be read has none.
            jobs: threads.
        """
        found = list(thread_map(_opacity, paths, jobs))
        return cls(some=sum(least < OPAQUE for least, _ in found), whole=sum(most == 0 for _, most in found))

    @property
    def sentences(self) -> list[str]:
        """What a user has to know of it."""
        said = []
        if self.some:
            pixels = "their transparent pixels" if self.some > 1 else "its transparent pixels"
            said.append(f"{_images(self.some)} transparent: {pixels} are shown on white")
        if self.whole:
            become = "becomes a blank white one" if self.whole == 1 else "become blank white ones"
            said.append(
                f"{_images(self.whole)} transparent in every pixel and {become}: remove what shows nothing, or save "
                "it without transparency"
            )
        return said


def original_files(data: Path, paths: Sequence[str]) -> list[Path]:
    """The files that images were made from: a view's converted ones are JPEGs of files that may be transparent.

    Args:
        data: the folder of the images.
        paths: of the images.
    """
    listed = data / SOURCES
    if not listed.is_file():
        return [Path(path) for path in paths]
    table = pd.read_csv(listed, dtype=str, keep_default_na=False)
    converted = table[table["how"] == "converted"]
    images = [str(data / image) for image in converted["image"]]
    sources = dict(zip(images, map(Path, converted["source"]), strict=True))
    return [sources.get(path, Path(path)) for path in paths]


def _images(count: int) -> str:
    return counted(count, "image is", "images are")


def _opacity(path: Path) -> tuple[int, int]:
    try:
        return least_and_most_opaque(path)
    except (AugmentError, OSError):
        return OPAQUE, OPAQUE
