"""Figures over a stream: the pins of the inception score, scipy's Frechet distance, and a size that does not grow."""

import math

import numpy as np
import pytest
import torch

from numerics.arrays import Array
from patn.metrics.accumulators import Accumulator, InceptionScore, Mean, Moments, frechet_distance

A, B = (0.9, 0.1), (0.1, 0.9)


def inception_score(rows: list[tuple[float, ...]] | Array, splits: int, batch: int = 3) -> InceptionScore:
    """The score of rows that arrive in batches."""
    values = torch.tensor(np.array(rows))
    score = InceptionScore(len(values), splits=splits, classes=values.shape[1])
    for part in values.split(batch):
        score.update(part)
    return score


@pytest.mark.parametrize(
    ("rows", "splits", "expected"),
    [([A, B], 1, 1.444935), ([A, A, A], 1, 1.0), ([A, A, B, B], 2, 1.0), ([A, B, A, B], 2, 1.444935)],
    ids=["two different", "identical", "splits without variety", "splits with variety"],
)
def test_known_inception_scores(rows: list[tuple[float, ...]], splits: int, expected: float) -> None:
    assert inception_score(rows, splits).mean == pytest.approx(expected, abs=1e-6)


def test_inception_score_is_exp_of_mean_divergence_in_ten_contiguous_splits() -> None:
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.full(6, 0.3), 57)
    expected = []
    for i in range(10):
        part = rows[i * 57 // 10 : (i + 1) * 57 // 10]
        divergence = (part * (np.log(part) - np.log(part.mean(axis=0)))).sum(axis=1)
        expected.append(math.exp(divergence.mean()))
    score = inception_score(rows, 10, batch=8)
    assert score.scores.numpy() == pytest.approx(np.array(expected), rel=1e-9)
    assert score.mean == pytest.approx(np.mean(expected), rel=1e-9)
    assert score.deviation == pytest.approx(np.std(expected), rel=1e-9)
    assert 1 <= score.mean <= 6


def test_exact_zeros_have_a_score() -> None:
    assert inception_score([(1.0, 0.0), (0.0, 1.0)], 1).mean == pytest.approx(2)  # as many as classes: the most


def test_fewer_images_than_splits_are_a_split_each() -> None:
    assert inception_score([A, B, B], 10).scores.tolist() == pytest.approx([1, 1, 1])


def test_moments_and_frechet_distance_are_numpys_and_scipys() -> None:
    from scipy.linalg import sqrtm

    rng = np.random.default_rng(1)
    sets = [rng.normal(loc, 1 + loc, (60, 8)) @ rng.normal(size=(8, 8)) for loc in (0.0, 0.4)]
    moments = []
    for values in sets:
        one = Moments(8)
        for part in torch.from_numpy(values).split(13):
            one.update(part)
        assert one.mean.numpy() == pytest.approx(values.mean(axis=0))
        assert one.covariance.numpy() == pytest.approx(np.cov(values, rowvar=False))
        moments.append(one)
    means, covariances = [v.mean(axis=0) for v in sets], [np.cov(v, rowvar=False) for v in sets]
    root = sqrtm(covariances[0] @ covariances[1])
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root).real
    assert frechet_distance(*moments) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(moments[0], moments[0]) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_of_fewer_images_than_features_is_finite() -> None:
    one, other = Moments(16), Moments(16)
    one.update(torch.rand(5, 16))
    other.update(torch.rand(5, 16))
    assert math.isfinite(frechet_distance(one, other))


def test_mean_is_unweighted_over_batches() -> None:
    mean = Mean()
    for values in ([1.0, 2.0, 3.0], [10.0]):
        mean.update(torch.tensor(values))
    assert mean.value == 4
    assert math.isnan(Mean().value)


@pytest.mark.parametrize("accumulator", [Mean(), InceptionScore(4000, classes=5), Moments(5)])
def test_what_is_kept_does_not_grow_with_the_number_of_images(accumulator: Accumulator) -> None:
    def size() -> int:
        state: dict[str, torch.Tensor] = vars(accumulator).get("state", {})
        return sum(value.numel() for value in state.values()) + len(vars(accumulator))

    before = size()
    for _ in range(1000):
        accumulator.update(torch.full((4, 5), 0.2))  # type: ignore[attr-defined]
    assert size() == before


def test_a_state_taken_half_way_goes_on_to_the_same_score() -> None:
    rows = torch.from_numpy(np.random.default_rng(2).dirichlet(np.ones(4), 40))
    unbroken, resumed = InceptionScore(40, classes=4), InceptionScore(40, classes=4)
    unbroken.update(rows[:17])
    resumed.state = {name: value.clone() for name, value in unbroken.state.items()}
    for score in (unbroken, resumed):
        score.update(rows[17:])
    assert torch.equal(unbroken.scores, resumed.scores)
