"""The step against a loop written in the order of the released code."""

import copy
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from numerics.seeds import Stream, random_stream
from patn import DataError
from patn.heatmaps import heat_maps
from patn.training.configuration import PRESETS, PatnTraining
from patn.training.losses import adversarial
from patn.training.objective import PatnObjective
from patn.training.perceptual import Perceptual

TINY = PatnTraining(
    blocks=2,
    width=4,
    d_width=4,
    d_blocks=1,
    sigma=2.0,
    height=16,
    width_px=8,
    batch=3,
    steps=8,
    constant_steps=4,
    lr=1e-3,
    lr_d_factor=0.5,
    pool=4,
)
SEED = 5


def tiny_perceptual() -> Perceptual:
    torch.manual_seed(3)
    return Perceptual("tiny", [nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())])


def objective(training: PatnTraining = TINY, **options: Any) -> PatnObjective:
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (10, 3, 16, 8), dtype=np.uint8))
    keypoints = torch.from_numpy(rng.uniform(0, (15, 7), (10, 18, 2)).astype(np.float32))
    pairs = torch.from_numpy(rng.integers(0, 10, (30, 2)))
    return PatnObjective(training, images, keypoints, pairs, **{"seed": SEED, **options})


def run(made: PatnObjective, steps: Iterable[int]) -> dict[str, torch.Tensor]:
    losses = {}
    for step in steps:
        torch.manual_seed(step)
        losses = made.step(made.batch(step), step)
    return losses


def weights(networks: dict[str, torch.nn.Module]) -> dict[str, torch.Tensor]:
    return {f"{name}.{key}": value for name, network in networks.items() for key, value in network.state_dict().items()}


