"""torchreid's networks as backbones: all of them are there, compute what torchreid's do, and read its files."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torchreid.reid import models

from reid import DataError, WeightsError
from reid.data.transforms import normalise
from reid.features import extract_features
from reid.models.backbones import BACKBONES, build_model
from reid.models.torchreid_networks import CHANNELS, UNFIT
from reid.training import preset
from tests.slow import slow

FAST = ("osnet_x0_25", "squeezenet1_1", "mobilenetv2_x1_0", "shufflenet_v2_x0_5")


def torchreids(name: str, classes: int = 3) -> nn.Module:
    network: nn.Module = models.build_model(name, num_classes=classes, pretrained=False, use_gpu=False)
    return network


def size_of(name: str) -> tuple[int, int]:
    entry = BACKBONES[name]
    return entry.size if entry.fixed else (max(64, entry.least), max(32, entry.least))


def test_every_network_of_torchreid_is_a_backbone_or_says_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    models.show_avai_models()
    names = [name.strip(" '") for name in capsys.readouterr().out.strip("[]\n").split(",")]
    assert len(names) == 49
    assert set(names) == {*CHANNELS, *UNFIT, "resnet50"}
    assert set(CHANNELS) < set(BACKBONES)
    for name in UNFIT:
        with pytest.raises(DataError, match=f"{name} cannot be a backbone here: it .*; choose another"):
            build_model(name, classes=3)
    with pytest.raises(DataError, match="osnet_x0_25"):
        build_model("osnet_x025", classes=3)


def stepped(name: str) -> None:
    """A step moves every weight, logits stay finite, features are those of the unfolded network."""
    torch.manual_seed(0)
    model = build_model(name, classes=3, features=0, dropout=0.0).train()
    before = {key: parameter.detach().clone() for key, parameter in model.named_parameters()}
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    images = torch.randint(0, 256, (4, 3, *size_of(name)), dtype=torch.uint8)
    pixels = images.float() / 255
    assert model.embed(pixels).shape == (4, BACKBONES[name].channels)
    nn.functional.cross_entropy(model(pixels), torch.arange(4) % 3).backward()
    optimizer.step()
    assert all(parameter.isfinite().all() for parameter in model.parameters())
    moved = [not torch.equal(parameter, before[key]) for key, parameter in model.named_parameters()]
    assert sum(moved) > 0.9 * len(moved)
    found = extract_features(model, images, size=size_of(name), feature="pooled")
    with torch.inference_mode():
        expected = model.embed(normalise(images))
    torch.testing.assert_close(found, expected, rtol=0, atol=5e-3 * float(expected.abs().max()))


@pytest.mark.parametrize("name", FAST)
def test_a_network_is_built_and_stepped(name: str) -> None:
    stepped(name)


@slow
@pytest.mark.parametrize("name", [name for name in CHANNELS if name not in FAST])
def test_every_other_network_is_built_and_stepped(name: str) -> None:
    stepped(name)


@pytest.mark.parametrize("name", ["osnet_x0_25", "resnet18"])
def test_a_file_of_torchreids_gives_torchreids_features(name: str, tmp_path: Path) -> None:
    original = torchreids(name)
    with torch.no_grad():
        original(torch.randn(8, 3, 64, 32))  # moves the running statistics
    torch.save({"state_dict": {f"module.{key}": value for key, value in original.state_dict().items()}}, tmp_path / "w")
    model = build_model(name, classes=5, weights=tmp_path / "w").eval()
    images = torch.randn(2, 3, 64, 32)
    with torch.inference_mode():
        torch.testing.assert_close(model.embed(images), original.eval()(images))


def test_torchvisions_file_of_another_age_and_another_classifier_fits(tmp_path: Path) -> None:
    from torchvision.models import densenet121

    original = densenet121(weights=None)
    state = {key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): value for key, value in old(original)}
    torch.save(state, tmp_path / "densenet121.pth")
    model = build_model("densenet121_fc512", classes=5, weights=tmp_path / "densenet121.pth")
    torch.testing.assert_close(
        model.get_parameter("trunk.network.features.denseblock3.denselayer2.conv2.weight"),
        original.features.denseblock3.denselayer2.conv2.weight,
    )


def old(network: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """A state without the counters that older versions of torch did not have."""
    return [(key, value) for key, value in network.state_dict().items() if "num_batches" not in key]


def test_a_file_of_a_larger_network_is_refused(tmp_path: Path) -> None:
    torch.save(torchreids("resnet34").state_dict(), tmp_path / "resnet34.pth")
    with pytest.raises(WeightsError, match=r"resnet34\.pth holds another network's weights; take weights of resnet18"):
        build_model("resnet18", classes=3, weights=tmp_path / "resnet34.pth")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("mudeep", "mudeep takes images of 256 x 128 alone, not of 64 x 32"), ("inceptionv4", "at least 75 x 75")],
)
def test_images_that_a_network_does_not_take_are_refused(name: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        preset("demo", name)
    assert preset("strong", name).size == (256, 128)


def test_a_network_with_weights_learns_as_resnet50_does_and_without_at_one_rate() -> None:
    resnet50, osnet = preset("open-reid", "resnet50"), preset("open-reid", "osnet_x1_0")
    assert (osnet.epochs, osnet.decay_every, osnet.trunk_factor) == (resnet50.epochs, 40, 0.1)
    assert preset("open-reid", "osnet_x1_0", pretrained=False).trunk_factor == 1.0
    assert preset("strong", "osnet_x1_0").last_stride is None
