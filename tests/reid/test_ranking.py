"""Ranking by counting against pins, torchreid, scikit-learn and a loop that does the same the long way."""

import math
import tracemalloc
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.arrays import Array
from reid import DataError
from reid.evaluation.ranking import evaluate, nearest, rank

PINS = [
    ([1, 0, 1, 0], 0.833333, 0.791667),
    ([0, 1, 0, 0, 0], 0.5, 0.25),
    ([1, 1, 0, 0], 1.0, 1.0),
    ([0, 0, 1, 0, 1], 0.366667, 0.245833),
    ([1, 0, 0, 1, 1, 0, 1], 0.667857, 0.625595),
]
SEEDS = st.integers(0, 2**32 - 1)


People = tuple[Array, Array, Array, Array]
"""Identities of the queries and of the gallery, cameras of both."""


def people(seed: int, queries: int = 25, gallery: int = 120, identities: int = 8, cameras: int = 3) -> People:
    """Random queries and gallery with distractors (identity 0), junk (same camera) and one query without a match."""
    rng = np.random.default_rng(seed)
    q_pids = np.append(rng.integers(1, identities + 1, queries - 1), identities + 1)
    g_pids = rng.integers(0, identities + 1, gallery)
    return q_pids, g_pids, rng.integers(1, cameras + 1, queries), rng.integers(1, cameras + 1, gallery)


def case(seed: int, levels: int | None = None, **sizes: int) -> tuple[Array, People]:
    """Random distances that know a little of the identities (queries x gallery), and the people; levels makes ties."""
    who = q_pids, g_pids, *_ = people(seed, **sizes)
    distances = np.random.default_rng(seed + 1).random((len(q_pids), len(g_pids)))
    distances -= 0.3 * (q_pids[:, None] == g_pids)
    if levels:
        distances = np.round(distances * levels) / levels
    return distances, who


def valid_queries(
    distances: Array, q_pids: Array, g_pids: Array, q_camids: Array, g_camids: Array
) -> Iterator[tuple[Array, Array]]:
    """(is a match, distance) of the images that are not junk, for each query that has a match."""
    for i, row in enumerate(distances):
        keep = ~((g_pids == q_pids[i]) & (g_camids == q_camids[i]))
        match = g_pids[keep] == q_pids[i]
        if match.any():
            yield match, row[keep]


def by_loop(matches: Array, distances: Array, max_rank: int) -> tuple[float, float, list[float], Array]:
    """(AP, trapezoid AP, cmc, allshots cmc) of one query by walking through the distinct distances, nearest first."""
    right = wrong = 0
    ap = trapezoid = 0.0
    shots = np.zeros(max_rank)
    precision, first = 1.0, math.inf
    for distance in sorted(set(distances)):
        found = int(matches[distances == distance].sum())
        right, wrong = right + found, wrong + int((~matches[distances == distance]).sum())
        if found and first == math.inf:
            first = wrong
        before, precision = precision, right / (right + wrong)
        ap += found * precision / matches.sum()
        trapezoid += found * (before + precision) / 2 / matches.sum()
        shots[wrong:] += found / matches.sum()
    return ap, trapezoid, [float(first <= k) for k in range(max_rank)], shots


def by_torchreid(distances: Array, *who: Array, max_rank: int) -> tuple[Array, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchreid.reid.metrics import evaluate_rank

        cmc, mean_ap = evaluate_rank(distances, *who, max_rank=max_rank, use_metric_cuhk03=False)
        return cmc, mean_ap


@pytest.mark.parametrize(("matches", "rectangle", "trapezoid"), PINS)
def test_average_precision_by_both_rules(matches: list[int], rectangle: float, trapezoid: float) -> None:
    pids = np.where(matches, 1, 2)
    result = rank([np.arange(len(pids))], [1], pids, [1], np.full(len(pids), 2), max_rank=3)
    assert result.mAP == pytest.approx(rectangle, abs=1e-6)
    assert result.mAP_trapezoid == pytest.approx(trapezoid, abs=1e-6)
    assert result.cmc.tolist() == [float(any(matches[: k + 1])) for k in range(3)]
    assert (result.queries, result.skipped) == (1, 0)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_without_ties_the_figures_are_torchreids(seed: int) -> None:
    distances, who = case(seed)
    cmc, mean_ap = by_torchreid(distances, *who, max_rank=20)
    result = rank(distances, *who, max_rank=20)
    assert result.mAP == pytest.approx(mean_ap, abs=1e-6)
    np.testing.assert_allclose(result.cmc, cmc, atol=1e-6)
    assert result.mAP_trapezoid <= result.mAP
    assert result.queries + result.skipped == len(distances)
    assert result.skipped >= 1


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from([None, 1, 4, 10, 50]))
def test_average_precision_is_scikit_learns_with_and_without_ties(seed: int, levels: int | None) -> None:
    from sklearn.metrics import auc, average_precision_score, precision_recall_curve

    distances, who = case(seed, levels)
    queries = list(valid_queries(distances, *who))
    result = rank(distances, *who)
    assert result.queries == len(queries)
    expected = np.mean([average_precision_score(match, -distance) for match, distance in queries])
    assert result.mAP == pytest.approx(expected, abs=1e-15)  # sums in another order may differ in their last bit
    curves = [precision_recall_curve(match, -distance) for match, distance in queries]
    assert result.mAP_trapezoid == pytest.approx(np.mean([auc(c[1], c[0]) for c in curves]), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.sampled_from([None, 1, 4, 10]), st.integers(1, 2), st.integers(0, 60))
