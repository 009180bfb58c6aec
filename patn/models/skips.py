"""PATN with skip connections that carry each part of the body to its new place, as the paper's video model has."""

from typing import Any

import torch
from torch import Tensor, nn

from patn import DataError
from patn.keypoints import JOINTS
from patn.models.layers import ResidualBlock, encoder, initialise, norm_layer
from patn.models.patn import check_options, pat_blocks, pose_pair, through_blocks
from patn.models.segments import SegmentMotion
from patn.models.warping import part_motion, warp

SKIPS = ("segments", "affine")
_GROUPS = (4, 7, 10)  # where the image encoder's three groups of layers end


class PatnSkips(nn.Module):
    """Generates a person in another pose: PATN whose decoder also sees the image encoder's three codes, moved.

    `blocks`, `width`, `norm`, `dropout`, `pose_maps`, `sigma`, `add`, `cat` and `pose_reduction` are those of
    `patn.models.patn.Patn`. No gradient goes through "segments", which is the original's; through "affine" it does, as
    in Deform.

    Args:
        skips: how codes are moved: "segments", seven upright boxes (see `patn.models.segments`), or "affine", Deform's
            ten parts.
        decoder_blocks: residual blocks at each of the decoder's three sizes.

    Raises:
        DataError: for an option that makes no sense.

    Source: paper, supplement A, and branch PATN_Fine of the released code, which has 6 blocks.
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
        add: bool = True,
        cat: bool = True,
        pose_reduction: str = "second",
        skips: str = "segments",
        decoder_blocks: int = 3,
    ) -> None:
        super().__init__()
        self.options: dict[str, Any] = {
            "blocks": blocks,
            "width": width,
            "norm": norm,
            "dropout": dropout,
            "pose_maps": pose_maps,
            "sigma": sigma,
            "add": add,
            "cat": cat,
            "pose_reduction": pose_reduction,
            "skips": skips,
            "decoder_blocks": decoder_blocks,
        }
        check_options(self.options)
        if skips not in SKIPS:
            raise DataError(f"skips is {skips!r}; it must be one of {', '.join(SKIPS)}")
        self.image_encoder = nn.Sequential(*encoder(3, width, norm))
        self.pose_encoder = nn.Sequential(*encoder(2 * len(JOINTS), width, norm))
        self.blocks = pat_blocks(self.options)
        self.decoder = nn.ModuleList(
            _stage(2 * scale * width, max(scale // 2, 1) * width, norm, decoder_blocks, grow=scale > 1)
            for scale in (4, 2, 1)
        )
        self.output = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())
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
        options, size = self.options, (image.shape[-2], image.shape[-1])
        poses = pose_pair(image, source_keypoints, target_keypoints, options["pose_maps"], options["sigma"])
        codes, start = [image], 0
        for end in _GROUPS:
            codes.append(self.image_encoder[start:end](codes[-1]))  # B x 64, 128, 256 channels
            start = end
        code = through_blocks(self.blocks, codes[-1], self.pose_encoder(poses), cat=options["cat"])
        if options["skips"] == "segments":
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
    bias = norm == "instance"
    last: nn.Module = nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)
    if grow:
        last = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=bias)
    residual = [ResidualBlock(channels=inputs, norm=norm, dropout=False) for _ in range(blocks)]
    return nn.Sequential(*residual, nn.ReLU(), last, norm_layer(norm, outputs), nn.ReLU(inplace=True))
