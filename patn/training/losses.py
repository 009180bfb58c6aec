"""The losses of PATN's training; all are means over every element, computed in float32."""

from torch import Tensor
from torch.nn import functional

from patn import DataError

GAN_LOSSES = ("bce", "lsgan")


def adversarial(scores: Tensor, real: bool, kind: str = "bce") -> Tensor:
    """How far a discriminator's scores are from 1 (`real`) or 0.

    Args:
        scores: any shape, logits for "bce" (the value equals sigmoid and binary cross-entropy), plain scores for
            "lsgan".
        real: what they should say.
        kind: "bce" or "lsgan".

    Returns:
        The mean, a scalar.

    Raises:
        DataError: for another kind.

    Source: paper eq. 6 as released: the two discriminators' losses are added, not their scores multiplied.
    """
    scores = scores.float()
    if kind == "bce":
        return functional.softplus(-scores if real else scores).mean()
    if kind == "lsgan":
        return (scores - 1).square().mean() if real else scores.square().mean()
    raise DataError(f"gan is {kind!r}; it must be one of {', '.join(GAN_LOSSES)}")


def l1(generated: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of two image batches (paper eq. 7).

    Args:
        generated: B x 3 x H x W in [-1, 1].
        target: as `generated`.

    Returns:
        A scalar.
    """
    return functional.l1_loss(generated.float(), target.float())
