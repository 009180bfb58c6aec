"""Which epoch's model is tested: Open-ReID's choice by the ranking of validation identities.

Open-ReID samples 100 identities of the training set and ranks all their images against each other after each epoch.
With its `--combine-trainval`, which its benchmark uses, these images are trained on too; so they are here.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from numerics.seeds import Stream, random_stream
from reid import DataError
from reid.evaluation.ranking import evaluate

IDENTITIES = 100
PREFIX = "weights."


class Selection:
    """The weights of the epoch with the best top-1 of the "allshots" curve so far; of equal epochs the earlier one.

    `rows` are the indices of the validation identities' images: 100 identities, sampled by the seed, or all where there
    are fewer. Generated images are among them, as in a folder handed to Open-ReID.

    Args:
        labels: int64 N, of the training images.
        cameras: int64 N, of the training images.
        seed: of the sample.

    Raises:
        DataError: where no validation identity was seen by two cameras.
    """

    def __init__(self, labels: Tensor, cameras: Tensor, *, seed: int):
        identities = labels.unique().cpu().numpy()
        chosen = random_stream(seed, Stream.VALIDATION_IDENTITIES).permutation(identities)[:IDENTITIES]
        self.rows = torch.from_numpy(np.flatnonzero(np.isin(labels.cpu().numpy(), chosen)))
        self.labels, self.cameras = labels.cpu()[self.rows].numpy(), cameras.cpu()[self.rows].numpy()
        if len(np.unique(np.stack([self.labels, self.cameras]), axis=1).T) == len(np.unique(self.labels)):
            raise DataError(
                f"none of the {len(chosen)} validation identities has training images of two cameras, so no epoch is "
                "better than another; choose model last"
            )
        self.best: dict[str, Tensor] = {}
        self.score = -1.0
        """Top-1 of the best epoch in [0, 1], -1 before the first."""
        self.latest: float | None = None
        """Top-1 of the last epoch that was considered in [0, 1], None before the first."""
        self.epoch = 0
        """The best epoch, counted from 1."""

    def consider(self, network: nn.Module, features: Tensor, epoch: int) -> None:
        """Rank the validation images and keep the network's weights if this epoch is better.

        Args:
            network: as the epoch left it.
            features: of the images at `rows`, R x D.
            epoch: counted from 1.
        """
        pids_and_cameras = (self.labels, self.labels, self.cameras, self.cameras)
        found = float(evaluate(features.numpy(), features.numpy(), *pids_and_cameras).allshots_cmc[0])
        self.latest = found
        if found > self.score:
            self.score, self.epoch = found, epoch
            self.best = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint has to hold."""
        latest = -1.0 if self.latest is None else self.latest
        scores = torch.tensor([self.score, latest, self.epoch], dtype=torch.float64)
        return {"scores": scores, **{PREFIX + name: tensor for name, tensor in self.best.items()}}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` gave."""
        self.score, latest, epoch = state["scores"].tolist()
        self.latest, self.epoch = latest if epoch else None, int(epoch)
        self.best = {name.removeprefix(PREFIX): t for name, t in state.items() if name.startswith(PREFIX)}
