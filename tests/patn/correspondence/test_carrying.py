"""What attention carries, against loops over places."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from patn.correspondence.carrying import attention_weights, carry, heads_apart, heads_joined


def one_hot(sources: Sequence[int]) -> torch.Tensor:
    """Weights of one head that take place i of the result from place sources[i]."""
    return torch.nn.functional.one_hot(torch.tensor(sources), len(sources)).float()


@pytest.mark.parametrize("block", [2, 4])
def test_one_hot_weights_copy_whole_blocks_of_pixels(block: int) -> None:
    picture = torch.rand(1, 3, 2 * block, 3 * block)
    sources = [[5, 0, 0, 3, 1, 2], [4, 4, 1, 1, 0, 5]]
    weights = torch.stack([one_hot(row) for row in sources]).unsqueeze(0)
    moved = carry(weights, picture, block, shared=True)
    assert moved.shape == (1, 6, 2 * block, 3 * block)
    for head, row in enumerate(sources):
        for place, source in enumerate(row):
            (y, x), (v, u) = divmod(place, 3), divmod(source, 3)
            there = moved[0, 3 * head : 3 * head + 3, y * block : (y + 1) * block, x * block : (x + 1) * block]
            taken = picture[0, :, v * block : (v + 1) * block, u * block : (u + 1) * block]
            assert torch.equal(there, taken)


def test_each_head_carries_its_part_of_the_features() -> None:
    features = torch.rand(2, 4, 4, 8)
    still, swapped = one_hot(range(8)), one_hot([7, *range(1, 7), 0])
    moved = carry(torch.stack([still, swapped]).expand(2, 2, 8, 8), features, 2)
    assert torch.equal(moved[:, :2], features[:, :2])  # the first head's two channels
    assert torch.equal(moved[:, 2:, :2, :2], features[:, 2:, 2:, 6:])
    assert torch.equal(moved[:, 2:, 2:, 6:], features[:, 2:, :2, :2])
    assert torch.equal(moved[:, 2:, :2, 2:], features[:, 2:, :2, 2:])


def test_weights_between_places_mix_their_pixels() -> None:
    picture = torch.rand(1, 3, 4, 8)
    weights = torch.full((1, 1, 2, 2), 0.5)
    mean = (picture[..., :4] + picture[..., 4:]) / 2
    torch.testing.assert_close(carry(weights, picture, 4, shared=True), torch.cat([mean, mean], dim=-1))


def test_attention_is_a_softmax_of_scaled_cosines() -> None:
    rng = np.random.default_rng(0)
    queries, keys = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(2, 3, 5, 4))
    sharpness = np.array([1.0, 2.0, 8.0]).reshape(3, 1, 1)
    lengths = np.linalg.norm(queries, axis=-1)[..., :, None] * np.linalg.norm(keys, axis=-1)[..., None, :]
    scores = np.exp(sharpness * np.einsum("bhic,bhjc->bhij", queries, keys) / lengths)
    weights = attention_weights(*map(torch.from_numpy, (queries, keys, sharpness)))
    np.testing.assert_allclose(weights.numpy(), scores / scores.sum(axis=-1, keepdims=True), rtol=1e-5)


def test_heads_apart_and_joined_is_what_it_was() -> None:
    code = torch.rand(2, 6, 3, 4)
    apart = heads_apart(code, 2)
    assert apart.shape == (2, 2, 12, 3)
    assert torch.equal(apart[1, 0, 7], code[1, :3, 1, 3])  # place 7 of 3 x 4: row 1, column 3
    assert torch.equal(heads_joined(apart, (3, 4)), code)
