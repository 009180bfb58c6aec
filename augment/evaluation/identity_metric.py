"""Identity score: whether a re-ID model sees in a generated image the person it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import normalize

from augment import AugmentError
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.evaluation.metrics import COPY, GENERATED, REAL, MeanMetric, Panels
from augment.evaluation.reid import find_model
from augment.images import load_images
from augment.workspace import REAL_ONLY, Workspace
from numerics.arrays import Array
from reid.checkpoints import load_model
from reid.data.market1501 import of_identities
from reid.features import extract_features
from reid.models.backbones import ReidModel

CHUNK = 512


def full_model(workspace: Workspace, model: str | None) -> Path:
    """The file of the named model, or of the best (mAP) of the workspace that saw all real images and nothing else.

    Args:
        workspace: the workspace.
        model: a name below `reid/`; None takes the best.

    Raises:
        AugmentError: where there is none.
    """
    if model is not None:
        return find_model(workspace, model)
    found = []
    for path in workspace.reid_models():
        run = read_run(path.parent)
        if run and run.options.get("portion") == 1.0 and run.options.get("augmentation") == REAL_ONLY:
            found.append((run.result["mAP"], path))
    if not found:
        raise AugmentError(
            f"{workspace.models_dir}: no model trained on all real images; run `augment reid-train --portion 1` "
            "or name one with ⟨reid_model⟩"
        )
    return max(found)[1]


@dataclass
class Embedding:
    """A re-ID model that gives unit feature vectors, as its own evaluation compares them.

    Attributes:
        model: on the device.
        size: (height, width) in pixels of the images it takes.
        feature: which of its layers is compared.
        device: where it runs.
    """

    model: ReidModel
    size: tuple[int, int]
    feature: str
    device: torch.device

    @classmethod
    def load(cls, path: Path, device: torch.device) -> Embedding:
        """The saved model.

        Args:
            path: of the model.
            device: where it runs.

        Returns:
            The model.

        Raises:
            reid.WeightsError: for another file.
        """
        model, metadata = load_model(path, device)
        training = metadata["training"]
        return cls(model, (int(training["height"]), int(training["width"])), training["feature"], device)

    def __call__(self, images: Tensor) -> Tensor:
        """Unit features N x D, on the CPU, of uint8 N x 3 x H x W."""
        features = extract_features(self.model, images, size=self.size, feature=self.feature, device=self.device)
        return normalize(features)


@dataclass(frozen=True)
class IdentityCentres:
    """Where the identities lie among a model's features.

    Attributes:
        pids: the identities, sorted.
        vectors: identities x D, the unit vector in the middle of each one's features.
    """

    pids: Array
    vectors: Tensor

    @classmethod
    def of(cls, embed: Embedding, images: pd.DataFrame, size: tuple[int, int]) -> IdentityCentres:
        """The centres of the identities of some images.

        Args:
            embed: the model.
            images: columns path and pid.
            size: (height, width) at which they are read.
        """
        pids, rows = np.unique(images["pid"].to_numpy(), return_inverse=True)
        paths = images["path"].tolist()
        sums = None
        for start in range(0, len(paths), CHUNK):
            features = embed(load_images(paths[start : start + CHUNK], size))
            sums = features.new_zeros(len(pids), features.shape[1]) if sums is None else sums
            sums.index_add_(0, torch.from_numpy(rows[start : start + CHUNK]), features)
        assert sums is not None
        return cls(pids, normalize(sums))

    def rows(self, pids: Iterable[int]) -> Tensor:
        """The row of each identity.

        Args:
            pids: each has to be one of the identities.
        """
        return torch.from_numpy(np.searchsorted(self.pids, np.asarray(list(pids))))


class IdentityMetric(MeanMetric):
    """Top-1 identity accuracy and cosine to the source identity's centre, of generated, copied and real images.

    An identity's centre is the mean unit feature of its real images in `split`; all of the split's identities are
    candidates.  The real row's images are themselves in the centres.

    Args:
        data: whose images they are.
        mark: of the model, so that sums of two are not added.
    """

    def __init__(self, data: Dataset, split: str, embed: Embedding, mark: str = "") -> None:
        super().__init__()
        self.metrics = (mark,)
        images = of_identities(data.images, split)
        self.embed = embed
        self.centres = IdentityCentres.of(embed, images, data.size)
        self.place = dict(zip(images["name"], self.centres.rows(images["pid"]), strict=True))

    def _places(self, names: Sequence[str]) -> Tensor:
        return torch.stack([self.place[name] for name in names])

    def cosines(self, images: Tensor) -> Tensor:
        """Cosine of each image to the centre of each identity.

        Args:
            images: uint8 N x 3 x H x W.

        Returns:
            N x identities.
        """
        return self.embed(images) @ self.centres.vectors.T

    def scores(self, images: Tensor, sources: Sequence[str]) -> Tensor:
        """Cosine of each image to the centre of its source's identity.

        Args:
            images: uint8 N x 3 x H x W.
            sources: names of the split's images.

        Returns:
            N values in [-1, 1].
        """
        return self.cosines(images).gather(1, self._places(sources)[:, None])[:, 0]

    def update(self, panels: Panels) -> None:
        """Add a batch.

        Args:
            panels: a batch of pairs.
        """
        identity = self._places(panels.sources)
        rows = ((GENERATED, panels.generated), (COPY, panels.condition), (REAL, panels.target))
        for row, images in rows:
            cosines = self.cosines(images)
            self.add(row, "identity", (cosines.argmax(dim=1) == identity).double())
            self.add(row, "identity_cosine", cosines.gather(1, identity[:, None]))
