"""Every field of PG2's configuration, and the presets."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from patn import DataError
from patn.baselines.training import BaselineTraining
from patn.training.ranges import above_zero, at_least


@dataclass(frozen=True)
class Pg2Training(BaselineTraining):
    """The configuration of PG2's training; the defaults are its for Market-1501, with its paper's number of steps.

    Attributes:
        coarse_steps: updates of the coarse network alone; then it is frozen and the other two learn.
        radius: of the joints' discs and the body's mask in pixels.
        d_width: the discriminator's channels (see `patn.baselines.pg2.networks.ImageDiscriminator`).
        lambda_gan: weight of the second stage's adversarial loss.
        lambda_l1: weight of the second stage's L1 loss.
    """

    generator_fields: ClassVar = ("width", "height", "width_px", "radius")

    generator: str = "pg2"
    width: int = 128
    batch: int = 16
    steps: int = 36_000
    constant_steps: int = 36_000
    lr: float = 2e-5
    coarse_steps: int = 22_000
    radius: float = 4.0
    d_width: int = 64
    lambda_gan: float = 1.0
    lambda_l1: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, ("d_width",))
        at_least(self, 0, ("coarse_steps", "lambda_gan", "lambda_l1"))
        if self.lambda_perceptual:
            raise DataError("lambda_perceptual is no option of generator 'pg2'")
        above_zero(self, ("radius",))

    def of_steps(self, steps: int, constant_steps: int | None = None) -> Self:
        """The same configuration for another number of steps, the same share of them for the coarse network.

        Args:
            steps: updates in all.
            constant_steps: updates before the rate falls, in place of its share.

        Returns:
            A new configuration.
        """
        shortened = super().of_steps(steps, constant_steps)
        return replace(shortened, coarse_steps=round(steps * self.coarse_steps / self.steps))


_DEMO = Pg2Training(
    width=32,
    d_width=16,
    height=64,
    width_px=32,
    radius=2.0,
    steps=1_600,
    constant_steps=1_200,
    coarse_steps=800,
    lr=5e-4,
    lr_d_factor=0.2,
    lambda_gan=0.01,
    lambda_l1=1.0,
)
"""A discriminator that learns as fast as the generator is soon sure of itself here, and images get a grid."""
PRESETS: dict[str, Pg2Training] = {
    "market": Pg2Training(),
    "deepfashion": Pg2Training(
        height=256,
        width_px=176,
        batch=8,
        steps=50_000,
        constant_steps=50_000,
        coarse_steps=30_000,
        lambda_gan=0.5,
        lambda_l1=50.0,
    ),
    "demo": _DEMO,
    "study": _DEMO.of_steps(4_500),
}
