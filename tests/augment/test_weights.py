"""Weight files: where they are looked for, what is said when one is missing or damaged."""

import hashlib
from pathlib import Path

import pytest

from augment import AugmentError, weights


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty torch hub cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def test_hub_cache_is_where_torch_looks(hub: Path) -> None:
    import torch

    assert weights.hub_checkpoints() == Path(torch.hub.get_dir()) / "checkpoints" == hub


def test_hub_cache_follows_xdg_as_torch_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert weights.hub_checkpoints() == Path(torch.hub.get_dir()) / "checkpoints"


def test_weights_dir_comes_before_the_hub_cache(hub: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    assert weights.find_weights("vgg19", own) is None
    (hub / "vgg19-dcbb9e9d.pth").write_bytes(b"hub")
    assert weights.find_weights("vgg19", own) == hub / "vgg19-dcbb9e9d.pth"
    (own / "vgg19-dcbb9e9d.pth").write_bytes(b"own")
    assert weights.find_weights("vgg19", own) == own / "vgg19-dcbb9e9d.pth"
    assert weights.find_weights("vgg19-dcbb9e9d.pth") == hub / "vgg19-dcbb9e9d.pth"


def test_either_file_of_resnet50_will_do(hub: Path) -> None:
    (hub / "resnet50-19c8e357.pth").touch()
    assert weights.find_weights("resnet50") == hub / "resnet50-19c8e357.pth"
    assert weights.find_weights("resnet50-0676ba61.pth") is None


def test_missing_file_is_one_sentence_with_name_hash_and_place(hub: Path) -> None:
    with pytest.raises(
        AugmentError, match=r"vgg19-dcbb9e9d\.pth .*SHA-256 dcbb9e9d.*put it into .*name its folder with weights_dir"
    ):
        weights.load_path("vgg19")
    assert str(hub) in weights.missing_sentence("vgg19")


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(AugmentError, match=r"lenet: .*vgg19, resnet50, inception, ssd300, alexnet, keypointrcnn"):
        weights.find_weights("lenet")


def test_hash_in_the_name_is_checked(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"weights").hexdigest()
    good = tmp_path / f"net-{digest[:8]}.pth"
    good.write_bytes(b"weights")
    weights.verify(good)
    good.write_bytes(b"weights cut")
    with pytest.raises(AugmentError, match=rf"net-{digest[:8]}\.pth: its SHA-256 begins with .*copy it again"):
        weights.verify(good)


def test_report_says_found_and_missing(hub: Path) -> None:
    (hub / "vgg19-dcbb9e9d.pth").touch()
    report = {record.network: record for record in weights.weights_report()}
    assert report["vgg19"].path == str(hub / "vgg19-dcbb9e9d.pth")
    assert report["resnet50"].path is None
    lines = weights.weights_lines(list(report.values()))
    assert lines[0].startswith("vgg19-dcbb9e9d.pth: ")
    assert lines[1].startswith("missing: resnet50-0676ba61.pth")


def test_inception_is_found_under_both_its_names(hub: Path) -> None:
    assert "torch-fidelity's inception-2015-12-05, SHA-256 6726825d" in weights.missing_sentence("inception")
    (hub / "pt_inception-2015-12-05-6726825d.pth").touch()
    assert weights.find_weights("inception") == hub / "pt_inception-2015-12-05-6726825d.pth"


def test_torchvisions_own_names_are_ours() -> None:
    from torchvision.models import AlexNet_Weights
    from torchvision.models.detection import KeypointRCNN_ResNet50_FPN_Weights, SSD300_VGG16_Weights

    for name, official in (
        ("alexnet", AlexNet_Weights.IMAGENET1K_V1),
        ("ssd300", SSD300_VGG16_Weights.COCO_V1),
        ("keypointrcnn", KeypointRCNN_ResNet50_FPN_Weights.COCO_V1),
    ):
        assert official.url.endswith(f"/{weights.WEIGHTS[name][0].file}")
