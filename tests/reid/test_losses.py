"""The identity loss against torch's, image by image."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from reid.losses import identity_loss

LOGITS = torch.randn(6, 5, generator=torch.Generator().manual_seed(0)) * 3
LABELS = torch.tensor([0, 1, 2, 3, 4, 0])


def test_every_image_has_its_own_smoothing_and_weight():
    smoothing = torch.tensor([0.0, 0.1, 0.5, 1.0, 0.0, 0.1])
    weights = torch.tensor([1.0, 0.5, 2.0, 0.25, 1.0, 3.0])
    each = [
        float(weight) * cross_entropy(LOGITS[i : i + 1], LABELS[i : i + 1], label_smoothing=float(smoothing[i]))
        for i, weight in enumerate(weights)
    ]
    expected = sum(each) / weights.sum()
    torch.testing.assert_close(identity_loss(LOGITS, LABELS, smoothing, weights), expected)


def test_smoothing_of_one_is_the_cross_entropy_against_the_uniform_distribution():
    found = identity_loss(LOGITS, LABELS, torch.ones(6), torch.ones(6))
    torch.testing.assert_close(found, cross_entropy(LOGITS, torch.full_like(LOGITS, 1 / 5)))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_equal_weights_are_the_plain_mean(smoothing):
    found = identity_loss(LOGITS, LABELS, torch.full((6,), smoothing), torch.full((6,), 0.3))
    torch.testing.assert_close(found, cross_entropy(LOGITS, LABELS, label_smoothing=smoothing))
