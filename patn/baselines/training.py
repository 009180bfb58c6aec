"""The fields that every baseline's configuration has; each baseline adds its own beside its losses."""

from dataclasses import dataclass

from patn.training.generator_training import GeneratorTraining


@dataclass(frozen=True)
class BaselineTraining(GeneratorTraining):
    """The configuration of a baseline's training: the shared fields with defaults (see `GeneratorTraining`)."""

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
