"""The authors' checkpoints as artefacts of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment import AugmentError, Misuse
from augment.artefacts.artefact import artefact, fingerprint
from augment.results import Result
from augment.workspace import Workspace
from numerics.files import naming

if TYPE_CHECKING:
    from torch import nn

NAME = "imported"


@dataclass(frozen=True)
class ImportedNetwork(Result):
    """An imported network and what was recognised of it.

    Attributes:
        folder: of the network, in the workspace.
        network: generator, d_pp or d_pb.
        norm: batch or instance.
        blocks: how many.
        width: channels of its first layer.
        dropout: whether it was trained with dropout.
        pose_maps: that a generator takes, gaussian or onehot; None of a discriminator.
        size: (height, width) in pixels that it is for.
        parameters: its weights.
    """

    folder: str
    network: str
    norm: str
    blocks: int
    width: int
    dropout: bool
    pose_maps: str | None = None
    size: tuple[int, int] = field(kw_only=True)
    parameters: int = field(kw_only=True)


def import_network(
    workspace: Workspace,
    path: Path,
    *,
    name: str | None = None,
    size: tuple[int, int] | None = None,
    pose_maps: str | None = None,
    force: bool = False,
) -> ImportedNetwork:
    """Write an authors' `.pth` file as `patn/NAME/generator.safetensors`, or d_pp or d_pb.

    Args:
        workspace: where it is written.
        path: of the `.pth` file.
        name: of the folder; None is "imported", for a discriminator "imported-d_pp" or "imported-d_pb".
        size: (height, width) in pixels the network was trained for; None is the released model's with this norm: 128 x
            64 for batch norm, 256 x 176 for instance norm.
        pose_maps: "gaussian" or "onehot"; None is the released model's: Gaussian for batch norm, one-hot for instance
            norm.
        force: write over another network.

    Raises:
        WeightsError: for a file that is no network of PATN.
        AugmentError: for a size not divisible by 4, and pose maps of a discriminator.
    """
    from patn.importing import GENERATOR, read_authors  # loads torch

    network = read_authors(path)
    role, options = network.role, dict(network.options)
    size = size or network.size
    if size[0] % 4 or size[1] % 4:
        raise Misuse(f"⟨size⟩ {size[0]} {size[1]}: height and width must be divisible by 4; give another size")
    if role != GENERATOR and pose_maps is not None:
        raise AugmentError(f"{path}: is a discriminator, which has no pose maps to choose; leave out ⟨pose_maps⟩")
    if role == GENERATOR:
        options["pose_maps"] = pose_maps or options["pose_maps"]
    folder = workspace.patn_dir(name or (NAME if role == GENERATOR else f"{NAME}-{role}"))
    kind = "generator" if role == GENERATOR else "discriminator"
    recorded = {"network": role, "size": size, "pose_maps": options.get("pose_maps")}
    with artefact(folder, kind, recorded, inputs={"file": fingerprint(path)}, force=force, named=True) as run:
        if run.finished:
            return run.recorded(ImportedNetwork)
        built = type(network)(role, options, size, network.tensors).build()
        _save(folder / f"{role}.safetensors", built, role, options, {"size": size, "imported": path.name})
        imported = ImportedNetwork(
            folder=str(folder.relative_to(workspace.root)),
            network=role,
            norm=options["norm"],
            blocks=options["blocks"],
            width=options["width"],
            dropout=options["dropout"],
            pose_maps=options.get("pose_maps"),
            size=size,
            parameters=sum(parameter.numel() for parameter in built.parameters()),
        )
        run.finish(imported)
        return imported


def _save(path: Path, network: nn.Module, role: str, options: Mapping[str, Any], extra: Mapping[str, Any]) -> None:
    """Write a network in this project's form."""
    from patn.checkpoints import save_discriminator, save_generator  # loads torch
    from patn.importing import GENERATOR  # loads torch

    with naming(path):
        if role == GENERATOR:
            save_generator(path, network, "patn", extra)
        else:
            save_discriminator(path, network, role, options, extra)
