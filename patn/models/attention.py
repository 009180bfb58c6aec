"""What a generator attends to: masks, beside the image it generates."""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from patn import DataError
from patn.models.patn import PatBlock


@runtime_checkable
class Masked(Protocol):
    """A generator with masks of its own."""

    def with_masks(
        self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """The generator's image and its masks.

        Args:
            image: as of the generator's call.
            source_keypoints: as of the generator's call.
            target_keypoints: as of the generator's call.

        Returns:
            The image, and masks B x C x h x w in (0, 1).
        """


def has_masks(generator: nn.Module) -> bool:
    """Whether a generator has PAT blocks or masks of its own, which `forward_with_masks` returns."""
    return isinstance(generator, Masked) or any(isinstance(module, PatBlock) for module in generator.modules())


def forward_with_masks(
    generator: nn.Module, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor
) -> tuple[Tensor, list[Tensor]]:
    """The generator's image and the attention mask of each PAT block, first block first.

    The call itself is unchanged. A generator with masks of its own says what they are (see
    `patn.correspondence.networks.Correspondence.with_masks`).

    Args:
        generator: PATN or another one that `has_masks`.
        image: as of the generator's call.
        source_keypoints: as of the generator's call.
        target_keypoints: as of the generator's call.

    Returns:
        B x 3 x H x W in [-1, 1], and for each block B x 256 x H/4 x W/4 in (0, 1) (paper eq. 1): where and in which
        channels a block changes the image code.

    Raises:
        DataError: for a generator without masks.
    """
    if isinstance(generator, Masked):
        return generator.with_masks(image, source_keypoints, target_keypoints)
    blocks = [module for module in generator.modules() if isinstance(module, PatBlock)]
    if not blocks:
        raise DataError("this generator has no attention masks; only PATN and correspondence make them")
    masks: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, pose_features: Tensor) -> None:
        masks.append(pose_features.sigmoid())

    handles = [block.pose_path.register_forward_hook(keep) for block in blocks]
    try:
        generated = generator(image, source_keypoints, target_keypoints)
    finally:
        for handle in handles:
            handle.remove()
    return generated, masks


def mask_maps(masks: list[Tensor], channel: int | None = None) -> Tensor:
    """One map a block: the mean over channels or one channel.

    The paper shows one map a block and does not say how 256 channels became one.

    Args:
        masks: as `forward_with_masks` returns them.
        channel: counted from 0; None is the mean.

    Returns:
        B x blocks x H/4 x W/4 in (0, 1).

    Raises:
        DataError: for a channel that is not there.
    """
    channels = masks[0].shape[1]
    if channel is not None and not 0 <= channel < channels:
        raise DataError(f"channel {channel} of the masks is not there; they have channels 0 to {channels - 1}")
    maps = [mask.mean(dim=1) if channel is None else mask[:, channel] for mask in masks]
    return torch.stack(maps, dim=1).float()
