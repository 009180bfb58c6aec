"""The identity term of a generator's loss: its value, where its gradients go, and what it costs."""

from typing import Any

import pytest
import torch
from torch import nn

from patn import DataError
from patn.generators import GENERATORS, recorded_training
from patn.training.identity import IdentityTerm
from tests.patn.kinds import SIZE, objective, steps, tiny

HAS_IT = [name for name in GENERATORS if "lambda_identity" in type(tiny(name)).__dataclass_fields__]


class Means(nn.Module):
    """Features: each channel's weighted mean, and a dropout that would change them outside evaluation mode."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([1.0, 2.0, 4.0]))
        self.dropout = nn.Dropout(0.9)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """B x 3."""
        means: torch.Tensor = self.dropout(images.mean((2, 3)) * self.weights)
        return means


def images(seed: int) -> torch.Tensor:
    """Four random images in [-1, 1]."""
    return torch.rand(4, 3, *SIZE, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_it_is_one_minus_the_mean_cosine_of_the_features_of_images_from_0_to_1() -> None:
    shown, wanted = images(0), images(1)
    cosines = []
    for one, other in zip(shown, wanted, strict=True):
        a, b = ([w * (c.mean().item() + 1) / 2 for c, w in zip(x, (1, 2, 4), strict=True)] for x in (one, other))
        dot = sum(x * y for x, y in zip(a, b, strict=True))
        cosines.append(dot / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5)
    assert float(IdentityTerm(Means())(shown, wanted)) == pytest.approx(1 - sum(cosines) / 4, abs=1e-6)


def test_its_gradients_reach_the_generated_images_alone() -> None:
    term, shown, wanted = IdentityTerm(Means()), images(0).requires_grad_(), images(1).requires_grad_()
    term(shown, wanted).backward()
    assert shown.grad is not None
    assert shown.grad.abs().min() > 0
    assert wanted.grad is None
    assert all(weights.grad is None and not weights.requires_grad for weights in term.parameters())


def test_it_is_computed_in_float32_inside_mixed_precision() -> None:
    term = IdentityTerm(Means())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(term(images(0).bfloat16(), images(1)), term(images(0).bfloat16().float(), images(1)))


@pytest.mark.parametrize("name", HAS_IT)
def test_a_step_lowers_it_and_leaves_the_model_as_it_is(name: str) -> None:
    alone: dict[str, Any] = {"lambda_l1": 0.0, "lambda_gan": 0.0, "lambda_identity": 3.0}
    alone |= {"lambda_carried": 0.0} if name == "correspondence" else {}
    made = objective(tiny(name, steps=12, **alone), identity=IdentityTerm(term := Means()))
    first = steps(made, range(1), batch=0)
    assert first["loss_g"] == pytest.approx(3 * first["identity"], rel=1e-5)
    last = steps(made, range(1, 12), batch=0)
    assert last["identity"] < first["identity"]
    assert term.weights.tolist() == [1, 2, 4]
    assert not any("identity" in part for part in (*made.networks, *made.optimizers, *made.extra_state()))


def test_without_a_weight_there_is_no_term_and_without_a_model_no_weight() -> None:
    made = objective(tiny("correspondence"), identity=IdentityTerm(Means()))
    assert "identity" not in steps(made, range(1))
    with pytest.raises(DataError, match=r"lambda_identity is 1\.0, and there is no re-ID model"):
        objective(tiny("correspondence", lambda_identity=1.0))
    with pytest.raises(DataError, match="lambda_identity is -1"):
        tiny("correspondence", lambda_identity=-1)


@pytest.mark.parametrize("name", HAS_IT)
def test_a_training_without_it_is_recorded_as_before_there_was_one(name: str) -> None:
    assert "lambda_identity" not in tiny(name).as_dict()
    weighted = tiny(name, lambda_identity=0.5)
    assert weighted.as_dict()["lambda_identity"] == 0.5
    assert recorded_training(weighted.as_dict()) == weighted
