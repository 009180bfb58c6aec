"""The generator of Progressive Pose Attention Transfer (PATN)."""

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from patn import DataError
from patn.heatmaps import heat_maps, one_hot_maps
from patn.keypoints import JOINTS
from patn.models.layers import decoder, encoder, initialise, two_convolutions
from patn.models.options import POSE_MAPS, PatnOptions


def pose_maps(keypoints: Tensor, size: tuple[int, int], kind: str = "gaussian", sigma: float = 6.0) -> Tensor:
    """Maps of one pose as the networks see it, channels_last in memory.

    Args:
        keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.
        size: (height, width) in pixels.
        kind: "gaussian" heat maps, or "onehot" pixels (what the authors' DeepFashion maps became when they were stored
            as bytes).
        sigma: of the heat maps in pixels.

    Returns:
        B x 18 x height x width in [0, 1].

    Raises:
        DataError: for another kind.
    """
    if kind == "gaussian":
        return heat_maps(keypoints, size, sigma=sigma, channels_last=True)
    if kind == "onehot":
        return one_hot_maps(keypoints, size, channels_last=True)
    raise DataError(f"pose_maps is {kind!r}; it must be one of {', '.join(POSE_MAPS)}")


def pose_pair(
    image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor, kind: str = "gaussian", sigma: float = 6.0
) -> Tensor:
    """Maps of the condition pose, then of the target pose, for a batch of images.

    Args:
        image: B x 3 x H x W, of which the size counts.
        source_keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.
        target_keypoints: as `source_keypoints`.
        kind: as of `pose_maps`.
        sigma: as of `pose_maps`.

    Returns:
        B x 36 x H x W.

    Raises:
        DataError: for an image whose sides are not divisible by 4 and at least 8.
    """
    height, width = image.shape[-2:]
    if height % 4 or width % 4 or min(height, width) < 8:
        raise DataError(f"images are {height} x {width}; both sides must be divisible by 4 and at least 8")
    poses = [pose_maps(keypoints, (height, width), kind, sigma) for keypoints in (source_keypoints, target_keypoints)]
    return torch.cat(poses, dim=1)


class PatBlock(nn.Module):
    """Pose-attentional transfer block: the pose code says where the image code changes (paper eq. 1 and 2).

    Args:
        channels: of the image code.
        pose_channels: of the pose code that comes in.
        norm: "batch" or "instance".
        dropout: whether there is dropout of one half in both paths.
        middle: channels between the pose path's two convolutions.
        add: False leaves the sum of eq. 2 out (Table 4).
    """

    def __init__(
        self,
        *,
        channels: int,
        pose_channels: int,
        norm: str,
        dropout: bool,
        middle: int | None = None,
        add: bool = True,
    ) -> None:
        super().__init__()
        self.add = add
        self.image_path = two_convolutions(channels, channels, norm, dropout=dropout, last_norm=True)
        self.pose_path = two_convolutions(
            pose_channels, channels, norm, dropout=dropout, last_norm=False, middle=middle
        )

    def forward(self, image_code: Tensor, pose_code: Tensor) -> tuple[Tensor, Tensor]:
        """The new image code, and the pose features from which the next block's pose code is made.

        Args:
            image_code: B x channels x H/4 x W/4.
            pose_code: B x pose_channels x H/4 x W/4.

        Returns:
            Two codes B x channels x H/4 x W/4; the features are before the sigmoid.
        """
        pose_features = self.pose_path(pose_code)  # B x 256 x H/4 x W/4
        mask = pose_features.sigmoid()  # eq. 1: one value an element of the image code
        update = mask * self.image_path(image_code)
        return image_code + update if self.add else update, pose_features  # eq. 2


def pat_blocks(options: PatnOptions) -> nn.ModuleList:
    """The row of PAT blocks of a generator.

    Args:
        options: the generator's.

    Returns:
        The blocks.
    """
    code = 4 * options.width
    return nn.ModuleList(
        PatBlock(
            channels=code,
            pose_channels=2 * code if options.cat and index > 0 else code,
            norm=options.norm,
            dropout=options.dropout,
            middle=code if options.pose_reduction == "first" else None,
            add=options.add,
        )
        for index in range(options.blocks)
    )


def through_blocks(blocks: nn.ModuleList, image_code: Tensor, pose_code: Tensor, *, cat: bool) -> Tensor:
    """The image code after all blocks.

    Args:
        blocks: as of `pat_blocks`.
        image_code: B x 256 x H/4 x W/4.
        pose_code: as `image_code`.
        cat: as of `Patn`.

    Returns:
        B x 256 x H/4 x W/4.
    """
    for index, block in enumerate(blocks):
        if cat and index > 0:
            pose_code = torch.cat([pose_code, image_code], dim=1)  # eq. 3: B x 512 x H/4 x W/4
        image_code, pose_code = block(image_code, pose_code)
    return image_code


class Patn(nn.Module):
    """Generates a person in another pose: two encoders, a row of PAT blocks, one decoder.

    Weights are initialised as released, from torch's global generator.

    Args:
        options: the fields of `PatnOptions`.

    Raises:
        DataError: for an option that makes no sense.

    Source: paper section 3.1; the released code where they differ.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.chosen = PatnOptions(**options)
        self.options = asdict(self.chosen)
        width, norm = self.chosen.width, self.chosen.norm
        self.image_encoder = nn.Sequential(*encoder(3, width, norm))
        self.pose_encoder = nn.Sequential(*encoder(2 * len(JOINTS), width, norm))
        self.blocks = pat_blocks(self.chosen)
        self.decoder = nn.Sequential(*decoder(4 * width, width, norm))
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
        chosen = self.chosen
        poses = pose_pair(image, source_keypoints, target_keypoints, chosen.pose_maps, chosen.sigma)
        image_code = self.image_encoder(image)  # B x 256 x H/4 x W/4
        pose_code = self.pose_encoder(poses)  # B x 256 x H/4 x W/4
        generated: Tensor = self.decoder(through_blocks(self.blocks, image_code, pose_code, cat=chosen.cat))
        return generated
