"""The target pose as PG2 sees it: a disc for each joint; and the body's mask, which its loss counts twice."""

import torch
from torch import Tensor

from patn.keypoints import joints_present, scale_keypoints
from patn.masks import RADIUS, person_masks


def discs(keypoints: Tensor, size: tuple[int, int], radius: float = 4.0) -> Tensor:
    """A disc a joint, B x 18 x height x width float32: 1 up to `radius` pixels from it, else -1; missing joints: -1.

    keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.
    """
    y, x = keypoints.to(torch.float32)[..., None, None].unbind(dim=2)  # B x 18 x 1 x 1
    down = torch.arange(size[0], device=keypoints.device)[:, None] - y
    right = torch.arange(size[1], device=keypoints.device) - x
    near = down.square() + right.square() <= radius**2
    return torch.where(near & joints_present(keypoints)[..., None, None], 1.0, -1.0)


def body_masks(keypoints: Tensor, size: tuple[int, int], radius: float = 4.0) -> Tensor:
    """Where the person is, B x 1 x height x width float32 in {0, 1}: the mask of mask-SSIM, for limbs of `radius`.

    That mask has a radius of 4 pixels at every size; for another one it is made at a larger or equal size and thinned.
    """
    factor = max(1, round(RADIUS / radius))
    large = (size[0] * factor, size[1] * factor)
    masks = person_masks(scale_keypoints(keypoints, size, large), large)
    return masks[:, None, factor // 2 :: factor, factor // 2 :: factor].float()
