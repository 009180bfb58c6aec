"""Losses of re-ID training in which every image has a weight of its own."""

from torch import Tensor


def identity_loss(logits: Tensor, labels: Tensor, smoothing: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy over the identities, each image with its own label smoothing and weight; a scalar.

    logits: float32 B x classes.  labels: int64 B.  smoothing: B values in [0, 1], the share of the target that is
    spread evenly over all classes: 0 is the hard label, 0.1 what CamStyle gives generated images (Zhong et al. 2018),
    1 the uniform distribution of LSRO (Zheng et al. 2017).  weights: B values, at least 0 and not all 0; the result is
    the weighted mean.  Own code because torchreid's and torch's losses have one smoothing for the whole batch.
    """
    log_probabilities = logits.log_softmax(1)
    hard = -log_probabilities.gather(1, labels[:, None])[:, 0]
    spread = -log_probabilities.mean(1)
    return weighted_mean((1 - smoothing) * hard + smoothing * spread, weights)


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """The mean of B values, each counted `weights` times; a scalar."""
    return (weights * values).sum() / weights.sum()
