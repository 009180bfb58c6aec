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

_BLOCK = 16  # queries that are counted together: enough to make numpy's calls cheap, few enough to need no memory


MATRIX = 1 << 26
"""Distances that are held at a time: 256 MiB of float32."""


@dataclass(frozen=True)
class Ranking:
    """What a ranking came to; all values in [0, 1].

    mAP: rectangle rule, the mean over matches of the precision at the match (scikit-learn >= 0.19, torchreid).
    mAP_trapezoid: trapezoid rule, with the mean of the precisions before and at the match, starting at precision 1
    (the data set's own evaluation code, scikit-learn <= 0.18); without ties never above mAP.
    cmc: float64 (max_rank,), the share of queries whose first match is among the first k images, k from 1.
    allshots_cmc: float64 (max_rank,), the share of matches with fewer than k wrong images before them, k from 1; the
    mean over queries, so that every query weighs the same.  Open-ReID's "allshots" curve: it chooses models by its
    first value on the validation identities.
    queries: how many queries count.  skipped: how many had no match in the gallery and do not.
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
    """Ranks the gallery for each query by distance, smallest first; the module's docstring states the rules.

    distances: queries x gallery, finite.  q_pids, q_camids: (queries,), g_pids, g_camids: (gallery,) integers.
    max_rank: length of the matching curves.
    Raises DataError for arrays that do not fit each other, a distance that is not finite, junk (pid -1) in the
    gallery, or when no query has a match.
    """
    matrix = np.asarray(distances)
    if matrix.dtype.kind != "f":
        matrix = matrix.astype(np.float64)
    people = _People(q_pids, g_pids, q_camids, g_camids)
    if matrix.shape != people.shape:
        raise DataError(f"The distances are {matrix.shape}, but there are {people.shape} queries and gallery images")
    tally = _Tally(people, max_rank)
    tally.add(matrix)
    return tally.ranking()


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
    """Ranks the gallery for each query by the squared Euclidean distance of their features.

    query_features: queries x D, gallery_features: gallery x D, arrays or CPU tensors, read as float32.
    chunk: at most so many queries at a time; the memory needed beyond the features is one chunk x gallery matrix of
    float32, for which fewer are taken where it would have more than MATRIX numbers.
    Distances are |q|^2 + |g|^2 - 2 q.g in float32, not below 0.  Otherwise as `rank`, and raises as it does.
    """
    people = _People(q_pids, g_pids, q_camids, g_camids)
    queries, gallery = _features(query_features, gallery_features, people)
    if chunk < 1:
        raise DataError(f"chunk is {chunk}; it must be at least 1 query")
    tally = _Tally(people, max_rank)
    lengths = _squared_lengths(gallery)
    chunk = min(chunk, max(1, MATRIX // max(1, len(gallery))))
    for first in range(0, len(queries), chunk):
        tally.add(_squared_distances(queries[first : first + chunk], gallery, lengths))
    return tally.ranking()


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

    Arguments as for `evaluate`; all queries x gallery distances are held at once.
    Returns int64 (queries, count) indices into the gallery.  Raises DataError as `evaluate` does for arrays that do not
    fit, and for a query with fewer than `count` gallery images that are not junk.
    """
    people = _People(q_pids, g_pids, q_camids, g_camids)
    queries, gallery = _features(query_features, gallery_features, people)
    distances = _squared_distances(queries, gallery, _squared_lengths(gallery))
    junk = (people.q_pids[:, None] == people.g_pids) & (people.q_camids[:, None] == people.g_camids)
    if count < 1 or (len(junk) and (~junk).sum(axis=1).min() < count):
        raise DataError(f"{count} gallery images were asked for; some query has fewer that are not junk")
    distances[junk] = np.inf
    return np.argsort(distances, axis=1, kind="stable")[:, :count].astype(np.int64)


class _People:
    """Who the queries are, and where in the gallery each identity is."""

    def __init__(self, q_pids: ArrayLike, g_pids: ArrayLike, q_camids: ArrayLike, g_camids: ArrayLike) -> None:
        self.q_pids, self.g_pids, self.q_camids, self.g_camids = map(np.asarray, (q_pids, g_pids, q_camids, g_camids))
        if self.q_pids.shape != self.q_camids.shape or self.g_pids.shape != self.g_camids.shape:
            raise DataError("There must be one identity and one camera for each query and each gallery image")
        junk = int((self.g_pids == -1).sum())
        if junk:
            raise DataError(f"The gallery holds {junk} junk images (pid -1); take them away with drop_junk first")
        self.shape = (len(self.q_pids), len(self.g_pids))
        self._order = np.argsort(self.g_pids, kind="stable")
        ordered = self.g_pids[self._order]
        self._first, self._stop = (np.searchsorted(ordered, self.q_pids, side) for side in ("left", "right"))

    def same(self, query: int) -> Array:
        """Indices of the gallery images of the query's identity."""
        return self._order[self._first[query] : self._stop[query]]


