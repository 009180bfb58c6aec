"""The methods that Table 1 compares, trained for it: each by its own schedule, or all for one number of updates."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment import Misuse
from augment.artefacts.records import read_run
from augment.columns import aligned
from augment.inference.generators import find_generator
from augment.results import Result
from augment.training.generator import train_generator

if TYPE_CHECKING:
    from augment.runtime import Runtime
    from augment.workspace import Workspace
    from patn.training.generator_training import GeneratorTraining

logger = logging.getLogger(__name__)
PAPER = ("pg2", "deform", "vunet", "patn")
"""Those of the paper's Table 1."""


@dataclass(frozen=True)
class Methods:
    """Which methods are trained, and how long.

    Attributes:
        names: of `patn.generators.GENERATORS`, or `paper`.
        preset: each one's configuration of that name (see `patn-train`).
        steps: updates of every one; None is each configuration's own number.
        batch: pairs of an update of every one; None is each configuration's own.
        seed: as of `patn-train`.
        perceptual: as of `patn-train`.
        weights_dir: as of `patn-train`.

    Raises:
        AugmentError: for an unknown method.
    """

    names: tuple[str, ...]
    preset: str = "market"
    steps: int | None = None
    batch: int | None = None
    seed: int = 0
    perceptual: str = "auto"
    weights_dir: Path | None = None

    def __post_init__(self) -> None:
        from patn.generators import GENERATORS  # loads torch

        names = [name for given in self.names for name in (PAPER if given == "paper" else (given,))]
        object.__setattr__(self, "names", tuple(dict.fromkeys(names)))
        for name in self.names:
            if name not in GENERATORS:
                raise Misuse(f"⟨names --train⟩ {name}: no such method; choose from paper, {', '.join(GENERATORS)}")

    def generator(self, name: str) -> str:
        """The name of a method's generator in the workspace: in a folder of their own below patn/.

        Args:
            name: the method's.
        """
        length = "own" if self.steps is None else str(self.steps)
        batch = "" if self.batch is None else f"x{self.batch}"
        return f"table1/{name}-{self.preset}-{length}{batch}-s{self.seed}"

    def training(self, name: str) -> GeneratorTraining:
        """The configuration of a method's training.

        Args:
            name: the method's.
        """
        from patn.generators import kind_of  # loads torch

        training = kind_of(name).preset(self.preset)
        if self.steps is not None:
            training = training.of_steps(self.steps)
        return training if self.batch is None else replace(training, batch=self.batch)


@dataclass(frozen=True)
class Planned(Result):
    """A method that is to be trained.

    Attributes:
        method: its name.
        generator: the name of its generator in the workspace.
        updates: of its training.
        images: that it will have seen.
        trained: whether it is trained already.
    """

    method: str
    generator: str
    updates: int
    images: int
    trained: bool


def plan(workspace: Workspace, methods: Methods) -> list[Planned]:
    """What is to be trained.

    Args:
        workspace: the workspace.
        methods: which, and how long.

    Returns:
        One each.
    """
    planned = []
    for name in methods.names:
        training, generator = methods.training(name), methods.generator(name)
        trained = read_run(workspace.patn_dir(generator)) is not None
        planned.append(Planned(name, generator, training.steps, training.steps * training.batch, trained))
    return planned


def plan_text(planned: Sequence[Planned]) -> str:
    """The plan as a table.

    Args:
        planned: as of `plan`.
    """
    lines = [["method", "updates", "images seen", "", "generator"]]
    for one in planned:
        state = "trained" if one.trained else "to do"
        lines.append([one.method, f"{one.updates:,}", f"{one.images:,}", state, one.generator])
    return aligned(lines)


def train_methods(workspace: Workspace, methods: Methods, runtime: Runtime) -> list[str]:
    """Train those that are not trained, one after another.

    Args:
        workspace: the workspace.
        methods: which, and how long.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        The names of all their generators.
    """
    for name in methods.names:
        logger.info("Table 1, training %s.", name)
        train_generator(
            workspace,
            methods.training(name),
            name=methods.generator(name),
            seed=methods.seed,
            perceptual=methods.perceptual,
            weights_dir=methods.weights_dir,
            runtime=runtime,
        )
    return [methods.generator(name) for name in methods.names]


@dataclass(frozen=True)
class Seen(Result):
    """The length of a generator's training; None where its file does not tell.

    Attributes:
        updates: of the weights.
        images: that it was shown as targets, updates x batch: one that is shown again counts again.
    """

    updates: int | None = None
    images: int | None = None


def seen(workspace: Workspace, generator: str) -> Seen:
    """The length of a generator's training.

    Args:
        workspace: the workspace.
        generator: its name in the workspace.
    """
    from patn.checkpoints import read_metadata  # loads torch

    training: Mapping[str, Any] = read_metadata(find_generator(workspace, generator)).extra.get("training", {})
    if not {"steps", "batch"} <= set(training):
        return Seen()
    return Seen(updates=int(training["steps"]), images=int(training["steps"]) * int(training["batch"]))
