"""Training that goes on from another generator: its weights, the recipe without a preset, what has to fit."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment import AugmentError
from augment.artefacts.artefact import Fingerprint, fingerprint
from augment.inference.generators import find_generator, generator_label
from augment.training.loop import LAST, read_networks
from augment.workspace import GENERATOR, Workspace

if TYPE_CHECKING:
    from torch import Tensor, nn

    from patn.training.generator_training import GeneratorTraining

log = logging.getLogger(__name__)
TUNING_STEPS = 1_200
"""Updates of a training that goes on from another generator, where nothing else is asked for."""
TUNING_RATE = 0.5
"""Its learning rate, as a share of that of the training before."""


@dataclass(frozen=True)
class InitialWeights:
    """The weights that a training starts from.

    Attributes:
        checkpoint: the file of the generator.
        others: a file with the weights of its discriminators (a training's last checkpoint, or what
            `write_discriminators` wrote); None where there is none, and discriminators start anew.
    """

    checkpoint: Path
    others: Path | None = None

    @classmethod
    def find(cls, workspace: Workspace, name: str | Path) -> InitialWeights:
        """Those of a generator.

        Args:
            workspace: where its name is looked up.
            name: `builtin`, a name in the workspace or a file.

        Raises:
            AugmentError: where it is not there.
        """
        checkpoint = find_generator(workspace, name)
        last = checkpoint.with_name(LAST) if checkpoint.name == GENERATOR else discriminators_file(checkpoint)
        return cls(checkpoint, last if last.is_file() else None)

    @property
    def label(self) -> str:
        """What messages and records call it."""
        return generator_label(self.checkpoint)

    def inputs(self) -> dict[str, Fingerprint]:
        """What a `run.json` records of it."""
        marks = {"initial": fingerprint(self.checkpoint)}
        return marks if self.others is None else {**marks, "initial_discriminators": fingerprint(self.others)}

    def require_fit(self, training: GeneratorTraining, folder: Path) -> None:
        """Refuse weights that a training cannot start from.

        Args:
            training: the one that would start.
            folder: where it writes its generator.

        Raises:
            AugmentError: for a generator of another kind or options, and for the one made in `folder`. Another size is
                no reason, where the network has no weights that depend on it.
        """
        from patn.checkpoints import read_metadata  # loads torch

        if self.checkpoint.parent.resolve() == folder.resolve():
            raise AugmentError(f"{self.checkpoint}: is the generator that would be written; give it another name")
        about = read_metadata(self.checkpoint)
        if about.generator != training.generator:
            raise AugmentError(
                f"{self.checkpoint}: is a generator of kind {about.generator}, and {training.generator} is to be "
                "trained; start from one of the same kind, or train that kind"
            )
        wanted = (training.height, training.width_px)
        size = tuple(about.extra.get("size") or wanted)
        found, needed = dict(about.options), _options(training)
        if "sigma" in found:
            found["sigma"] *= wanted[0] / size[0]  # a joint's map covers as much of a person as before
        for name in sorted({*found, *needed}):
            if found.get(name) != needed.get(name):
                raise AugmentError(
                    f"{self.checkpoint}: has {name} {found.get(name)}, and {needed.get(name)} is to be trained; start "
                    "from another generator, or leave the preset out to go on with its numbers"
                )
        if size != wanted:
            log.info("%s was trained on images of %d x %d pixels; it goes on at %d x %d.", self.label, *size, *wanted)

    def start(self, networks: Mapping[str, nn.Module]) -> None:
        """Give the networks these weights, and log which start anew.

        Args:
            networks: as of `load_into`.
        """
        anew = self.load_into(networks)
        log.info("Starts from %s%s.", self.label, f"; anew: {', '.join(anew)}" if anew else "")

    def load_into(self, networks: Mapping[str, nn.Module]) -> list[str]:
        """Give the networks these weights.

        Args:
            networks: by their names in a checkpoint; changed in place.

        Returns:
            The names of those that start anew, which are discriminators.
        """
        from patn.checkpoints import load_generator  # loads torch
        from patn.training.averaging import AVERAGE, GENERATOR  # loads torch

        weights, anew = load_generator(self.checkpoint).state_dict(), []
        stored = {} if self.others is None else read_networks(self.others)
        for name in networks:
            if name in (GENERATOR, AVERAGE):
                networks[name].load_state_dict(weights)
                continue
            if _shapes(stored.get(name, {})) == _shapes(networks[name].state_dict()):
                networks[name].load_state_dict(stored[name])
            else:
                anew.append(name)
        return anew


def discriminators_file(checkpoint: Path) -> Path:
    """Where the discriminators of a generator's file lie that is not in a training's folder, such as the built-in's.

    Args:
        checkpoint: the generator's file.
    """
    return checkpoint.with_name(f"{checkpoint.stem}-discriminators.safetensors")


def write_discriminators(last: Path, checkpoint: Path) -> None:
    """Write the discriminators of a training beside a copy of its generator, for others to go on.

    Args:
        last: the training's last checkpoint.
        checkpoint: the copy of its generator; see `discriminators_file`.
    """
    from safetensors.torch import save_file

    from patn.training.averaging import AVERAGE, GENERATOR  # loads torch

    networks = read_networks(last)
    own = [name for name in networks if name not in (GENERATOR, AVERAGE)]
    kept = {f"network.{name}.{key}": value for name in own for key, value in networks[name].items()}
    save_file(kept, discriminators_file(checkpoint), metadata={"step": "0"})


def starting_training(preset: str | None, generator: str | None, initial: InitialWeights | None) -> GeneratorTraining:
    """The training that further options change.

    Args:
        preset: a preset's name; None is market or, with `initial`, the recipe that made that generator in 1,200 updates
            at half its learning rate, without its identity term.
        generator: a name in `patn.generators.GENERATORS`; None is patn or, with `initial`, that generator's kind.
        initial: what the training starts from.
    """
    from patn.checkpoints import read_metadata  # loads torch
    from patn.generators import kind_of, recorded_training  # loads torch

    if initial is None:
        return kind_of(generator or "patn").preset(preset or "market")
    about = read_metadata(initial.checkpoint)
    recorded = about.extra.get("training")
    if preset is not None or recorded is None or generator not in (None, about.generator):
        return kind_of(generator or about.generator).preset(preset or "market")
    own = {name: value for name, value in recorded.items() if name != "lambda_identity"}  # its model is not ours
    training: Any = recorded_training(own).of_steps(TUNING_STEPS)
    tuned: GeneratorTraining = replace(training, lr=training.lr * TUNING_RATE)
    return tuned


def _shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in state.items()}


def _options(training: GeneratorTraining) -> Mapping[str, Any]:
    """The options of the network of a training, as a checkpoint's metadata holds them."""
    import torch

    from patn.generators import build_generator  # loads torch

    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        network = build_generator(training.generator, training.generator_options())
    return dict(json.loads(json.dumps(network.options)))
