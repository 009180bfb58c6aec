import numpy as np
import torch

from patn.training.pool import ImagePool


def numbered(first: int, count: int) -> torch.Tensor:
    return torch.arange(first, first + count, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 2, 2, 2).clone()


def numbers(images: torch.Tensor) -> list[int]:
    return images[:, 0, 0, 0].int().tolist()


def test_images_pass_while_the_pool_fills() -> None:
    pool = ImagePool(6)
    assert torch.equal(pool.query(numbered(0, 4), np.random.default_rng(0)), numbered(0, 4))
    assert numbers(pool.state()["images"]) == [0, 1, 2, 3]


def test_a_full_pool_swaps_half_of_the_images() -> None:
    pool, rng = ImagePool(5), np.random.default_rng(0)
    given = numbered(0, 2000)
    returned = numbers(pool.query(given, rng))
    assert returned[:5] == [0, 1, 2, 3, 4]
    assert 900 < sum(number == index for index, number in enumerate(returned)) < 1100
    assert all(number <= index for index, number in enumerate(returned))
    assert sorted(returned[5:] + numbers(pool.state()["images"])) == list(
        range(2000)
    )  # each image leaves or stays once


def test_the_given_images_are_not_changed() -> None:
    pool, rng = ImagePool(1), np.random.default_rng(0)
    given = numbered(0, 50)
    returned = pool.query(given, rng)
    assert torch.equal(given, numbered(0, 50))
    assert not torch.equal(returned, given)


def test_the_result_follows_from_state_and_generator() -> None:
    pool = ImagePool(3)
    pool.query(numbered(0, 8), np.random.default_rng(0))
    again = ImagePool(3)
    again.load_state({key: value.clone() for key, value in pool.state().items()})
    for step in range(3):
        new = numbered(100 * step, 4)
        first, second = (p.query(new, np.random.default_rng((1, step))) for p in (pool, again))
        assert torch.equal(first, second)
    assert torch.equal(pool.state()["images"], again.state()["images"])


def test_a_half_full_pool_survives_the_round_trip() -> None:
    pool, again = ImagePool(6), ImagePool(6)
    pool.query(numbered(0, 4), np.random.default_rng(0))
    again.load_state(pool.state())
    assert numbers(again.query(numbered(4, 2), np.random.default_rng(0))) == [4, 5]
    assert numbers(again.state()["images"]) == [0, 1, 2, 3, 4, 5]


def test_size_zero_switches_the_pool_off() -> None:
    pool = ImagePool(0)
    assert torch.equal(pool.query(numbered(0, 9), np.random.default_rng(0)), numbered(0, 9))
    assert pool.state() == {}
    pool.load_state({})
