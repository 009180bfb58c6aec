"""Deform's networks against the published counts and against layers written out; its loss against a plain loop."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from patn import DataError
from patn.baselines.deform.networks import Deform, PatchDiscriminator, WholeNorm
from patn.baselines.deform.objective import nearest_neighbour
from patn.baselines.deform.training import PRESETS, DeformTraining
from patn.baselines.published import weights_of
from patn.heatmaps import heat_maps
from patn.models.warping import part_motion, warp
from tests.patn.kinds import standing


def test_networks_have_the_published_numbers_of_weights() -> None:
    with torch.device("meta"):
        assert weights_of(Deform(levels=6)) == 61_109_085
        assert weights_of(Deform(levels=7)) == 82_080_611
        assert weights_of(PatchDiscriminator()) == 2_803_782


@pytest.mark.parametrize(
    ("size", "levels", "patches"), [((128, 64), 5, (3, 1)), ((256, 256), 5, (7, 7)), ((64, 32), 4, (3, 1))]
)
def test_the_discriminator_judges_patches(size: tuple[int, int], levels: int, patches: tuple[int, int]) -> None:
    with torch.device("meta"):
        assert PatchDiscriminator(levels=levels)(torch.zeros(2, 42, *size)).shape == (2, 1, *patches)


def test_the_norm_is_over_the_whole_image() -> None:
    code = torch.randn(3, 4, 5, 6) * 3 + 1
    norm = WholeNorm()
    with torch.no_grad():
        norm.gain.fill_(2.0)
        norm.bias.fill_(0.5)
    mean = code.mean(dim=(1, 2, 3), keepdim=True)
    std = code.std(dim=(1, 2, 3), unbiased=False, keepdim=True)
    torch.testing.assert_close(norm(code), 2 * (code - mean) / (std + 1e-3) + 0.5, rtol=1e-5, atol=1e-5)


def test_gradients_pass_through_the_deviation() -> None:
    code = (1e-2 * torch.randn(3, 4, 5, 6, dtype=torch.float64)).requires_grad_()
    weights = torch.randn_like(code)
    made = (WholeNorm().double()(code) * weights).sum()
    std = code.std(dim=(1, 2, 3), unbiased=False, keepdim=True)
    expected = ((code - code.mean(dim=(1, 2, 3), keepdim=True)) / (std + 1e-3) * weights).sum()
    gradients = (torch.autograd.grad(total, code)[0] for total in (made, expected))  # of up to about 300
    torch.testing.assert_close(*gradients, rtol=1e-6, atol=1e-5)


def test_an_image_without_contrast_stays_finite() -> None:
    code = torch.ones(2, 3, 4, 5, requires_grad=True)
    made = WholeNorm()(code)
    made.sum().backward()
    assert torch.equal(made, torch.zeros_like(made))
    assert code.grad is not None
    assert code.grad.isfinite().all()


def normalised(code: torch.Tensor) -> torch.Tensor:
    centred = code - code.mean(dim=(1, 2, 3), keepdim=True)
    return centred / (code.std(dim=(1, 2, 3), unbiased=False, keepdim=True) + 1e-3)


def test_forward_equals_layers_written_out() -> None:
    torch.manual_seed(0)
    network = Deform(width=3, levels=3, sigma=2.0).eval()
    size, rng = (16, 8), np.random.default_rng(0)
    image, source, target = torch.rand(2, 3, *size) * 2 - 1, standing(2, size, rng), standing(2, size, rng)
    w = {name: value.detach() for name, value in network.named_parameters()}

    def encode(code: torch.Tensor, name: str) -> list[torch.Tensor]:
        codes = [functional.conv2d(code, w[f"{name}.0.weight"], w[f"{name}.0.bias"], padding=1)]
        for level in (1, 2):
            code = functional.conv2d(
                functional.leaky_relu(codes[-1], 0.2), w[f"{name}.{level}.1.weight"], stride=2, padding=1
            )
            if level == 1:
                code = normalised(code)
            codes.append(code)
        return codes

    def decode(code: torch.Tensor, step: int) -> torch.Tensor:
        code = functional.conv_transpose2d(code.relu(), w[f"decoder.{step}.1.weight"], stride=2, padding=1)
        return normalised(code)

    maps = [heat_maps(pose, size, 2.0) for pose in (source, target)]
    motion = part_motion(source, target, size)
    appearance = [warp(code, motion) for code in encode(torch.cat([image, maps[0]], 1), "appearance")]
    skips = [torch.cat(pair, 1) for pair in zip(appearance, encode(maps[1], "pose"), strict=True)]
    code = torch.cat([decode(skips[2], 0), skips[1]], 1)
    code = torch.cat([decode(code, 1), skips[0]], 1)
    expected = torch.tanh(functional.conv2d(code.relu(), w["output.1.weight"], w["output.1.bias"], padding=1))
    with torch.no_grad():
        torch.testing.assert_close(network(image, source, target), expected, rtol=1e-4, atol=1e-5)


def test_a_size_that_cannot_be_halved_is_padded_with_white() -> None:
    torch.manual_seed(0)
    network = Deform(width=2, levels=4).eval()
    rng = np.random.default_rng(0)
    image, source, target = torch.rand(2, 3, 16, 20) * 2 - 1, standing(2, (16, 20), rng), standing(2, (16, 20), rng)
    wide = functional.pad(image, (2, 2), value=1.0)
    moved = [torch.where(pose == -1, pose, pose + torch.tensor([0.0, 2.0])) for pose in (source, target)]
    with torch.no_grad():
        assert torch.equal(network(image, source, target), network(wide, *moved)[..., 2:-2])


def test_the_nearest_neighbour_is_that_of_a_plain_loop() -> None:
    made, wanted = torch.randn(2, 3, 5, 4), torch.randn(2, 3, 5, 4)
    total = 0.0
    for image in range(2):
        for y in range(5):
            for x in range(4):
                around = [
                    (made[image, :, y, x] - wanted[image, :, v, u]).abs().sum().item()
                    for v in range(max(0, y - 1), min(5, y + 2))
                    for u in range(max(0, x - 1), min(4, x + 2))
                ]
                total += min(around)
    assert nearest_neighbour(made, wanted, 3).item() == pytest.approx(total / 40, rel=1e-5)
    assert nearest_neighbour(made, wanted, 1).item() == pytest.approx((made - wanted).abs().sum(1).mean().item())


def test_presets_are_the_released_recipe() -> None:
    market, fashion = PRESETS["market"], PRESETS["deepfashion"]
    assert (market.steps, market.batch, market.window) == (90_000, 4, 3)
    assert (fashion.steps, fashion.batch, fashion.window) == (90_000, 2, 5)
    assert [market.learning_rate(step) for step in (0, 89_999)] == [2e-4, 2e-4]
    assert market.lambda_perceptual == pytest.approx(0.01 * 57.4)


@pytest.mark.parametrize(
    "fields", [{"window": 2}, {"levels": 1}, {"norm": "batch"}, {"sigma": 0.0}, {"lr": 0.0}, {"betas": (1.0, 0.9)}]
)
def test_a_field_without_sense_is_refused_by_name(fields: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=next(iter(fields))):
        DeformTraining(**fields)
