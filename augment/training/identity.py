"""The re-ID model of a generator's identity term: which one, what it may have been trained on, its features."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from augment import AugmentError, Misuse
from augment.artefacts.artefact import Fingerprint, fingerprint
from augment.artefacts.records import RunRecord, read_run
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input
from augment.datasets.reduced_set import reduced_set
from augment.plurals import counted
from augment.workspace import MODEL, REAL_ONLY, Workspace

if TYPE_CHECKING:
    from patn.training.generator_training import GeneratorTraining
    from patn.training.identity import IdentityTerm

IDENTITY_WEIGHT = 1.0
"""Weight of the identity term where a model is given and nothing else is asked for."""


@dataclass(frozen=True)
class IdentityModel:
    """A finished re-ID model of the workspace that says whom a generated image shows while its generator is trained.

    Attributes:
        folder: of the model.
        run: its record.
    """

    folder: Path
    run: RunRecord

    @classmethod
    def find(cls, workspace: Workspace, name: str) -> IdentityModel:
        """The model of that name.

        Args:
            workspace: whose model it is.
            name: its folder below `reid/`.

        Raises:
            AugmentError: where there is no finished one.
        """
        folder = workspace.reid_dir(name)
        run = read_run(folder)
        if run is None or not (folder / MODEL).is_file():
            known = [path.parent.name for path in workspace.reid_models() if read_run(path.parent) is not None]
            there = ", ".join(known) or "none; `augment reid-train` trains one"
            raise AugmentError(f"{folder}: no finished re-ID model; finished ones: {there}")
        return cls(folder, run)

    @property
    def name(self) -> str:
        """What messages and records call it."""
        return self.folder.name

    def inputs(self) -> dict[str, Fingerprint]:
        """What a generator's `run.json` records of it."""
        return {"identity_model": fingerprint(self.folder / MODEL)}

    def require_no_leak(self, data: Dataset, kept: Collection[str] | None) -> None:
        """Refuse a model that was trained on images that a generator must not have seen.

        Args:
            data: the generator's.
            kept: the names of M^R_p, inside which the generator is trained; None for all training images.

        Raises:
            AugmentError: for a model of other training images than the workspace has, which may be test images here,
                or of a folder from elsewhere; inside M^R_p also for one of generated or removed images.
        """
        options = self.run.options
        augmentation = str(options.get("augmentation"))
        if self.run.result.get("training_images") != images_input(data.train):
            self._refuse("was trained in a workspace of other training images, among which test images may be", None)
        if augmentation.endswith("/"):
            self._refuse(f"was trained on the folder {augmentation}, of which is not known what its images show", None)
        if kept is None:
            return
        if augmentation != REAL_ONLY:
            self._refuse(f"was trained on generated images too ({augmentation})", kept)
        portion, seed = float(options["portion"]), int(options["seed"])
        removed = set(reduced_set(data.images, portion, seed)).difference(kept)
        if removed:
            more = f"{counted(len(removed), 'image')} that M^R_p does not keep, such as {min(removed)}"
            self._refuse(f"was trained with portion {portion} and seed {seed} on {more}", kept)

    def _refuse(self, why: str, kept: Collection[str] | None) -> None:
        inside = "images of this workspace" if kept is None else "real images of the same M^R_p"
        raise AugmentError(f"{self.folder}: {why}; give as ⟨identity_model⟩ one that was trained on {inside} alone")

    def term(self) -> IdentityTerm:
        """The term by this model: features at its own size, as its own evaluation compares them.

        Raises:
            reid.WeightsError: for a damaged file.
        """
        from patn.training.identity import IdentityTerm  # loads torch
        from reid.checkpoints import load_model  # loads torch
        from reid.features import Features  # loads torch

        model, metadata = load_model(self.folder / MODEL)
        training = metadata["training"]
        size = (int(training["height"]), int(training["width"]))
        return IdentityTerm(Features(model, size=size, feature=training["feature"]))


def identity_models(workspace: Workspace) -> dict[str, str]:
    """The re-ID model of the identity term of each finished generator that was trained with one, by generator.

    Args:
        workspace: whose generators are looked at; one whose record is damaged is passed over.
    """
    found: dict[str, str] = {}
    for file in workspace.generators():
        with suppress(AugmentError):
            run = read_run(file.parent)
            if run is not None and "identity_model" in run.options:
                found[file.parent.name] = str(run.options["identity_model"])
    return found


def weighted(training: GeneratorTraining, identity: IdentityModel | None) -> GeneratorTraining:
    """The configuration, with the usual weight of the identity term where there is a model and no other weight.

    Args:
        training: of a generator.
        identity: the model, None for a training without the term.

    Raises:
        AugmentError: for a model and a kind of generator that has no such term, and for a weight without a model.
    """
    if identity is None:
        if training.lambda_identity:
            raise Misuse(f"lambda_identity {training.lambda_identity}: name a re-ID model with ⟨identity_model⟩")
        return training
    if "lambda_identity" not in training.__dataclass_fields__:
        raise Misuse(f"⟨identity_model⟩ has no effect on generator {training.generator}; leave it out")
    return training if training.lambda_identity else replace(training, lambda_identity=IDENTITY_WEIGHT)
