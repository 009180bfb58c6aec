"""torchreid's ResNet-50 as a trunk: everything before the pool."""

import warnings
from collections import OrderedDict

from torch import Tensor, nn
from torch.nn import functional

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


def narrow_convolutions(network: nn.Module) -> None:
    """Make every plain 3x3 convolution of stride 2 in a network a NarrowConv2d, in place; names and weights stay."""
    for module in list(network.modules()):
        for name, layer in module.named_children():
            if type(layer) is nn.Conv2d and _is_plain(layer):
                setattr(module, name, NarrowConv2d.of(layer))


def _is_plain(layer: nn.Conv2d) -> bool:
    shape = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    return shape == ((3, 3), (2, 2), (1, 1), (1, 1)) and layer.groups == 1 and layer.bias is None


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
    narrow_convolutions(network)
    return nn.Sequential(OrderedDict((name, getattr(network, name)) for name in LAYERS))
