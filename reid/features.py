"""Features of images for ranking.

"logits" is the model's output, as Open-ReID compares it; "pooled" the trunk's pooled feature; "neck" what the
classifier sees, after the embedding or BNNeck.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from numerics.folding import fold_batch_norms
from reid import DataError
from reid.data.transforms import normalise
from reid.models.backbones import ReidModel

FEATURES: dict[str, Callable[[ReidModel], Callable[[Tensor], Tensor]]] = {
    "logits": lambda model: model,
    "pooled": lambda model: model.embed,
    "neck": lambda model: model.neck,
}


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
    """Features of images, whose squared Euclidean distance is what is ranked by.

    The model is moved to `device` and left in evaluation mode.

    Args:
        model: a trained model.
        images: uint8 N x 3 x H x W, resized bilinearly to `size`.
        size: (height, width) in pixels; None is the backbone's own.
        batch: images at a time.
        feature: "logits" (D = classes), "pooled" (D = the trunk's channels) or "neck".
        distance: "euclidean" leaves the features as they are; "cosine" makes them unit vectors, whose Euclidean
            distance ranks as their cosine.
        device: where the network runs.
        autocast: dtype of mixed precision or None.
        flip: take the mean of the image's and its mirror image's feature.

    Returns:
        float32 N x D on the CPU.

    Raises:
        DataError: for another feature or distance.
    """
    if distance not in ("euclidean", "cosine"):
        raise DataError(f"there is no distance {distance!r}; choose euclidean or cosine")
    device = torch.device(device)
    model = model.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    network = _layer(_folded(model), feature)
    size = size or model.size
    rows = []
    for part in images.split(batch):
        pixels = _pixels(part.to(device), size)
        with torch.autocast(device.type, autocast, enabled=autocast is not None):
            row = network(pixels).float()
            if flip:
                row = (row + network(pixels.flip(3)).float()) / 2
        rows.append(row.cpu() if distance == "euclidean" else functional.normalize(row).cpu())
    return torch.cat(rows)


class Features(nn.Module):
    """A trained model's features as a network that gradients pass through.

    Args:
        model: a trained model; it is put into evaluation mode and copied.
        size: (height, width) in pixels that images are resized to.
        feature: as of `extract_features`.

    Raises:
        DataError: for another feature.
    """

    def __init__(self, model: ReidModel, *, size: tuple[int, int], feature: str) -> None:
        super().__init__()
        self.model = _folded(model.eval())
        self.size = size
        self.feature = feature
        _layer(self.model, feature)  # refuses another feature

    def forward(self, images: Tensor) -> Tensor:
        """Their features.

        Args:
            images: floating point in [0, 1], B x 3 x H x W.

        Returns:
            B x D.
        """
        return _layer(self.model, self.feature)(_pixels(images, self.size))


def _layer(model: ReidModel, feature: str) -> Callable[[Tensor], Tensor]:
    """What computes a model's feature; raises DataError for another one."""
    if feature not in FEATURES:
        raise DataError(f"there is no feature {feature!r}; choose one of {', '.join(FEATURES)}")
    return FEATURES[feature](model)


def _pixels(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Normalised images at the size that a network takes, channels last."""
    pixels = normalise(images)
    if tuple(pixels.shape[2:]) != tuple(size):
        pixels = functional.interpolate(pixels, size, mode="bilinear", antialias=True)
    return pixels.to(memory_format=torch.channels_last)


def _folded(model: ReidModel) -> ReidModel:
    """A copy in which every batch norm right behind a convolution is part of it: the same up to rounding, sooner."""
    model = copy.deepcopy(model)
    fold_batch_norms(model)
    return model
