"""The generators that are trained for rows of Table 5, as stages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from augment import AugmentError
from augment.artefacts.records import read_run
from augment.inference.generators import BUILTIN
from augment.runtime import Runtime
from augment.training.generator import train_generator
from augment.training.identity import IdentityModel
from augment.training.initial import InitialWeights, starting_training
from augment.workspace import Workspace
from pipelines.table5.row_generators import own_generator, reduced_generator

if TYPE_CHECKING:
    from patn.training.generator_training import GeneratorTraining


class Needed(Protocol):
    """A stage that comes before a generator's training: another generator, or the re-ID model of its identity term."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def folder(self, workspace: Workspace) -> Path:
        """Where it is."""


class TrainedGenerator(ABC):
    """A generator that is trained for rows: a stage.

    Attributes:
        needs: the stages that come before it.
        portion: it is trained on the pairs inside M^R_p only; None takes all pairs.
        seed: of M^R_p and of the training; None is the workspace's.
    """

    portion: float | None
    seed: int | None
    needs: tuple[Needed, ...]

    @property
    @abstractmethod
    def name(self) -> str:
        """What messages call it."""

    @abstractmethod
    def taught_by(self, workspace: Workspace) -> str | None:
        """The generator that has to be there: it is started from, or its configuration is followed; None for neither.

        Args:
            workspace: the workspace.

        Raises:
            AugmentError: where the workspace's own one is not clear.
        """

    @abstractmethod
    def generator(self, workspace: Workspace) -> str:
        """Its name in the workspace."""

    @abstractmethod
    def recipe(self, workspace: Workspace) -> tuple[GeneratorTraining, str]:
        """How it is trained.

        Args:
            workspace: the workspace.

        Returns:
            Its configuration, and its perceptual network.

        Raises:
            AugmentError: where there is nothing to follow or to start from.
        """

    def initial(self, workspace: Workspace) -> InitialWeights | None:  # noqa: ARG002 (as of every generator)
        """The weights that it starts from; None is fresh ones."""
        return None

    def identity(self, workspace: Workspace) -> IdentityModel | None:  # noqa: ARG002 (as of every generator)
        """The re-ID model of its identity term; None for a training without it."""
        return None

    def folder(self, workspace: Workspace) -> Path:
        """Where it is."""
        return workspace.patn_dir(self.generator(workspace))

    def make(self, workspace: Workspace, runtime: Runtime) -> None:
        """Train it.

        Args:
            workspace: the workspace.
            runtime: device, threads and precision, and whether finished work is made again.
        """
        training, perceptual = self.recipe(workspace)
        train_generator(
            workspace,
            training,
            name=self.generator(workspace),
            portion=self.portion,
            seed=workspace.seed if self.seed is None else self.seed,
            initial=self.initial(workspace),
            identity=self.identity(workspace),
            perceptual=perceptual,
            runtime=runtime,
        )


@dataclass(frozen=True)
class OwnGenerator(TrainedGenerator):
    """The workspace's own generator, which makes Ours, where it is trained with the cells: those without it go ahead.

    Attributes:
        training: its configuration; it is named after its kind.
        start: the generator that it starts from, None for fresh weights.
    """

    training: GeneratorTraining
    seed: int
    start: str | None = None
    portion: None = None
    needs: tuple[()] = ()

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"generator {self.training.generator}"

    def taught_by(self, workspace: Workspace) -> str | None:  # noqa: ARG002 (as of every generator)
        """The generator that it starts from, None for fresh weights."""
        return self.start

    def generator(self, workspace: Workspace) -> str:  # noqa: ARG002 (as of every generator)
        """Its name in the workspace."""
        return self.training.generator

    def recipe(self, workspace: Workspace) -> tuple[GeneratorTraining, str]:  # noqa: ARG002 (as of every generator)
        """How it is trained."""
        return self.training, "auto"

    def initial(self, workspace: Workspace) -> InitialWeights | None:
        """The weights of the generator that it starts from."""
        return None if self.start is None else InitialWeights.find(workspace, self.start)


@dataclass(frozen=True)
class ReducedGenerator(TrainedGenerator):
    """A generator trained on the pairs inside M^R_p only, as the generator `like` was (None: our own one).

    It gets the share p of that one's steps, so that an image is a target as often.
    """

    like: str | None
    portion: float
    seed: int
    needs: tuple[OwnGenerator, ...] = ()

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"generator {self.like or 'inside M^R_p'} p{self.portion} s{self.seed}"

    def taught_by(self, workspace: Workspace) -> str:
        """The generator whose configuration it follows; AugmentError where the workspace's own one is not clear."""
        return self.like or own_generator(workspace)

    def generator(self, workspace: Workspace) -> str:
        """Its name in the workspace, as `augment patn-train --portion` gives it."""
        return reduced_generator(self.taught_by(workspace), self.portion, self.seed)

    def recipe(self, workspace: Workspace) -> tuple[GeneratorTraining, str]:
        """How it is trained; AugmentError where `like` was not trained here."""
        from patn.generators import recorded_training  # loads torch

        folder = workspace.patn_dir(self.taught_by(workspace))
        run = read_run(folder)
        options = {} if run is None else run.options
        if "steps" not in options:
            raise AugmentError(
                f"{folder}: was not trained here, so there is no configuration for one like it inside M^R_p"
            )
        training = recorded_training(options)
        if training.lambda_identity:
            raise AugmentError(
                f"{folder}: was trained with the identity term of a model of all training images, and there "
                "is none like it inside M^R_p; train one with `augment patn-train --portion`, and make it a row by name"
            )
        return training.of_steps(max(1, round(training.steps * self.portion))), str(options["perceptual"])


@dataclass(frozen=True)
class TunedGenerator(TrainedGenerator):
    """The built-in generator trained further, by the configuration of `augment patn-train --init builtin`.

    Attributes:
        portion: on the pairs inside M^R_p only, of which it has seen no other; None takes all pairs.
        seed: of M^R_p and of the training; None is the workspace's.
        needs: the re-ID model of its identity term, nothing for a training without it.
    """

    portion: float | None = None
    seed: int | None = None
    needs: tuple[Needed, ...] = ()

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"generator {BUILTIN} tuned{self._how(' ')}"

    def taught_by(self, workspace: Workspace) -> str:  # noqa: ARG002 (as of every generator)
        """The generator that it starts from."""
        return BUILTIN

    def generator(self, workspace: Workspace) -> str:  # noqa: ARG002 (as of every generator)
        """Its name in the workspace: in a folder of the table's own below patn/."""
        return f"table5/tuned{self._how('-')}"

    def recipe(self, workspace: Workspace) -> tuple[GeneratorTraining, str]:
        """How it is trained; AugmentError where there is no built-in generator."""
        return starting_training(None, None, self.initial(workspace)), "auto"

    def initial(self, workspace: Workspace) -> InitialWeights | None:
        """The built-in generator's weights."""
        return InitialWeights.find(workspace, BUILTIN)

    def identity(self, workspace: Workspace) -> IdentityModel | None:
        """The re-ID model of its identity term; AugmentError where that is not trained yet."""
        return IdentityModel.find(workspace, self.needs[0].folder(workspace).name) if self.needs else None

    def _how(self, gap: str) -> str:
        inside = "" if self.portion is None else f"{gap}p{self.portion}{gap}s{self.seed}"
        return f"{gap}identity{inside}" if self.needs else inside
