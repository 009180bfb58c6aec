"""What the objectives of all generators share; each adds its networks and its step."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from numerics.seeds import Stream
from patn import DataError
from patn.batches import PairBatches
from patn.training.generator_training import GeneratorTraining
from patn.training.identity import IdentityTerm
from patn.training.perceptual import Perceptual
from patn.training.updates import adam, placed, precision, seeded, set_rate


class GeneratorObjective(ABC):
    """Networks, optimizers and batches of a generator's training run; it touches no file.

    One sample of pairs serves all networks of a step, where the baselines' own code samples for each anew; the
    discriminator sees the image generated before the generator's update. A step also uses torch's global generator
    (dropout, noise), which the caller seeds.

    Args:
        training: the configuration.
        images: see `patn.batches.PairBatches`.
        keypoints: as `images`.
        pairs: as `images`.
        seed: of weights and batches.
        device: where the networks run.
        autocast: the networks' precision (bfloat16) or None; losses are float32 always.
        perceptual: features for `lambda_perceptual` (see `patn.training.perceptual`); used where that is above 0.
        identity: the term that `lambda_identity` weighs; used where that is above 0.

    Raises:
        DataError: for images of another size, for no pairs, and for a weight of a term that is not there.
    """

    noise = Stream.GENERATOR_NOISE
    discriminators: ClassVar[tuple[str, ...]] = ("d",)
    """Networks that learn at `lr * lr_d_factor`."""

    def __init__(
        self,
        training: GeneratorTraining,
        images: Tensor,
        keypoints: Tensor,
        pairs: Tensor,
        *,
        seed: int,
        device: torch.device | str = "cpu",
        autocast: torch.dtype | None = None,
        perceptual: Perceptual | None = None,
        identity: IdentityTerm | None = None,
    ) -> None:
        self.training = training
        self.steps = training.steps
        self.seed = seed
        self.device = torch.device(device)
        self.autocast = autocast
        size = (training.height, training.width_px)
        self.batches = PairBatches(
            images, keypoints, pairs, size=size, count=training.batch, seed=seed, device=self.device
        )
        self.pairs = self.batches.pairs
        self.perceptual: Perceptual | None = None
        if perceptual is not None and training.lambda_perceptual > 0:
            placed(perceptual, self.device)  # in place
            self.perceptual = perceptual
        self.identity: IdentityTerm | None = None
        if training.lambda_identity > 0:
            if identity is None:
                raise DataError(f"lambda_identity is {training.lambda_identity}, and there is no re-ID model; give one")
            placed(identity, self.device)  # in place
            self.identity = identity
        self.networks = seeded(seed, self.build, self.device)
        self.optimizers: dict[str, Optimizer] = {
            name: adam(part, training.lr, training.betas) for name, part in self.learning().items()
        }

    @abstractmethod
    def build(self) -> Mapping[str, nn.Module]:
        """Fresh networks, "generator" among them, initialised from torch's global generator."""

    @abstractmethod
    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One update of the networks at the learning rate of `step`.

        Args:
            batch: as `batch` returns it.
            step: from 0.

        Returns:
            Detached scalar losses by name.
        """

    def learning(self) -> Mapping[str, nn.Module]:
        """What an optimizer each learns: every network, if nothing else is said."""
        return self.networks

    def batch(self, step: int) -> dict[str, Tensor]:
        """The pairs of a step, a function of (seed, step) (see `PairBatches.sample`)."""
        return self.batches.sample(step)

    def extra_state(self) -> dict[str, Tensor]:
        """Nothing beyond weights, optimizers and step."""
        return {}

    def load_extra_state(self, state: dict[str, Tensor]) -> None:  # noqa: ARG002 - there is none
        """Nothing to take back."""
        return

    def set_rates(self, step: int) -> None:
        """The learning rate of `step` for every optimizer."""
        rate = self.training.learning_rate(step)
        for name, optimizer in self.optimizers.items():
            set_rate(optimizer, rate * self.training.lr_d_factor if name in self.discriminators else rate)

    def identity_loss(self, fake: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The unweighted identity term of generated images under its name; nothing where it has no weight."""
        return {} if self.identity is None else {"identity": self.identity(fake, batch["target"])}

    def precision(self) -> contextlib.AbstractContextManager[object]:
        """The context in which networks run."""
        return precision(self.device, self.autocast)
