"""The trace of a Workspace from a command on, on a package written for the test."""

from pathlib import Path

from tools.workspace_trace import Stop, figure, stops

HOME = """
class Workspace:
    def seed(self): ...
    def models(self): return self.folder().glob("*")
    def folder(self): ...
    def unasked(self): ...
"""
COMMAND = """
from augment.other import Data, find as look_up, without

def command(workspace: Workspace) -> None:
    workspace.seed()
    data = Data.of(workspace)
    data.table(workspace)
    without(data)

    def inside() -> None:
        look_up(workspace)
"""
OTHER = """
class Data:
    @classmethod
    def of(cls, workspace: Workspace) -> "Data": ...
    def table(self, workspace: "Workspace | None") -> None: ...
    def elsewhere(self, workspace: Workspace) -> None: ...

def find(place: Workspace) -> None:
    place.models()

def without(data: Data) -> None:
    unreached(workspace)

def unreached(workspace: Workspace) -> None: ...
def table(workspace: Workspace) -> None: ...
"""


def test_functions_count_that_get_it_from_the_command_and_members_that_these_ask(tmp_path: Path) -> None:
    (tmp_path / "augment" / "commands").mkdir(parents=True)
    (tmp_path / "augment" / "workspace.py").write_text(HOME)
    (tmp_path / "augment" / "other.py").write_text(OTHER)
    (tmp_path / "augment" / "commands" / "make.py").write_text(COMMAND)
    assert stops(tmp_path, Stop("augment.commands.make", "command")) == {
        Stop("augment.commands.make", "command"),
        *(Stop("augment.other", name) for name in ("Data.of", "Data.table", "find")),
        *(Stop("augment.workspace", f"Workspace.{name}") for name in ("seed", "models", "folder")),
    }
    assert figure(tmp_path, "make") == "7 stops (4 functions, 3 members of Workspace), 3 modules, 4 returns"
