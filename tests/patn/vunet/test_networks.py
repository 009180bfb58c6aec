"""VUNet's networks against the published counts and against blocks written out; its start, losses and schedule."""

import logging
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn import functional

from patn import DataError
from patn.baselines.published import weights_of
from patn.baselines.vunet.latents import GroupedPrior
from patn.baselines.vunet.layers import Residual, Up, WeightNormConv, starting
from patn.baselines.vunet.networks import Vunet
from patn.baselines.vunet.objective import VunetObjective, kl_divergences
from patn.baselines.vunet.training import PRESETS, VunetTraining
from patn.complexity import complexity, published_count
from tests.patn.kinds import features, objective, people, steps, tiny

SQUARE: dict[str, Any] = {"scales": 7, "crop_factor": 2}


def test_the_network_has_the_published_number_of_weights() -> None:
    with torch.device("meta"):
        whole = Vunet(**SQUARE)
    parts = [whole.appearance, whole.posterior, whole.shape, whole.decoder]
    unreached = published_count("vunet", SQUARE, (256, 256)).without_gradient
    assert unreached == 1_230_848
    counted = [weights_of(part) for part in parts]
    assert counted == [2_071_296, 3_085_568 - unreached, 2_253_216, 39_862_016 + 870]
    assert weights_of(whole) + unreached == 47_272_966
    assert published_count("vunet", {**SQUARE, "crop_factor": 1}, (256, 256)).generator == 47_419_270


def test_a_transfer_leaves_the_prior_out() -> None:
    counts = complexity("vunet", SQUARE, (256, 256))
    assert counts.transfer_parameters == 12_308_998
    assert counts.parameters == 47_272_966 - 1_230_848
    assert published_count("vunet", SQUARE, (256, 256)).as_in_the_paper == 139_357_202


def test_a_convolution_is_normalised_by_its_weights() -> None:
    torch.manual_seed(0)
    layer = WeightNormConv(3, 4, 3, stride=2)
    with torch.no_grad():
        layer.gain.uniform_(0.5, 2)
        layer.get_parameter("bias").uniform_(-1, 1)
    code = torch.randn(2, 3, 8, 6)
    direction = functional.normalize(layer.weight.flatten(1)).view_as(layer.weight)
    expected = functional.conv2d(code, direction, stride=2, padding=1)
    expected = expected * layer.gain[:, None, None] + layer.get_parameter("bias")[:, None, None]
    torch.testing.assert_close(layer(code), expected)


def test_layers_start_with_outputs_of_mean_0_and_deviation_1() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(WeightNormConv(3, 4, 3), torch.nn.ELU(), WeightNormConv(4, 5, 1))
    code = torch.randn(16, 3, 8, 6) * 4 + 2
    with starting(network):
        network(code)
    for stage in (network[0](code), network(code)):
        std, mean = torch.std_mean(stage, dim=(0, 2, 3), correction=0)
        torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-4, rtol=0)
        torch.testing.assert_close(std, torch.ones_like(std), atol=1e-4, rtol=0)
    made = objective(tiny("vunet"))
    layers = [layer for layer in made.networks["generator"].modules() if isinstance(layer, WeightNormConv)]
    assert not any(layer.start for layer in layers)
    assert all((layer.gain != 1).any() for layer in layers)


