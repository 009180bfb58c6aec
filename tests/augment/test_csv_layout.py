"""A CSV file of paths, identities, cameras and splits as a workspace."""

import os
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from augment.cli import augment
from augment.workspace import Workspace
from reid.data.market1501 import read_market1501
from tests.conftest import invoke


@pytest.fixture
def listed(rendered: Path, tmp_path: Path) -> Path:
    """The rendered people's images as a CSV file beside them, paths from it on."""
    table = read_market1501(rendered).query("pid > 0")
    table["path"] = [os.path.relpath(path, tmp_path) for path in table["path"]]
    table["identity"] = [f"person {pid}" for pid in table["pid"]]
    table = table.rename(columns={"camid": "camera"})[["path", "identity", "camera", "split"]]
    table.to_csv(tmp_path / "list.csv", index=False)
    return tmp_path / "list.csv"


def test_a_csv_file_becomes_a_workspace_with_its_cameras_and_splits(listed: Path) -> None:
    root, asked = listed.parent / "w", pd.read_csv(listed)
    assert invoke(listed.parent, "init", str(root), "--data", str(listed)).exit_code == 0
    assert Workspace.find(root).layout == "csv"
    sources = pd.read_csv(root / "data" / "sources.csv")
    found = sources.merge(Workspace.find(root).images().assign(image=lambda t: t["path"].map(parted)), on="image")
    wanted = asked.assign(source=[str((listed.parent / path).resolve()) for path in asked["path"]])
    both = found.merge(wanted, on="source")
    assert len(both) == len(asked)
    assert (both["identity_x"] == both["identity_y"]).all()
    assert (both["camid_y"] == both["camera"]).all()
    assert (both["split_x"] == both["split_y"]).all()


def parted(path: str) -> str:
    return "/".join(Path(path).parts[-2:])


@pytest.mark.parametrize(
    ("content", "options", "status", "sentence"),
    [
        ("path,person\na.jpg,1\n", (), 1, "list.csv: the table of images has no column identity"),
        ("path,identity,identity\na.jpg,1,2\n", (), 1, "list.csv: has two columns identity; keep one of them"),
        ("path,identity\naway.jpg,1\n", (), 1, "away.jpg', where there is no file"),
        ('"path,identity\n', (), 1, "list.csv: is not a CSV file"),
        ("path,identity,split\na.jpg,1,train\n", ("--test-share", "0.2"), 1, "has a column split"),
        ("path,identity\n", ("--layout", "folders"), 2, "--layout folders is of a folder"),
        ("path,identity\n", ("--dataset", "viper"), 2, "is a file; give a folder"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, content: str, options: tuple[str, ...], status: int, sentence: str
) -> None:
    (tmp_path / "list.csv").write_text(content)
    arguments = ["init", str(tmp_path / "w"), "--data", str(tmp_path / "list.csv"), *options]
    result = CliRunner().invoke(augment, arguments)
    assert result.exit_code == status
    assert sentence in result.stderr
    assert not (tmp_path / "w").exists()
