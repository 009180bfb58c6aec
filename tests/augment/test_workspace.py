from pathlib import Path

import pytest

from augment import AugmentError
from augment.settings import read_settings
from augment.workspace import Workspace


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


def test_a_folder_that_is_not_there_does_not_lead_to_a_workspace_above(tmp_path: Path) -> None:
    Workspace.create(tmp_path, {"data": "data"})
    with pytest.raises(AugmentError, match="there is no such folder"):
        Workspace.find(tmp_path / "mistyped")


def test_images_behind_links_in_a_circle_are_missing_images(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w", {"data": "loop"})
    (tmp_path / "w" / "loop").symlink_to("loop")
    with pytest.raises(AugmentError, match=r"there is no image in .*; correct data in"):
        workspace.images()


def test_a_folder_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match="the folder's name is not UTF-8; rename it"):
        Workspace.create(tmp_path / "w", {"data": "latin \udce9"})
    assert not (tmp_path / "w" / "augment.toml").exists()


def test_a_workspace_is_not_overwritten(tmp_path: Path) -> None:
    Workspace.create(tmp_path, {"data": "a"})
    with pytest.raises(AugmentError, match="is already there"):
        Workspace.create(tmp_path, {"data": "b"})
    assert read_settings(tmp_path / "augment.toml")["data"] == "a"


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


def test_a_layout_that_there_is_not_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "augment.toml").write_text('data = "images"\nlayout = "market"\n')
    with pytest.raises(AugmentError, match=r"augment\.toml: layout is 'market'; write one of market1501, folders"):
        _ = Workspace.find(tmp_path).layout


def test_listings_are_of_what_is_finished_and_by_name(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path, {"data": "images"})
    files = [workspace.generator_file("b"), workspace.generator_file("a"), workspace.generator_file("table1/c")]
    files += [workspace.model_file("m"), workspace.generated_dir("ours", 0.3, 0) / "run.json"]
    for file in files:
        file.parent.mkdir(parents=True)
        file.touch()
    workspace.generated_dir("unfinished", 0.3, 0).mkdir()
    assert [path.parent.name for path in workspace.generators()] == ["a", "b"]
    assert [path.parent.name for path in workspace.generators("table1")] == ["c"]
    assert [path.parent.name for path in workspace.reid_models()] == ["m"]
    assert [path.name for path in workspace.generated_sets()] == ["ours-p0.3-s0"]
