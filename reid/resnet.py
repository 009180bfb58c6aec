"""torchreid's ResNet-50 as a trunk: everything before the pool, ImageNet weights from a local file."""

import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from reid import WeightsError

NESTED, WRAPPERS = ("state_dict", "model"), ("module", "_orig_mod")
LAYERS = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")


class NarrowConv2d(nn.Conv2d):
    """A 3x3 convolution of stride 2 that is right for maps one or two pixels wide too.

    There, oneDNN 3.13 reads beyond the map in bfloat16 on processors with AMX.  Columns of zeros in place of the
    padding give the same result by another kernel.
    """

    @classmethod
    def of(cls, layer: nn.Conv2d) -> "NarrowConv2d":
        """The same layer, of this class.

        Args:
            layer: a 3x3 convolution of stride 2 without bias.

        Returns:
            A layer with that one's weights.
        """
        shape = (layer.in_channels, layer.out_channels, 3)
        narrow: NarrowConv2d = nn.utils.skip_init(cls, *shape, stride=2, padding=1, bias=False)
        narrow.weight = layer.weight
        return narrow

    def forward(self, x: Tensor) -> Tensor:
        """The convolution's output.

        Args:
            x: B x channels x H x W.

        Returns:
            B x channels x ceil(H / 2) x ceil(W / 2).
        """
        if x.shape[3] > 2:
            return super().forward(x)
        return super().forward(functional.pad(x, (0, 3 - x.shape[3])))[..., :1]


def resnet50_trunk(last_stride: int = 2) -> nn.Sequential:
    """ResNet-50 up to `layer4`; 23,508,032 parameters, random weights.

    The children are named as torchvision names them, so its weight files fit.

    Args:
        last_stride: of `layer4`; 1 gives a map of 16 x 8, with the same parameters.

    Returns:
        Layers that take B x 3 x 256 x 128 to B x 2048 x 8 x 4.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchreid warns that its own ranking is slow; it is not used here
        from torchreid.reid.models.resnet import Bottleneck, ResNet
    network = ResNet(num_classes=1, loss="softmax", block=Bottleneck, layers=[3, 4, 6, 3], last_stride=last_stride)
    for block in (network.layer2[0], network.layer3[0], network.layer4[0]):
        if block.conv2.stride == (2, 2):
            block.conv2 = NarrowConv2d.of(block.conv2)
    return nn.Sequential(OrderedDict((name, getattr(network, name)) for name in LAYERS))


def load_imagenet(trunk: nn.Module, path: Path) -> None:
    """Fill a ResNet-50 trunk with torchvision's ImageNet weights; the file's classifier `fc` is ignored.

    Args:
        trunk: as of `resnet50_trunk`, changed in place.
        path: torchvision's weight file.

    Raises:
        WeightsError: if the file is missing or holds another network.
    """
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
        tensors = {name: tensor for name, tensor in _unwrapped(tensors).items() if not name.startswith("fc.")}
        missing, unexpected = trunk.load_state_dict(tensors, strict=False)
    except FileNotFoundError:
        raise WeightsError(f"{path} does not exist; put torchvision's resnet50 weights there") from None
    except Exception as error:  # an unpickler raises almost anything on a foreign file
        raise WeightsError(f"{path} is no ResNet-50 weight file; take torchvision's resnet50 weights") from error
    if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):  # old files lack the counters
        raise WeightsError(f"{path} holds another network's weights; take torchvision's resnet50 weights")


def _unwrapped(state: dict[str, Any]) -> dict[str, Any]:
    """A state dict out of a checkpoint's entry, without what `DataParallel` and `torch.compile` add to its names."""
    for name in NESTED:
        if isinstance(state.get(name), dict):
            return _unwrapped(state[name])
    return {".".join(part for part in key.split(".") if part not in WRAPPERS): value for key, value in state.items()}
