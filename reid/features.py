"""Features of images for ranking.

"logits" is the model's output, as Open-ReID compares it; "pooled" the trunk's pooled feature; "neck" what the
classifier sees, after the embedding or BNNeck.
"""

from collections.abc import Callable

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
    distance: str = "euclidean",
    device: torch.device | str = "cpu",
    autocast: torch.dtype | None = None,
    flip: bool = False,
) -> Tensor:
    """Features of images, float32 N x D on the CPU; their squared Euclidean distance is what is ranked by.

    images: uint8 N x 3 x H x W, resized bilinearly to `size` (height, width; None is the backbone's own).
    feature: "logits" (D = classes), "pooled" (D = the trunk's channels) or "neck".  distance: "euclidean" leaves the
    features as they are; "cosine" makes them unit vectors, whose Euclidean distance ranks as their cosine.
    autocast: dtype of mixed precision or None.  flip: mean of the image's and its mirror image's feature.
    The model is moved to `device` and left in evaluation mode.  Raises DataError for another feature or distance.
    """
    networks: dict[str, Callable[[Tensor], Tensor]] = {"logits": model, "pooled": model.embed, "neck": model.neck}
    if feature not in networks:
        raise DataError(f"there is no feature {feature!r}; choose one of {', '.join(networks)}")
    if distance not in ("euclidean", "cosine"):
        raise DataError(f"there is no distance {distance!r}; choose euclidean or cosine")
    network = networks[feature]
    device = torch.device(device)
    model = model.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
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
        rows.append(row.cpu() if distance == "euclidean" else functional.normalize(row).cpu())
    return torch.cat(rows)
