"""Training and test pairs: two images of one identity, the first seen, the second to be generated."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.errors import ParserWarning

from numerics.arrays import Array
from numerics.files import replacing
from numerics.seeds import released_stream
from patn import DataError
from patn.keypoints import has_torso

COLUMNS = ["from", "to"]


def training_pairs(names: Sequence[str], pids: Sequence[int] | Array, array: Array) -> pd.DataFrame:
    """All ordered pairs of two images of one identity.

    Pairs are sorted by identity, condition and target, whatever the order of the images. Cameras play no part.

    Args:
        names: N different file names.
        pids: N identities; junk (-1) and distractors (0) make no pairs.
        array: N x 18 x 2 key points as (y, x), missing = -1; an image takes part if both shoulders and both hips are
            present.

    Returns:
        A table with columns `from` (condition) and `to` (target).

    Raises:
        DataError: for names that occur twice or inputs of different lengths.

    Source: the released pair maker.
    """
    pids = np.asarray(pids, dtype=np.int64)
    if not len(names) == len(pids) == len(array):
        raise DataError(f"{len(names)} names, {len(pids)} identities and {len(array)} poses; pairs need one of each")
    images = pd.DataFrame({"name": np.array(names, dtype=object), "pid": pids})
    if images["name"].duplicated().any():
        raise DataError(f"{images['name'][images['name'].duplicated()].iloc[0]}: the image was given twice; keep one")
    images = images[(pids > 0) & has_torso(array)] if len(images) else images
    identities = images.sort_values(["pid", "name"]).groupby("pid", sort=True)["name"]
    pairs = [_ordered_pairs(group.to_numpy()) for _, group in identities]
    return pd.DataFrame(np.concatenate([np.empty((0, 2), dtype=object), *pairs]), columns=COLUMNS)


def sample_pairs(pairs: pd.DataFrame, count: int, rng: np.random.Generator | np.random.RandomState) -> pd.DataFrame:
    """Random pairs without replacement.

    Args:
        pairs: a table with columns `from` and `to`.
        count: how many.
        rng: numpy's generator.

    Returns:
        `count` of the pairs.

    Raises:
        DataError: when there are fewer.
    """
    if not 0 <= count <= len(pairs):
        raise DataError(f"{count} pairs cannot be sampled from {len(pairs)}; ask for 0 to {len(pairs)}")
    return pairs.sample(n=count, random_state=rng).reset_index(drop=True)


def released_sample(pairs: pd.DataFrame, count: int) -> pd.DataFrame:
    """Pairs as the released code samples them; the same for the same pairs and count.

    Args:
        pairs: a table with columns `from` and `to`.
        count: how many.

    Returns:
        `count` of the pairs.

    Raises:
        DataError: when there are fewer.

    Source: the released test pairs are 12,000 of pandas' seed 0.
    """
    return sample_pairs(pairs, count, released_stream())


def read_pairs(path: str | Path) -> pd.DataFrame:
    """Pairs of a comma-separated file with the header `from,to`, in its order.

    Args:
        path: the file.

    Returns:
        A table with columns `from` and `to`.

    Raises:
        DataError: if it is not such a file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ParserWarning)  # a line of more than two names
            pairs: pd.DataFrame = pd.read_csv(
                path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False
            )
    except (OSError, ValueError, ParserWarning) as error:
        reason = str(error).strip().replace("\n", " ")
        raise DataError(f"{path}: pairs cannot be read ({reason}); give a file with header from,to") from error
    pairs = pairs.apply(lambda column: column.str.strip()).rename(columns=str.strip)
    if list(pairs.columns) != COLUMNS:
        raise DataError(f"{path}, line 1: the header is {','.join(pairs.columns)}; it must be from,to")
    empty = (pairs == "").any(axis=1).to_numpy()
    if empty.any():
        raise DataError(f"{path}: pair {int(empty.argmax()) + 1} lacks a name; write two file names a line")
    return pairs


def write_pairs(pairs: pd.DataFrame, path: str | Path) -> None:
    """Write pairs as a comma-separated file with the header `from,to`, by rename.

    Args:
        pairs: a table with columns `from` and `to`.
        path: the file; its folder is made.

    Raises:
        OSError: that names `path`, where it cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        pairs[COLUMNS].to_csv(partial, index=False, lineterminator="\n")


def _ordered_pairs(names: Array) -> Array:
    count = len(names)
    different = ~np.eye(count, dtype=bool).ravel()
    pairs: Array = np.stack([np.repeat(names, count), np.tile(names, count)], axis=1)[different]
    return pairs
