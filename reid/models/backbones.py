"""The re-ID network: a trunk, the mean over its map, Open-ReID's embedding head and a classifier over identities."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from reid import DataError, WeightsError
from reid.models.inception import inception_trunk
from reid.models.resnet import resnet50_trunk
from reid.models.small import small_trunk
from reid.models.torchreid_networks import CHANNELS, FIXED, LEAST, UNFIT, TorchreidTrunk, load_torchreid
from reid.models.weight_files import load_weights


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
        load: fills the trunk from a weight file; None where nothing can.
        imagenet_weights: torchvision has a file that the trunk can start from, under the backbone's name; it is trained
            from scratch only where that is asked for.
        last_strides: what `last_stride` can be.
        few_weights: so few that they learn at ten times the rate.
        least: smallest height and width in pixels.
        fixed: the trunk takes images of `size` alone.
    """

    trunk: Callable[..., nn.Module]
    channels: int
    size: tuple[int, int]
    embedding_std: float | None = None
    uniform_gains: bool = False
    load: Callable[[nn.Module, Path], None] | None = None
    imagenet_weights: bool = False
    last_strides: tuple[int, ...] = ()
    few_weights: bool = False
    least: int = 16
    fixed: bool = False


def _torchreid(name: str) -> Backbone:
    """The entry of a torchreid network; 256 x 128 is torchreid's size for all of them."""
    return Backbone(
        partial(TorchreidTrunk, name),
        channels=CHANNELS[name],
        size=(256, 128),
        load=partial(load_torchreid, network=name),
        least=LEAST.get(name, 16),
        fixed=name in FIXED,
    )


BACKBONES: dict[str, Backbone] = {
    "resnet50": Backbone(
        resnet50_trunk,
        channels=2048,
        size=(256, 128),
        load=partial(load_weights, network="torchvision's resnet50"),
        imagenet_weights=True,
        last_strides=(1, 2),
    ),
    "inception": Backbone(inception_trunk, channels=1536, size=(144, 56), embedding_std=0.001, uniform_gains=True),
    "small": Backbone(small_trunk, channels=128, size=(64, 32), few_weights=True),
    **{name: _torchreid(name) for name in CHANNELS},
}


def backbone_of(name: str) -> Backbone:
    """The backbone of that name.

    Args:
        name: one of `BACKBONES`.

    Returns:
        The backbone.

    Raises:
        DataError: for another name, and for a network that cannot serve.
    """
    if name in UNFIT:
        raise DataError(f"{name} cannot be a backbone here: {UNFIT[name]}; choose another one, such as osnet_x1_0")
    if name not in BACKBONES:
        near = get_close_matches(name, BACKBONES, n=3) or ["osnet_x1_0"]
        raise DataError(
            f"there is no backbone {name!r}; choose resnet50, inception, small or a network of torchreid's, "
            f"such as {', '.join(near)}"
        )
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
        backbone = backbone_of(name)
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


def refuse_weights(name: str, weights: Path) -> None:
    """Refuse a file that a backbone cannot start from, before any work.

    Args:
        name: of the backbone in `BACKBONES`.
        weights: the file.

    Raises:
        DataError: for an unknown name.
        WeightsError: for a backbone that starts from no file, and for weights that do not fit.
    """
    _load(name, backbone_of(name).trunk(), weights)


def _load(name: str, trunk: nn.Module, weights: Path) -> None:
    """Fill the trunk of that backbone; raises WeightsError for a file that it cannot start from."""
    load = backbone_of(name).load
    if load is None:
        raise WeightsError(f"{weights} cannot start a {name} model, which is trained from scratch; leave it out")
    load(trunk, weights)


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
        weights: a file of the backbone's ImageNet weights or of torchreid's, or None to start from scratch.

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
    model = ReidModel(name, classes=classes, features=features, dropout=dropout, bnneck=bnneck, last_stride=last_stride)
    if weights is not None:
        _load(name, model.trunk, weights)
    return model
