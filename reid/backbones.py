"""The re-ID network: a trunk, the mean over its map, Open-ReID's embedding head and a classifier over identities."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from reid import DataError, WeightsError
from reid.inception import inception_trunk
from reid.resnet import load_imagenet, resnet50_trunk
from reid.small import small_trunk


@dataclass(frozen=True)
class Backbone:
    """A trunk's builder with what surrounds it.

    Attributes:
        trunk: builds the layers up to the map whose mean is the feature.
        channels: of the trunk's map.
        size: default input (height, width) in pixels.
        embedding_std: of the embedding's normal initialisation; None is Kaiming normal, fan-out.
        uniform_gains: the batch norm after the embedding starts from U(0, 1), as PyTorch's did up to 1.1; Open-ReID
            sets every other norm to 1.
        imagenet_weights: torchvision has a file that the trunk can start from, under the backbone's name.
        last_strides: what `last_stride` can be.
        few_weights: so few that they learn at ten times the rate.
    """

    trunk: Callable[..., nn.Module]
    channels: int
    size: tuple[int, int]
    embedding_std: float | None = None
    uniform_gains: bool = False
    imagenet_weights: bool = False
    last_strides: tuple[int, ...] = ()
    few_weights: bool = False


BACKBONES: dict[str, Backbone] = {
    "resnet50": Backbone(resnet50_trunk, channels=2048, size=(256, 128), imagenet_weights=True, last_strides=(1, 2)),
    "inception": Backbone(inception_trunk, channels=1536, size=(144, 56), embedding_std=0.001, uniform_gains=True),
    "small": Backbone(small_trunk, channels=128, size=(64, 32), few_weights=True),
}


def backbone_of(name: str) -> Backbone:
    """The backbone of that name.

    Args:
        name: one of `BACKBONES`.

    Returns:
        The backbone.

    Raises:
        DataError: for another name, with the known ones.
    """
    if name not in BACKBONES:
        raise DataError(f"there is no backbone {name!r}; choose one of {', '.join(BACKBONES)}")
    return BACKBONES[name]


class ReidModel(nn.Module):
    """trunk -> mean over the map -> Linear, BatchNorm1d, ReLU, Dropout -> Linear over the identities.

    The same in training and evaluation mode, unlike torchreid's models: `forward` always gives logits, which Open-ReID
    compares at test. The attribute `options` rebuilds the model with `build_model`.

    Args:
        name: of the backbone in `BACKBONES`.
        classes: identities that it tells apart.
        features: size of the embedding. With 0, BatchNorm1d and Dropout alone stand before the classifier, which learns
            much faster from scratch.
        dropout: probability of the dropout before the classifier, in [0, 1).
        bnneck: leaves out the shift of that batch norm and the classifier's bias, so that the triplet loss and the
            classifier see features of their own kind (Luo et al. 2019, "bag of tricks").
        last_stride: as of `build_model`.

    Source: Open-ReID's `models/resnet.py` and `models/inception.py`; classifier N(0, 0.001), bias 0.
    """

    def __init__(
        self,
        name: str,
        *,
        classes: int,
        features: int = 128,
        dropout: float = 0.5,
        bnneck: bool = False,
        last_stride: int | None = None,
    ):
        super().__init__()
        backbone = BACKBONES[name]
        self.options: dict[str, Any] = {"name": name, "classes": classes, "features": features, "dropout": dropout}
        self.options |= {"bnneck": bnneck, "last_stride": last_stride}
        self.size = backbone.size
        self.trunk = backbone.trunk() if last_stride is None else backbone.trunk(last_stride=last_stride)
        self.head = nn.Sequential(nn.BatchNorm1d(backbone.channels), nn.Dropout(dropout))
        if features:
            embedding = nn.Linear(backbone.channels, features)
            if backbone.embedding_std is None:
                nn.init.kaiming_normal_(embedding.weight, mode="fan_out")
            else:
                nn.init.normal_(embedding.weight, std=backbone.embedding_std)
            nn.init.zeros_(embedding.bias)
            norm = nn.BatchNorm1d(features)
            if backbone.uniform_gains:
                nn.init.uniform_(norm.weight)
            self.head = nn.Sequential(embedding, norm, nn.ReLU(inplace=True), nn.Dropout(dropout))
        self.classifier = nn.Linear(features or backbone.channels, classes, bias=not bnneck)
        nn.init.normal_(self.classifier.weight, std=0.001)
        if bnneck:
            self.head[0].bias.requires_grad_(False)
        else:
            nn.init.zeros_(self.classifier.bias)

    def embed(self, images: Tensor) -> Tensor:
        """The pooled trunk feature.

        Args:
            images: ImageNet-normalised, B x 3 x H x W.

        Returns:
            B x channels of the trunk.
        """
        pooled: Tensor = self.trunk(images).mean((2, 3))
        return pooled

    def neck(self, images: Tensor) -> Tensor:
        """What the classifier sees.

        Args:
            images: ImageNet-normalised, B x 3 x H x W.

        Returns:
            B x features, or B x channels without an embedding.
        """
        neck: Tensor = self.head(self.embed(images))
        return neck

    def forward(self, images: Tensor) -> Tensor:
        """One logit an identity.

        Args:
            images: ImageNet-normalised, B x 3 x H x W.

        Returns:
            B x classes.
        """
        logits: Tensor = self.classifier(self.neck(images))
        return logits


def build_model(
    name: str,
    *,
    classes: int,
    features: int = 128,
    dropout: float = 0.5,
    bnneck: bool = False,
    last_stride: int | None = None,
    weights: Path | None = None,
) -> ReidModel:
    """A re-ID model by its backbone's name, initialised from torch's global random state.

    Args:
        name: of the backbone in `BACKBONES`.
        classes: identities that it tells apart, at least 1.
        features: size of the embedding; 0 leaves it out.
        dropout: probability of the dropout before the classifier, in [0, 1).
        bnneck: see `ReidModel`; it goes with `features` = 0.
        last_stride: 1 or 2 with resnet50, else None.
        weights: torchvision's ImageNet file for resnet50, or None to start from scratch.

    Returns:
        The model in training mode, on the CPU.

    Raises:
        DataError: for an unknown name or impossible sizes.
        WeightsError: for weights that do not fit.
    """
    backbone = backbone_of(name)
    if classes < 1 or features < 0 or not 0 <= dropout < 1:
        raise DataError(
            f"classes {classes}, features {features}, dropout {dropout} make no model; give at least 1, 0 and [0, 1)"
        )
    if last_stride is not None and last_stride not in backbone.last_strides:
        raise DataError(f"last_stride is {last_stride}, backbone {name}; it is 1 or 2 with resnet50, else left out")
    if bnneck and features:
        raise DataError(f"bnneck is the head itself; leave it out, or features {features}")
    if weights is not None and not backbone.imagenet_weights:
        raise WeightsError(f"{weights} cannot start a {name} model; only resnet50 has ImageNet weights, leave it out")
    model = ReidModel(name, classes=classes, features=features, dropout=dropout, bnneck=bnneck, last_stride=last_stride)
    if weights is not None:
        load_imagenet(model.trunk, weights)
    return model
