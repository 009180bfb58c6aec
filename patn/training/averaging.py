"""An exponential moving average of a generator's weights, kept beside the weights that learn."""

import copy

import torch
from torch import Tensor, nn

from patn.training.protocol import Objective

GENERATOR, AVERAGE = "generator", "average"


class Averaged:
    """An objective whose generator is averaged over its updates; the average is a network of its own, `average`.

    After an update the average moves by 1 - decay towards the generator, in the first updates further: the decay is at
    most (1 + step) / (10 + step), so that fresh weights are soon forgotten. What batch norm has counted is copied.
    Source of the average: Polyak and Juditsky 1992; of the first updates' decay: TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, objective: Objective, decay: float) -> None:
        """Begins with the generator as it is.

        Args:
            objective: what is trained.
            decay: of the average, in (0, 1).
        """
        self.objective, self.decay = objective, decay
        average = copy.deepcopy(objective.networks[GENERATOR]).requires_grad_(False)
        self.networks = {**objective.networks, AVERAGE: average}
        self.optimizers, self.noise = objective.optimizers, objective.noise
        self.steps, self.device, self.pairs = objective.steps, objective.device, objective.pairs

    def batch(self, step: int) -> dict[str, Tensor]:
        """The objective's own."""
        return self.objective.batch(step)

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One update of the objective's networks, then of the average.

        Args:
            batch: as `batch` returns it.
            step: from 0.

        Returns:
            The objective's losses.
        """
        losses = self.objective.step(batch, step)
        update(self.networks[AVERAGE], self.networks[GENERATOR], min(self.decay, (1 + step) / (10 + step)))
        return losses

    def extra_state(self) -> dict[str, Tensor]:
        """The objective's own."""
        return self.objective.extra_state()

    def load_extra_state(self, state: dict[str, Tensor]) -> None:
        """Hands it back to the objective."""
        self.objective.load_extra_state(state)


@torch.no_grad()
def update(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the weights of an average towards those of a network, and copy its buffers.

    Args:
        average: changed in place.
        network: of the same layers.
        decay: what the average keeps of itself, in [0, 1].
    """
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)
    for own, other in zip(average.buffers(), network.buffers(), strict=True):
        own.copy_(other)


def result_of(objective: Objective) -> nn.Module:
    """The network that an objective trains: the average where one is kept, else the generator.

    Args:
        objective: after its last step.

    Returns:
        One of its networks.
    """
    return objective.networks.get(AVERAGE, objective.networks[GENERATOR])
