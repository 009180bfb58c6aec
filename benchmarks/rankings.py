"""A data set's worth of people and distances, and the ways to rank it."""

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from numerics.arrays import Array
from reid.evaluation.ranking import evaluate, rank

MAX_RANK = 100


@dataclass(frozen=True)
class Search:
    """Sizes of a search: `matched` gallery images are of the queries' identities, the rest are distractors."""

    queries: int = 3368
    gallery: int = 19732
    matched: int = 13115
    identities: int = 750
    cameras: int = 6

    def people(self) -> tuple[Array, Array, Array, Array]:
        """Identities of queries and gallery, then their cameras; int64."""
        rng = np.random.default_rng(0)
        q_pids, g_pids = (rng.integers(1, self.identities + 1, count) for count in (self.queries, self.gallery))
        g_pids[self.matched :] = 0
        q_camids, g_camids = (rng.integers(1, self.cameras + 1, count) for count in (self.queries, self.gallery))
        return q_pids, g_pids, q_camids, g_camids

    def features(self, width: int = 2048, signal: float = 0.27) -> tuple[Array, Array]:
        """Features of queries and gallery, float32 x `width`: noise and, weaker by `signal`, the identity's centre."""
        rng = np.random.default_rng(1)
        centres = signal * rng.standard_normal((self.identities + 1, width), dtype=np.float32)
        made = []
        for pids in self.people()[:2]:
            features = rng.standard_normal((len(pids), width), dtype=np.float32)
            for row, pid in zip(features, pids, strict=True):
                row += centres[pid] * (pid > 0)
            made.append(features)
        return made[0], made[1]

    def distances(self) -> Array:
        """Squared distances of the features, float32 queries x gallery."""
        queries, gallery = self.features()
        found: Array = queries @ gallery.T
        found *= -2
        found += (queries**2).sum(axis=1)[:, None]
        found += (gallery**2).sum(axis=1)
        return found


class Ranked:
    """All queries ranked from one matrix of distances.

    way: "ours", "torchreid", "open-reid", "cython", or "sort": each query's distances sorted, and no more.
    matrix: file of the distances.  compiled: torchreid's compiled ranking, a file.
    """

    def __init__(self, *, search: Search, matrix: Path, way: str, compiled: Path | None = None) -> None:
        self.distances, self.people = np.load(matrix), search.people()
        self.rank = _torchreid() if way == "torchreid" else _WAYS.get(way)
        if compiled is not None and way == "cython":
            self.rank = _load(compiled).evaluate_cy
        self.found: tuple[Array, float] | None = None

    def run(self) -> None:
        """Rank."""
        assert self.rank is not None
        self.found = self.rank(self.distances, *self.people, MAX_RANK)

    def result(self) -> tuple[Array, float]:
        """(matching curve, mAP)."""
        assert self.found is not None
        return self.found


def _ours(distances: Array, *people: Any) -> tuple[Array, float]:
    ranking = rank(distances, *people)
    return ranking.cmc, ranking.mAP


def _torchreid() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has no compiled ranking
        from torchreid.reid.metrics import evaluate_rank
    return partial(evaluate_rank, use_metric_cuhk03=False, use_cython=False)


def _open_reid(distances: Array, *people: Any) -> tuple[Array, float]:
    """The ranking as Open-ReID does it.

    The mean average precision by scikit-learn, query by query, and the matching curve by itself; each sorts the whole
    matrix.
    """
    from sklearn.metrics import average_precision_score

    q_pids, g_pids, q_camids, g_camids, depth = people
    order, found = np.argsort(distances, axis=1), []
    matches = g_pids[order] == q_pids[:, None]
    for query, row in enumerate(order):
        kept = (g_pids[row] != q_pids[query]) | (g_camids[row] != q_camids[query])
        if matches[query, kept].any():
            found.append(average_precision_score(matches[query, kept], -distances[query][row][kept]))

    order, hits, counted = np.argsort(distances, axis=1), np.zeros(depth), 0
    matches = g_pids[order] == q_pids[:, None]
    for query, row in enumerate(order):
        kept = (g_pids[row] != q_pids[query]) | (g_camids[row] != q_camids[query])
        places = np.nonzero(matches[query, kept])[0]
        if len(places):
            counted += 1
            if places[0] < depth:
                hits[places[0]] += 1
    return hits.cumsum() / counted, float(np.mean(found))


def _sort(distances: Array, *_: Any) -> None:
    for row in distances:
        np.sort(row)


_WAYS: dict[str, Callable[..., Any]] = {"ours": _ours, "open-reid": _open_reid, "sort": _sort}


def _load(path: Path) -> Any:
    """A compiled module from its file."""
    spec = importlib.util.spec_from_file_location(path.name.split(".")[0], path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Evaluated:
    """Features to figures, and the memory that takes beyond the features."""

    def __init__(self, *, search: Search) -> None:
        self.features, self.people = search.features(), search.people()
        self.extra = 0.0

    def run(self) -> None:
        """Distances and ranking."""
        before = _memory("VmRSS")
        evaluate(*self.features, *self.people, max_rank=MAX_RANK)
        self.extra = _memory("VmHWM") - before

    def result(self) -> float:
        """Peak memory of the process minus its memory before, MiB."""
        return self.extra


def _memory(field: str) -> float:
    """This process's memory, MiB: now ("VmRSS") or the most it has had ("VmHWM")."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 2**10
