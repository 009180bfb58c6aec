"""The generators there are: a workspace's, the built-in one; and the command that trains one that is missing."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path

import augment
from augment import AugmentError
from augment.layouts.kinds import DataLayout
from augment.workspace import GENERATOR, Workspace

log = logging.getLogger(__name__)
BUILTIN = "builtin"
"""What names the generator that comes with this tool; larger ones have their size behind it, `builtin-128x64`."""
BUILTIN_FOLDER = Path(augment.__file__).parent / BUILTIN
_SIZE = re.compile(r".+-(?P<height>\d+)x(?P<width>\d+)")
_NAME = re.compile(rf"{BUILTIN}(-\d+x\d+)?")
USUAL_PRESET = "market"
_INSIDE = re.compile(r"(?P<kind>.+)-p(?P<portion>\d+(\.\d+)?(e-\d+)?)-s(?P<seed>\d+)")


def find_generator(workspace: Workspace | None, generator: str | Path | None) -> Path:
    """The checkpoint of a generator.

    Args:
        workspace: None outside of one.
        generator: a name in the workspace, a path, or of `builtin_generators`; None takes the workspace's only one,
            `builtin` where it has none, and the largest built-in one outside of a workspace, which is logged.

    Raises:
        AugmentError: where it is not there or, for None, where there are several.
    """
    if names_builtin(str(generator)):
        return builtin_generator(str(generator))
    if workspace is None:
        return _outside(generator)
    if generator is None:
        found, nothing = workspace.generators(), f"{workspace.generators_dir}: no trained generator"
        if not found and not builtin_generators():
            raise AugmentError(f"{nothing}; run `{make_generator(workspace.layout, workspace.seed)}`")
        return _only_one(found) if found else _builtin_instead(nothing, BUILTIN)
    file = workspace.generator_file(str(generator))
    for path in (file, Path(generator)):
        path = path / GENERATOR if path.is_dir() else path
        if path.is_file():
            return path
    if len(Path(generator).parts) > 1 or Path(generator).suffix == ".safetensors":
        raise AugmentError(f"{generator}: no generator there; give a generator.safetensors, or a name below patn/")
    command = make_generator(workspace.layout, workspace.seed, str(generator))
    raise AugmentError(f"{file.parent}: no trained generator there; run `{command}`")


def builtin_generators() -> dict[str, Path]:
    """The files of the generators that come with this tool, trained on rendered pedestrians, by name.

    The smallest comes first; it is `builtin`, and others are `builtin-HEIGHTxWIDTH`. Empty where there are none.
    """
    files = [path for path in BUILTIN_FOLDER.glob("*.safetensors") if _SIZE.fullmatch(path.stem)]
    named: dict[str, Path] = {}
    for (height, width), path in sorted((_size_of(path), path) for path in files):
        named[f"{BUILTIN}-{height}x{width}" if named else BUILTIN] = path
    return named


def names_builtin(name: str) -> bool:
    """Whether a name is kept for generators that come with this tool, of any size.

    Args:
        name: of a generator.
    """
    return _NAME.fullmatch(name) is not None


def builtin_generator(name: str = BUILTIN) -> Path:
    """The file of a generator that comes with this tool.

    Args:
        name: of `builtin_generators`.

    Raises:
        AugmentError: where this installation has none of that name.
    """
    found = builtin_generators()
    if not found:
        raise AugmentError(
            f"{BUILTIN_FOLDER}: this installation has no built-in generator; name a generator's file instead, or train "
            "one with `augment patn-train`"
        )
    if name not in found:
        raise AugmentError(f"{name}: no built-in generator has that name; there are {', '.join(found)}")
    return found[name]


def is_builtin(checkpoint: Path) -> bool:
    """Whether a generator's file is one that comes with this tool.

    Args:
        checkpoint: the generator's file.
    """
    return checkpoint.parent == BUILTIN_FOLDER


def generator_label(checkpoint: Path) -> str:
    """What a generator is called by its file: as of `builtin_generators`, its folder's name, or that of another file.

    Args:
        checkpoint: the generator's file.
    """
    if is_builtin(checkpoint):
        return _builtin_name(checkpoint)
    return checkpoint.parent.name if checkpoint.name == GENERATOR else checkpoint.stem


def recorded_place(checkpoint: Path, root: Path) -> str:
    """How a record names a generator's file: as of `builtin_generators`, or its path; see `recorded_file`.

    Args:
        checkpoint: the generator's file.
        root: the workspace's folder, from which paths are.
    """
    return _builtin_name(checkpoint) if is_builtin(checkpoint) else os.path.relpath(checkpoint, root)


def recorded_file(place: str, root: Path) -> Path | None:
    """The file that `recorded_place` named, None where it is gone.

    Args:
        place: as recorded.
        root: the workspace's folder.
    """
    if names_builtin(place):
        return builtin_generators().get(place)
    path = root / place
    return path if path.is_file() else None


def _builtin_name(checkpoint: Path) -> str:
    """The name of a file of `builtin_generators`."""
    return next(name for name, path in builtin_generators().items() if path == checkpoint)


def _size_of(path: Path) -> tuple[int, int]:
    found = _SIZE.fullmatch(path.stem)
    assert found is not None
    return int(found["height"]), int(found["width"])


def _only_one(found: Sequence[Path]) -> Path:
    """The only one of a workspace's generators."""
    if len(found) > 1:
        names = ", ".join(path.parent.name for path in found)
        raise AugmentError(f"{found[0].parent.parent}: several generators; name one with ⟨generator⟩: {names}")
    return found[0]


def _outside(generator: str | Path | None) -> Path:
    """A generator's file outside of any workspace."""
    if generator is None:
        names = list(builtin_generators())
        if not names:
            raise AugmentError(
                f"{Path.cwd()}: no workspace here or above; name a generator's file with ⟨generator⟩ PATH"
            )
        return _builtin_instead(f"{Path.cwd()}: no workspace here or above", names[-1])
    path = Path(generator) / GENERATOR if Path(generator).is_dir() else Path(generator)
    if not path.is_file():
        raise AugmentError(f"{path}: there is no such file; name a generator's file with ⟨generator⟩ PATH")
    return path


def _builtin_instead(why: str, name: str) -> Path:
    """The built-in generator of that name, said to be used because of `why`."""
    path = builtin_generator(name)
    log.info("%s; the built-in generator is used, %s, which was trained on rendered pedestrians.", why, path.name)
    return path


def make_generator(layout: DataLayout, usual_seed: int, name: str = "patn") -> str:
    """What trains the generator of that name, as a command.

    Args:
        layout: of the workspace's images, for which a preset is usual.
        usual_seed: the workspace's.
        name: the generator's.
    """
    from patn.generators import GENERATORS  # loads torch

    wanted = layout.generator_preset
    preset = "" if wanted == USUAL_PRESET else f" --preset {wanted}"
    inside = _INSIDE.fullmatch(name)
    kind = inside["kind"] if inside else name
    chosen = "" if kind == "patn" else f" --generator {kind}" if kind in GENERATORS else f" --name {name}"
    if inside:
        return f"{seeded(int(inside['seed']), usual_seed)} patn-train{preset}{chosen} --portion {inside['portion']}"
    return f"augment patn-train{preset}{chosen}"


def seeded(seed: int, usual_seed: int) -> str:
    """`augment`, with the seed where it is not the usual one.

    Args:
        seed: of the command.
        usual_seed: the workspace's.
    """
    return "augment" if seed == usual_seed else f"augment --seed {seed}"
