"""Batch norms in eval mode folded into the convolutions before them."""

from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norms(module: nn.Module) -> None:
    """Make each batch norm that stands right behind a convolution part of it, in place: the same up to rounding.

    Args:
        module: in eval mode; modules inside it list their layers in the order in which they run.
    """
    for (name, layer), (norm_name, norm) in pairwise(list(module.named_children())):
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)) and isinstance(norm, nn.BatchNorm2d):
            setattr(module, name, fuse_conv_bn_eval(layer, norm, transpose=isinstance(layer, nn.ConvTranspose2d)))
            setattr(module, norm_name, nn.Identity())
    for child in module.children():
        fold_batch_norms(child)