def test_with_one_or_two_matches_the_average_precision_is_scikit_learns_to_the_bit(
    seed: int, levels: int | None, matches: int, wrong: int
) -> None:
    from sklearn.metrics import average_precision_score

    distances = np.random.default_rng(seed).random(matches + wrong)
    distances = np.round(distances * levels) / levels if levels else distances
    right = np.arange(len(distances)) < matches
    result = rank([distances], [1], np.where(right, 1, 2), [1], np.full(len(right), 2))
    assert result.mAP == average_precision_score(right, -distances)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([None, 5]))
def test_distractors_change_the_figures_only_when_they_are_near(seed: int, levels: int | None) -> None:
    distances, (q_pids, g_pids, q_camids, g_camids) = case(seed, levels)
    added = [np.append(values, np.zeros(30, int)) for values in (g_pids, g_camids)]
    before = rank(distances, q_pids, g_pids, q_camids, g_camids)
    far, near = (
        rank(np.pad(distances, ((0, 0), (0, 30)), constant_values=value), q_pids, added[0], q_camids, added[1])
        for value in (2.0, -1.0)
    )
    assert (far.mAP, far.mAP_trapezoid, far.skipped) == (before.mAP, before.mAP_trapezoid, before.skipped)
    assert (far.cmc == before.cmc).all()
    assert near.mAP < before.mAP
    assert near.cmc[29] == 0


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([None, 3, 12]))
def test_all_figures_are_those_of_a_plain_loop(seed: int, levels: int | None) -> None:
    distances, who = case(seed, levels, queries=12, gallery=40)
    expected = [by_loop(match, distance, 10) for match, distance in valid_queries(distances, *who)]
    result = rank(distances, *who, max_rank=10)
    assert result.mAP == pytest.approx(np.mean([e[0] for e in expected]), abs=1e-12)
    assert result.mAP_trapezoid == pytest.approx(np.mean([e[1] for e in expected]), abs=1e-12)
    np.testing.assert_allclose(result.cmc, np.mean([e[2] for e in expected], axis=0), atol=1e-12)
    np.testing.assert_allclose(result.allshots_cmc, np.mean([e[3] for e in expected], axis=0), atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([None, 2, 10]))
def test_the_order_of_the_gallery_changes_nothing(seed: int, levels: int | None) -> None:
    distances, (q_pids, g_pids, q_camids, g_camids) = case(seed, levels)
    order = np.random.default_rng(seed).permutation(len(g_pids))
    straight = rank(distances, q_pids, g_pids, q_camids, g_camids)
    shuffled = rank(distances[:, order], q_pids, g_pids[order], q_camids, g_camids[order])
    assert (straight.mAP, straight.mAP_trapezoid) == (shuffled.mAP, shuffled.mAP_trapezoid)
    assert (straight.cmc == shuffled.cmc).all()
    assert (straight.allshots_cmc == shuffled.allshots_cmc).all()


def test_in_a_tie_the_first_match_stands_behind_the_wrong_images() -> None:
    result = rank([[1.0, 1.0, 0.5, 1.0, 2.0]], [1], [1, 1, 2, 3, 4], [1], [2, 2, 2, 2, 2], max_rank=4)
    assert result.cmc.tolist() == [0, 0, 1, 1]
    assert result.mAP == pytest.approx(2 / 4)
    assert result.mAP_trapezoid == pytest.approx((0 + 2 / 4) / 2)


def test_junk_is_left_out_wherever_it_stands() -> None:
    result = rank([[0.0, 1.0, 2.0]], [1], [1, 2, 1], [1], [1, 1, 2])
    assert (result.mAP, result.cmc[0], result.cmc[1]) == (0.5, 0, 1)


def test_every_match_counts_in_the_allshots_curve_by_the_wrong_images_before_it() -> None:
    pids, cameras = [1, 1, 1, 2, 1, 3, 0, 1], [2, 1, 2, 2, 2, 2, 2, 2]  # match, junk, match, wrong, match, wrong, ...
    result = rank([np.arange(8.0)], [1], pids, [1], cameras, max_rank=5)
    assert result.allshots_cmc.tolist() == [0.5, 0.75, 0.75, 1.0, 1.0]
    assert result.cmc.tolist() == [1.0] * 5


