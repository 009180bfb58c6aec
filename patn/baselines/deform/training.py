"""Every field of Deform's configuration, and the presets."""

from dataclasses import dataclass
from typing import ClassVar

from patn import DataError
from patn.baselines.training import BaselineTraining
from patn.training.ranges import above_zero, at_least, one_of


@dataclass(frozen=True)
class DeformTraining(BaselineTraining):
    """The configuration of Deform's training; the defaults are those released for Market-1501.

    Attributes:
        levels: the generator's (see `patn.baselines.deform.networks.Deform`).
        norm: the generator's and the discriminator's.
        sigma: of the heat maps in pixels.
        g_dropout: the generator's.
        d_width: the discriminator's channels.
        d_levels: the discriminator's convolutions.
        lambda_gan: weight of the adversarial loss.
        lambda_l1: of the L1 loss (its ablation without features has 100).
        lambda_perceptual: of the nearest-neighbour loss, a sum over channels (0.01 in the released code, whose features
            are 57 times larger).
        window: pixels, the side of its neighbourhood, odd.
    """

    generator_fields: ClassVar = ("width", "levels", "norm", "sigma", "g_dropout")

    generator: str = "deform"
    steps: int = 90_000
    constant_steps: int = 90_000
    levels: int = 6
    norm: str = "layer"
    sigma: float = 6.0
    g_dropout: bool = True
    d_width: int = 64
    d_levels: int = 5
    lambda_gan: float = 1.0
    lambda_l1: float = 0.0
    lambda_perceptual: float = 0.574
    window: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, ("d_width", "window"))
        at_least(self, 2, ("levels", "d_levels"))
        at_least(self, 0, ("lambda_gan", "lambda_l1"))
        one_of(self, "norm", ("layer", "instance"))
        if self.window % 2 == 0:
            raise DataError(f"window is {self.window}; it must be odd")
        above_zero(self, ("sigma",))


_DEMO = DeformTraining(
    width=16,
    d_width=16,
    height=64,
    width_px=32,
    levels=5,
    d_levels=4,
    sigma=3.0,
    batch=16,
    steps=1_600,
    constant_steps=800,
    lr=1e-3,
    lr_d_factor=0.4,
    g_dropout=False,
    lambda_gan=0.05,
    lambda_l1=5.0,
    lambda_perceptual=0.02,
)
"""Features of the stand-in have half the image's rows, so the nearest in a window of 3 may be two pixels away: alone
they leave the image blurred, and L1 has to say where things are."""
PRESETS: dict[str, DeformTraining] = {
    "market": DeformTraining(),
    "deepfashion": DeformTraining(height=256, width_px=176, levels=7, batch=2, window=5),
    "demo": _DEMO,
    "study": _DEMO.of_steps(4_500),
}
