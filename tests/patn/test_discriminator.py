from typing import Any

import pytest
import torch
from torch.nn import functional as F

from patn import DataError
from patn.models.discriminator import Discriminator


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"in_channels": 6}, 3_930_368),
        ({"in_channels": 21}, 3_977_408),
        ({"in_channels": 6, "norm": "instance"}, 3_928_384),
        ({"in_channels": 21, "norm": "instance"}, 3_975_424),
        ({"in_channels": 6, "blocks": 0}, 388_352),
        ({"in_channels": 6, "blocks": 0, "norm": "instance"}, 387_904),
        ({"in_channels": 21, "blocks": 0}, 435_392),
        ({"in_channels": 21, "blocks": 0, "norm": "instance"}, 434_944),
        ({"in_channels": 6, "head": "patch1"}, 3_930_368 + 9 * 256 + 1),
        ({"in_channels": 6, "blocks": 0, "head": "patch1", "leaky": 0.2}, 388_352 + 9 * 256 + 1),
    ],
)
def test_discriminator_has_the_released_number_of_parameters(options: dict[str, Any], count: int) -> None:
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in Discriminator(**options).parameters()) == count


def test_every_element_of_the_code_is_judged() -> None:
    scores = Discriminator(in_channels=6, width=4, blocks=1)(torch.rand(2, 6, 16, 8))
    assert scores.shape == (2, 16, 4, 2)
    assert scores.min() < 0  # logits: no ReLU or sigmoid after the last residual block


def test_residual_block_adds_its_input() -> None:
    torch.manual_seed(0)
    block = Discriminator(in_channels=6, width=2, blocks=1, norm="instance").eval().layers[10]
    state = block.state_dict()
    code = torch.randn(2, 8, 4, 4)

    def convolution(x: torch.Tensor, layer: str) -> torch.Tensor:
        y = F.conv2d(F.pad(x, [1] * 4, mode="reflect"), state[f"{layer}.weight"], state[f"{layer}.bias"])
        return (y - y.mean((2, 3), keepdim=True)) / (y.var((2, 3), keepdim=True, unbiased=False) + 1e-5).sqrt()

    expected = code + convolution(convolution(code, "path.1").relu(), "path.6")
    torch.testing.assert_close(block(code), expected, rtol=1e-4, atol=1e-5)


def test_gains_start_between_0_and_1_as_in_the_pytorch_of_the_release() -> None:
    torch.manual_seed(0)
    made = Discriminator(in_channels=6)
    norms = [module for module in made.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert len(norms) == 3 + 3 * 2
    gains = torch.cat([norm.weight.detach() for norm in norms])
    bins = torch.histc(gains, bins=10, min=0, max=1) / len(gains)  # 1,984 gains
    assert (bins - 0.1).abs().max() < 5 * (0.1 * 0.9 / len(gains)) ** 0.5
    assert not any(norm.bias.any() for norm in norms)


def test_logits_spread_as_at_the_start_of_the_release() -> None:
    torch.manual_seed(0)
    made = Discriminator(in_channels=6, dropout=False)
    images = torch.rand(4, 6, 128, 64) * 2 - 1
    with torch.no_grad():
        released = made(images).std().item()
        for module in made.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.fill_(1)
        assert released < 0.75 * made(images).std().item()
    assert released == pytest.approx(1.07, abs=0.12)


def test_convolutions_keep_the_default_initialisation() -> None:
    torch.manual_seed(0)
    weight = Discriminator(in_channels=6, width=8).get_parameter("layers.10.path.1.weight")
    bound = 1 / (32 * 9) ** 0.5  # kaiming uniform with a = sqrt 5
    assert weight.abs().max().item() == pytest.approx(bound, rel=0.01)


def test_dropout_acts_in_training_unless_it_is_off() -> None:
    images = torch.rand(2, 6, 8, 8)
    dropping, still = (Discriminator(in_channels=6, width=2, blocks=1, dropout=dropout) for dropout in (True, False))
    assert not torch.equal(dropping(images), dropping(images))
    assert torch.equal(still(images), still(images))


def test_without_residual_blocks_no_score_is_negative_but_with_one_more_convolution() -> None:
    torch.manual_seed(0)
    images = torch.rand(4, 6, 16, 8)
    literal = Discriminator(in_channels=6, width=4, blocks=0)(images)
    assert literal.shape == (4, 16, 4, 2)
    assert literal.min() == 0  # ends in a ReLU: its sigmoid is never below one half
    judged = Discriminator(in_channels=6, width=4, blocks=0, head="patch1")(images)
    assert judged.shape == (4, 1, 4, 2)
    assert judged.min() < 0


def test_the_extra_convolution_is_the_last_thing_and_has_no_activation() -> None:
    discriminator = Discriminator(in_channels=6, width=2, blocks=1, head="patch1").eval()
    images = torch.rand(2, 6, 8, 8)
    code, last = discriminator.layers[:-1](images), discriminator.layers[-1]
    assert isinstance(last, torch.nn.Conv2d)
    expected = F.conv2d(F.pad(code, [1] * 4), last.weight, last.bias)
    torch.testing.assert_close(discriminator(images), expected)


def test_leaky_activations_replace_every_relu() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(in_channels=6, width=2, blocks=1, leaky=0.2)
    slopes = [module.negative_slope for module in discriminator.modules() if isinstance(module, torch.nn.LeakyReLU)]
    assert slopes == [0.2] * 4
    assert not any(isinstance(module, torch.nn.ReLU) for module in discriminator.modules())


def test_an_unknown_head_is_refused() -> None:
    with pytest.raises(DataError, match="d_head is 'softmax'"):
        Discriminator(in_channels=6, head="softmax")
