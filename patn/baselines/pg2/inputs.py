"""What PG2 is shown: a disc for each joint, mirrored pairs; and the body's mask, which its loss counts twice."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from patn.keypoints import LIMBS, joints_present, mirror_keypoints
from patn.metrics.masks import closed


def discs(keypoints: Tensor, size: tuple[int, int], radius: float = 4.0) -> Tensor:
    """A disc a joint: 1 near it, else -1.

    Args:
        keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.
        size: (height, width) in pixels.
        radius: of the discs in pixels.

    Returns:
        B x 18 x height x width float32; a missing joint's channel is -1.
    """
    y, x = keypoints.to(torch.float32)[..., None, None].unbind(dim=2)  # B x 18 x 1 x 1
    down = torch.arange(size[0], device=keypoints.device)[:, None] - y
    right = torch.arange(size[1], device=keypoints.device) - x
    near = down.square() + right.square() <= radius**2
    return torch.where(near & joints_present(keypoints)[..., None, None], 1.0, -1.0)


def body_masks(keypoints: Tensor, size: tuple[int, int], radius: float = 4.0) -> Tensor:
    """Where the person is.

    Discs of `radius` at both ends of every limb and between them about a radius apart, their centres cut to whole
    pixels, closed with a square of 5 x 5 pixels; a joint whose limbs lack their other ends is not there.

    Args:
        keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.
        size: (height, width) in pixels.
        radius: of the discs in pixels.

    Returns:
        B x 1 x height x width float32 in {0, 1}.

    Source: the released code that prepares the data.
    """
    border = math.ceil(radius)
    height, width = (side + 2 * border for side in size)
    centres = _limb_centres(keypoints.double(), size, radius) + border  # B x K x 2
    y, x = centres.flatten(1, -2).long().unbind(dim=-1)
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    places = torch.where(inside, y * width + x, height * width)  # the last place is none
    marks = torch.zeros(len(keypoints), height * width + 1, device=keypoints.device).scatter_(1, places, 1.0)
    step = torch.arange(-border, border + 1, device=keypoints.device)
    disc = (step[:, None].square() + step.square() <= radius**2).float()
    near = functional.conv2d(marks[:, None, :-1].unflatten(2, (height, width)), disc[None, None])
    return closed(near[:, 0] > 0.5)[:, None].float()


def _limb_centres(points: Tensor, size: tuple[int, int], radius: float) -> Tensor:
    """Whole pixels along the limbs, B x 23 x S x 2; those of a limb that is not there lie far outside of the image.

    A limb of length d is cut into floor(d / radius) pieces; S is enough for limbs as long as the image's diagonal.
    """
    ends = torch.tensor(LIMBS, device=points.device)
    start, end = points[:, ends[:, 0], None], points[:, ends[:, 1], None]  # B x 23 x 1 x 2
    pieces = ((end - start).square().sum(dim=-1, keepdim=True).sqrt() / radius).floor().clamp(min=1)
    number = torch.arange(math.ceil(math.hypot(*size) / radius) + 1, device=points.device)[:, None]
    centres = (start + (end - start) * number.minimum(pieces) / pieces).trunc()  # B x 23 x S x 2
    seen = joints_present(points)
    drawn = (seen[:, ends[:, 0]] & seen[:, ends[:, 1]])[..., None, None]
    return centres.where(drawn, -4 * max(size))


def mirror(batch: dict[str, Tensor], chosen: Tensor) -> dict[str, Tensor]:
    """A batch of pairs, some of them mirrored with their poses.

    Args:
        batch: see `patn.batches.PairBatches`.
        chosen: B booleans, which to mirror.

    Returns:
        A batch of the same form.
    """
    mirrored = {
        name: mirror_keypoints(values, batch["image"].shape[-1]) if name.endswith("keypoints") else values.flip(3)
        for name, values in batch.items()
    }
    return {
        name: torch.where(chosen.view(-1, *[1] * (values.ndim - 1)), mirrored[name], values)
        for name, values in batch.items()
    }
