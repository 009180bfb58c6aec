"""M^R_p: the reduced training set, a random share p of the images with at least one of every identity."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from augment import AugmentError
from numerics.seeds import Stream, random_stream


def training_images(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of an image table that can be trained on: split train, identities above 0, sorted by name."""
    train = table[(table["split"] == "train") & (table["pid"] > 0)]
    return train.sort_values("name", ignore_index=True)


def reduction_order(names: Sequence[str], pids: Sequence[int], seed: int) -> list[str]:
    """All images in the order in which sets of growing p take them: one random image per identity, then the rest.

    M^R_p for every p is a prefix, so the sets of one seed are nested.  Depends on (names, pids, seed) alone.
    """
    order = random_stream(seed, Stream.REDUCED_SET).permutation(len(names))
    shuffled = np.asarray(pids)[order]
    _, first = np.unique(shuffled, return_index=True)
    rest = np.delete(np.arange(len(names)), first)
    return [names[order[index]] for index in (*np.sort(first), *rest)]


def reduced_set(table: pd.DataFrame, portion: float, seed: int) -> list[str]:
    """The names kept in M^R_p, sorted: round(p N) images (half up), never fewer than one per identity.

    `table` has the columns name, pid and split; `portion` is in (0, 1].
    Raises AugmentError for another portion or a table without training images.
    """
    if not 0 < portion <= 1:
        raise AugmentError(f"portion {portion}: must be above 0 and at most 1")
    train = training_images(table)
    if train.empty:
        raise AugmentError("the data holds no training image of an identity; look at `augment check`")
    count = max(int(np.floor(len(train) * portion + 0.5)), train["pid"].nunique())
    return sorted(reduction_order(train["name"].tolist(), train["pid"].tolist(), seed)[:count])