def test_the_matching_curve_has_its_full_length_in_a_small_gallery() -> None:
    assert rank([[1.0, 0.0]], [1], [1, 2], [1], [2, 2], max_rank=5).cmc.tolist() == [0, 1, 1, 1, 1]


@pytest.mark.parametrize("chunk", [1, 7, 25, 1000])
def test_the_chunk_changes_nothing_and_the_distances_are_squared_euclidean(chunk: int) -> None:
    who = people(3)
    rng = np.random.default_rng(4)
    queries, gallery = (rng.integers(0, 4, (len(pids), 6)) for pids in who[:2])  # whole numbers: exact, with ties
    distances = ((queries[:, None] - gallery[None]) ** 2).sum(axis=2)
    expected, result = rank(distances, *who), evaluate(queries, gallery, *who, chunk=chunk)
    assert (result.mAP, result.mAP_trapezoid, result.skipped) == (
        expected.mAP,
        expected.mAP_trapezoid,
        expected.skipped,
    )
    assert (result.cmc == expected.cmc).all()


def test_memory_does_not_grow_with_the_number_of_queries() -> None:
    rng = np.random.default_rng(0)
    gallery, chunk, peaks = rng.standard_normal((3000, 8), dtype=np.float32), 32, []
    for count in (64, 512):
        q_pids, g_pids, q_camids, g_camids = people(7, queries=count, gallery=len(gallery))
        features = rng.standard_normal((count, 8), dtype=np.float32)
        tracemalloc.start()
        evaluate(features, gallery, q_pids, g_pids, q_camids, g_camids, chunk=chunk)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    matrix = 4 * chunk * len(gallery)
    assert matrix < peaks[0] < 3 * matrix
    assert peaks[1] < peaks[0] + 500 * (512 - 64)  # a few numbers a query; a row of distances has 12,000 bytes


def test_features_may_be_tensors_and_continuous() -> None:
    import torch
    from scipy.spatial.distance import cdist

    who = people(5)
    queries, gallery = (torch.randn(len(pids), 16, generator=torch.Generator().manual_seed(1)) for pids in who[:2])
    expected = rank(cdist(queries, gallery, "sqeuclidean"), *who)
    assert evaluate(queries, gallery, *who, chunk=10).mAP == pytest.approx(expected.mAP, abs=1e-6)


def test_an_image_and_its_copy_are_at_distance_zero_and_not_below() -> None:
    features = np.full((1, 300), 1.1, np.float32)
    result = evaluate(features, np.repeat(features, 3, axis=0), [1], [1, 2, 2], [1], [2, 2, 2])
    assert result.mAP == pytest.approx(1 / 3)


def test_nearest_leaves_junk_out_and_keeps_the_gallerys_order_in_ties() -> None:
    gallery = [[0.0], [3.0], [1.0], [1.0], [9.0]]
    found = nearest([[0.0], [9.0]], gallery, [1, 2], [1, 1, 2, 3, 2], [1, 1], [1, 2, 2, 2, 1], count=3)
    assert found.tolist() == [[2, 3, 1], [1, 2, 3]]
    with pytest.raises(DataError, match="fewer"):
        nearest([[0.0]], gallery, [1], [1, 1, 2, 3, 2], [1], [1, 2, 2, 2, 1], count=5)


def test_the_callers_distances_are_left_alone() -> None:
    distances, who = case(1)
    before = distances.copy()
    rank(distances, *who)
    assert (distances == before).all()


@pytest.mark.parametrize(
    ("distances", "q_pids", "g_pids", "message"),
    [
        ([[0.0, 1.0]], [1], [1, -1], "1 junk"),
        ([[0.0, np.nan]], [1], [1, 2], "not all finite"),
        ([[0.0, 1.0, 2.0]], [1], [1, 2], "distances are"),
        ([[0.0, 1.0]], [3], [1, 2], "No query"),
    ],
)
def test_what_cannot_be_ranked_is_said(
    distances: list[list[float]], q_pids: list[int], g_pids: list[int], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        rank(distances, q_pids, g_pids, [1], [2, 2])


def test_sizes_that_do_not_fit_are_said() -> None:
    who = ([1], [1, 2], [1], [2, 2])
    with pytest.raises(DataError, match="features are"):
        evaluate(np.zeros((1, 3)), np.zeros((2, 4)), *who)
    with pytest.raises(DataError, match="chunk is 0"):
        evaluate(np.zeros((1, 3)), np.zeros((2, 3)), *who, chunk=0)
    with pytest.raises(DataError, match="max_rank is 0"):
        rank(np.zeros((1, 2)), *who, max_rank=0)
    with pytest.raises(DataError, match="one camera"):
        rank(np.zeros((1, 2)), [1], [1, 2], [1], [2])
