import numpy as np
import pytest
import torch

from patn import DataError
from patn.training.losses import adversarial, l1

SCORES = np.random.default_rng(0).normal(0, 3, (2, 5, 4, 3))


@pytest.mark.parametrize("real", [True, False])
def test_bce_equals_sigmoid_and_log_loss(real: bool) -> None:
    probability = 1 / (1 + np.exp(-SCORES))
    expected = -np.log(probability if real else 1 - probability).mean()
    assert adversarial(torch.from_numpy(SCORES), real).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("real", [True, False])
def test_lsgan_is_the_mean_square_distance_to_the_label(real: bool) -> None:
    expected = ((SCORES - real) ** 2).mean()
    assert adversarial(torch.from_numpy(SCORES), real, "lsgan").item() == pytest.approx(expected, rel=1e-5)


def test_bce_stays_finite_far_from_the_label() -> None:
    scores = torch.tensor([-200.0, 200.0], requires_grad=True)
    loss = adversarial(scores, True)
    loss.backward()
    assert loss.item() == pytest.approx(100)
    assert scores.grad is not None
    assert scores.grad.isfinite().all()


def test_l1_is_computed_in_float32() -> None:
    first, second = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    assert l1(first, second).item() == pytest.approx(np.abs(first.numpy() - second.numpy()).mean(), rel=1e-5)
    assert l1(first.bfloat16(), second).dtype == torch.float32


def test_an_unknown_loss_is_refused() -> None:
    with pytest.raises(DataError, match="hinge"):
        adversarial(torch.zeros(1), True, "hinge")
