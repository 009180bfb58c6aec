"""Every field of PATN's training configuration, and the presets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from patn import DataError
from patn.models.layers import Norm
from patn.models.options import FUSIONS, POSE_MAPS, POSE_REDUCTIONS, SKIPS
from patn.training.generator_training import GeneratorTraining, divisible_by_4
from patn.training.ranges import above_zero, at_least, one_of

_CHOICES = {
    "generator": ("patn", "patn-skips", "resnet"),
    "skips": SKIPS,
    "norm": tuple(Norm),
    "d_norm": ("", *Norm),
    "pose_maps": POSE_MAPS,
    "pose_reduction": POSE_REDUCTIONS,
    "fusion": FUSIONS,
    "d_head": ("maps", "patch1"),
    "gan": ("bce", "lsgan"),
}
_PATB = ("add", "cat", "pose_reduction")
_OWN = {"patn": _PATB, "resnet": ("fusion",), "patn-skips": (*_PATB, "skips", "decoder_blocks")}
_AT_LEAST_ZERO = (
    "decoder_blocks",
    "d_blocks",
    "d_leaky",
    "pool",
    "epoch_steps",
    "lambda_gan",
    "lambda_l1",
    "lambda_style",
)


@dataclass(frozen=True)
class PatnTraining(GeneratorTraining):
    """The configuration of PATN's training; the defaults are those released for Market-1501, counted in steps.

    Beside the fields of `GeneratorTraining`:

    Attributes:
        blocks: the generator's, as `width`, `norm`, `pose_maps` and `sigma` (see `patn.models.patn.Patn`).
        g_dropout: the generator's dropout.
        d_blocks: the discriminators', as `d_width`, `d_dropout`, `d_leaky` and `d_head` (see
            `patn.models.discriminator.Discriminator`).
        d_init: initialise the discriminators' weights like the generator's (released: not).
        d_norm: the discriminators' norm, "" for the generator's.
        height: of the images in pixels, divisible by 4.
        width_px: of the images in pixels, divisible by 4.
        epoch_steps: see `learning_rate`.
        gan: "bce" or "lsgan".
        pool: fakes kept for each discriminator.
        lambda_gan: weight of the sum of the two adversarial terms (paper eq. 4: alpha); 0 leaves the discriminators
            out. The paper's is 5; the released code multiplies their mean by 5, which is 2.5 here.
        lambda_l1: weight of the L1 loss (lambda_1).
        lambda_perceptual: weight of the perceptual loss (lambda_2).
        lambda_style: of patn-skips' style term (see `patn.training.style`), which needs the perceptual term's network.
        lambda_identity: of the identity term (see `patn.training.identity`); above 0 it needs a re-ID model.
        generator: "patn", "patn-skips" or "resnet".
        add: PATN's, as `cat` and `pose_reduction` (see `patn.models.patn.Patn`).
        fusion: Resnet's (see `patn.models.resnet.Resnet`).
        skips: patn-skips', as `decoder_blocks` (see `patn.models.skips.PatnSkips`).

    Raises:
        DataError: for a value that cannot be, naming the field.
    """

    generator_fields: ClassVar = ("blocks", "width", "norm", "pose_maps", "sigma", "g_dropout")

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
    lambda_gan: float = 2.5
    lambda_l1: float = 10.0
    lambda_perceptual: float = 10.0
    generator: str = "patn"
    add: bool = True
    cat: bool = True
    pose_reduction: str = "second"
    fusion: str = "concat"
    skips: str = "segments"
    decoder_blocks: int = 3
    d_head: str = "maps"
    d_leaky: float = 0.0
    perceptual_loss: str = "l1"
    epoch_steps: int = 0
    lambda_style: float = 0.0
    d_norm: str = ""
    ema: float = 0.0
    lambda_identity: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for field, choices in _CHOICES.items():
            one_of(self, field, choices)
        at_least(self, 1, ("blocks", "d_width"))
        at_least(self, 0, _AT_LEAST_ZERO)
        above_zero(self, ("sigma",))
        divisible_by_4(self)
        if self.epoch_steps and (self.steps % self.epoch_steps or self.constant_steps % self.epoch_steps):
            raise DataError(f"epoch_steps is {self.epoch_steps}; steps and constant_steps must be divisible by it")
        if self.lambda_style and self.generator != "patn-skips":
            raise DataError(f"lambda_style is an option of generator 'patn-skips'; this one is {self.generator!r}")
        for generator, own in _OWN.items():
            others = [name for name in own if name not in _OWN[self.generator]]
            changed = [name for name in others if getattr(self, name) != _default(name)]
            if changed:
                raise DataError(f"{changed[0]} is an option of generator {generator!r}; this one is {self.generator!r}")

    def learning_rate(self, step: int) -> float:
        """The generator's learning rate at a step: `lr` for `constant_steps`, then falling to 0.

        With `epoch_steps` 0 it falls linearly, step by step, to 0 at `steps`. Above 0, as the released code: once an
        epoch of that many steps, the first time in the last epoch of `constant_steps`; the rate of the whole last epoch
        is 0.

        Args:
            step: from 0.

        Returns:
            The rate.

        Example:
            >>> training = PatnTraining(steps=100, constant_steps=50, lr=0.1)
            >>> [round(training.learning_rate(step), 3) for step in (0, 50, 75, 100)]
            [0.1, 0.1, 0.05, 0.0]
        """
        if self.epoch_steps:
            epoch, epochs, constant = (n // self.epoch_steps for n in (step, self.steps, self.constant_steps))
            return self.lr * max(0.0, 1.0 - max(0, epoch + 2 - constant) / (max(epochs - constant, 0) + 1))
        return super().learning_rate(step)

    def of_steps(self, steps: int, constant_steps: int | None = None) -> Self:
        """The same configuration for another number of steps; the rate falls step by step, over the same share of them.

        Args:
            steps: updates in all.
            constant_steps: updates before the rate falls, in place of that share.

        Returns:
            A new configuration.
        """
        return super(PatnTraining, replace(self, epoch_steps=0)).of_steps(steps, constant_steps)

    def generator_options(self) -> Mapping[str, Any]:
        """The constructor arguments of the generator, which has its own beside those of all three."""
        return {**super().generator_options(), **{name: getattr(self, name) for name in _OWN[self.generator]}}

    def discriminator_options(self) -> Mapping[str, Any]:
        """The constructor arguments of both discriminators, but for `in_channels`."""
        fields = {name: getattr(self, f"d_{name}") for name in ("width", "blocks", "dropout", "leaky", "head")}
        return {**fields, "norm": self.d_norm or self.norm}


def _default(field: str) -> Any:
    return PatnTraining.__dataclass_fields__[field].default


_MARKET = PatnTraining(epoch_steps=125)
_DEEPFASHION = PatnTraining(
    norm="instance",
    pose_maps="onehot",
    height=256,
    width_px=176,
    batch=7,
    steps=400_400,
    constant_steps=286_000,
    epoch_steps=572,
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
    lambda_gan=0.5,
    lambda_l1=1.0,
    lambda_perceptual=1.0,
)

PRESETS: dict[str, PatnTraining] = {
    "market": _MARKET,
    "deepfashion": _DEEPFASHION,
    "demo": _DEMO,
    "study": replace(_DEMO.of_steps(4_500), width=24, d_width=24, lr=8e-4),
}

_SKIPS: dict[str, PatnTraining] = {name: replace(preset, generator="patn-skips") for name, preset in PRESETS.items()}
SKIPS_PRESETS: dict[str, PatnTraining] = {
    **_SKIPS,
    "market": replace(_SKIPS["market"], lambda_style=10.0),
    "deepfashion": replace(
        _SKIPS["deepfashion"],
        blocks=6,
        norm="batch",
        d_norm="instance",
        gan="bce",
        batch=4,
        steps=700_000,
        constant_steps=500_000,
        epoch_steps=1_000,
        lambda_style=10.0,
    ),
}
"""Of patn-skips; deepfashion is the released command, which there is for that data set alone."""