def test_blocks_are_as_written() -> None:
    torch.manual_seed(0)
    code, skip = torch.randn(2, 4, 4, 2), torch.randn(2, 6, 4, 2)
    block = Residual(4, 6).eval()
    joined = torch.cat([code, block.get_submodule("nin")(functional.elu(skip))], 1)
    torch.testing.assert_close(block(code, skip), code + block.conv(functional.elu(joined)))
    plain = Residual(4).eval()
    torch.testing.assert_close(plain(code), code + plain.conv(functional.elu(code)))
    up = Up(4, 3)
    cells = up.conv(code)
    assert up(code).shape == (2, 3, 8, 4)
    assert up(code)[1, 2, 5, 3] == cells[1, 2 * 4 + 2 * (5 % 2) + 3 % 2, 5 // 2, 3 // 2]


def test_a_place_of_the_prior_sees_only_places_of_its_cell_that_come_before() -> None:
    torch.manual_seed(0)
    prior = GroupedPrior(4, 0.0).eval()
    code, latent = torch.randn(1, 4, 4, 2), torch.randn(1, 4, 4, 2)
    with torch.no_grad():
        before = prior(code, latent)
        for place, (row, column) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
            changed = latent.clone()
            changed[:, :, row::2, column::2] += 1
            moved = (prior(code, changed) - before).abs().amax(dim=(0, 1))
            groups = [moved[r::2, c::2].max() for r, c in [(0, 0), (0, 1), (1, 0), (1, 1)]]
            assert [bool(group > 1e-6) for group in groups] == [later > place for later in range(4)]


def test_training_adds_noise_and_drawing_does_not() -> None:
    torch.manual_seed(0)
    network = Vunet(width=4, scales=4, dropout=0.0)
    images, keypoints, _ = people(2)
    image = images / 127.5 - 1
    assert torch.equal(network(image, keypoints, keypoints), network(image, keypoints, keypoints))
    stick = network.stick_man(keypoints, image.shape[-2:])
    first, means, priors = network.reconstruct(image, keypoints, stick)
    second, again, _ = network.reconstruct(image, keypoints, stick)
    assert not torch.equal(first, second)
    assert torch.equal(means[0], again[0])
    assert [mean.shape for mean in means] == [prior.shape for prior in priors] == [(2, 16, 4, 2), (2, 16, 8, 4)]


def test_the_divergence_is_that_of_two_gaussians() -> None:
    first, second = torch.randn(3, 2, 4, 2), torch.randn(3, 2, 4, 2)
    gaussians = [torch.distributions.Normal(mean.double(), 1.0) for mean in (first, second)]
    expected = torch.distributions.kl_divergence(*gaussians).sum(dim=(1, 2, 3)).mean()
    both = kl_divergences([first, second], [second, second])
    assert both.tolist() == pytest.approx([expected.item(), 0.0], rel=1e-5)


def test_the_loss_is_the_weighted_sum_of_its_terms() -> None:
    training = tiny("vunet", g_dropout=0.0)
    made = objective(training, perceptual=features())
    losses = steps(made, range(1))
    expected = 5 * losses["pixels"] + 1e-6 * losses["kl"] + training.lambda_perceptual * 2 * losses["perceptual"]
    assert losses["loss_g"] == pytest.approx(expected, rel=1e-5)
    torch.manual_seed(0)
    fresh = objective(training, perceptual=features())
    assert isinstance(fresh, VunetObjective)
    batch = fresh.batch(0)
    generated, _, _ = fresh.networks["generator"].reconstruct(**batch)  # type: ignore[operator]
    torch.manual_seed(0)
    generated, _, _ = fresh.networks["generator"].reconstruct(**batch)  # type: ignore[operator]
    assert losses["pixels"] == pytest.approx(127.5 * (generated - batch["image"]).abs().mean().item(), rel=1e-5)


def test_a_collapse_is_said_once_and_only_where_there_is_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    healthy = objective(tiny("vunet"))
    steps(healthy, range(4))
    assert not caplog.records
    collapsed = objective(tiny("vunet", steps=202, prior="single"))
    assert isinstance(collapsed, VunetObjective)
    with torch.no_grad():
        for name, parameter in collapsed.networks["generator"].named_parameters():
            if ".mean." in name and name.endswith(("gain", "bias")):
                parameter.zero_()
    collapsed.training = replace(collapsed.training, lr=1e-12)
    steps(collapsed, range(99, 100))  # the term has not its full weight yet
    assert not caplog.records
    steps(collapsed, range(199, 202))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "KL collapse at step 200: the latent maps hold 0.0000 and 0.0000 nats" in record.getMessage()


def test_images_are_sampled_from_those_in_pairs() -> None:
    images, keypoints, _ = people()
    made = VunetObjective(tiny("vunet", batch=64), images, keypoints, torch.tensor([[0, 4], [4, 0]]), seed=1)
    sampled = made.batch(3)["image"]
    distances = [(sampled - (images[index] / 127.5 - 1)).abs().amax(dim=(1, 2, 3)) < 1e-6 for index in range(6)]
    shares = torch.stack(distances).float().mean(dim=1)
    assert shares[0] + shares[4] == 1
    assert 0.2 < shares[0] < 0.8


def test_the_divergence_counts_late() -> None:
    market = PRESETS["market"]
    assert [market.kl_weight(step) for step in (0, 50_000)] == [1e-6, 1e-6]
    assert market.kl_weight(62_500) == pytest.approx(0.5, abs=1e-5)
    assert market.kl_weight(75_000) == market.kl_weight(99_999) == 1.0
    assert [market.learning_rate(step) for step in (0, 1_000)] == [1e-3, 1e-3]
    assert market.learning_rate(50_500) == pytest.approx(5e-4)
    assert market.of_steps(1_000).kl_weight(625) == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize(
    "fields", [{"kl_full": 0.4}, {"prior": "none"}, {"scales": 3}, {"lambda_kl": -1.0}, {"lr_d_factor": 0.5}]
)
def test_a_field_without_sense_is_refused_by_name(fields: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=next(iter(fields))):
        replace(VunetTraining(), **fields)
    with pytest.raises(DataError, match="crop_factor 5"):
        Vunet(crop_factor=5)
