"""Losses of re-ID training in which every image has a weight of its own."""

from torch import Tensor


def identity_loss(logits: Tensor, labels: Tensor, smoothing: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy over the identities, each image with its own label smoothing and weight.

    Own code because torchreid's and torch's losses have one smoothing for the whole batch.

    Args:
        logits: float32 B x classes.
        labels: int64 B.
        smoothing: B values in [0, 1], the share of the target that is spread evenly over all classes: 0 is the hard
            label, 0.1 what CamStyle gives generated images (Zhong et al. 2018), 1 the uniform distribution of LSRO
            (Zheng et al. 2017).
        weights: B values, at least 0 and not all 0.

    Returns:
        The weighted mean, a scalar.
    """
    log_probabilities = logits.log_softmax(1)
    hard = -log_probabilities.gather(1, labels[:, None])[:, 0]
    spread = -log_probabilities.mean(1)
    return weighted_mean((1 - smoothing) * hard + smoothing * spread, weights)


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """The mean of values, each counted as often as its weight says.

    Args:
        values: B numbers.
        weights: B numbers, at least 0 and not all 0.

    Returns:
        A scalar.
    """
    return (weights * values).sum() / weights.sum()


def triplet_loss(features: Tensor, labels: Tensor, weights: Tensor, margin: float) -> Tensor:
    """Batch-hard triplet loss with a margin.

    The farthest image of an image's identity (itself if it is alone) has to be nearer, by the margin, than the nearest
    of another; a batch of one identity costs nothing. Generated images count by label. torchreid's has no weights.

    Args:
        features: float32 B x D.
        labels: int64 B.
        weights: B values, at least 0 and not all 0.
        margin: of Euclidean distance.

    Returns:
        The weighted mean over the images as anchors, a scalar.

    Source: Hermans, Beyer and Leibe, "In defense of the triplet loss", 2017.
    """
    lengths = features.square().sum(1)
    squared = lengths[:, None] + lengths - 2 * features @ features.T
    distances = squared.clamp(min=1e-12).sqrt()  # a square root has no slope at 0
    same = labels[:, None] == labels
    farthest = distances.masked_fill(~same, 0.0).amax(1)
    nearest = distances.masked_fill(same, float("inf")).amin(1)
    return weighted_mean((farthest - nearest + margin).relu(), weights)
