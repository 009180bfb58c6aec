"""The average of a generator's weights."""

from dataclasses import replace

import pytest
import torch

from patn import DataError
from patn.generators import objective_of
from patn.training.averaging import Averaged, result_of
from tests.patn.kinds import people, tiny


@pytest.mark.parametrize("kind", ["patn", "vunet"])
def test_the_average_is_the_recursion_over_the_weights_after_each_update(kind: str) -> None:
    training = replace(tiny(kind), ema=0.3)
    objective = objective_of(training, *people(), seed=1)
    assert isinstance(objective, Averaged)
    expected = {name: value.clone() for name, value in objective.networks["generator"].named_parameters()}
    for step, decay in enumerate((0.1, 2 / 11, 0.25, 0.3, 0.3)):
        objective.step(objective.batch(step), step)
        for name, value in objective.networks["generator"].named_parameters():
            expected[name] = decay * expected[name] + (1 - decay) * value.detach()
    average = dict(result_of(objective).named_parameters())
    assert all(torch.allclose(average[name], expected[name], atol=1e-6) for name in expected)
    last = dict(objective.networks["generator"].named_parameters())
    assert any(not torch.equal(last[name], average[name]) for name in expected)
    buffers = dict(objective.networks["generator"].named_buffers())
    assert all(torch.equal(value, buffers[name]) for name, value in result_of(objective).named_buffers())


def test_the_average_changes_nothing_of_what_is_trained() -> None:
    with_average, without = (objective_of(replace(tiny("patn"), ema=ema), *people(), seed=1) for ema in (0.9, 0.0))
    for step in range(2):
        losses = [each.step(each.batch(step), step)["loss_g"] for each in (with_average, without)]
        assert torch.equal(*losses)
    assert result_of(without) is without.networks["generator"]


def test_a_decay_is_below_one() -> None:
    for kind in ("patn", "deform"):
        with pytest.raises(DataError, match=r"ema is 1.0; it must be in \[0, 1\)"):
            replace(tiny(kind), ema=1.0)
        assert replace(tiny(kind), ema=0.9).as_dict()["ema"] == 0.9
