"""Every field of VUNet's configuration, and the presets."""

from dataclasses import dataclass
from typing import ClassVar

from patn import DataError
from patn.baselines.training import BaselineTraining
from patn.training.ranges import at_least, one_of


@dataclass(frozen=True)
class VunetTraining(BaselineTraining):
    """The configuration of VUNet's training; the defaults are those released for Market-1501, on rectangles.

    With the full weight of the KL term from the start the code collapses and is ignored.

    Attributes:
        batch: images a step.
        scales: the generator's (see `patn.baselines.vunet.networks.Vunet`).
        crop_factor: the generator's.
        prior: the generator's.
        g_dropout: the generator's, in every block.
        lambda_l1: weight of the pixels' mean absolute difference in units of 0..255.
        lambda_perceptual: of each layer's distance (5 in the released code, whose features are 57.4 = 255 x
            0.225 times larger: inputs in 0..255, not divided by a deviation).
        lambda_kl: weight of the KL term from the share `kl_full` of the run on.
        kl_first: its weight before `kl_start`; between them it rises linearly.
        kl_start: share of the run before it rises.
        kl_full: share of the run from which on it is `lambda_kl`, at most 1.
    """

    generator_fields: ClassVar = ("width", "scales", "crop_factor", "prior", "g_dropout")

    generator: str = "vunet"
    width: int = 32
    batch: int = 16
    steps: int = 100_000
    constant_steps: int = 1_000
    lr: float = 1e-3
    betas: tuple[float, float] = (0.5, 0.9)
    lambda_perceptual: float = 5 * 57.4
    scales: int = 6
    crop_factor: int = 1
    prior: str = "grouped"
    g_dropout: float = 0.1
    lambda_l1: float = 5.0
    lambda_kl: float = 1.0
    kl_first: float = 1e-6
    kl_start: float = 0.5
    kl_full: float = 0.75

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 4, ("scales",))
        at_least(self, 0, ("crop_factor", "g_dropout", "lambda_l1", "lambda_kl", "kl_first", "kl_start"))
        one_of(self, "prior", ("grouped", "single"))
        if self.lr_d_factor != 1:
            raise DataError("lr_d_factor is no option of generator 'vunet'")
        if not self.kl_start < self.kl_full <= 1:
            raise DataError(f"kl_full is {self.kl_full}; it must be above kl_start and at most 1")

    def kl_weight(self, step: int) -> float:
        """The weight of the KL term at a step.

        Args:
            step: from 0.

        Returns:
            From `kl_first` to `lambda_kl`.
        """
        risen = (step / self.steps - self.kl_start) / (self.kl_full - self.kl_start)
        return self.kl_first + (self.lambda_kl - self.kl_first) * min(1.0, max(0.0, risen))


_DEMO = VunetTraining(
    width=16,
    height=64,
    width_px=32,
    scales=5,
    steps=1_600,
    constant_steps=800,
    g_dropout=0.0,
    prior="single",
    lambda_perceptual=20.0,
    lambda_kl=0.005,
)
"""Features of the stand-in are divided by their usual distance, so all terms but KL are small: at a weight of 1 two
latent maps keep 9 nats of an image, and persons come out grey; at 0.01, 270."""
PRESETS: dict[str, VunetTraining] = {
    "market": VunetTraining(),
    "deepfashion": VunetTraining(height=256, width_px=176, crop_factor=2, batch=8),
    "demo": _DEMO,
    "study": _DEMO.of_steps(4_500),
}
