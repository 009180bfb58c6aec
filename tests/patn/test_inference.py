"""A generator made ready to draw draws the same image but for rounding."""

import pytest
import torch
from torch import nn

from numerics.folding import fold_batch_norms
from patn.generators import build_generator
from patn.inference import for_inference


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_images_stay_close_and_float32_is_gone(norm: str) -> None:
    torch.manual_seed(0)
    generator = build_generator("patn", {"width": 8, "blocks": 2, "norm": norm, "dropout": False})
    image, poses = torch.rand(4, 3, 32, 16) * 2 - 1, torch.rand(2, 4, 18, 2) * 16
    with torch.no_grad():
        for _ in range(3):
            generator(image, *poses)  # running statistics
        expected = generator.eval()(image, *poses)
        generated = for_inference(generator, bfloat16=True)(image, *poses)
    assert generated.dtype == torch.bfloat16
    assert (generated.float() - expected).abs().mean() < 0.005
    assert (generated.float() - expected).abs().max() < 0.1
    convolutions = [module for module in generator.modules() if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d))]
    assert {module.weight.dtype for module in convolutions} == {torch.bfloat16}
    assert not any(isinstance(module, nn.BatchNorm2d) for module in generator.modules())


def test_folding_a_batch_norm_changes_nothing_but_rounding() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.ConvTranspose2d(4, 2, 3))
    network.append(nn.BatchNorm2d(2)).double()
    images = torch.rand(8, 3, 9, 9, dtype=torch.float64)
    network(images)
    expected = network.eval()(images)
    fold_batch_norms(network)
    assert [type(module) for module in network] == [nn.Conv2d, nn.Identity, nn.ReLU, nn.ConvTranspose2d, nn.Identity]
    torch.testing.assert_close(network(images), expected, rtol=1e-10, atol=1e-12)
