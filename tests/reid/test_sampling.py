"""Which images are in a batch: every image once a pass, or identities in groups."""

import numpy as np
import pytest

from numerics.arrays import Array
from reid import DataError
from reid.data.sampling import Sampler

SIZES = [1, 2, 3, 4, 5, 8, 9, 17, 17, 33]
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(10) * 7, SIZES))


def sampler(labels: Array = LABELS, batch: int = 12, instances: int | None = None, seed: int = 0) -> Sampler:
    return Sampler(labels, batch=batch, instances=instances, seed=seed)


def epoch(subject: Sampler, number: int) -> Array:
    return np.stack([subject.indices(number * subject.passes + i) for i in range(subject.passes)])


def test_a_pass_sees_no_image_twice_and_passes_differ() -> None:
    first, second = (epoch(sampler(), number) for number in range(2))
    assert first.shape == (99 // 12, 12)
    assert len(np.unique(first)) == first.size
    assert not np.array_equal(first, second)


def test_a_small_set_fills_the_batch_with_every_image() -> None:
    assert sorted(sampler(np.arange(10), batch=8).indices(0))[1:] != sorted(range(7))
    counts = np.bincount(sampler(np.arange(10), batch=24).indices(0), minlength=10)
    assert sorted(counts) == [2] * 6 + [3] * 4
    assert sampler(np.arange(10), batch=24).passes == 1


def test_a_batch_has_different_identities_with_equally_many_images() -> None:
    subject = sampler(instances=3)
    for step in range(20):
        people = LABELS[subject.indices(step)].reshape(4, 3)
        assert (people == people[:, :1]).all()
        assert len(np.unique(people[:, 0])) == 4


def test_a_group_repeats_an_image_only_where_its_identity_has_too_few() -> None:
    subject = sampler(instances=4)
    for step in range(40):
        for group in subject.indices(step).reshape(3, 4):
            (own,) = np.nonzero(LABELS[group[0]] == LABELS)
            counts = np.bincount(group)[np.unique(group)]
            assert len(counts) == min(len(own), 4)
            assert counts.max() - counts.min() <= 1


def test_images_are_seen_about_equally_often_whatever_their_identity() -> None:
    sizes = np.resize([4, 6, 8, 10, 20], 60)
    labels = np.repeat(np.arange(60), sizes)
    subject = sampler(labels, batch=24, instances=2)
    passes = 30
    seen = np.bincount(np.concatenate([epoch(subject, number).ravel() for number in range(passes)]))
    by_size = [seen[sizes[labels] == size].mean() / passes for size in (4, 6, 8, 10, 20)]
    assert by_size == pytest.approx([1] * 5, abs=0.1)
    assert seen.min() > 0.7 * passes


def test_fewer_identities_than_a_batch_wants_come_as_equally_as_possible() -> None:
    labels = np.repeat([0, 1, 2], 6)
    groups = labels[sampler(labels, batch=16, instances=2).indices(0)].reshape(8, 2)[:, 0]
    assert sorted(np.bincount(groups)) == [2, 3, 3]


@pytest.mark.parametrize("instances", [None, 3])
def test_a_batch_depends_on_seed_and_step_alone(instances: int | None) -> None:
    first, second = sampler(instances=instances), sampler(instances=instances)
    later = [first.indices(step) for step in (17, 3, 9, 17)]
    assert np.array_equal(later[0], later[3])
    assert np.array_equal(second.indices(9), later[2])
    assert not np.array_equal(sampler(instances=instances, seed=1).indices(9), later[2])


def test_market_1501_is_sampled_in_a_fraction_of_a_second_an_epoch() -> None:
    labels = np.repeat(np.arange(751), 17)
    subject = sampler(labels, batch=64, instances=4)
    assert subject.passes == 751 * 17 // 64
    people = labels[epoch(subject, 0)].reshape(-1, 16, 4)[:, :, 0]
    assert all(len(np.unique(row)) == 16 for row in people)


def test_a_number_of_instances_that_does_not_divide_the_batch_is_refused() -> None:
    with pytest.raises(DataError, match="instances is 5; it must divide batch 12"):
        sampler(instances=5)
