"""Workspaces whose data is a Market-1501 view: of a table, a CSV file, a data set of torchreid's, tracks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from augment import AugmentError
from augment.datasets.create import TEST_SHARE, Made, init_view, refuse_around
from augment.layouts.image_tables import read_table, table_layout
from augment.layouts.kinds import DataLayout
from augment.layouts.torchreid_reading import set_layout
from augment.layouts.tracks import tracks_layout

if TYPE_CHECKING:
    import pandas as pd

    from augment.layouts.registry import Layout
    from augment.layouts.torchreid_sets import SetChoice
    from augment.layouts.tracks import TrackFilter


def init_table(
    root: Path,
    images: pd.DataFrame,
    *,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    test_share: float = TEST_SHARE,
) -> Made:
    """Make a workspace in `root` on the images of a table (see `augment.layouts.image_tables`), which stay as they are.

    Args:
        root: the workspace's folder; given again with the same table, nothing changes.
        images: columns path and identity, and where they are known camera and split.
        size: (height, width) to work at; None takes the images' own.
        seed: which identities are kept for testing, and the workspace's seed.
        test_share: share of the identities that are for testing, where the table has no split.

    Raises:
        AugmentError: for a table that is none of images, and where root holds another workspace already.
    """
    return init_view(root, partial(table_layout, images, size=size, seed=seed, test_share=test_share), seed=seed)


def init_csv(
    root: Path, file: Path, *, size: tuple[int, int] | None = None, seed: int = 0, test_share: float | None = None
) -> Made:
    """Make a workspace in `root` on the images that a CSV file names, as `init_table` does for a table.

    Args:
        root: the workspace's folder.
        file: columns path, identity, and where they are known camera and split; paths from the file's folder on.
        size: (height, width) to work at; None takes the images' own.
        seed: which identities are kept for testing, and the workspace's seed.
        test_share: share of the identities that are for testing, where the file has no column split; None is 0.5.

    Raises:
        AugmentError: for a file that is no table of images, and where root holds another workspace already.
    """
    images = read_table(file)
    if test_share is not None and "split" in images:
        raise AugmentError(f"{file}: has a column split; leave ⟨test_share⟩ out")
    share = TEST_SHARE if test_share is None else test_share

    def lay_out(data: Path) -> Layout:
        try:
            return table_layout(images, data, size=size, seed=seed, test_share=share, layout=DataLayout.CSV)
        except AugmentError as error:
            raise AugmentError(f"{file}: {error.marked}") from error

    return init_view(root, lay_out, seed=seed, layout=DataLayout.CSV)


def init_set(
    root: Path, folder: Path, choice: SetChoice, *, size: tuple[int, int] | None = None, seed: int = 0
) -> Made:
    """Make a workspace in `root` on a data set that torchreid reads; its folder stays as it is.

    Args:
        root: the workspace's folder.
        folder: torchreid's root, the data set's folder in it, or the folder as its owners ship it.
        choice: the data set, its version and split.
        size: (height, width) to work at; None takes the images' own.
        seed: of random splits, and the workspace's seed.

    Raises:
        AugmentError: for a folder that does not hold the data set, and where root holds another workspace already.
    """
    refuse_around(root, folder.resolve())
    lay_out = partial(set_layout, choice, folder.resolve(), size=size, seed=seed)
    return init_view(root, lay_out, seed=seed, more={"dataset": choice.key})


def init_tracks(
    root: Path,
    folder: Path,
    filtering: TrackFilter,
    *,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    test_share: float | None = None,
) -> Made:
    """Make a workspace in `root` on the tracks of a folder of sequences, which stays as it is; crops go into `root`.

    Args:
        root: the workspace's folder.
        folder: sequences in MOTChallenge's form.
        filtering: which boxes become images.
        size: (height, width) to work at; None takes the crops' own.
        seed: which identities are kept for testing, and the workspace's seed.
        test_share: share of the identities that are for testing; None is 0.5.

    Raises:
        AugmentError: for a folder without sequences, and where root holds another workspace already.
    """
    refuse_around(root, folder.resolve())
    share = TEST_SHARE if test_share is None else test_share
    lay_out = partial(tracks_layout, folder.resolve(), filtering=filtering, size=size, seed=seed, test_share=share)
    return init_view(root, lay_out, seed=seed, layout=DataLayout.MOT)
