"""Ranking of a gallery for each query: mean average precision and the cumulative matching curve, by counting.

The Market-1501 protocol (single query, multi-shot gallery): for each query, gallery images of the same identity and
the same camera are junk and left out; a query without any other image of its identity is skipped and counted.

The rule for ties, the same for any order of the gallery: images at the same distance are one threshold. Precision is
taken after the whole tie group, so that the average precision is scikit-learn's `average_precision_score`; in the
matching curve the first match stands behind every wrong image that is nearer or exactly as far. Without ties, all
figures are those of torchreid's `evaluate_rank` (within 1e-6; torchreid breaks ties by the order of an unstable sort).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import Array
from reid import DataError
from reid.evaluation.distances import feature_matrices, squared_distances, squared_lengths
from reid.evaluation.tally import Identities, Tally

MATRIX = 1 << 26
"""Distances that are held at a time: 256 MiB of float32."""


@dataclass(frozen=True)
class Ranking:
    """What a ranking came to; all values in [0, 1].

    Attributes:
        mAP: rectangle rule, the mean over matches of the precision at the match (scikit-learn >= 0.19, torchreid).
        mAP_trapezoid: trapezoid rule, with the mean of the precisions before and at the match, starting at precision 1
            (the data set's own evaluation code, scikit-learn <= 0.18); without ties never above mAP.
        cmc: float64 (max_rank,), the share of queries whose first match is among the first k images, k from 1.
        allshots_cmc: float64 (max_rank,), the share of matches with fewer than k wrong images before them, k from 1;
            the mean over queries, so that every query weighs the same. Open-ReID's "allshots" curve: it chooses models
            by its first value on the validation identities.
        queries: how many queries count.
        skipped: how many had no match in the gallery and do not.
    """

    mAP: float
    mAP_trapezoid: float
    cmc: Array
    allshots_cmc: Array
    queries: int
    skipped: int


def rank(
    distances: ArrayLike,
    q_pids: ArrayLike,
    g_pids: ArrayLike,
    q_camids: ArrayLike,
    g_camids: ArrayLike,
    max_rank: int = 50,
) -> Ranking:
    """Rank the gallery for each query by distance, smallest first; the module's docstring states the rules.

    Args:
        distances: queries x gallery, finite.
        q_pids: identities of the queries, integers.
        g_pids: identities of the gallery.
        q_camids: cameras of the queries.
        g_camids: cameras of the gallery.
        max_rank: length of the matching curves.

    Returns:
        The figures over all queries that have a match.

    Raises:
        DataError: for arrays that do not fit each other, a distance that is not finite, junk (pid -1) in the gallery,
            or when no query has a match.

    Example:
        >>> found = rank([[0.2, 0.1, 0.3]], [1], [1, 2, 1], [1], [2, 2, 2], max_rank=2)
        >>> round(float(found.mAP), 4), found.cmc.tolist()
        (0.5833, [0.0, 1.0])
    """
    matrix = np.asarray(distances)
    if matrix.dtype.kind != "f":
        matrix = matrix.astype(np.float64)
    identities = Identities(q_pids, g_pids, q_camids, g_camids)
    if matrix.shape != identities.shape:
        raise DataError(f"The distances are {matrix.shape} for {identities.shape} queries and gallery images")
    tally = Tally(identities, max_rank)
    tally.add(matrix)
    return _ranking(tally)


def evaluate(
    query_features: ArrayLike,
    gallery_features: ArrayLike,
    q_pids: ArrayLike,
    g_pids: ArrayLike,
    q_camids: ArrayLike,
    g_camids: ArrayLike,
    max_rank: int = 50,
    chunk: int = 256,
) -> Ranking:
    """Rank the gallery for each query by the squared Euclidean distance of their features.

    Distances are |q|^2 + |g|^2 - 2 q.g in float32, not below 0. Otherwise as `rank`.

    Args:
        query_features: queries x D, an array or CPU tensor, read as float32.
        gallery_features: gallery x D.
        q_pids: as of `rank`.
        g_pids: as of `rank`.
        q_camids: as of `rank`.
        g_camids: as of `rank`.
        max_rank: as of `rank`.
        chunk: at most so many queries at a time; the memory needed beyond the features is one chunk x gallery matrix of
            float32, for which fewer are taken where it would have more than MATRIX numbers.

    Returns:
        The figures over all queries that have a match.

    Raises:
        DataError: as `rank`.
    """
    identities = Identities(q_pids, g_pids, q_camids, g_camids)
    queries, gallery = feature_matrices(query_features, gallery_features, identities)
    if chunk < 1:
        raise DataError(f"chunk is {chunk}; it must be at least 1 query")
    tally = Tally(identities, max_rank)
    lengths = squared_lengths(gallery)
    chunk = min(chunk, max(1, MATRIX // max(1, len(gallery))))
    for first in range(0, len(queries), chunk):
        tally.add(squared_distances(queries[first : first + chunk], gallery, lengths))
    return _ranking(tally)


def nearest(
    query_features: ArrayLike,
    gallery_features: ArrayLike,
    q_pids: ArrayLike,
    g_pids: ArrayLike,
    q_camids: ArrayLike,
    g_camids: ArrayLike,
    count: int = 10,
) -> Array:
    """The gallery images nearest to each of a few queries, junk left out, nearest first, ties in gallery order.

    All queries x gallery distances are held at once.

    Args:
        query_features: as of `evaluate`.
        gallery_features: as of `evaluate`.
        q_pids: as of `rank`.
        g_pids: as of `rank`.
        q_camids: as of `rank`.
        g_camids: as of `rank`.
        count: how many of each query.

    Returns:
        int64 (queries, count) indices into the gallery.

    Raises:
        DataError: as `evaluate` for arrays that do not fit, and for a query with fewer than `count` gallery images that
            are not junk.
    """
    identities = Identities(q_pids, g_pids, q_camids, g_camids)
    queries, gallery = feature_matrices(query_features, gallery_features, identities)
    distances = squared_distances(queries, gallery, squared_lengths(gallery))
    junk = (identities.q_pids[:, None] == identities.g_pids) & (identities.q_camids[:, None] == identities.g_camids)
    if count < 1 or (len(junk) and (~junk).sum(axis=1).min() < count):
        raise DataError(f"{count} gallery images were asked for; some query has fewer that are not junk")
    distances[junk] = np.inf
    return np.argsort(distances, axis=1, kind="stable")[:, :count].astype(np.int64)


def _ranking(tally: Tally) -> Ranking:
    (precision, trapezoid), cmc, allshots_cmc = tally.averages()
    return Ranking(
        mAP=precision,
        mAP_trapezoid=trapezoid,
        cmc=cmc,
        allshots_cmc=allshots_cmc,
        queries=tally.counted,
        skipped=tally.done - tally.counted,
    )
