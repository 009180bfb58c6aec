"""Training transforms for whole batches: crop, flip, colour jitter, erasing, normalisation.

What is random is sampled on the CPU from an explicit generator, a few numbers an image, so a batch is the same on every
device. A crop, its resize and the flip are one pair of matrix products a batch.
"""

import math

import torch
from torch import Tensor

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
LUMINANCE = (0.299, 0.587, 0.114)
SHIFT = 0.0625
"""Share of each side by which a shifted box is moved at most."""
ERASED = (0.02, 0.4)
"""Least and largest share of an image that random erasing sets to 0."""


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def random_area_boxes(count: int, size: tuple[int, int], generator: torch.Generator, tries: int = 10) -> Tensor:
    """Random crops of Open-ReID.

    A try samples an area share U(0.64, 1) and a height/width ratio U(2, 3) and counts if it fits; the corner is
    uniform. An image whose tries all fail keeps the whole picture.

    Args:
        count: how many.
        size: (height, width) of the images.
        generator: on the CPU.
        tries: for each crop.

    Returns:
        `count` x 4 integers (top, left, height, width).
    """
    height, width = size
    area = height * width * _uniform(count * tries, 0.64, 1.0, generator).view(count, tries)
    ratio = _uniform(count * tries, 2.0, 3.0, generator).view(count, tries)
    corner = torch.rand(count, 2, generator=generator)
    heights, widths = (area * ratio).sqrt().round().long(), (area / ratio).sqrt().round().long()
    fits = (heights <= height) & (widths <= width)
    first = fits.int().argmax(1, keepdim=True)
    found = fits.any(1)
    box_height = torch.where(found, heights.gather(1, first)[:, 0], height)
    box_width = torch.where(found, widths.gather(1, first)[:, 0], width)
    top = (corner[:, 0] * (height - box_height + 1)).long()
    left = (corner[:, 1] * (width - box_width + 1)).long()
    return torch.stack([top, left, box_height, box_width], dim=1)


