"""The numbers that every rival's training has; each rival adds its own beside its losses."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from patn import DataError
from patn.training.ranges import above_zero, at_least, decay_rate, decay_rates, one_of


@dataclass(frozen=True)
class BaselineTraining(ABC):
    """How a baseline is trained; names as in `patn.training.configuration.PatnTraining` where they mean the same.

    generator: its name in `patn.generators.GENERATORS`.  width: channels of the first convolution.
    height, width_px: image size in pixels.  batch: pairs a step.
    lr: Adam's learning rate, constant for `constant_steps`, then falling linearly to 0 at `steps`; a discriminator
    learns at `lr * lr_d_factor` (released: 1).
    lambda_perceptual: weight of the term that compares features of a network trained on ImageNet.
    ema: decay of the average of the generator's weights that is kept in their place (see `patn.training.averaging`); 0
    keeps the last ones.
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
        """The same training in another number of steps; the rate falls over the same share of them.

        constant_steps: as many steps before it falls, in place of that share.
        """
        if constant_steps is None:
            constant_steps = round(steps * self.constant_steps / self.steps)
        return replace(self, steps=steps, constant_steps=constant_steps)

    @abstractmethod
    def generator_options(self) -> dict[str, Any]:
        """The constructor arguments of the generator."""

    def as_dict(self) -> dict[str, Any]:
        """All fields as JSON can hold them; `ema`, which version 0.1 did not have, only where there is an average."""
        values = {**asdict(self), "betas": list(self.betas)}
        return {name: value for name, value in values.items() if name != "ema" or value}


def named(presets: Mapping[str, Any], preset: str) -> Any:
    """The preset of that name; raises DataError with the known names."""
    if preset not in presets:
        raise DataError(f"there is no preset {preset!r} of this generator; use one of {', '.join(presets)}")
    return presets[preset]
