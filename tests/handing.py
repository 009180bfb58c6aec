"""What a command hands to the function behind it, which does not run: commands are parse, call, print."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from augment import AugmentError
from augment.cli import augment
from augment.workspace import Workspace


@dataclass(frozen=True)
class Handed:
    """What a function was given.

    Attributes:
        places: its arguments by place.
        names: those by name.
    """

    places: tuple[Any, ...]
    names: dict[str, Any]


def handed(patch: pytest.MonkeyPatch, function: str, line: str) -> Handed:
    """What a command line hands to a function.

    Args:
        patch: replaces the function.
        function: its place, as augment.commands.generate.generate.
        line: behind `augment`.
    """
    found: list[Handed] = []

    def hand(*places: Any, **names: Any) -> None:
        found.append(Handed(places, names))
        raise AugmentError("this is all")

    patch.setattr(function, hand)
    result = CliRunner().invoke(augment, ["--device", "cpu", "--quiet", *line.split()])
    assert result.stderr == "Error: this is all\n"
    return found[0]


def enter_empty_workspace(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Make a workspace without images, of seed 4, and go there; gives its folder."""
    root = Workspace.create(folder / "w", {"data": "data", "seed": 4}).root
    patch.chdir(root)
    return root
