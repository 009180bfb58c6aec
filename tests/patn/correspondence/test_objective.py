"""The step against losses written out."""

import copy

import pytest
import torch
from torch.nn import functional

from patn.correspondence.networks import Correspondence
from tests.patn.kinds import features, objective, steps, tiny


@pytest.mark.parametrize("perceives", [True, False])
def test_the_first_steps_losses_are_the_weighted_terms(perceives: bool) -> None:
    training = tiny("correspondence", lambda_l1=2.0, lambda_carried=0.7, lambda_perceptual=0.5, lambda_gan=0.3)
    made = objective(training, perceptual=features() if perceives else None)
    batch, networks = made.batch(0), copy.deepcopy(made.networks)
    shown = (batch["image"], batch["image_keypoints"], batch["target_keypoints"])
    generator = networks["generator"]
    assert isinstance(generator, Correspondence)
    fake, carried = generator(*shown), generator.with_carried(*shown)[1]
    real, false = (
        networks["d"](picture, batch["image"], batch["target_keypoints"]) for picture in (batch["target"], fake)
    )
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    bce = functional.binary_cross_entropy_with_logits
    expected = {
        "l1": (fake - batch["target"]).abs().mean(),
        "carried": (carried - batch["target"]).abs().mean(),
        "gan": bce(false, ones),
        "d": (bce(real, ones) + bce(false, zeros)) / 2,
    }
    expected["loss_g"] = 2.0 * expected["l1"] + 0.7 * expected["carried"] + 0.3 * expected["gan"]
    if perceives:
        expected["perceptual"] = features()(fake, batch["target"])
        expected["loss_g"] = expected["loss_g"] + 0.5 * expected["perceptual"]
    losses = steps(made, range(1))
    assert losses == {name: pytest.approx(value.item(), rel=1e-4) for name, value in expected.items()}


def test_both_networks_learn_and_the_discriminator_at_its_own_rate() -> None:
    made = objective(tiny("correspondence", lr=1e-3, lr_d_factor=0.5, steps=8), perceptual=features())
    before = {name: copy.deepcopy(network.state_dict()) for name, network in made.networks.items()}
    steps(made, range(2))  # the second: a zero weight lets no gradient through
    assert {name: made.optimizers[name].param_groups[0]["lr"] for name in made.networks} == {
        "generator": 1e-3,
        "d": 5e-4,
    }
    for name, network in made.networks.items():
        changed = {key: not torch.equal(value, before[name][key]) for key, value in network.state_dict().items()}
        assert all(changed.values()), [key for key, value in changed.items() if not value]


def test_without_an_adversarial_term_there_is_no_discriminator() -> None:
    made = objective(tiny("correspondence", lambda_gan=0.0))
    assert set(made.networks) == {"generator"}
    assert set(steps(made, range(1))) == {"loss_g", "l1", "carried"}


def test_a_resumed_run_equals_an_unbroken_one() -> None:
    unbroken, broken, resumed = (objective(tiny("correspondence", steps=4), perceptual=features()) for _ in range(3))
    steps(unbroken, range(4))
    steps(broken, range(2))
    for name, network in broken.networks.items():
        resumed.networks[name].load_state_dict(copy.deepcopy(network.state_dict()))
        resumed.optimizers[name].load_state_dict(copy.deepcopy(broken.optimizers[name].state_dict()))
    steps(resumed, range(2, 4))
    for name, network in unbroken.networks.items():
        for key, value in network.state_dict().items():
            assert torch.equal(value, resumed.networks[name].state_dict()[key])
