"""Data sets from tables alone, without a workspace: for tests of functions that are handed one."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.layouts.kinds import DataLayout

Row = tuple[str, int, int, str]
"""An image's name, identity, camera and split."""


def image_table(rows: Sequence[Row], folder: Path = Path("/nowhere")) -> pd.DataFrame:
    """The image table of some rows; a file lies in the folder of its split."""
    return pd.DataFrame(
        [(name, str(folder / split / name), pid, camid, split) for name, pid, camid, split in rows],
        columns=["name", "path", "pid", "camid", "split"],
    )


def dataset(
    images: pd.DataFrame,
    folder: Path = Path("/nowhere"),
    *,
    size: tuple[int, int] = (128, 64),
    layout: DataLayout = DataLayout.MARKET1501,
    keypoints: Mapping[str, pd.DataFrame] | None = None,
    exact: Mapping[str, Path] | None = None,
) -> Dataset:
    """A data set of a table and of key point tables by split; exact joints and pairs are nowhere if not given."""
    splits = ("train", "query", "gallery")
    return Dataset(
        images=images,
        size=size,
        layout=layout,
        root=folder,
        folder=folder,
        pair_files={split: folder / f"no-pairs-{split}.csv" for split in ("train", "gallery")},
        exact_keypoints=exact or {split: folder / "none" / f"{split}.csv" for split in splits},
        keypoints_file=lambda split: folder / f"{split}.csv",
        keypoints=_reader(keypoints or {}),
    )


def _reader(tables: Mapping[str, pd.DataFrame]) -> Callable[[str], pd.DataFrame]:
    def read(split: str) -> pd.DataFrame:
        if split not in tables:
            raise AugmentError(f"no key points of {split}")
        return tables[split]

    return read
