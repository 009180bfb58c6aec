"""The identity term: how far a generated image is from its target in the eyes of a re-ID model."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity


class IdentityTerm(nn.Module):
    """`identity(generated, target)`: mean over the images of 1 - cosine of the features of both; everything is frozen.

    Args:
        features: takes B x 3 x H x W in [0, 1] to B x D; put into evaluation mode, its weights learn nothing.
    """

    def __init__(self, features: nn.Module) -> None:
        super().__init__()
        self.features = features
        self.eval().requires_grad_(False)

    def forward(self, generated: Tensor, target: Tensor) -> Tensor:
        """The distance of two batches of images, in float32; no gradient flows into `target`.

        Args:
            generated: B x 3 x H x W in [-1, 1].
            target: as `generated`.

        Returns:
            A scalar in [0, 2].
        """
        # gradients of depthwise convolutions, which many re-ID models have, are slow in bfloat16 on CPUs
        with torch.autocast(generated.device.type, enabled=False):
            with torch.no_grad():
                wanted = self.features((target.float() + 1) / 2)
            shown = self.features((generated.float() + 1) / 2)
        return 1 - cosine_similarity(shown, wanted).mean()