def shifted_boxes(count: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Boxes of the images' own size, moved at random.

    At most by SHIFT. Same as padding by that share and cropping; what lies outside the image becomes the mean colour.

    Args:
        count: how many.
        size: (height, width) of the images.
        generator: on the CPU.

    Returns:
        `count` x 4 integers (top, left, height, width).
    """
    reach = torch.tensor([round(SHIFT * size[0]), round(SHIFT * size[1])])
    corner = (torch.rand(count, 2, generator=generator) * (2 * reach + 1)).long() - reach
    return torch.cat([corner, torch.tensor(size).expand(count, 2)], dim=1)


def whole_boxes(count: int, size: tuple[int, int]) -> Tensor:
    """Boxes that keep the whole image.

    Args:
        count: how many.
        size: (height, width) of the images.

    Returns:
        `count` x 4 integers (top, left, height, width).
    """
    return torch.tensor([0, 0, *size]).expand(count, 4)


def _weights(start: Tensor, length: Tensor, extent: int, out: int, flip: Tensor | None = None) -> Tensor:
    """Bilinear, antialiased weights B x out x extent of the interval [start, start + length) of an axis.

    Each output pixel weighs the interval's pixels by a triangle as wide as the reduction (at least one pixel) and
    these sum to 1, as in PIL and torchvision; pixels of the interval outside the axis weigh on nothing.
    """
    scale = length.double() / out  # input pixels an output pixel
    index = torch.arange(out, dtype=torch.float64).expand(len(start), out)
    if flip is not None:
        index = torch.where(flip[:, None], out - 1 - index, index)
    centre = (index + 0.5) * scale[:, None] + start[:, None]  # B x out, in input pixels
    low = min(0, int(start.numpy().min()))  # boxes lie on the CPU: nothing waits for a device
    high = max(extent, int((start + length).numpy().max()))
    pixel = torch.arange(low, high, dtype=torch.float64)
    inside = (pixel >= start[:, None]) & (pixel < (start + length)[:, None])  # B x pixels
    distance = (pixel + 0.5 - centre[:, :, None]) / scale.clamp(min=1)[:, None, None]
    weights = (1 - distance.abs()).clamp(min=0) * inside[:, None]  # B x out x pixels
    weights = weights / weights.sum(2, keepdim=True)
    return weights[:, :, -low : extent - low].float()


def crop_resize(images: Tensor, boxes: Tensor, size: tuple[int, int], flip: Tensor | None = None) -> Tensor:
    """Cut one box from each image, resize it bilinearly (antialiased) and mirror it where `flip` says so.

    Args:
        images: uint8 B x 3 x H x W.
        boxes: B x 4 integers (top, left, height, width), which may reach outside; there the mean colour is seen.
        size: (height, width) of the result.
        flip: bool B; None mirrors none.

    Returns:
        float32 B x 3 x size in [0, 1], equal to PIL's crop and resize up to its rounding to integers.
    """
    top, left, height, width = boxes.unbind(1)
    rows = _weights(top, height, images.shape[2], size[0]).to(images.device)
    columns = _weights(left, width, images.shape[3], size[1], flip).to(images.device)
    mean = torch.tensor(MEAN, device=images.device).view(3, 1, 1)
    pixels = images.float().div_(255).sub_(mean)
    return (rows[:, None] @ (pixels @ columns[:, None].mT)).add_(mean)


def colour_jitter(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Change brightness, contrast, saturation and the balance of the channels, each by a factor of its own an image.

    Args:
        images: B x 3 x H x W in [0, 1].
        strength: factors are U(1 - strength, 1 + strength), half of it for the channels' gains.
        generator: on the CPU.

    Returns:
        The same shape, clamped to [0, 1] once, at the end.
    """
    count = len(images)
    brightness, contrast, saturation = (
        _uniform(count, 1 - strength, 1 + strength, generator).view(count, 1, 1) for _ in range(3)
    )
    gains = _uniform(3 * count, 1 - strength / 2, 1 + strength / 2, generator).view(count, 3, 1)
    luminance = torch.tensor(LUMINANCE).view(1, 1, 3)
    mix = gains * (saturation * torch.eye(3) + (1 - saturation) * luminance)  # B x 3 x 3
    flat = images.flatten(2)  # B x 3 x HW
    grey = luminance.to(images.device) @ flat.mean(2, keepdim=True)  # B x 1 x 1: the mean luminance
    mix, brightness, contrast = (x.to(images.device) for x in (mix, brightness, contrast))
    offset = brightness * (1 - contrast) * grey * mix.sum(2, keepdim=True)  # B x 3 x 1
    return torch.baddbmm(offset, brightness * contrast * mix, flat).clamp_(0, 1).view_as(images)


def random_erasing(images: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Set a random rectangle of some images to 0, the mean colour of normalised images; changes them in place.

    Its share of the image is uniform in ERASED; its height/width ratio is log-uniform in [0.3, 3.3], cut to the image.

    Args:
        images: B x 3 x H x W, normalised.
        probability: that an image loses a rectangle.
        generator: on the CPU.

    Returns:
        `images`.

    Source: Zhong et al., "Random erasing data augmentation", 2020; the mean as filling as in torchreid.
    """
    count, _, height, width = images.shape
    chosen = torch.rand(count, generator=generator) < probability
    share = _uniform(count, *ERASED, generator) * height * width
    ratio = _uniform(count, math.log(0.3), math.log(3.3), generator).exp()
    box_height, box_width = (
        (share * ratio).sqrt().clamp(1, height).round(),
        (share / ratio).sqrt().clamp(1, width).round(),
    )
    corner = torch.rand(count, 2, generator=generator)
    top = (corner[:, 0] * (height - box_height + 1)).floor()
    left = (corner[:, 1] * (width - box_width + 1)).floor()
    y, x = torch.arange(height), torch.arange(width)
    rows = (y >= top[:, None]) & (y < (top + box_height)[:, None]) & chosen[:, None]  # B x H
    columns = (x >= left[:, None]) & (x < (left + box_width)[:, None])  # B x W
    mask = (rows[:, None, :, None] & columns[:, None, None, :]).to(images.device)  # B x 1 x H x W
    return images.masked_fill_(mask, 0.0)


def normalise(images: Tensor) -> Tensor:
    """Images with ImageNet's mean and deviation taken away and divided out.

    Args:
        images: B x 3 x H x W, floating point in [0, 1] or uint8 in [0, 255].

    Returns:
        float32 B x 3 x H x W.
    """
    scale = 255.0 if images.dtype == torch.uint8 else 1.0
    mean = torch.tensor(MEAN, device=images.device).view(3, 1, 1)
    std = torch.tensor(STD, device=images.device).view(3, 1, 1)
    return (images.float() / scale - mean) / std
