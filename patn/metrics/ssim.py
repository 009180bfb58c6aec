"""Structural similarity as the paper's evaluation computes it, batched and on any device."""

import torch
from torch import Tensor

from patn import DataError

SIGMA = 1.5
TAPS = 13  # 4 sigma to each side, as scikit-image 0.14.2, which the authors pinned; later versions stop at 3.5: 11
BORDER = 5  # pixels that the average leaves out at each side
K1, K2 = 0.01, 0.03
_VALUES_AT_ONCE_CPU = 200_000  # eight 128 x 64 images: the working set of more leaves the processor's cache
_VALUES_AT_ONCE_GPU = 20_000_000  # about 2 GB of working set


def ssim(a: Tensor, b: Tensor, data_range: float | None = None, *, taps: int = TAPS) -> Tensor:
    """Structural similarity of each pair of images, 1 for equal ones.

    Gaussian windows of sigma 1.5 pixels, mirrored at the border, population covariance, float64; the 5 pixels next to
    the border are not averaged; channels weigh the same.

    Args:
        a: B x C x H x W, the target images on the 0..255 scale, uint8 or floating point, at least 11 x 11 pixels.
        b: the generated images, as `a`.
        data_range: the span of possible values; None takes the paper's, highest minus lowest value of each image of b
            over all its channels, and at least 1 so that a flat image has a value too.
        taps: an odd number, the window's length; 11 is that of Wang et al. (2004) and of today's scikit-image.

    Returns:
        float64 B in [-1, 1].

    Raises:
        DataError: for other shapes.

    Source: `compare_ssim` of scikit-image 0.14.2 with the settings of the released evaluation.
    """
    if a.shape != b.shape or a.ndim != 4 or min(a.shape[2:]) < 2 * BORDER + 1:
        side = 2 * BORDER + 1
        raise DataError(
            f"images are {tuple(a.shape)} and {tuple(b.shape)}; "
            f"SSIM needs two equal B x C x H x W of at least {side} x {side} pixels"
        )
    if data_range is not None and not data_range > 0:
        raise DataError(f"data_range is {data_range}; it must be above 0")
    down, across = _blur_matrix(a.shape[2], taps, a.device), _blur_matrix(a.shape[3], taps, a.device).T
    values_at_once = _VALUES_AT_ONCE_CPU if a.device.type == "cpu" else _VALUES_AT_ONCE_GPU
    count = max(1, values_at_once // max(1, a[:1].numel()))
    values = [
        _similarity(x.double(), y.double(), data_range, down, across)
        for x, y in zip(a.split(count), b.split(count), strict=True)
    ]
    return torch.cat(values)


def _similarity(a: Tensor, b: Tensor, data_range: float | None, down: Tensor, across: Tensor) -> Tensor:
    low, high = b.flatten(1).aminmax(dim=1)
    span = (high - low).clamp(min=1.0) if data_range is None else torch.full_like(high, data_range)
    c1 = (K1 * span).square().view(-1, 1, 1, 1)
    c2 = (K2 * span).square().view(-1, 1, 1, 1)
    planes = torch.stack([a, b, a.square() + b.square(), a * b])  # 4 x B x C x H x W
    mean_a, mean_b, squares, product = down @ (planes @ across)  # each B x C x H - 10 x W - 10
    means = mean_a * mean_b
    mean_squares = mean_a.square() + mean_b.square()
    similarity = (2 * means + c1) * (2 * (product - means) + c2)
    similarity /= (mean_squares + c1) * (squares - mean_squares + c2)
    mean: Tensor = similarity.mean(dim=(1, 2, 3))
    return mean


def _blur_matrix(length: int, taps: int, device: torch.device) -> Tensor:
    """Rows are the Gaussian window at each place that is averaged: length - 10 x length, float64."""
    offsets = torch.arange(taps, dtype=torch.float64, device=device) - taps // 2
    weights = torch.exp(-0.5 * (offsets / SIGMA).square())
    places = torch.arange(BORDER, length - BORDER, device=device)[:, None] + offsets.long()
    places = torch.where(places < 0, -1 - places, places)
    places = torch.where(places >= length, 2 * length - 1 - places, places)
    rows = torch.zeros(len(places), length, dtype=torch.float64, device=device)
    return rows.scatter_add_(1, places, (weights / weights.sum()).expand_as(places))
