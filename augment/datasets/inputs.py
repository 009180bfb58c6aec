"""What artefacts are made from, as fingerprints: images with all that is known of them, and key points, by content."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from augment.artefacts.artefact import Fingerprint, fingerprint, fingerprint_names
from augment.datasets.dataset import Dataset
from augment.settings import SETTINGS

KNOWN = ("split", "name", "pid", "camid", "generated")
"""Columns of an image table that a result depends on."""


def images_input(table: pd.DataFrame) -> Fingerprint:
    """A fingerprint of the images of a table: their pixels' files, and their splits, names, identities and cameras.

    It begins with how many there are, so that a message about another one says more than that it differs.

    Args:
        table: a column path, and what else is known of the images; a file counts once.

    Raises:
        AugmentError: for a file that is not there.
    """
    distinct = table.drop_duplicates("path")
    files = fingerprint([Path(path) for path in distinct["path"]])
    known = distinct[[name for name in KNOWN if name in distinct]].astype(str)
    mark = fingerprint_names([files, *known.agg("/".join, axis=1)])
    return Fingerprint.of(f"{_counts(distinct)}: {mark}", files.paths)


def keypoints_input(data: Dataset, *splits: str) -> Fingerprint:
    """A fingerprint of the key points in use, by content; it ends with the working size, in whose pixels they are.

    Args:
        data: whose key points they are.
        splits: of train, query and gallery.

    Raises:
        AugmentError: where there are none.
    """
    files = fingerprint([data.keypoints_file(split) for split in splits])
    return Fingerprint.of(f"{files} in {size_input(data.size, data.root)}", files.paths)


def size_input(size: tuple[int, int], root: Path) -> Fingerprint:
    """The working size as a fingerprint, `128 x 64`.

    Args:
        size: (height, width) in pixels.
        root: the workspace's folder, whose `augment.toml` says it and may be changed.
    """
    height, width = size
    return Fingerprint.of(f"{height} x {width}", (root / SETTINGS,))


def _counts(table: pd.DataFrame) -> str:
    """`6 query and 20 gallery images of 3 identities`; the split is left out where there is one."""
    sizes = table["split"].value_counts() if "split" in table else pd.Series(dtype=int)
    parts = [f"{sizes[split]} {split}" for split in ("query", "gallery") if split in sizes]
    who = table.loc[table["pid"] > 0, "pid"].nunique()
    return f"{' and '.join(parts) or len(table)} images of {who} identities"
