"""The identity loss against torch's, image by image; the triplet loss against a plain loop and torchreid's."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from reid.losses import identity_loss, triplet_loss

LOGITS = torch.randn(6, 5, generator=torch.Generator().manual_seed(0)) * 3
LABELS = torch.tensor([0, 1, 2, 3, 4, 0])


def test_every_image_has_its_own_smoothing_and_weight() -> None:
    smoothing = torch.tensor([0.0, 0.1, 0.5, 1.0, 0.0, 0.1])
    weights = torch.tensor([1.0, 0.5, 2.0, 0.25, 1.0, 3.0])
    each = [
        float(weight) * cross_entropy(LOGITS[i : i + 1], LABELS[i : i + 1], label_smoothing=float(smoothing[i]))
        for i, weight in enumerate(weights)
    ]
    expected = sum(each) / weights.sum()
    torch.testing.assert_close(identity_loss(LOGITS, LABELS, smoothing, weights), expected)


def test_smoothing_of_one_is_the_cross_entropy_against_the_uniform_distribution() -> None:
    found = identity_loss(LOGITS, LABELS, torch.ones(6), torch.ones(6))
    torch.testing.assert_close(found, cross_entropy(LOGITS, torch.full_like(LOGITS, 1 / 5)))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_equal_weights_are_the_plain_mean(smoothing: float) -> None:
    found = identity_loss(LOGITS, LABELS, torch.full((6,), smoothing), torch.full((6,), 0.3))
    torch.testing.assert_close(found, cross_entropy(LOGITS, LABELS, label_smoothing=smoothing))


FEATURES = torch.randn(12, 8, generator=torch.Generator().manual_seed(1))
PEOPLE = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4])


def hardest(features: torch.Tensor, labels: list[int], margin: float) -> list[float]:
    """The loss of each anchor by a plain loop."""
    losses = []
    for anchor in range(len(labels)):
        distances = [float((features[anchor] - other).norm()) for other in features]
        positives = [d for d, label in zip(distances, labels, strict=True) if label == labels[anchor]]
        negatives = [d for d, label in zip(distances, labels, strict=True) if label != labels[anchor]]
        losses.append(max(0.0, max(positives) - min(negatives) + margin))
    return losses


@pytest.mark.parametrize("margin", [0.0, 0.3, 2.0])
def test_the_triplet_loss_takes_the_hardest_images_of_the_batch(margin: float) -> None:
    weights = torch.linspace(0.1, 2, 12)
    each = hardest(FEATURES.double(), PEOPLE.tolist(), margin)
    expected = sum(float(w) * loss for w, loss in zip(weights, each, strict=True)) / float(weights.sum())
    assert triplet_loss(FEATURES, PEOPLE, weights, margin).item() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_without_weights_the_triplet_loss_and_its_gradient_are_torchreids() -> None:
    from torchreid.reid.losses import TripletLoss

    mine, theirs = (FEATURES.clone().requires_grad_() for _ in range(2))
    loss, expected = triplet_loss(mine, PEOPLE, torch.ones(12), 0.3), TripletLoss(margin=0.3)(theirs, PEOPLE)
    torch.testing.assert_close(loss, expected)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(mine.grad, theirs.grad)


def test_repeated_images_and_a_lone_identity_have_a_finite_gradient() -> None:
    repeated = FEATURES[:1].expand(4, 8).clone().requires_grad_()
    triplet_loss(repeated, torch.tensor([0, 0, 1, 1]), torch.ones(4), 0.3).backward()
    assert repeated.grad is not None
    assert repeated.grad.isfinite().all()
    alone = FEATURES[:3].clone().requires_grad_()
    loss = triplet_loss(alone, torch.zeros(3, dtype=torch.long), torch.ones(3), 0.3)
    loss.backward()
    assert loss.item() == 0
    assert alone.grad is not None
    assert not alone.grad.any()