def greatest_difference(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> float:
    assert first.keys() == second.keys()
    return max((first[key].double() - second[key].double()).abs().max().item() for key in first)


def mean_difference(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> float:
    flat = [torch.cat([value.double().flatten() for value in state.values()]) for state in (first, second)]
    return (flat[0] - flat[1]).abs().mean().item()


class ReleasedPool:
    """The history as the released code keeps it: a list."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[torch.Tensor] = []

    def query(self, images: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        returned = []
        for image in images:
            if len(self.images) < self.size:
                self.images.append(image)
            elif rng.random() < 0.5:
                index = int(rng.integers(self.size))
                self.images[index], image = image, self.images[index]
            returned.append(image)
        return torch.stack(returned)


class ReleasedLoop:
    """optimize_parameters of the released code: nothing is frozen, gradients of D from G's loss are zeroed later."""

    def __init__(self, made: PatnObjective, adv: Callable[[torch.Tensor, bool], torch.Tensor], fused: bool) -> None:
        self.networks = copy.deepcopy(made.networks)
        self.training, self.adv, self.perceptual = made.training, adv, copy.deepcopy(made.perceptual)
        if self.perceptual is not None:
            self.perceptual.requires_grad_(True)
        rates = {"generator": 1.0, "d_pb": self.training.lr_d_factor, "d_pp": self.training.lr_d_factor}
        self.optimizers = {
            name: torch.optim.Adam(net.parameters(), lr=self.training.lr * rates[name], betas=(0.5, 0.999), fused=fused)
            for name, net in self.networks.items()
        }
        self.pools = {name: ReleasedPool(self.training.pool) for name in ("d_pp", "d_pb")}

    def step(self, batch: dict[str, torch.Tensor], step: int) -> torch.Tensor:
        t, nets = self.training, self.networks
        fake = nets["generator"](batch["image"], batch["image_keypoints"], batch["target_keypoints"])
        maps = heat_maps(batch["target_keypoints"], (t.height, t.width_px), sigma=t.sigma, channels_last=True)
        conditions = {"d_pp": batch["image"], "d_pb": maps}
        pb = self.adv(nets["d_pb"](torch.cat([fake, maps], 1)), True)
        pp = self.adv(nets["d_pp"](torch.cat([fake, batch["image"]], 1)), True)
        l1 = (fake - batch["target"]).abs().mean()
        terms = t.lambda_l1 * l1
        if self.perceptual is not None:
            terms = terms + t.lambda_perceptual * self.perceptual(fake, batch["target"])
        loss_g: torch.Tensor = terms + t.lambda_gan * (pb + pp)
        self.optimizers["generator"].zero_grad()
        loss_g.backward()
        self.optimizers["generator"].step()
        for index, name in enumerate(("d_pp", "d_pb")):
            self.optimizers[name].zero_grad()
            rng = random_stream(SEED, Stream.IMAGE_POOL, step, index)
            pooled = self.pools[name].query(torch.cat([fake, conditions[name]], 1).detach(), rng)
            real = self.adv(nets[name](torch.cat([batch["target"], conditions[name]], 1)), True)
            false = self.adv(nets[name](pooled.contiguous(memory_format=torch.channels_last)), False)
            (t.lambda_gan * (real + false)).backward()
            self.optimizers[name].step()
        return loss_g


def sigmoid_and_bce(scores: torch.Tensor, real: bool) -> torch.Tensor:
    return nn.functional.binary_cross_entropy(torch.sigmoid(scores), torch.full_like(scores, float(real)))


@pytest.mark.parametrize("gan", ["bce", "lsgan"])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_freezing_what_is_not_updated_changes_no_bit(norm: str, gan: str) -> None:
    made = objective(replace(TINY, norm=norm, gan=gan), perceptual=tiny_perceptual())
    loop = ReleasedLoop(made, lambda scores, real: adversarial(scores, real, gan), fused=True)
    for step in range(3):
        torch.manual_seed(step)
        expected = loop.step(made.batch(step), step)
        assert torch.equal(run(made, [step])["loss_g"], expected)
    assert greatest_difference(weights(made.networks), weights(loop.networks)) == 0


def test_three_steps_equal_the_released_loop_with_sigmoid_and_bce() -> None:
    made = objective(perceptual=tiny_perceptual())
    loop = ReleasedLoop(made, sigmoid_and_bce, fused=False)
    for step in range(3):
        torch.manual_seed(step)
        expected = loop.step(made.batch(step), step)
        torch.testing.assert_close(run(made, [step])["loss_g"], expected.detach(), rtol=1e-5, atol=1e-5)
    assert (
        mean_difference(weights(made.networks), weights(loop.networks)) < 1e-6
    )  # Adam enlarges rounding of single ones


VARIANTS = {
    "patn": TINY,
    "w/o add": replace(TINY, add=False),
    "w/o cat": replace(TINY, cat=False),
    "w/o resD": replace(TINY, d_blocks=0, d_head="patch1"),
    "w/o resD, literally": replace(TINY, d_blocks=0),
    "pose reduction first, leaky": replace(TINY, pose_reduction="first", d_leaky=0.2, d_dropout=False),
    "resnet": replace(TINY, generator="resnet"),
    "resnet, two streams": replace(TINY, generator="resnet", fusion="two_streams", g_dropout=False),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_resumed_run_of_any_variant_equals_an_unbroken_one(variant: str) -> None:
    unbroken, broken, resumed = (objective(VARIANTS[variant]) for _ in range(3))
    run(unbroken, range(4))
    run(broken, range(2))
    for name, network in broken.networks.items():
        resumed.networks[name].load_state_dict(copy.deepcopy(network.state_dict()))
        resumed.optimizers[name].load_state_dict(copy.deepcopy(broken.optimizers[name].state_dict()))
    resumed.load_extra_state({key: value.clone() for key, value in broken.extra_state().items()})
    run(resumed, range(2, 4))
    assert greatest_difference(weights(unbroken.networks), weights(resumed.networks)) == 0
    assert greatest_difference(unbroken.extra_state(), resumed.extra_state()) == 0


def test_discriminators_are_shown_the_candidate_first_and_then_the_condition() -> None:
    made = objective(replace(TINY, pool=0))
    shown: dict[str, list[torch.Tensor]] = {"d_pp": [], "d_pb": []}
    for name, inputs in shown.items():
        made.networks[name].register_forward_pre_hook(lambda _, given, inputs=inputs: inputs.append(given[0].detach()))
    batch = made.batch(0)
    fakes = []
    made.networks["generator"].register_forward_hook(lambda *given: fakes.append(given[-1].detach().clone()))
    torch.manual_seed(0)
    made.step(batch, 0)
    maps = heat_maps(batch["target_keypoints"], (16, 8), sigma=2.0)
    assert len(fakes) == 1  # the discriminators get the fake that was made before the generator's update
    for name, condition in (("d_pp", batch["image"]), ("d_pb", maps)):
        expected = [torch.cat([candidate, condition], 1) for candidate in (fakes[0], batch["target"], fakes[0])]
        assert len(shown[name]) == 3  # the generator's step, then real and fake of its own
        for seen, wanted in zip(shown[name], expected, strict=True):
            assert torch.equal(seen, wanted)


def test_a_pooled_fake_travels_with_its_condition() -> None:
    made = objective(replace(TINY, pool=2))
    run(made, range(4))
    conditions = made.extra_state()["d_pp.images"][:, 3:]
    images = made.batches.images.float().div(127.5).sub(1)
    assert all(any(torch.allclose(condition, image) for image in images) for condition in conditions)


def test_batches_are_pairs_and_a_function_of_seed_and_step() -> None:
    first, again, other = objective(), objective(), objective(seed=SEED + 1)
    batch = first.batch(7)
    assert all(torch.equal(batch[key], again.batch(7)[key]) for key in batch)
    assert not torch.equal(batch["image"], first.batch(8)["image"])
    assert not torch.equal(batch["image"], other.batch(7)["image"])
    pixels = (batch["target"] + 1) / 2 * 255
    for image, keypoints in zip(pixels, batch["target_keypoints"], strict=True):
        index = int((first.batches.keypoints - keypoints).abs().sum((1, 2)).argmin())
        torch.testing.assert_close(image, first.batches.images[index].float(), rtol=0, atol=1e-3)


def test_weights_are_a_function_of_the_seed_and_leave_the_global_generator_alone() -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    first = objective()
    assert torch.equal(before, torch.random.get_rng_state())
    assert greatest_difference(weights(first.networks), weights(objective().networks)) == 0
    assert greatest_difference(weights(first.networks), weights(objective(seed=SEED + 1).networks)) > 0


def test_step_sets_the_learning_rates() -> None:
    made = objective()
    run(made, [6])  # constant until 4, zero at 8
    assert made.optimizers["generator"].param_groups[0]["lr"] == pytest.approx(0.5e-3)
    assert made.optimizers["d_pb"].param_groups[0]["lr"] == pytest.approx(0.25e-3)


def test_every_network_learns_and_losses_carry_no_graph() -> None:
    made = objective()
    before = copy.deepcopy(weights(made.networks))
    losses = run(made, [0])
    assert all(not torch.equal(before[key], value) for key, value in weights(made.networks).items())
    assert losses.keys() == {"loss_g", "l1", "gan_pb", "gan_pp", "d_pp", "d_pb"}
    assert not any(value.requires_grad for value in losses.values())
    assert all(value.ndim == 0 and value.dtype == torch.float32 for value in losses.values())


def test_the_generators_loss_is_the_weighted_sum_of_its_terms() -> None:
    losses = run(objective(replace(TINY, lambda_gan=3.0, lambda_perceptual=7.0), perceptual=tiny_perceptual()), [0])
    expected = 10 * losses["l1"] + 7 * losses["perceptual"] + 3 * (losses["gan_pb"] + losses["gan_pp"])
    torch.testing.assert_close(losses["loss_g"], expected)


@pytest.mark.parametrize(("alpha", "of_the_mean"), [(PRESETS["market"].lambda_gan, 5), (5.0, 10)])
def test_the_papers_5_weighs_the_sum_and_the_releases_5_the_mean(alpha: float, of_the_mean: int) -> None:
    losses = run(objective(replace(TINY, lambda_gan=alpha)), [0])
    expected = 10 * losses["l1"] + of_the_mean * (losses["gan_pb"] + losses["gan_pp"]) / 2
    torch.testing.assert_close(losses["loss_g"], expected)


def test_without_adversarial_weight_there_are_no_discriminators() -> None:
    made = objective(replace(TINY, lambda_gan=0.0))
    assert run(made, [0]).keys() == {"loss_g", "l1"}
    assert made.networks.keys() == {"generator"}
    assert made.extra_state() == {}


def test_bfloat16_networks_keep_losses_and_weights_in_float32() -> None:
    made = objective(autocast=torch.bfloat16, perceptual=tiny_perceptual())
    losses, exact = run(made, [0]), run(objective(perceptual=tiny_perceptual()), [0])
    assert {value.dtype for value in losses.values()} == {torch.float32}
    assert {p.dtype for network in made.networks.values() for p in network.parameters()} == {torch.float32}
    assert losses["loss_g"].item() == pytest.approx(exact["loss_g"].item(), rel=0.02)


def test_initialising_the_discriminators_is_an_option() -> None:
    made = objective(replace(TINY, d_init=True, d_width=16))
    assert made.networks["d_pp"].get_parameter("layers.10.path.1.weight").std().item() == pytest.approx(0.02, rel=0.05)


def test_images_of_another_size_and_no_pairs_are_refused() -> None:
    images, keypoints = torch.zeros(2, 3, 16, 8, dtype=torch.uint8), torch.zeros(2, 18, 2)
    with pytest.raises(DataError, match="16 x 8"):
        PatnObjective(replace(TINY, height=32), images, keypoints, torch.tensor([[0, 1]]), seed=0)
    with pytest.raises(DataError, match="no pair"):
        PatnObjective(TINY, images, keypoints, torch.zeros(0, 2, dtype=torch.long), seed=0)
