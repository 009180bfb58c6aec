"""A workspace's images by the names that others' files give them: the photographs', in folders, of other suffixes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

import pandas as pd

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.layouts.identity_folders import SOURCES

Parts = tuple[str, ...]


class ImageNames:
    """Finds images of a workspace: by their own names, or by those of the photographs they were made from.

    A name may stand in a folder, which then has to be the image's, and have another suffix where no image has that one.
    """

    def __init__(self, data: Dataset) -> None:
        images = data.images
        paths = [PurePosixPath(path).parts for path in images["path"]]
        self._own = _Places(zip(images["name"], paths, strict=True))
        sources = _sources(data)
        self._sources = _Places((PurePosixPath(image).name, parts) for image, parts in sources.items())
        self._has_sources = bool(sources)

    def match(self, names: Iterable[str]) -> dict[str, str]:
        """Which of the names are images' and of which: all read as the workspace's names or all as photographs'.

        Args:
            names: of images, or paths that end in them.

        Returns:
            The workspace's name of an image by the name given; names that are no image's are left out.

        Raises:
            AugmentError: for a name of several photographs, and where the names can be read in both ways.
        """
        names = list(names)
        own = self._own.match(names, ours=True)
        if not self._has_sources:
            return own
        theirs = self._sources.match(names, ours=False)
        if len(own) == len(theirs) and own != theirs:
            name = next(name for name in names if own.get(name) != theirs.get(name))
            raise AugmentError(
                f"{name}: is an image of the workspace and a photograph that another was made from, see {SOURCES}; "
                "write the photographs' folders before their names"
            )
        return own if len(own) >= len(theirs) else theirs

    def example(self) -> str:
        """An image's name, and that of the photograph it was made from."""
        name = self._own.first
        if not self._has_sources:
            return name
        return f"{name}, or {self._sources.first} of the photographs, see {SOURCES}"


class _Places:
    """Images by name and folder."""

    def __init__(self, images: Iterable[tuple[str, Parts]]) -> None:
        self.by_name: dict[str, list[tuple[str, Parts]]] = {}
        self.by_stem: dict[str, list[tuple[str, Parts]]] = {}
        self.first = ""
        for image, parts in images:
            self.first = self.first or parts[-1]
            self.by_name.setdefault(parts[-1], []).append((image, parts))
            self.by_stem.setdefault(PurePosixPath(parts[-1]).stem, []).append((image, parts))

    def match(self, names: Iterable[str], *, ours: bool) -> dict[str, str]:
        """The image of each name that is one's.  `ours`: two images of one name are one (of two splits)."""
        found = {name: self._image(name, ours) for name in names}
        return {name: image for name, image in found.items() if image is not None}

    def _image(self, name: str, ours: bool) -> str | None:
        parts = tuple(part for part in PurePosixPath(name.replace("\\", "/")).parts if part != ".")
        if not parts or ".." in parts:
            return None
        stem = PurePosixPath(parts[-1]).stem
        candidates = self.by_name.get(parts[-1]) or self.by_stem.get(stem) or []
        if len(parts) > 1:
            candidates = [place for place in candidates if place[1][-2:-1] == parts[-2:-1]]
        images = {image for image, _ in candidates}
        if len(images) > 1:
            deepest = max(_common(place, parts) for _, place in candidates)
            images = {image for image, place in candidates if _common(place, parts) == deepest}
        if len(images) > 1 and not ours:
            folders = " and ".join(sorted("/".join(place[-2:]) for _, place in candidates)[:2])
            raise AugmentError(f"{name}: several photographs have that name, such as {folders}; write it so")
        return images.pop() if len(images) == 1 else None


def _common(place: Parts, parts: Parts) -> int:
    """How many of the last parts, but for the name itself, are the same."""
    count = 1
    while count < min(len(place), len(parts)) and place[-count - 1] == parts[-count - 1]:
        count += 1
    return count


def _sources(data: Dataset) -> Mapping[str, Parts]:
    """The path of the photograph that each image was made from, where sources.csv tells."""
    path = data.folder / SOURCES
    if not path.is_file():
        return {}
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, usecols=["image", "source"])
    except (OSError, ValueError) as error:
        raise AugmentError(f"{path}: cannot be read ({error}); make the workspace again") from error
    return {image: PurePosixPath(source).parts for image, source in zip(table["image"], table["source"], strict=True)}
