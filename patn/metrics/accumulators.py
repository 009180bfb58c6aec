"""Figures over a stream of images: what is kept has a fixed size, however many images pass."""

from typing import Protocol

import torch
from torch import Tensor


class Accumulator(Protocol):
    """Something that images are added to batch by batch; its `state` is all it knows and can be saved and restored."""

    state: dict[str, Tensor]


class Mean:
    """The unweighted mean of values, in double precision."""

    def __init__(self) -> None:
        self.state = {"sum": torch.zeros((), dtype=torch.float64), "count": torch.zeros((), dtype=torch.int64)}

    def update(self, values: Tensor) -> None:
        """Add the values of a batch, on any device."""
        self.state["sum"] += values.double().sum().cpu()
        self.state["count"] += values.numel()

    @property
    def value(self) -> float:
        """The mean so far; NaN of nothing."""
        return float(self.state["sum"] / self.state["count"])


class InceptionScore:
    """Inception score from class probabilities: contiguous splits, exp of the mean divergence from the split's mean.

    Args:
        count: images that will come, in the order that decides the splits: split i of s holds images i * count // s to
            (i + 1) * count // s - 1.
        splits: at most `count` are used.
        classes: length of a row of probabilities.

    Source: Salimans et al. 2016, with the ten contiguous splits of the released evaluation.
    """

    def __init__(self, count: int, *, splits: int = 10, classes: int = 1008) -> None:
        splits = max(1, min(splits, count))
        self.ends = torch.tensor([(split + 1) * count // splits for split in range(splits)])
        self.state = {
            "seen": torch.zeros((), dtype=torch.int64),
            "negative_entropy": torch.zeros(splits, dtype=torch.float64),
            "probability": torch.zeros(splits, classes, dtype=torch.float64),
        }

    def update(self, probabilities: Tensor) -> None:
        """Add the next images' probabilities.

        Args:
            probabilities: B x classes, on any device.
        """
        rows = probabilities.double()
        place = int(self.state["seen"]) + torch.arange(len(rows))
        split = torch.bucketize(place, self.ends, right=True).to(rows.device)
        for name, values in (("negative_entropy", (rows * (rows + 1e-16).log()).sum(dim=1)), ("probability", rows)):
            part = torch.zeros(self.state[name].shape, dtype=torch.float64, device=rows.device)
            self.state[name] += part.index_add_(0, split, values).cpu()
        self.state["seen"] += len(rows)

    @property
    def scores(self) -> Tensor:
        """The score of each split, float64, between 1 and the number of classes."""
        starts = torch.cat([self.ends.new_zeros(1), self.ends[:-1]])
        count = (self.ends - starts).double()
        mean = self.state["probability"] / count[:, None]
        entropy = -(mean * (mean + 1e-16).log()).sum(dim=1)
        return (self.state["negative_entropy"] / count + entropy).exp()

    @property
    def mean(self) -> float:
        """The inception score: mean of the splits."""
        return float(self.scores.mean())

    @property
    def deviation(self) -> float:
        """Standard deviation over the splits, by their number (ddof 0) as the released evaluation prints it."""
        return float(self.scores.std(correction=0))


class Moments:
    """Mean and covariance of feature vectors, in double precision.

    Args:
        features: length of a vector.
    """

    def __init__(self, features: int) -> None:
        self.state = {
            "count": torch.zeros((), dtype=torch.int64),
            "sum": torch.zeros(features, dtype=torch.float64),
            "products": torch.zeros(features, features, dtype=torch.float64),
        }

    def update(self, features: Tensor) -> None:
        """Add the features of a batch.

        Args:
            features: B x features, on any device.
        """
        rows = features.double()
        self.state["count"] += len(rows)
        self.state["sum"] += rows.sum(dim=0).cpu()
        self.state["products"] += (rows.T @ rows).cpu()

    @property
    def mean(self) -> Tensor:
        """The mean vector."""
        return self.state["sum"] / self.state["count"]

    @property
    def covariance(self) -> Tensor:
        """The sample covariance (divisor count - 1)."""
        centred = self.state["products"] - torch.outer(self.state["sum"], self.mean)
        return centred / (self.state["count"] - 1)


def frechet_distance(first: Moments, second: Moments) -> float:
    """Frechet distance of two normal distributions with these moments; FID where the features are Inception's.

    m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2)).

    Args:
        first: of at least two vectors; fewer than features bias the distance upwards.
        second: as `first`.

    Returns:
        The distance, at least 0.

    Source: Heusel et al. 2017; the root's trace is that of (C1^(1/2) C2 C1^(1/2))^(1/2), which is symmetric.
    """
    values, vectors = torch.linalg.eigh(first.covariance)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    shared = torch.linalg.eigvalsh(root @ second.covariance @ root).clamp(min=0).sqrt().sum()
    apart = (first.mean - second.mean).square().sum()
    distance = apart + first.covariance.trace() + second.covariance.trace() - 2 * shared
    return max(0.0, float(distance))
