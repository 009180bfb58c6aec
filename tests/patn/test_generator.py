from typing import Any

import pytest
import torch
from torch.nn import functional as F

from patn import DataError
from patn.generators import build_generator
from patn.heatmaps import heat_maps
from patn.models.patn import Patn, pose_maps


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def poses(count: int, height: int, width: int) -> torch.Tensor:
    points = torch.rand(count, 18, 2) * torch.tensor([height - 1.0, width - 1.0])
    points[:, 3] = -1
    return points


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"norm": "batch"}, 41_365_763),
        ({"norm": "instance"}, 41_358_019),
        ({"blocks": 5}, 22_483_203),
        ({"blocks": 5, "norm": "instance"}, 22_478_531),
        ({"blocks": 13}, 60_248_323),
        ({"blocks": 13, "norm": "instance"}, 60_237_507),
        ({"pose_reduction": "first"}, 27_205_891),
        ({"pose_reduction": "first", "norm": "instance"}, 27_200_195),
        ({"add": False}, 41_365_763),
        ({"add": False, "norm": "instance"}, 41_358_019),
        ({"cat": False}, 22_487_299),
        ({"cat": False, "norm": "instance"}, 22_481_603),
        ({"width": 16}, 2_613_827),
        ({"width": 16, "blocks": 4}, 1_136_707),
    ],
)
def test_generator_has_the_released_number_of_parameters(options: dict[str, Any], count: int) -> None:
    with torch.device("meta"):
        assert parameters(Patn(**options)) == count


def test_the_first_pose_convolution_halves_the_depth_if_asked_to() -> None:
    first, second = (Patn(width=2, blocks=2, pose_reduction=which) for which in ("first", "second"))
    for generator, channels in ((first, 8), (second, 16)):
        assert generator.get_parameter("blocks.1.pose_path.1.weight").shape[0] == channels
        assert generator.get_parameter("blocks.1.pose_path.6.weight").shape[1] == channels


def test_dropout_moves_no_key_of_the_state_dict() -> None:
    options = {"width": 2, "blocks": 2}
    assert list(Patn(dropout=True, **options).state_dict()) == list(Patn(dropout=False, **options).state_dict())


def test_keys_are_the_released_ones_but_for_the_prefixes() -> None:
    keys = set(Patn(width=2, blocks=2, norm="instance").state_dict())
    expected = {
        f"{encoder}.{index}.{kind}"
        for encoder in ("image_encoder", "pose_encoder")
        for index in (1, 4, 7)
        for kind in ("weight", "bias")
    }
    expected |= {
        f"blocks.{block}.{path}.{index}.{kind}"
        for block in (0, 1)
        for path in ("image_path", "pose_path")
        for index in (1, 6)
        for kind in ("weight", "bias")
    }
    expected |= {f"decoder.{index}.{kind}" for index in (0, 3, 7) for kind in ("weight", "bias")}
    assert keys == expected


