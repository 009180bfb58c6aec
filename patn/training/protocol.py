"""What a training loop asks of whatever trains a generator."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from numerics.seeds import Stream


class Objective(Protocol):
    """What trains a generator: what the loop needs, and what a sample sheet and a report are made of."""

    networks: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]
    steps: int
    noise: Stream
    device: torch.device
    pairs: Tensor

    def batch(self, step: int) -> dict[str, Tensor]:
        """The step's batch, a function of the objective's seed and `step` alone."""

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """Set the learning rate of `step`, update the networks once.

        Args:
            batch: as `batch` returns it.
            step: from 0.

        Returns:
            The losses, detached scalars by name.
        """

    def extra_state(self) -> dict[str, Tensor]:
        """State beyond weights and optimizers."""

    def load_extra_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `extra_state` gave."""
