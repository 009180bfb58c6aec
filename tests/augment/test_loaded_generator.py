"""One loaded generator: the sizes it takes and makes, its number format, and which perceptual network is chosen."""

from pathlib import Path

import numpy as np
import pytest
import torch

from augment import AugmentError
from augment.inference.generator import Generator, trained_size
from augment.info import Gpu, Info, Processor, info_text
from augment.runtime import Runtime
from augment.training import perceptual
from augment.training.perceptual import choose_perceptual
from augment.weights import FoundWeights
from patn.checkpoints import save_generator
from patn.generators import build_generator

CPU = Runtime(device="cpu", precision="fp32", threads=1)
POSES = np.tile(np.arange(36, dtype=np.float32).reshape(18, 2) / 3, (2, 1, 1))
IMAGES = torch.arange(2 * 3 * 32 * 16).reshape(2, 3, 32, 16).remainder(256).byte()


def saved(folder: Path, size: list[int] | None) -> Path:
    """A small generator's file that says its size, or not."""
    torch.manual_seed(0)
    path = folder / "generator.safetensors"
    network = build_generator("resnet", {"blocks": 1, "width": 4})
    save_generator(path, network, "resnet", {} if size is None else {"size": size})
    return path


def test_images_are_what_the_network_makes_of_images_from_minus_1_to_1(tmp_path: Path) -> None:
    generator = Generator(saved(tmp_path, [32, 16]), CPU)
    assert (generator.size, generator.out) == ((32, 16), (32, 16))
    other = POSES[:, ::-1].copy()
    condition, *poses = generator.inputs(IMAGES, POSES, other)
    assert torch.equal(condition, IMAGES / 127.5 - 1)
    assert [np.array_equal(each.numpy(), given) for each, given in zip(poses, (POSES, other), strict=True)] == [
        True
    ] * 2
    made = generator.generate(IMAGES, POSES, other)
    with torch.inference_mode():
        wanted = generator.network(IMAGES / 127.5 - 1, *poses)
    pixels = ((wanted.float() + 1) * 127.5).clamp(0, 255).permute(0, 2, 3, 1).numpy()
    assert (made.shape, made.dtype) == ((2, 32, 16, 3), np.uint8)
    assert np.abs(made - pixels).max() <= 1
    assert made.std() > 0


def test_what_is_written_has_another_size_where_that_is_asked_for(tmp_path: Path) -> None:
    path = saved(tmp_path, [32, 16])
    own, doubled = Generator(path, CPU), Generator(path, CPU, (64, 32))
    assert (doubled.size, doubled.out) == ((32, 16), (64, 32))
    small, large = (each.generate(IMAGES, POSES, POSES).astype(int) for each in (own, doubled))
    assert large.shape == (2, 64, 32, 3)
    means = large.reshape(2, 32, 2, 16, 2, 3).mean(axis=(2, 4))
    assert np.abs(means - small).mean() < 3


def test_a_file_that_says_no_size_takes_the_one_asked_for(tmp_path: Path) -> None:
    path = saved(tmp_path, None)
    assert trained_size(path) is None
    assert Generator(path, CPU, (64, 32)).size == (64, 32)
    with pytest.raises(AugmentError, match=r"does not say which size of images it was trained for; give ⟨?size"):
        Generator(path, CPU)
    assert trained_size(saved(tmp_path, [48, 24])) == (48, 24)


@pytest.mark.parametrize(
    ("precision", "half", "name"), [("auto", False, "fp32"), ("fp32", False, "fp32"), ("bf16", True, "bf16")]
)
def test_bf16_is_generated_in_only_where_it_is_asked_for_by_name(
    tmp_path: Path, precision: str, half: bool, name: str
) -> None:
    runtime = Runtime(device="cpu", precision=precision, threads=1)
    assert (runtime.generates_bf16, runtime.generating_precision) == (half, name)
    kinds = {weights.dtype for weights in Generator(saved(tmp_path, [32, 16]), runtime).network.parameters()}
    assert (torch.bfloat16 in kinds) == half


def test_fingerprints_are_of_the_file(tmp_path: Path) -> None:
    path = saved(tmp_path, [32, 16])
    first = Generator(path, CPU).fingerprint
    assert Generator(path, CPU, (64, 32)).fingerprint == first
    assert Generator(saved(tmp_path, [48, 24]), CPU).fingerprint != first


@pytest.mark.parametrize(
    ("there", "chosen"),
    [((), "none"), (("mobilenet",), "mobilenet"), (("vgg19",), "vgg19"), (("vgg19", "mobilenet"), "vgg19")],
)
def test_the_perceptual_network_is_the_first_that_is_there_or_the_one_named(
    there: tuple[str, ...], chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tmp_path / "mobilenet.pth" if "mobilenet" in there else None
    monkeypatch.setattr("patn.training.perceptual.find_mobilenet", lambda: found)
    monkeypatch.setattr(perceptual, "find_weights", lambda *_: tmp_path if "vgg19" in there else None)
    assert choose_perceptual("auto", None) == chosen
    assert choose_perceptual("none", None) == "none"
    for name, said in (("vgg19", "vgg19-dcbb9e9d.pth"), ("mobilenet", "mobilenet: its weights are not there")):
        if name in there:
            assert choose_perceptual(name, None) == name
        else:
            with pytest.raises(AugmentError, match=said):
                choose_perceptual(name, None)
    with pytest.raises(AugmentError, match=r"^perceptual vgg: must be one of auto, vgg19, mobilenet, none$"):
        choose_perceptual("vgg", None)


def test_what_a_machine_has_is_told_line_by_line() -> None:
    found = FoundWeights("vgg19", "vgg19-dcbb9e9d.pth", "dcbb9e9d", "the perceptual term", "/x/vgg19-dcbb9e9d.pth")
    missing = FoundWeights("alexnet", "alexnet-owt-7be5be79.pth", "7be5be79", "LPIPS", None)
    said = info_text(
        Info(
            versions={"python": "3.12.1", "torch": "2.6"},
            platform="Linux-6",
            cores=4,
            cpu=Processor("AVX512", bf16=True),
            gpus=(Gpu("H100", 79.6),),
            device="cuda",
            precision="bf16",
            weights=(found, missing),
            mobilenet=None,
            identity_models={},
        )
    ).splitlines()
    assert said[:4] == ["python 3.12.1", "torch 2.6", "Linux-6", "4 cores, AVX512, bf16 native"]
    assert said[4:7] == [
        "GPU 0: H100, 79.6 GiB",
        "device in use: cuda, training in bf16",
        "weights: vgg19-dcbb9e9d.pth: /x/vgg19-dcbb9e9d.pth",
    ]
    assert said[7].startswith("weights: missing: alexnet-owt-7be5be79.pth")
    assert said[8].startswith("weights: missing: MobileNetV2")
