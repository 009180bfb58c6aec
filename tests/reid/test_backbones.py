"""Sizes, shapes and initialisation of the re-ID networks, and ImageNet weights."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from reid import DataError, WeightsError
from reid.models.backbones import BACKBONES, ReidModel, build_model
from reid.models.inception import AverageBlock, MaximumBlock


def parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture(scope="module")
def resnet50() -> ReidModel:
    return build_model("resnet50", classes=751)


@pytest.fixture(scope="module")
def inception() -> ReidModel:
    return build_model("inception", classes=751)


def test_resnet50_has_open_reids_size(resnet50: ReidModel) -> None:
    assert parameters(resnet50.trunk) == 23_508_032
    assert parameters(resnet50.head) == 262_528
    assert parameters(resnet50.classifier) == 96_879
    assert parameters(resnet50) == 23_867_439


def test_inception_has_open_reids_size(inception: ReidModel) -> None:
    assert parameters(inception.trunk) == 6_354_464
    assert parameters(inception.head) == 196_992
    assert parameters(inception) == 6_648_335
    assert parameters(build_model("inception", classes=751, features=256)) == 6_941_455


def test_inception_layers_have_the_published_parameters_and_shapes(inception: ReidModel) -> None:
    expected = {
        "conv1": (928, (32, 144, 56)),
        "conv2": (9_280, (32, 144, 56)),
        "conv3": (9_280, (32, 144, 56)),
        "pool3": (0, (32, 73, 29)),
        "block4a": (119_680, (256, 73, 29)),
        "block4b": (144_000, (384, 37, 15)),
        "block5a": (640_768, (512, 37, 15)),
        "block5b": (574_720, (768, 19, 8)),
        "block6a": (2_559_488, (1024, 19, 8)),
        "block6b": (2_296_320, (1536, 10, 4)),
    }
    x = torch.zeros(1, 3, 144, 56)
    found = {}
    with torch.inference_mode():
        for name, layer in inception.trunk.eval().named_children():
            x = layer(x)
            found[name] = (parameters(layer), tuple(x.shape[1:]))
    assert found == expected


@pytest.mark.parametrize("block", [AverageBlock(channels=6, width=4), MaximumBlock(channels=6, width=4)])
def test_inception_blocks_are_their_branches_side_by_side(block: torch.nn.Module) -> None:
    block = block.double().train()
    x = torch.randn(3, 6, 7, 5, dtype=torch.double, requires_grad=True)
    expected = torch.cat([branch(x) for branch in block.children()], dim=1)
    found = block(x)
    torch.testing.assert_close(found, expected)
    scale = torch.randn_like(found)
    gradients = [torch.autograd.grad((made * scale).sum(), [x, *block.parameters()]) for made in (found, expected)]
    torch.testing.assert_close(*gradients)
    assert found.shape[1] == (16 if isinstance(block, AverageBlock) else 14)


def test_resnet50_keeps_the_last_stride_of_2(resnet50: ReidModel) -> None:
    with torch.inference_mode():
        assert resnet50.trunk.eval()(torch.zeros(1, 3, 256, 128)).shape == (1, 2048, 8, 4)


def test_a_last_stride_of_1_doubles_the_map_with_the_same_weights(resnet50: ReidModel) -> None:
    dense = build_model("resnet50", classes=751, last_stride=1)
    assert parameters(dense) == parameters(resnet50)
    dense.load_state_dict(resnet50.state_dict())
    images = torch.randn(1, 3, 64, 32)
    with torch.inference_mode():
        assert dense.trunk.eval()(images).shape == (1, 2048, 4, 2)
        assert isinstance(dense.trunk, torch.nn.Sequential)
        assert isinstance(resnet50.trunk, torch.nn.Sequential)
        torch.testing.assert_close(dense.trunk[:-1].eval()(images), resnet50.trunk[:-1].eval()(images))
    for name, stride in (("small", 1), ("resnet50", 3)):
        with pytest.raises(DataError, match="last_stride is"):
            build_model(name, classes=3, last_stride=stride)


def test_bnneck_has_neither_a_shift_nor_a_bias() -> None:
    model = build_model("small", classes=5, features=0, dropout=0.0, bnneck=True)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert {name for name in trained if not name.startswith("trunk")} == {"head.0.weight", "classifier.weight"}
    assert not model.get_parameter("head.0.bias").any()
    with pytest.raises(DataError, match="bnneck is the head itself"):
        build_model("small", classes=5, features=8, bnneck=True)


@pytest.mark.parametrize("wrap", ["{}", "module.{}", "_orig_mod.module.{}"])
def test_resnet50_computes_what_torchvisions_does(wrap: str, resnet50: ReidModel, tmp_path: Path) -> None:
    from torchvision.models import resnet50 as reference

    expected = reference(weights=None)
    state = {wrap.format(key): value for key, value in expected.state_dict().items()}
    torch.save(state if wrap == "{}" else {"state_dict": state, "epoch": 9}, tmp_path / "resnet50.pth")
    model = build_model("resnet50", classes=3, weights=tmp_path / "resnet50.pth").eval()
    expected.fc = torch.nn.Identity()
    images = torch.randn(2, 3, 64, 32)
    with torch.inference_mode():
        torch.testing.assert_close(model.embed(images), expected.eval()(images))


@pytest.mark.parametrize("width", [16, 32, 48])
def test_resnet50_in_bfloat16_is_right_for_narrow_images(resnet50: ReidModel, width: int) -> None:
    images = torch.rand(4, 3, 64, width)
    with torch.no_grad():
        expected = resnet50.trunk.eval()(images)
        used = [torch.full((4, 512, 4, 8), torch.nan, dtype=torch.bfloat16) for _ in range(50)]
        del used  # what a kernel reads beyond its map is now likely to be NaN
        with torch.autocast("cpu", torch.bfloat16):
            found = resnet50.trunk(images)
    assert torch.isfinite(found).all()
    assert functional.cosine_similarity(expected.flatten(), found.float().flatten(), dim=0) > 0.99


@pytest.mark.parametrize("content", [b"no weights at all", None])
def test_weights_that_cannot_be_used_are_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "resnet50.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"resnet50\.pth"):
        build_model("resnet50", classes=3, weights=path)


def test_another_networks_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"layer9.weight": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match="another network"):
        build_model("resnet50", classes=3, weights=path)
    with pytest.raises(WeightsError, match="trained from scratch"):
        build_model("small", classes=3, weights=path)


@pytest.mark.parametrize(("name", "std"), [("resnet50", (2 / 128) ** 0.5), ("inception", 0.001)])
def test_head_starts_as_open_reid_starts_it(request: pytest.FixtureRequest, name: str, std: float) -> None:
    model = request.getfixturevalue(name)
    embedding, norm, *_ = model.head
    assert embedding.weight.std().item() == pytest.approx(std, rel=0.02)
    assert model.classifier.weight.std().item() == pytest.approx(0.001, rel=0.02)
    assert not embedding.bias.any()
    assert not model.classifier.bias.any()
    gains = norm.weight.detach()
    if name == "inception":  # feat_bn is the one norm that Open-ReID leaves to PyTorch, whose default then was U(0, 1)
        assert 0 <= gains.min() < 0.1 < 0.9 < gains.max() <= 1
        assert gains.mean().item() == pytest.approx(0.5, abs=5 / (12 * len(gains)) ** 0.5)
        assert all((m.weight == 1).all() for m in model.trunk.modules() if isinstance(m, torch.nn.BatchNorm2d))
    else:
        assert (gains == 1).all()
    assert (norm.bias == 0).all()


@pytest.mark.parametrize("name", ["resnet50", "inception", "small"])
def test_model_gives_logits_in_training_and_evaluation(name: str) -> None:
    model = build_model(name, classes=5, features=8 if name != "small" else 0)
    images = torch.randn(2, 3, 64, 32)
    assert model.train()(images).shape == (2, 5)
    assert model.eval()(images).shape == (2, 5)
    assert model.embed(images).shape == (2, BACKBONES[name].channels)
    assert model.size == BACKBONES[name].size


def test_unknown_backbone_names_the_known_ones() -> None:
    with pytest.raises(DataError, match="resnet50, inception, small"):
        build_model("vgg", classes=3)


def test_small_has_a_batch_norm_before_its_classifier_when_it_has_no_embedding() -> None:
    model = build_model("small", classes=5, features=0, dropout=0.0)
    norm, _ = model.head
    assert norm.num_features == BACKBONES["small"].channels
    with torch.inference_mode():
        assert model.trunk(torch.zeros(2, 3, 64, 32)).shape == (2, 128, 8, 4)
