from pathlib import Path

import pytest

from augment import AugmentError
from augment.workspace import Workspace, format_settings, read_settings


def test_it_is_found_from_anywhere_inside(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "w", {"data": "data", "size": [64, 32], "seed": 3, "generate": {"portion": 0.2}})
    inside = tmp_path / "w" / "patn" / "deep"
    inside.mkdir(parents=True)
    found = Workspace.find(inside)
    assert found.root == (tmp_path / "w").resolve()
    assert found.data == (tmp_path / "w" / "data").resolve()
    assert (found.size, found.seed) == ((64, 32), 3)
    assert found.settings["generate"] == {"portion": 0.2}


def test_there_is_one_sentence_where_none_is(tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match=r"no augment\.toml here or above; make a workspace with `augment init`"):
        Workspace.find(tmp_path)


def test_a_workspace_is_not_overwritten(tmp_path: Path) -> None:
    Workspace.create(tmp_path, {"data": "a"})
    with pytest.raises(AugmentError, match="is already there"):
        Workspace.create(tmp_path, {"data": "b"})
    assert read_settings(tmp_path / "augment.toml")["data"] == "a"


def test_settings_survive_writing_and_reading(tmp_path: Path) -> None:
    settings = {"data": 'odd "name"\\', "size": [128, 64], "patn-train": {"preset": "demo", "steps": 5, "force": True}}
    (tmp_path / "augment.toml").write_text(format_settings(settings))
    assert read_settings(tmp_path / "augment.toml") == settings


@pytest.mark.parametrize(("text", "message"), [("data = ", "not readable as TOML"), ("seed = 1", "where images are")])
def test_a_broken_settings_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "augment.toml").write_text(text)
    with pytest.raises(AugmentError, match=rf"augment\.toml: .*{message}"):
        Workspace.find(tmp_path)


def test_paths_are_the_contracts(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"data": "data"})
    paths = {
        workspace.patn_dir("patn"): "patn/patn",
        workspace.reduced_csv(0.3, 0): "reduced/p0.3-s0.csv",
        workspace.generated_dir("ours", 0.3, 0): "generated/ours-p0.3-s0",
        workspace.generated_dir("ours*", 1.0, 2, 3): "generated/ours-star-p1.0-x3-s2",
        workspace.table_dir("table5"): "tables/table5",
    }
    assert {path.relative_to(tmp_path).as_posix() for path in paths} == set(paths.values())
