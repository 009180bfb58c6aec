"""The Resnet generator of the PATN paper's Table 4: plain residual blocks in place of PAT blocks."""

from typing import Any

import torch
from torch import Tensor, nn

from patn import DataError
from patn.keypoints import JOINTS
from patn.models.layers import ResidualBlock, decoder, encoder, initialise
from patn.models.patn import check_options, pose_pair

FUSIONS = ("concat", "two_streams")


class Resnet(nn.Module):
    """Generates a person in another pose: encoder, a row of residual blocks, decoder.

    `blocks`, `width`, `norm`, `dropout`, `pose_maps` and `sigma` are those of `patn.models.patn.Patn`.

    Args:
        fusion: how image and poses meet, which the paper does not say. "concat" puts image and both poses into one
            encoder of 39 channels, as the usual Resnet generator; "two_streams" has PATN's two encoders and works on
            both codes together, at twice the width, so that its weights are about as many as PATN's.

    Raises:
        DataError: for an option that makes no sense.

    Source: paper, Table 4; the block is that of the released discriminators.
    """

    def __init__(
        self,
        *,
        blocks: int = 9,
        width: int = 64,
        norm: str = "batch",
        dropout: bool = True,
        pose_maps: str = "gaussian",
        sigma: float = 6.0,
        fusion: str = "concat",
    ) -> None:
        super().__init__()
        if fusion not in FUSIONS:
            raise DataError(f"fusion is {fusion!r}; it must be one of {', '.join(FUSIONS)}")
        self.options: dict[str, Any] = {
            "blocks": blocks,
            "width": width,
            "norm": norm,
            "dropout": dropout,
            "pose_maps": pose_maps,
            "sigma": sigma,
            "fusion": fusion,
        }
        check_options(self.options)
        image, poses = 3, 2 * len(JOINTS)
        streams = [image + poses] if fusion == "concat" else [image, poses]
        code = 4 * width * len(streams)
        self.encoders = nn.ModuleList(nn.Sequential(*encoder(channels, width, norm)) for channels in streams)
        self.blocks = nn.Sequential(*(ResidualBlock(channels=code, norm=norm, dropout=dropout) for _ in range(blocks)))
        self.decoder = nn.Sequential(*decoder(code, width, norm))
        initialise(self)

    def forward(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> Tensor:
        """The person of `image` in the target pose.

        Args:
            image: B x 3 x H x W in [-1, 1], H and W divisible by 4 and at least 8.
            source_keypoints: B x 18 x 2 as (y, x) in pixels of this size, missing = -1.
            target_keypoints: as `source_keypoints`.

        Returns:
            B x 3 x H x W in [-1, 1].

        Raises:
            DataError: for an image of another size.
        """
        options = self.options
        poses = pose_pair(image, source_keypoints, target_keypoints, options["pose_maps"], options["sigma"])
        streams = [torch.cat([image, poses], dim=1)] if options["fusion"] == "concat" else [image, poses]
        codes = [encode(stream) for encode, stream in zip(self.encoders, streams, strict=True)]
        code = torch.cat(codes, dim=1)  # B x 256 (two streams: 512) x H/4 x W/4
        generated: Tensor = self.decoder(self.blocks(code))
        return generated
