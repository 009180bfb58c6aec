from typing import Any

import pytest
import torch

from patn import DataError
from patn.generators import build_generator
from patn.heatmaps import heat_maps
from patn.models.resnet import Resnet
from tests.patn.test_generator import Layers, parameters, poses


@pytest.mark.parametrize(
    ("blocks", "batch", "instance"),
    [(5, 6_773_635, 6_770_435), (9, 11_496_323, 11_491_075), (13, 16_219_011, 16_211_715)],
)
def test_one_encoder_has_the_number_of_parameters_of_the_list_of_layers(blocks: int, batch: int, instance: int) -> None:
    with torch.device("meta"):
        assert parameters(Resnet(blocks=blocks)) == batch
        assert parameters(Resnet(blocks=blocks, norm="instance")) == instance


@pytest.mark.parametrize(("blocks", "millions"), [(5, 25.1), (9, 44.0), (13, 62.9)])
def test_two_streams_have_about_the_parameters_of_patn(blocks: int, millions: float) -> None:
    encoders, block = 378_944 + 482_432, 2 * (9 * 512 * 512 + 2 * 512)
    decoder = 9 * (512 * 128 + 128 * 64) + 2 * (128 + 64) + 49 * 64 * 3 + 3
    with torch.device("meta"):
        count = parameters(Resnet(blocks=blocks, fusion="two_streams"))
        biased = parameters(Resnet(blocks=blocks, fusion="two_streams", norm="instance"))
    assert count == encoders + blocks * block + decoder
    assert round(count / 1e6, 1) == millions
    norms = 2 * (64 + 128 + 256) + blocks * 2 * 512 + 128 + 64  # each norm has two vectors, each bias is one
    assert biased == count - norms


class Residual(Layers):
    """The Resnet generator as plain functions over a state dict."""

    def __call__(self, image: torch.Tensor, maps: torch.Tensor, blocks: int, fusion: str) -> torch.Tensor:
        if fusion == "concat":
            code = self.encode(torch.cat([image, maps], 1), "encoders.0")
        else:
            code = torch.cat([self.encode(image, "encoders.0"), self.encode(maps, "encoders.1")], 1)
        for index in range(blocks):
            code = code + self.normed(self.path(code, f"blocks.{index}.path"), f"blocks.{index}.path.7")
        code = self.normed(self.up(code, "decoder.0"), "decoder.1").relu()
        code = self.normed(self.up(code, "decoder.3"), "decoder.4").relu()
        return torch.tanh(self.conv(code, "decoder.7", pad=3))


@pytest.mark.parametrize("fusion", ["concat", "two_streams"])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_forward_equals_an_independent_recalculation(norm: str, fusion: str) -> None:
    torch.manual_seed(0)
    generator = Resnet(blocks=2, width=4, norm=norm, sigma=2.0, fusion=fusion).double().eval()
    for name, value in generator.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) + 0.5 if "running_var" in name else torch.randn_like(value) * 0.2)
    image, source, target = torch.rand(2, 3, 16, 12).double() * 2 - 1, poses(2, 16, 12), poses(2, 16, 12)
    maps = torch.cat([heat_maps(source, (16, 12), sigma=2.0), heat_maps(target, (16, 12), sigma=2.0)], 1).double()
    for encoder in generator.encoders:
        encoder.register_forward_pre_hook(lambda _, inputs: (inputs[0].double(),))
    with torch.no_grad():
        expected = Residual(generator.state_dict(), norm)(image, maps, 2, fusion)
        torch.testing.assert_close(generator(image, source, target), expected, rtol=1e-9, atol=1e-9)


def test_a_blocks_code_can_fall_below_zero() -> None:
    block = Resnet(blocks=1, width=2, norm="instance").eval().blocks[0]
    code = torch.randn(1, 8, 4, 4)
    assert block(code).min() < 0
    assert torch.equal(block(code), code + block.get_submodule("path")(code))


def test_dropout_acts_in_training_only() -> None:
    generator = Resnet(blocks=1, width=2)
    inputs = torch.rand(2, 3, 8, 8), poses(2, 8, 8), poses(2, 8, 8)
    assert not torch.equal(generator(*inputs), generator(*inputs))
    generator.eval()
    assert torch.equal(generator(*inputs), generator(*inputs))


def test_options_rebuild_the_generator() -> None:
    generator = Resnet(blocks=2, width=2, norm="instance", dropout=False, fusion="two_streams", sigma=3.0)
    again = build_generator("resnet", generator.options)
    assert again.options == generator.options
    again.load_state_dict(generator.state_dict())


@pytest.mark.parametrize("options", [{"fusion": "sum"}, {"blocks": 0}, {"pose_maps": "lines"}])
def test_options_without_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        Resnet(**{"width": 2, "blocks": 1, **options})
