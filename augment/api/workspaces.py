"""Open a workspace, or make one from a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from augment.datasets.views import init_table
from augment.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd


def open_workspace(folder: str | Path = ".") -> Workspace:
    """The workspace that a folder lies in.

    Args:
        folder: the workspace, or any folder in it.

    Raises:
        AugmentError: where there is no `augment.toml` in the folder or above.
    """
    return Workspace.find(Path(folder))


def make_workspace(
    folder: str | Path,
    images: pd.DataFrame,
    *,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    test_share: float = 0.5,
) -> Workspace:
    """A workspace on the images of a table, made where it is not there yet; the files themselves stay as they are.

    Args:
        folder: where to make it.
        images: one row an image: `path`, `identity`, and where they are known `camera` and `split` (train, query or
            gallery).
        size: (height, width) in pixels to work at, multiples of 4; None takes the images' own.
        seed: the workspace's seed; also chooses the identities for testing.
        test_share: share of the identities for testing, where the table has no split.

    Returns:
        The workspace; key points are still to be made, by `augment poses`.

    Raises:
        AugmentError: for a table or folder that cannot be used.
    """
    init_table(Path(folder), images, size=size, seed=seed, test_share=test_share)
    return Workspace.find(Path(folder))
