"""The networks of torchreid 0.2.5 as trunks: each up to its classifier, weights random or from a local file."""

import warnings
from pathlib import Path

from torch import Tensor, nn

from reid.models.resnet import narrow_convolutions
from reid.models.weight_files import load_weights

_OF_WIDTH = {
    512: "resnet18 resnet34 resnet50_fc512 se_resnet50_fc512 densenet121_fc512 squeezenet1_0 squeezenet1_0_fc512 "
    "squeezenet1_1 osnet_x1_0 osnet_x0_75 osnet_x0_5 osnet_x0_25 osnet_ibn_x1_0 osnet_ain_x1_0 osnet_ain_x0_75 "
    "osnet_ain_x0_5 osnet_ain_x0_25",
    960: "shufflenet",
    1024: "densenet121 shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 mlfn",
    1056: "nasnsetmobile",
    1280: "mobilenetv2_x1_0",
    1536: "inceptionresnetv2 inceptionv4",
    1664: "densenet169",
    1792: "mobilenetv2_x1_4",
    1920: "densenet201",
    2048: "resnet101 resnet152 resnext50_32x4d resnext101_32x8d se_resnet50 se_resnet101 se_resnext50_32x4d "
    "se_resnext101_32x4d xception resnet50_ibn_a resnet50_ibn_b shufflenet_v2_x2_0",
    2208: "densenet161",
    3072: "resnet50mid",
    4096: "mudeep",
}
CHANNELS = {name: width for width, names in _OF_WIDTH.items() for name in names.split()}
"""Length of the feature that each network's classifier sees; resnet50 is `reid.models.resnet`'s own."""

UNFIT = {
    "hacnn": "it has two branches with a classifier each, and takes images of 160 x 64 alone",
    "pcb_p4": "it has a classifier for each of its 4 stripes",
    "pcb_p6": "it has a classifier for each of its 6 stripes",
}
"""The networks that a single head cannot be put on, and why."""

LEAST = {"inceptionresnetv2": 75, "inceptionv4": 75}
"""Least height and width in pixels that a network's layers leave anything of, where that is more than 16."""
FIXED = ("mudeep",)
"""The networks whose weights depend on the size of the images."""


def _contiguous(_: nn.Module, __: object, maps: Tensor) -> Tensor:
    """The maps in the order in which MuDeep flattens them, whatever the memory format of its layers."""
    return maps.contiguous()


class TorchreidTrunk(nn.Module):
    """torchreid's network of that name without its classifier: B x 3 x H x W -> B x channels x 1 x 1.

    Its pool, and its embedding where it has one, are the network's own.  Layers keep torchreid's names, so that its
    weight files fit.
    """

    def __init__(self, name: str):
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torchreid warns that its own ranking is slow; it is not used here
            from torchreid.reid.models import build_model
        self.network = build_model(name, num_classes=1, loss="softmax", pretrained=False, use_gpu=False)
        self.network.classifier = nn.Identity()
        narrow_convolutions(self.network)
        if name in FIXED:
            self.network.block5.register_forward_hook(_contiguous)

    def forward(self, images: Tensor) -> Tensor:
        """The feature of each image, as a map of one place.

        Args:
            images: normalised, B x 3 x H x W.

        Returns:
            B x channels x 1 x 1.
        """
        feature: Tensor = self.network(images)
        return feature[:, :, None, None]


def load_torchreid(trunk: nn.Module, path: Path, network: str) -> None:
    """Fill a trunk with a file of torchreid's, or of ImageNet weights.

    Args:
        trunk: a TorchreidTrunk, changed in place.
        path: the file.
        network: its name, for messages.

    Raises:
        WeightsError: if the file is missing, or holds weights of another network.
    """
    assert isinstance(trunk, TorchreidTrunk)
    load_weights(trunk.network, path, network)
