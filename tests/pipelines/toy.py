"""A workspace in which Table 5 can be run in seconds, by short trainings and few timed steps."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from augment.workspace import Workspace
from pipelines.table5 import probes
from reid.training import PRESETS


def toy_workspace(root: Path, rendered: Path, trained: Path) -> Workspace:
    """A workspace on the shared data that has the shared generator as its own."""
    made = Workspace.create(root, {"data": str(rendered), "size": [128, 64], "seed": 0})
    shutil.copytree(trained.parent, made.patn_dir("patn"))
    return made


def few_epochs(patch: pytest.MonkeyPatch) -> None:
    """Let re-ID models of the preset `demo` be trained for two epochs, in this process."""
    patch.setitem(PRESETS, "demo", replace(PRESETS["demo"], epochs=2))


def few_calls(patch: pytest.MonkeyPatch) -> None:
    """Let what is timed for an estimate be timed once, on two images."""
    patch.setattr(probes, "CALLS", 1)
    patch.setattr(probes, "FEW", 2)
    patch.setattr(probes, "MOST_PIXELS", 0)
