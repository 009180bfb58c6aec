"""The fields that every baseline's configuration has; each baseline adds its own beside its losses."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from patn import DataError
from patn.training.ranges import above_zero, at_least, decay_rate, decay_rates, one_of


@dataclass(frozen=True)
class BaselineTraining(ABC):
    """The configuration of a baseline's training; names as in `patn.training.configuration.PatnTraining`.

    Attributes:
        generator: its name in `patn.generators.GENERATORS`.
        width: channels of the first convolution.
        height: of the images in pixels.
        width_px: of the images in pixels.
        batch: pairs a step.
        steps: updates in all.
        constant_steps: updates before the learning rate falls linearly to 0 at `steps`.
        lr: Adam's learning rate before it falls.
        lr_d_factor: a discriminator learns at `lr * lr_d_factor` (released: 1).
        betas: Adam's decay rates.
        lambda_perceptual: weight of the term that compares features of a network trained on ImageNet.
        perceptual_loss: distance of features, "l1" or "mse".
        ema: decay of the average of the generator's weights that is kept in their place (see
            `patn.training.averaging`); 0 keeps the last ones.

    Raises:
        DataError: for a value that cannot be, naming the field.
    """

    generator: str = ""
    width: int = 64
    height: int = 128
    width_px: int = 64
    batch: int = 4
    steps: int = 1
    constant_steps: int = 1
    lr: float = 2e-4
    lr_d_factor: float = 1.0
    betas: tuple[float, float] = (0.5, 0.999)
    lambda_perceptual: float = 0.0
    perceptual_loss: str = "l1"
    ema: float = 0.0

    def __post_init__(self) -> None:
        at_least(self, 1, ("width", "height", "width_px", "batch", "steps"))
        at_least(self, 0, ("constant_steps", "lambda_perceptual"))
        one_of(self, "perceptual_loss", ("l1", "mse"))
        above_zero(self, ("lr", "lr_d_factor"))
        decay_rates(self, "betas")
        decay_rate(self, "ema")

    def learning_rate(self, step: int) -> float:
        """Adam's learning rate at `step` (from 0)."""
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

    @abstractmethod
    def generator_options(self) -> dict[str, Any]:
        """The constructor arguments of the generator."""

    def as_dict(self) -> dict[str, Any]:
        """All fields as JSON can hold them."""
        return {**asdict(self), "betas": list(self.betas)}


def named(presets: Mapping[str, Any], preset: str) -> Any:
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
