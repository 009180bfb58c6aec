"""Every generator at a size that trains in a moment."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from patn.generators import GENERATORS
from patn.training.generator_training import GeneratorTraining
from patn.training.perceptual import Perceptual
from patn.training.protocol import Objective

SIZE = (32, 16)
NARROW: dict[str, dict[str, Any]] = {
    "patn": {"blocks": 1, "width": 4, "d_width": 4, "d_blocks": 1, "pool": 2},
    "patn-skips": {"blocks": 1, "width": 4, "d_width": 4, "d_blocks": 1, "decoder_blocks": 1},
    "resnet": {"blocks": 1, "width": 4, "d_width": 4, "d_blocks": 1},
    "deform": {"width": 4, "levels": 4, "d_width": 4, "d_levels": 3, "g_dropout": True},
    "correspondence": {"width": 4, "heads": 2, "blocks": 1, "d_width": 4},
    "pg2": {"width": 4, "d_width": 4},
    "vunet": {"width": 4, "scales": 4, "prior": "grouped", "g_dropout": 0.1},
}


def tiny(name: str, **fields: Any) -> GeneratorTraining:
    """The demo preset of a generator, narrow and for images of SIZE."""
    training = GENERATORS[name].preset("demo").of_steps(fields.pop("steps", 4))
    own = {"height": SIZE[0], "width_px": SIZE[1], "batch": 2, **NARROW[name], **fields}
    return replace(training, **own)


def options(name: str) -> dict[str, Any]:
    """Constructor arguments of that generator."""
    return dict(tiny(name).generator_options())


def people(count: int = 6, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Random images of SIZE, standing poses with a missing joint here and there, pairs."""
    rng = np.random.default_rng(seed)
    images = torch.from_numpy(rng.integers(0, 256, (count, 3, *SIZE), dtype=np.uint8))
    keypoints = standing(count, SIZE, rng)
    pairs = torch.from_numpy(rng.integers(0, count, (3 * count, 2)))
    return images, keypoints, pairs


def standing(count: int, size: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """Poses of upright people, count x 18 x 2 as (y, x) in pixels; one limb joint or eye in eight is missing."""
    y = [14, 24, 26, 42, 56, 26, 42, 56, 60, 86, 112, 60, 86, 112, 11, 11, 13, 13]
    x = [32, 32, 22, 18, 16, 42, 46, 48, 26, 25, 24, 38, 39, 40, 30, 34, 27, 37]
    points = np.stack([np.array(y) * size[0] / 128, np.array(x) * size[1] / 64], axis=1)
    poses = points + rng.normal(0, 0.03 * size[0], (count, 18, 2))
    missing = rng.random((count, 18)) < 1 / 8
    missing[:, [0, 2, 5, 8, 11]] = False
    return torch.from_numpy(np.where(missing[..., None], -1, poses).astype(np.float32))


def features() -> Perceptual:
    """A small random stand-in for the perceptual network."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        stages: list[nn.Module] = [nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()), nn.Conv2d(4, 4, 3)]
        return Perceptual("tiny", stages)


def objective(training: GeneratorTraining, **settings: Any) -> Objective:
    """What trains it on those people."""
    return GENERATORS[training.generator].objective(training, *people(), **{"seed": 1, **settings})


def steps(made: Objective, numbers: range, batch: int | None = None) -> dict[str, float]:
    """Run those steps, with the batch of each or always the same one; the last losses."""
    losses: dict[str, Tensor] = {}
    for step in numbers:
        torch.manual_seed(step)
        losses = made.step(made.batch(step if batch is None else batch), step)
    return {name: float(value) for name, value in losses.items()}
