"""A workspace in which Table 5 can be run in seconds."""

import shutil
from pathlib import Path

from augment.workspace import Workspace


def toy_workspace(root: Path, rendered: Path, trained: Path) -> Workspace:
    """A workspace on the shared data that has the shared generator as its own."""
    made = Workspace.create(root, {"data": str(rendered), "size": [128, 64], "seed": 0})
    shutil.copytree(trained.parent, made.patn_dir("patn"))
    return made
