"""The real images of a generated set: links to the originals, copies where links are impossible."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from augment.datasets.dataset import Dataset
from reid.data.market1501 import FOLDERS


def link_real(data: Dataset, kept: Sequence[str], folder: Path) -> None:
    """Link (copy where links are impossible) the kept real images, the query and the gallery folder.

    Args:
        data: whose images they are.
        kept: names of the kept real images.
        folder: of the set.
    """
    paths = data.paths("train")
    target = folder / FOLDERS["train"]
    target.mkdir(exist_ok=True)
    for name in kept:
        link(Path(paths[name]), target / name, data.root)
    for split in (FOLDERS["gallery"], FOLDERS["query"]):
        if (data.folder / split).is_dir():
            link(data.folder / split, folder / split, data.root)


def link(source: Path, target: Path, root: Path) -> None:
    """A symbolic link at `target`, relative where both lie under `root`; without links a copy, by rename.

    Args:
        source: the file.
        target: the link's path.
        root: below which links are relative.
    """
    if target.is_symlink() or target.exists():
        return
    inside = source.is_relative_to(root) and target.is_relative_to(root)
    try:
        target.symlink_to(os.path.relpath(source, target.parent) if inside else source)
    except OSError:
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, partial)
        partial.replace(target)
