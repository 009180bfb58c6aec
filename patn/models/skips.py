"""PATN with skip connections that carry each part of the body to its new place, as the paper's video model has."""

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from patn.keypoints import JOINTS
from patn.models.layers import ResidualBlock, encoder, initialise, norm_layer, norm_of
from patn.models.options import SkipsOptions
from patn.models.patn import pat_blocks, pose_pair, through_blocks
from patn.models.segments import SegmentMotion
from patn.models.warping import part_motion, warp

_GROUPS = (4, 7, 10)  # where the image encoder's three groups of layers end


class PatnSkips(nn.Module):
    """Generates a person in another pose: PATN whose decoder also sees the image encoder's three codes, moved.

    No gradient goes through "segments", which is the original's; through "affine" it does, as
    in Deform.

    Args:
        options: the fields of `SkipsOptions`.

    Raises:
        DataError: for an option that makes no sense.

    Source: paper, supplement A, and branch PATN_Fine of the released code, which has 6 blocks.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.chosen = SkipsOptions(**options)
        self.options = asdict(self.chosen)
        width, norm, decoder_blocks = self.chosen.width, self.chosen.norm, self.chosen.decoder_blocks
        self.image_encoder = nn.Sequential(*encoder(3, width, norm))
        self.pose_encoder = nn.Sequential(*encoder(2 * len(JOINTS), width, norm))
        self.blocks = pat_blocks(self.chosen)
        self.decoder = nn.ModuleList(
            _stage(2 * scale * width, max(scale // 2, 1) * width, norm, decoder_blocks, grow=scale > 1)
            for scale in (4, 2, 1)
        )
        self.output = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())
        initialise(self)

    def forward(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> Tensor:
        """The person of `image` in the target pose (see `patn.models.patn.Patn.forward`)."""
        chosen, size = self.chosen, (image.shape[-2], image.shape[-1])
        poses = pose_pair(image, source_keypoints, target_keypoints, chosen.pose_maps, chosen.sigma)
        codes, start = [image], 0
        for end in _GROUPS:
            codes.append(self.image_encoder[start:end](codes[-1]))  # B x 64, 128, 256 channels
            start = end
        code = through_blocks(self.blocks, codes[-1], self.pose_encoder(poses), cat=chosen.cat)
        if chosen.skips == "segments":
            segments = SegmentMotion(source_keypoints, target_keypoints, size)
            moved = [segments.warp(skip.detach()) for skip in codes[1:]]
        else:
            parts = part_motion(source_keypoints, target_keypoints, size)
            moved = [warp(skip, parts) for skip in codes[1:]]
        for stage in self.decoder:
            code = stage(torch.cat([code, moved.pop()], dim=1))
        generated: Tensor = self.output(code)
        return generated


def _stage(inputs: int, outputs: int, norm: str, blocks: int, *, grow: bool) -> nn.Sequential:
    """Residual blocks, and a convolution with norm and ReLU, which doubles the size if `grow`."""
    bias = norm_of(norm).bias
    last: nn.Module = nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)
    if grow:
        last = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=bias)
    residual = [ResidualBlock(channels=inputs, norm=norm, dropout=False) for _ in range(blocks)]
    return nn.Sequential(*residual, nn.ReLU(), last, norm_layer(norm, outputs), nn.ReLU(inplace=True))
