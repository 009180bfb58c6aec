"""What every configuration of a generator's training has: shared fields, their ranges, the falling learning rate."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import Field, asdict, replace
from typing import Any, ClassVar, Self, TypeVar

from patn import DataError
from patn.training.ranges import above_zero, at_least, decay_rate, decay_rates, one_of

PIXELS = ("sigma", "radius")
"""Fields that are lengths in pixels of the image, where a kind of generator has them."""


class GeneratorTraining(ABC):
    """The configuration of a generator's training; each kind is a frozen dataclass that has these fields and its own.

    Attributes:
        generator: its name in `patn.generators.GENERATORS`.
        width: channels of the first convolution.
        height: of the images in pixels.
        width_px: of the images in pixels.
        batch: pairs a step.
        steps: updates in all.
        constant_steps: updates before the learning rate falls linearly to 0 at `steps`.
        lr: Adam's learning rate before it falls.
        lr_d_factor: discriminators learn at `lr * lr_d_factor` (released: 1).
        betas: Adam's decay rates.
        lambda_perceptual: weight of the term that compares features of a network trained on ImageNet; 0 loads no
            network for it.
        perceptual_loss: distance of features, "l1" or "mse".
        ema: decay of the average of the generator's weights that is kept in their place (see
            `patn.training.averaging`); 0 keeps the last ones.
        lambda_identity: weight of the term that compares features of a re-ID model (see `patn.training.identity`); 0
            for kinds of generators that have no such field.
        generator_fields: those that are the generator's constructor arguments, there without the `g_` that some have.

    Raises:
        DataError: for a value that cannot be, naming the field.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    generator_fields: ClassVar[tuple[str, ...]] = ()

    generator: str
    width: int
    height: int
    width_px: int
    batch: int
    steps: int
    constant_steps: int
    lr: float
    lr_d_factor: float
    betas: tuple[float, float]
    lambda_perceptual: float
    perceptual_loss: str
    ema: float
    lambda_identity: float = 0.0

    def __post_init__(self) -> None:
        at_least(self, 1, ("width", "height", "width_px", "batch", "steps"))
        at_least(self, 0, ("constant_steps", "lambda_perceptual", "lambda_identity"))
        one_of(self, "perceptual_loss", ("l1", "mse"))
        above_zero(self, ("lr", "lr_d_factor"))
        decay_rates(self, "betas")
        decay_rate(self, "ema")

    def learning_rate(self, step: int) -> float:
        """The generator's learning rate at a step: `lr` for `constant_steps`, then falling linearly to 0 at `steps`.

        Args:
            step: from 0.

        Returns:
            The rate.
        """
        falling = max(self.steps - self.constant_steps, 1)
        return self.lr * min(1.0, max(0.0, (self.steps - step) / falling))

    def of_steps(self, steps: int, constant_steps: int | None = None) -> Self:
        """The same configuration for another number of steps; the rate falls over the same share of them.

        Args:
            steps: updates in all.
            constant_steps: updates before the rate falls, in place of that share.

        Returns:
            A new configuration.
        """
        if constant_steps is None:
            constant_steps = round(steps * self.constant_steps / self.steps)
        return replace(self, steps=steps, constant_steps=constant_steps)

    def of_size(self, height: int, width_px: int) -> Self:
        """The same configuration for images of another size; joints in its pose maps grow with the height.

        Args:
            height: of the images in pixels.
            width_px: of the images in pixels.

        Returns:
            A new configuration.

        Raises:
            DataError: for a size that the generator cannot have.
        """
        lengths = {name: getattr(self, name) * height / self.height for name in PIXELS if hasattr(self, name)}
        return replace(self, height=height, width_px=width_px, **lengths)

    def generator_options(self) -> Mapping[str, Any]:
        """The constructor arguments of the generator."""
        return {name.removeprefix("g_"): getattr(self, name) for name in self.generator_fields}

    def as_dict(self) -> dict[str, Any]:
        """All fields as JSON can hold them, from which `patn.generators.recorded_training` builds it again.

        `lambda_identity` is there where it is above 0: trainings that were recorded before there was one stay the same.
        """
        values = {**asdict(self), "betas": list(self.betas)}
        return values if self.lambda_identity else {key: values[key] for key in values if key != "lambda_identity"}


T = TypeVar("T", bound=GeneratorTraining)


def named(presets: Mapping[str, T], preset: str) -> T:
    """The preset of that name.

    Args:
        presets: configurations by name.
        preset: the name.

    Returns:
        The configuration.

    Raises:
        DataError: for another name, with the known ones.
    """
    if preset not in presets:
        raise DataError(f"there is no preset {preset!r} of this generator; use one of {', '.join(presets)}")
    return presets[preset]


def divisible_by_4(training: GeneratorTraining) -> None:
    """Refuse an image size whose sides are not divisible by 4 and at least 8.

    Args:
        training: the configuration.

    Raises:
        DataError: naming the size.
    """
    if training.height % 4 or training.width_px % 4 or min(training.height, training.width_px) < 8:
        raise DataError(
            f"images of {training.height} x {training.width_px} pixels; "
            "both sides must be divisible by 4 and at least 8"
        )
