"""Every number of a PATN training run, and the presets."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from patn import DataError

_CHOICES = {"norm": ("batch", "instance"), "pose_maps": ("gaussian", "onehot"), "gan": ("bce", "lsgan")}
_AT_LEAST_ONE = ("blocks", "width", "d_width", "batch", "steps")
_AT_LEAST_ZERO = ("d_blocks", "pool", "constant_steps", "lambda_gan", "lambda_l1", "lambda_perceptual")
_POSITIVE = ("sigma", "lr", "lr_d_factor")


@dataclass(frozen=True)
class PatnTraining:
    """How a PATN generator is trained; the defaults are the released Market-1501 recipe, counted in steps.

    blocks, width, norm, g_dropout, pose_maps, sigma: the generator's (see `patn.generator.Patn`).
    d_blocks, d_width, d_dropout: the discriminators'; d_init draws their weights like the generator's (released: not).
    height, width_px: image size in pixels, divisible by 4.  batch: pairs a step.
    lr: Adam's learning rate, constant for `constant_steps`, then falling linearly to 0 at `steps`; the discriminators
    learn at `lr * lr_d_factor`.  gan: "bce" or "lsgan".  pool: fakes kept for each discriminator.
    lambda_gan, lambda_l1, lambda_perceptual: weights of the generator's loss (paper eq. 4: alpha, lambda_1, lambda_2);
    lambda_gan multiplies the mean of the two adversarial terms, and 0 leaves the discriminators out.
    """

    blocks: int = 9
    width: int = 64
    norm: str = "batch"
    g_dropout: bool = True
    pose_maps: str = "gaussian"
    sigma: float = 6.0
    d_blocks: int = 3
    d_width: int = 64
    d_dropout: bool = True
    d_init: bool = False
    height: int = 128
    width_px: int = 64
    batch: int = 32
    steps: int = 87_500
    constant_steps: int = 62_500
    lr: float = 2e-4
    lr_d_factor: float = 1.0
    betas: tuple[float, float] = (0.5, 0.999)
    gan: str = "bce"
    pool: int = 50
    lambda_gan: float = 5.0
    lambda_l1: float = 10.0
    lambda_perceptual: float = 10.0

    def __post_init__(self) -> None:
        for field, choices in _CHOICES.items():
            if getattr(self, field) not in choices:
                raise DataError(f"{field} is {getattr(self, field)!r}; it must be one of {', '.join(choices)}")
        for fields, least in ((_AT_LEAST_ONE, 1), (_AT_LEAST_ZERO, 0)):
            for field in fields:
                if not getattr(self, field) >= least:
                    raise DataError(f"{field} is {getattr(self, field)}; it must be at least {least}")
        for field in _POSITIVE:
            if not getattr(self, field) > 0:
                raise DataError(f"{field} is {getattr(self, field)}; it must be above 0")
        if self.height % 4 or self.width_px % 4 or min(self.height, self.width_px) < 8:
            raise DataError(
                f"images of {self.height} x {self.width_px} pixels; both sides must be divisible by 4 and at least 8"
            )
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise DataError(f"betas is {self.betas}; it must be two numbers in [0, 1)")

    def learning_rate(self, step: int) -> float:
        """The generator's learning rate at `step` (from 0): `lr`, then linearly down to 0 at `steps`."""
        falling = max(self.steps - self.constant_steps, 1)
        return self.lr * min(1.0, max(0.0, (self.steps - step) / falling))

    def generator_options(self) -> dict[str, Any]:
        """The constructor arguments of the generator."""
        options = {name: getattr(self, name) for name in ("blocks", "width", "norm", "pose_maps", "sigma")}
        return {**options, "dropout": self.g_dropout}

    def as_dict(self) -> dict[str, Any]:
        """All fields as JSON can hold them."""
        return {**asdict(self), "betas": list(self.betas)}


_MARKET = PatnTraining()
_DEEPFASHION = PatnTraining(
    norm="instance",
    pose_maps="onehot",
    height=256,
    width_px=176,
    batch=7,
    steps=400_400,
    constant_steps=286_000,
    gan="lsgan",
    pool=0,
    lambda_l1=1.0,
    lambda_perceptual=1.0,
)
_DEMO = PatnTraining(
    blocks=4,
    width=16,
    g_dropout=False,
    sigma=3.0,
    d_blocks=1,
    d_width=16,
    d_dropout=False,
    height=64,
    width_px=32,
    batch=16,
    steps=1_600,
    constant_steps=800,
    lr=1e-3,
    lr_d_factor=0.4,
    lambda_gan=1.0,
    lambda_l1=1.0,
    lambda_perceptual=1.0,
)

PRESETS: dict[str, PatnTraining] = {
    "market": _MARKET,
    "deepfashion": _DEEPFASHION,
    "demo": _DEMO,
    "study": replace(_DEMO, steps=4_500, constant_steps=2_250),
}
