"""Every field of a correspondence generator's configuration, and the presets."""

from dataclasses import dataclass, replace
from typing import ClassVar

from patn import DataError
from patn.baselines.training import BaselineTraining
from patn.training.generator_training import divisible_by_4
from patn.training.ranges import above_zero, at_least


@dataclass(frozen=True)
class CorrespondenceTraining(BaselineTraining):
    """The configuration of a correspondence generator's training.

    Attributes:
        width: the generator's (see `patn.correspondence.networks.Correspondence`).
        blocks: the generator's.
        heads: the generator's.
        sigma: the generator's and the discriminator's, in pixels.
        d_width: the discriminator's channels at half the size.
        lambda_l1: weight of the L1 loss.
        lambda_carried: of the L1 loss of the moved pixels alone, without which a training may generate all and never
            move any.
        lambda_perceptual: of the term that compares features.
        lambda_gan: of the adversarial loss; with 0 there is no discriminator.
        lambda_identity: of the identity term (see `patn.training.identity`); above 0 it needs a re-ID model.
    """

    generator_fields: ClassVar = ("width", "blocks", "heads", "sigma")

    generator: str = "correspondence"
    width: int = 32
    blocks: int = 2
    heads: int = 4
    sigma: float = 6.0
    d_width: int = 32
    batch: int = 32
    lr: float = 1e-3
    lr_d_factor: float = 0.2
    betas: tuple[float, float] = (0.5, 0.99)
    steps: int = 10_000
    constant_steps: int = 5_000
    lambda_l1: float = 1.0
    lambda_carried: float = 0.5
    lambda_perceptual: float = 1.0
    lambda_gan: float = 0.3
    lambda_identity: float = 0.0

    def __post_init__(self) -> None:
        """Refuses numbers that cannot be."""
        super().__post_init__()
        at_least(self, 1, ("heads", "d_width"))
        at_least(self, 0, ("blocks", "lambda_l1", "lambda_carried", "lambda_gan"))
        above_zero(self, ("sigma",))
        if self.width % self.heads:
            raise DataError(f"width is {self.width}; it must be a multiple of heads, {self.heads}")
        divisible_by_4(self)


_MARKET = CorrespondenceTraining()
"""Five hours of one core with bfloat16."""
_DEMO = replace(_MARKET.of_steps(2_400), height=64, width_px=32, sigma=3.0)
PRESETS: dict[str, CorrespondenceTraining] = {
    "market": _MARKET,
    "deepfashion": replace(_MARKET.of_steps(40_000), height=256, width_px=176, batch=4, sigma=12.0),
    "demo": _DEMO,
    "study": _DEMO.of_steps(6_000),
}
