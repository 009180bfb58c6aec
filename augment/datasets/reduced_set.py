"""M^R_p: the reduced training set, a random share p of the images with at least one of every identity."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.artefacts.files import write_text
from augment.columns import csv_text
from numerics.seeds import Stream, random_stream
from reid.data.market1501 import Split, of_identities

DIFFERENT = 0.005


def training_images(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of an image table that can be trained on: split train, identities above 0, sorted by name.

    Args:
        table: columns name, pid and split.
    """
    return of_identities(table, Split.TRAIN).sort_values("name", ignore_index=True)


def reduction_order(names: Sequence[str], pids: Sequence[int], seed: int) -> list[str]:
    """All images in the order in which sets of growing p take them: one random image per identity, then the rest.

    M^R_p for every p is a prefix, so the sets of one seed are nested.  Depends on the arguments alone.

    Args:
        names: of the images.
        pids: their identities, one a name.
        seed: of the order.
    """
    order = random_stream(seed, Stream.REDUCED_SET).permutation(len(names))
    shuffled = np.asarray(pids)[order]
    _, first = np.unique(shuffled, return_index=True)
    rest = np.delete(np.arange(len(names)), first)
    return [names[order[index]] for index in (*np.sort(first), *rest)]


def reduced_set(table: pd.DataFrame, portion: float, seed: int) -> list[str]:
    """The names kept in M^R_p, sorted: round(p N) images (half up), never fewer than one per identity.

    Args:
        table: columns name, pid and split.
        portion: p, in (0, 1].
        seed: which images are kept.

    Raises:
        AugmentError: for another portion or a table without training images.
    """
    count, train = kept_count(table, portion), training_images(table)
    return sorted(reduction_order(train["name"].tolist(), train["pid"].tolist(), seed)[:count])


def kept_count(table: pd.DataFrame, portion: float) -> int:
    """How many images M^R_p holds, whatever the seed.

    Args:
        table: columns name, pid and split.
        portion: p, in (0, 1].

    Raises:
        AugmentError: for another portion or a table without training images.
    """
    if not 0 < portion <= 1:
        raise AugmentError(f"portion {portion}: must be above 0 and at most 1")
    train = training_images(table)
    if train.empty:
        raise AugmentError("the data holds no training image of an identity; look at `augment check`")
    return max(int(np.floor(len(train) * portion + 0.5)), train["pid"].nunique())


def real_share(table: pd.DataFrame, portion: float) -> float:
    """The share of the training images that M^R_p really keeps: more than p where every identity needs its one.

    Args:
        table: columns name, pid and split.
        portion: p, in (0, 1].

    Returns:
        The share in (0, 1], to four decimals.

    Raises:
        AugmentError: for another portion or a table without training images.
    """
    return round(kept_count(table, portion) / len(training_images(table)), 4)


def is_other_share(portion: float, share: float) -> bool:
    """Whether a real share is not what was asked for, by half a percent or more.

    Args:
        portion: what was asked for, in (0, 1].
        share: the real one.
    """
    return abs(share - portion) >= DIFFERENT


def share_text(portion: float, share: float) -> str:
    """A sentence on a real share that is not what was asked for, else nothing.

    Args:
        portion: what was asked for, in (0, 1].
        share: the real one.
    """
    if not is_other_share(portion, share):
        return ""
    why = ": every identity keeps at least one image" if share > portion else ""
    return f"--portion {portion:g} keeps {100 * share:.3g} % of the training images{why}"


def standing_for(shares: Mapping[float, float]) -> dict[float, float]:
    """For each portion the one that its set is presented as: of portions with one real share, the nearest to it.

    Args:
        shares: the real share of each portion.
    """
    best = {
        share: min((p for p, own in shares.items() if own == share), key=lambda p: (abs(p - share), p))
        for share in set(shares.values())
    }
    return {portion: best[share] for portion, share in shares.items()}


def keep_reduced(table: pd.DataFrame, portion: float, seed: int, path: Path) -> list[str]:
    """M^R_p's image names, written to a file for the reader.

    Args:
        table: columns name, pid, camid and split.
        portion: p, in (0, 1].
        seed: which images are kept.
        path: of the CSV file, columns name, pid and camid; one that holds them already is left alone.

    Returns:
        The names, sorted.

    Raises:
        AugmentError: for another portion or a table without training images.
    """
    kept = reduced_set(table, portion, seed)
    train = training_images(table)
    text = csv_text(train.loc[train["name"].isin(kept), ["name", "pid", "camid"]])
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return kept
