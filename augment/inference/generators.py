"""The trained generators of a workspace: which there are, and the command that trains one that is missing."""

from __future__ import annotations

import re
from pathlib import Path

from augment import AugmentError
from augment.layouts.deepfashion import LAYOUT as DEEPFASHION
from augment.workspace import Workspace

_INSIDE = re.compile(r"(?P<kind>.+)-p(?P<portion>\d+\.\d+)-s(?P<seed>\d+)")


def find_generator(workspace: Workspace, generator: str | Path | None) -> Path:
    """The checkpoint of a generator: a name in the workspace, a path, or None for the workspace's only one.

    Raises AugmentError where it is not there or, for None, where there are several.
    """
    if generator is None:
        found = sorted((workspace.root / "patn").glob("*/generator.safetensors"))
        if not found:
            raise AugmentError(f"{workspace.root / 'patn'}: no trained generator; run `{make_generator(workspace)}`")
        if len(found) > 1:
            names = ", ".join(path.parent.name for path in found)
            raise AugmentError(f"{workspace.root / 'patn'}: several generators; name one with --generator: {names}")
        return found[0]
    for path in (workspace.patn_dir(str(generator)) / "generator.safetensors", Path(generator)):
        path = path / "generator.safetensors" if path.is_dir() else path
        if path.is_file():
            return path
    if len(Path(generator).parts) > 1 or Path(generator).suffix == ".safetensors":
        raise AugmentError(f"{generator}: no generator there; give a generator.safetensors, or a name below patn/")
    command = make_generator(workspace, str(generator))
    raise AugmentError(f"{workspace.patn_dir(str(generator))}: no trained generator there; run `{command}`")


def make_generator(workspace: Workspace, name: str = "patn") -> str:
    """What trains the generator of that name, as a command."""
    from patn.generators import GENERATORS

    preset = " --preset deepfashion" if workspace.layout == DEEPFASHION else ""
    inside = _INSIDE.fullmatch(name)
    kind = inside["kind"] if inside else name
    chosen = "" if kind == "patn" else f" --generator {kind}"
    if kind not in GENERATORS:
        return f"augment patn-train{preset} --name {name}"
    if inside:
        return f"{seeded(workspace, int(inside['seed']))} patn-train{preset}{chosen} --portion {inside['portion']}"
    return f"augment patn-train{preset}{chosen}"


def seeded(workspace: Workspace, seed: int) -> str:
    """`augment`, with the seed where it is not the workspace's."""
    return "augment" if seed == workspace.seed else f"augment --seed {seed}"
