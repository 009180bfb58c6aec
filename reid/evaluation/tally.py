"""What a ranking counts: the queries' identities, and for each query the wrong images before its matches."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import Array
from reid import DataError

_BLOCK = 16  # queries that are counted together: enough to make numpy's calls cheap, few enough to need no memory


class Identities:
    """Who the queries show, and where in the gallery each identity is.

    Args:
        q_pids: identities of the queries, integers.
        g_pids: identities of the gallery.
        q_camids: cameras of the queries.
        g_camids: cameras of the gallery.

    Raises:
        DataError: for arrays that do not fit each other, or junk (pid -1) in the gallery.
    """

    def __init__(self, q_pids: ArrayLike, g_pids: ArrayLike, q_camids: ArrayLike, g_camids: ArrayLike) -> None:
        self.q_pids, self.g_pids, self.q_camids, self.g_camids = map(np.asarray, (q_pids, g_pids, q_camids, g_camids))
        if self.q_pids.shape != self.q_camids.shape or self.g_pids.shape != self.g_camids.shape:
            raise DataError("There must be one identity and one camera for each query and each gallery image")
        junk = int((self.g_pids == -1).sum())
        if junk:
            raise DataError(f"The gallery holds {junk} junk images (pid -1); remove them with drop_junk first")
        self.shape = (len(self.q_pids), len(self.g_pids))
        self._order = np.argsort(self.g_pids, kind="stable")
        ordered = self.g_pids[self._order]
        self._first, self._stop = (np.searchsorted(ordered, self.q_pids, side) for side in ("left", "right"))

    def same(self, query: int) -> Array:
        """Indices of the gallery images of a query's identity.

        Args:
            query: its place among the queries.

        Returns:
            Indices into the gallery.
        """
        return self._order[self._first[query] : self._stop[query]]


def _ranks(values: Array, firsts: Array, counts: Array) -> tuple[Array, Array]:
    """For each value, how many of its run are smaller, and how many not greater; each run is sorted.

    Args:
        values: the runs, one after the other.
        firsts: where each run starts in `values`.
        counts: the length of each run.
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


class Tally:
    """What has been counted so far, one query after the other.

    Args:
        identities: those of all queries and of the gallery.
        max_rank: length of the matching curves, at least 1.

    Raises:
        DataError: for a smaller `max_rank`.
    """

    def __init__(self, identities: Identities, max_rank: int) -> None:
        if max_rank < 1:
            raise DataError(f"max_rank is {max_rank}; it must be at least 1")
        self.identities, self.max_rank = identities, max_rank
        self.done = 0
        self.precisions: list[Array] = []
        self.first, self.all = np.zeros(max_rank + 1), np.zeros(max_rank + 1)

    def add(self, distances: Array) -> None:
        """Count the next queries.

        Args:
            distances: one row a query, to the whole gallery.

        Raises:
            DataError: for a distance that is not finite.
        """
        for first in range(0, len(distances), _BLOCK):
            self._add(distances[first : first + _BLOCK])

    def _add(self, distances: Array) -> None:
        """At most _BLOCK queries."""
        identities = self.identities
        finite = np.isfinite(distances)
        if not finite.all():
            query = self.done + int(np.argmin(finite.all(axis=1)))
            raise DataError(f"The distances of query {query} are not all finite; check the features")
        right, wrong_before, wrong_to = [], [], []
        for query, row in enumerate(distances, self.done):
            same = identities.same(query)
            matches = row[same[identities.g_camids[same] != identities.q_camids[query]]]
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

    def averages(self) -> tuple[Array, Array, Array]:
        """The means over the queries that have a match.

        Returns:
            Average precision by the rectangle and by the trapezoid rule, the matching curve and the "allshots" curve
            (see `reid.evaluation.ranking.Ranking`).

        Raises:
            DataError: where no query has a match.
        """
        if not self.precisions:
            raise DataError(
                "No query has an image of the same identity by another camera in the gallery; check the folders"
            )
        precisions = np.concatenate(self.precisions, axis=1)
        counted = precisions.shape[1]
        return precisions.mean(axis=1), np.cumsum(self.first[:-1]) / counted, np.cumsum(self.all[:-1]) / counted

    @property
    def counted(self) -> int:
        """How many queries have had a match."""
        return sum(values.shape[1] for values in self.precisions)
