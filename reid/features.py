"""Features of images for ranking: the model's logits, as Open-ReID compares them, or the pooled trunk feature."""

import torch
from torch import Tensor
from torch.nn import functional

from reid import DataError
from reid.backbones import ReidModel
from reid.transforms import normalise


@torch.inference_mode()
def extract_features(
    model: ReidModel,
    images: Tensor,
    *,
    size: tuple[int, int] | None = None,
    batch: int = 64,
    feature: str = "logits",
    device: torch.device | str = "cpu",
    autocast: torch.dtype | None = None,
    flip: bool = False,
) -> Tensor:
    """Features of images, float32 N x D on the CPU; not normalised.

    images: uint8 N x 3 x H x W, resized bilinearly to `size` (height, width; None is the backbone's own).
    feature: "logits" (D = classes, Open-ReID) or "pooled" (D = the trunk's channels).  autocast: dtype of mixed
    precision or None.  flip: mean of the image's and its mirror image's feature.  The model is moved to `device` and
    left in evaluation mode.  Raises DataError for another kind of feature.
    """
    if feature not in ("logits", "pooled"):
        raise DataError(f"there is no feature {feature!r}; choose logits or pooled")
    device = torch.device(device)
    model = model.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    network = model if feature == "logits" else model.embed
    size = size or model.size
    rows = []
    for part in images.split(batch):
        pixels = normalise(part.to(device))
        if tuple(pixels.shape[2:]) != tuple(size):
            pixels = functional.interpolate(pixels, size, mode="bilinear", antialias=True)
        pixels = pixels.to(memory_format=torch.channels_last)
        with torch.autocast(device.type, autocast, enabled=autocast is not None):
            row = network(pixels).float()
            if flip:
                row = (row + network(pixels.flip(3)).float()) / 2
        rows.append(row.cpu())
    return torch.cat(rows)
