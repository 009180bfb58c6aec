"""The Resnet generator of the PATN paper's Table 4: plain residual blocks in place of PAT blocks."""

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from patn.keypoints import JOINTS
from patn.models.layers import ResidualBlock, decoder, encoder, initialise
from patn.models.options import ResnetOptions
from patn.models.patn import pose_pair


class Resnet(nn.Module):
    """Generates a person in another pose: encoder, a row of residual blocks, decoder.

    Args:
        options: the fields of `ResnetOptions`.

    Raises:
        DataError: for an option that makes no sense.

    Source: paper, Table 4; the block is that of the released discriminators.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.chosen = ResnetOptions(**options)
        self.options = asdict(self.chosen)
        width, norm, dropout = self.chosen.width, self.chosen.norm, self.chosen.dropout
        image, poses = 3, 2 * len(JOINTS)
        streams = [image + poses] if self.chosen.fusion == "concat" else [image, poses]
        code = 4 * width * len(streams)
        self.encoders = nn.ModuleList(nn.Sequential(*encoder(channels, width, norm)) for channels in streams)
        blocks = [ResidualBlock(channels=code, norm=norm, dropout=dropout) for _ in range(self.chosen.blocks)]
        self.blocks = nn.Sequential(*blocks)
        self.decoder = nn.Sequential(*decoder(code, width, norm))
        initialise(self)

    def forward(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> Tensor:
        """The person of `image` in the target pose (see `patn.models.patn.Patn.forward`)."""
        chosen = self.chosen
        poses = pose_pair(image, source_keypoints, target_keypoints, chosen.pose_maps, chosen.sigma)
        streams = [image, poses] if len(self.encoders) == 2 else [torch.cat([image, poses], dim=1)]
        codes = [encode(stream) for encode, stream in zip(self.encoders, streams, strict=True)]
        code = torch.cat(codes, dim=1)  # B x 256 (two streams: 512) x H/4 x W/4
        generated: Tensor = self.decoder(self.blocks(code))
        return generated