class Layers:
    """The generators' layers as plain functions over a state dict, written from the table of layers."""

    def __init__(self, state: dict[str, torch.Tensor], norm: str) -> None:
        self.state, self.norm = state, norm

    def conv(self, x: torch.Tensor, key: str, pad: int = 0, **options: int) -> torch.Tensor:
        x = F.pad(x, [pad] * 4, mode="reflect") if pad else x
        return F.conv2d(x, self.state[f"{key}.weight"], self.state.get(f"{key}.bias"), **options)

    def up(self, x: torch.Tensor, key: str) -> torch.Tensor:
        weight, bias = self.state[f"{key}.weight"], self.state.get(f"{key}.bias")
        return F.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1)

    def normed(self, x: torch.Tensor, key: str) -> torch.Tensor:
        if self.norm == "instance":
            mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, unbiased=False)
            return (x - mean) / (var + 1e-5).sqrt()
        mean, var, weight, bias = (
            self.state[f"{key}.{name}"].view(1, -1, 1, 1) for name in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias

    def encode(self, x: torch.Tensor, name: str) -> torch.Tensor:
        x = self.normed(self.conv(x, f"{name}.1", pad=3), f"{name}.2").relu()
        x = self.normed(self.conv(x, f"{name}.4", stride=2, padding=1), f"{name}.5").relu()
        return self.normed(self.conv(x, f"{name}.7", stride=2, padding=1), f"{name}.8").relu()

    def path(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return self.conv(self.normed(self.conv(x, f"{name}.1", pad=1), f"{name}.2").relu(), f"{name}.6", pad=1)


class Recalculation(Layers):
    """The generator as a plain function."""

    def __call__(
        self, image: torch.Tensor, maps: torch.Tensor, blocks: int, add: bool = True, cat: bool = True
    ) -> torch.Tensor:
        code, pose = self.encode(image, "image_encoder"), self.encode(maps, "pose_encoder")
        for index in range(blocks):
            s = self.path(pose, f"blocks.{index}.pose_path")
            update = self.normed(self.path(code, f"blocks.{index}.image_path"), f"blocks.{index}.image_path.7")
            code = (code if add else 0) + torch.sigmoid(s) * update  # eq. 1 and 2
            pose = torch.cat([s, code], 1) if cat else s  # eq. 3
        code = self.normed(self.up(code, "decoder.0"), "decoder.1").relu()
        code = self.normed(self.up(code, "decoder.3"), "decoder.4").relu()
        return torch.tanh(self.conv(code, "decoder.7", pad=3))


VARIANTS = [{}, {"add": False}, {"cat": False}, {"pose_reduction": "first"}]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_forward_equals_an_independent_recalculation(norm: str, variant: dict[str, Any]) -> None:
    torch.manual_seed(0)
    generator = Patn(blocks=3, width=4, norm=norm, sigma=2.0, **variant).double().eval()
    for name, value in generator.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) + 0.5 if "running_var" in name else torch.randn_like(value) * 0.2)
    image, source, target = torch.rand(2, 3, 16, 12).double() * 2 - 1, poses(2, 16, 12), poses(2, 16, 12)
    maps = torch.cat([heat_maps(source, (16, 12), sigma=2.0), heat_maps(target, (16, 12), sigma=2.0)], 1).double()
    generator.pose_encoder.register_forward_pre_hook(lambda _, inputs: (inputs[0].double(),))
    with torch.no_grad():
        switches = {name: value for name, value in variant.items() if name in ("add", "cat")}
        expected = Recalculation(generator.state_dict(), norm)(image, maps, blocks=3, **switches)
        torch.testing.assert_close(generator(image, source, target), expected, rtol=1e-9, atol=1e-9)


def test_dropout_acts_in_training_only() -> None:
    generator = Patn(blocks=1, width=2)
    inputs = torch.rand(2, 3, 8, 8), poses(2, 8, 8), poses(2, 8, 8)
    assert not torch.equal(generator(*inputs), generator(*inputs))
    generator.eval()
    assert torch.equal(generator(*inputs), generator(*inputs))
    still = Patn(blocks=1, width=2, dropout=False)
    assert torch.equal(still(*inputs), still(*inputs))


def test_weights_are_initialised_as_released() -> None:
    torch.manual_seed(0)
    generator = Patn(blocks=1, width=16)
    path = dict(generator.blocks[0].get_submodule("image_path").named_parameters())
    assert path["1.weight"].std().item() == pytest.approx(0.02, rel=0.05)
    assert path["2.weight"].mean().item() == pytest.approx(1, abs=0.01)
    assert path["2.weight"].std().item() == pytest.approx(0.02, rel=0.3)
    assert not path["2.bias"].any()
    assert generator.get_parameter("decoder.7.bias").any()


@pytest.mark.parametrize("kind", ["gaussian", "onehot"])
def test_maps_lie_channels_last_in_memory(kind: str) -> None:
    maps = pose_maps(poses(2, 16, 8), (16, 8), kind, 2.0)
    assert maps.shape == (2, 18, 16, 8)
    assert maps.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("size", [(10, 8), (8, 4)])
def test_a_size_that_cannot_be_generated_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(DataError, match="divisible by 4"):
        Patn(blocks=1, width=2)(torch.zeros(1, 3, *size), poses(1, *size), poses(1, *size))


@pytest.mark.parametrize(
    "options", [{"blocks": 0}, {"norm": "layer"}, {"pose_maps": "lines"}, {"pose_reduction": "third"}]
)
def test_options_without_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        Patn(**{"width": 2, "blocks": 1, **options})


def test_options_rebuild_the_generator() -> None:
    generator = Patn(
        blocks=2, width=2, norm="instance", dropout=False, pose_maps="onehot", sigma=3.0, add=False, cat=False
    )
    again = build_generator("patn", generator.options)
    assert again.options == generator.options
    again.load_state_dict(generator.state_dict())


def test_an_unknown_generator_or_option_is_refused() -> None:
    with pytest.raises(DataError, match="no generator 'nobody'"):
        build_generator("nobody", {})
    with pytest.raises(DataError, match="depth"):
        build_generator("patn", {"depth": 3})
