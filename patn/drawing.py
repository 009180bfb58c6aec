"""Generators made ready to draw: batch norms folded away, channels last, and bfloat16 weights where they are wanted."""

import torch
from torch import Tensor, nn

from numerics.folding import fold_batch_norms


def for_drawing(generator: nn.Module, *, bfloat16: bool = False) -> nn.Module:
    """The generator itself, for drawing only; it is changed in place and cannot be trained or saved afterwards.

    generator: in eval mode.  Each batch norm goes into the convolution before it (a thirtieth of the time; images
    change by rounding).  bfloat16: the weights too are in bfloat16, which is twice as fast or more where the processor
    computes it natively, and about one grey level off; it returns bfloat16 images.
    Call it as before, with float32 images and key points.
    """
    fold_batch_norms(generator)
    if bfloat16:
        for module in generator.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                module.to(torch.bfloat16)
                module.register_forward_pre_hook(_cast)
    return generator.to(memory_format=torch.channels_last)


def _cast(_: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    """Images and pose maps come in float32."""
    return (inputs[0].to(torch.bfloat16),)