def _features(query_features: ArrayLike, gallery_features: ArrayLike, people: _People) -> tuple[Array, Array]:
    """Both sets of features as float32 matrices that fit the people; raises DataError if they do not."""
    queries, gallery = (np.ascontiguousarray(f, dtype=np.float32) for f in (query_features, gallery_features))
    shapes = (queries.shape, gallery.shape)
    fit = queries.ndim == gallery.ndim == 2 and (len(queries), len(gallery)) == people.shape
    if not fit or queries.shape[1] != gallery.shape[1]:
        raise DataError(f"The features are {shapes[0]} and {shapes[1]} for {people.shape} queries and gallery images")
    return queries, gallery


def _squared_lengths(features: Array) -> Array:
    """|f|^2 of each row, float32."""
    lengths: Array = np.einsum("ij,ij->i", features, features)
    return lengths


def _squared_distances(queries: Array, gallery: Array, lengths: Array) -> Array:
    """Squared Euclidean distances of float32 features, queries x gallery, at least 0; lengths: |g|^2 of the gallery."""
    distances: Array = queries @ gallery.T
    distances *= -2.0
    distances += _squared_lengths(queries)[:, None]
    distances += lengths
    return np.maximum(distances, 0, out=distances)


def _ranks(values: Array, firsts: Array, counts: Array) -> tuple[Array, Array]:
    """For each value, how many of its run are smaller, and how many not greater; each run is sorted.

    firsts, counts: where each run starts in `values`, and its length.
    """
    new = np.ones(len(values), dtype=bool)
    new[1:] = values[1:] != values[:-1]
    new[firsts] = True
    groups = np.flatnonzero(new)
    sizes = np.diff(groups, append=len(values))
    smaller = np.repeat(groups, sizes) - np.repeat(firsts, counts)
    return smaller, smaller + np.repeat(sizes, sizes)


def _sorted_wrong(row: Array, same: Array, last: float) -> Array:
    """Sorted distances of the images not in `same`, at least of those not farther than `last`.

    Taking the few near ones out of a row saves sorting the others; taking most of them costs as much as the sorting.
    """
    near = row <= last
    if 4 * np.count_nonzero(near) < len(row):
        near[same] = False
        return np.sort(row[near])
    wrong = row.copy()
    wrong[same] = np.inf
    wrong.sort()
    return wrong


class _Tally:
    """What has been counted so far, one query after the other."""

    def __init__(self, people: _People, max_rank: int) -> None:
        if max_rank < 1:
            raise DataError(f"max_rank is {max_rank}; it must be at least 1")
        self.people, self.max_rank = people, max_rank
        self.done = 0
        self.precisions: list[Array] = []
        self.first, self.all = np.zeros(max_rank + 1), np.zeros(max_rank + 1)

    def add(self, distances: Array) -> None:
        """Count the next queries, one a row of distances to the whole gallery; raises DataError if not finite."""
        for first in range(0, len(distances), _BLOCK):
            self._add(distances[first : first + _BLOCK])

    def _add(self, distances: Array) -> None:
        """At most _BLOCK queries."""
        people = self.people
        finite = np.isfinite(distances)
        if not finite.all():
            query = self.done + int(np.argmin(finite.all(axis=1)))
            raise DataError(f"The distances of query {query} are not all finite; check the features")
        right, wrong_before, wrong_to = [], [], []
        for query, row in enumerate(distances, self.done):
            same = people.same(query)
            matches = row[same[people.g_camids[same] != people.q_camids[query]]]
            if len(matches):
                matches.sort()
                wrong = _sorted_wrong(row, same, matches[-1])
                right.append(matches)
                wrong_before.append(wrong.searchsorted(matches, "left"))
                wrong_to.append(wrong.searchsorted(matches, "right"))
        self.done += len(distances)
        if right:
            self._count(right, np.concatenate(wrong_before), np.concatenate(wrong_to))

    def _count(self, right: list[Array], wrong_before: Array, wrong_to: Array) -> None:
        """Queries with their sorted distances of the right images; how many wrong ones are nearer, or not farther."""
        counts = np.array([len(matches) for matches in right])
        firsts = np.cumsum(counts) - counts
        right_before, right_to = _ranks(np.concatenate(right), firsts, counts)
        precision = right_to / (right_to + wrong_to)
        shown = right_before + wrong_before
        before = np.where(shown == 0, 1.0, right_before / np.maximum(shown, 1))
        self.precisions.append(np.add.reduceat([precision, (precision + before) / 2], firsts, axis=1) / counts)
        places = np.minimum(wrong_to, self.max_rank)
        self.first += np.bincount(places[firsts], minlength=self.max_rank + 1)
        self.all += np.bincount(places, np.repeat(1 / counts, counts), minlength=self.max_rank + 1)

    def ranking(self) -> Ranking:
        """The means over the queries that have a match; raises DataError where none has."""
        if not self.precisions:
            raise DataError(
                "No query has an image of the same person by another camera in the gallery; check the folders"
            )
        precisions = np.concatenate(self.precisions, axis=1)
        mean_ap, trapezoid = precisions.mean(axis=1)
        counted = precisions.shape[1]
        return Ranking(
            mAP=mean_ap,
            mAP_trapezoid=trapezoid,
            cmc=np.cumsum(self.first[:-1]) / counted,
            allshots_cmc=np.cumsum(self.all[:-1]) / counted,
            queries=counted,
            skipped=self.done - counted,
        )
