"""Workspaces on images that lie elsewhere: what is taken over, what a second call does, what is refused."""

import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.datasets.create import Made
from augment.datasets.views import init_csv, init_set, init_table, init_tracks
from augment.layouts.kinds import DataLayout
from augment.layouts.torchreid_sets import SetChoice
from augment.layouts.tracks import TrackFilter
from augment.workspace import Workspace

IDENTITIES = ("ada", "bob", "cem", "dan")


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """Three images each of four identities, by two cameras."""
    rows = []
    for number, (identity, place) in enumerate((i, p) for i in IDENTITIES for p in range(3)):
        path = tmp_path / "photos" / f"{identity}{place}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (16, 32), (20 * number, 99, 0)).save(path)
        rows.append((str(path), identity, place % 2 + 1))
    return pd.DataFrame(rows, columns=["path", "identity", "camera"])


def saved(table: pd.DataFrame, folder: Path) -> Path:
    """The table as a CSV file in a folder, its paths from there on."""
    file = folder / "list.csv"
    table.assign(path=[str(Path(path).relative_to(folder)) for path in table["path"]]).to_csv(file, index=False)
    return file


def contents(root: Path) -> dict[str, bytes]:
    """Each file of a workspace that a user sees."""
    return {path.name: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_tables_images_are_taken_and_stay_where_they_are(table: pd.DataFrame, tmp_path: Path) -> None:
    made = init_table(tmp_path / "w", table, seed=5)
    assert isinstance(made, Made)
    assert (made.size, made.layout) == ((32, 16), "folders")
    assert (made.files.taken, dict(made.files.passed_over)) == (12, {})
    workspace = Workspace.find(tmp_path / "w")
    assert (workspace.seed, workspace.size) == (5, (32, 16))
    images = workspace.images()
    assert dict(made.images) == {name: int((images["split"] == name).sum()) for name in made.images}
    assert made.images["train"] == 6  # half of the identities
    assert sorted(str(Path(path).resolve()) for path in images["path"]) == sorted(table["path"])
    json.dumps(made.as_dict())


def test_the_share_for_testing_is_of_identities(table: pd.DataFrame, tmp_path: Path) -> None:
    for share, train in ((0.25, 9), (0.5, 6), (0.75, 3)):
        made = init_table(tmp_path / f"w{share}", table, test_share=share)
        assert made.images["train"] == train


def test_a_second_call_changes_nothing_and_another_table_is_refused(table: pd.DataFrame, tmp_path: Path) -> None:
    root = tmp_path / "w"
    init_table(root, table)
    before = contents(root)
    init_table(root, table)
    assert contents(root) == before
    for change in ({"seed": 1}, {"size": (64, 32)}):
        with pytest.raises(AugmentError, match="is already there"):
            init_table(root, table, **change)
    with pytest.raises(AugmentError):
        init_table(root, table[:9])
    assert contents(root) == before


def test_a_csv_file_says_the_same_as_its_table(table: pd.DataFrame, tmp_path: Path) -> None:
    init_table(tmp_path / "a", table, seed=2)
    made = init_csv(tmp_path / "b", saved(table, tmp_path), seed=2)
    assert made.layout == DataLayout.CSV
    assert Workspace.find(tmp_path / "b").layout is DataLayout.CSV
    columns = ["name", "pid", "camid", "split"]
    first, second = (Workspace.find(tmp_path / name).images()[columns] for name in "ab")
    assert first.equals(second)


def test_a_csv_files_error_begins_with_its_name_and_leaves_nothing(table: pd.DataFrame, tmp_path: Path) -> None:
    file = saved(table, tmp_path)
    for name, wrong in {
        "has no column identity": table.drop(columns="identity"),
        "leave ⟨test_share⟩ out": table.assign(split="train"),
    }.items():
        saved(wrong, tmp_path)
        with pytest.raises(AugmentError) as failure:
            init_csv(tmp_path / "w", file, test_share=0.3)
        assert str(failure.value.marked).startswith(f"{file}: ")
        assert name in failure.value.marked
        assert not (tmp_path / "w").exists()


def test_a_workspace_inside_the_images_folder_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    choice, filtering = SetChoice("viper", 0, False, False), TrackFilter()
    for root, images, said in (
        (folder / "w", folder, "lies inside the images' folder"),
        (folder, folder, "lies inside the images' folder"),
        (tmp_path / "w", tmp_path / "gone", "there is no such folder"),
    ):
        with pytest.raises(AugmentError, match=said):
            init_set(root, images, choice)
        with pytest.raises(AugmentError, match=said):
            init_tracks(root, images, filtering)
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "w").exists()


def test_tracks_are_identities_whose_halves_are_two_cameras(tmp_path: Path) -> None:
    frames = tmp_path / "video" / "street" / "img1"
    frames.mkdir(parents=True)
    for frame in range(1, 42):
        Image.new("RGB", (160, 120), (frame, 80, 200)).save(frames / f"{frame:06d}.jpg")
    # four tracks of 41 frames; the boxes of the last one are low
    boxes = [(frame, track, 20 * track, 10, 20, 80) for track in (1, 2, 3, 4) for frame in range(1, 42)]
    lines = [f"{f},{t},{x},{y},{w},{40 if t == 4 else h},1,1,1" for f, t, x, y, w, h in boxes]
    (frames.parent / "gt").mkdir()
    (frames.parent / "gt" / "gt.txt").write_text("\n".join(lines) + "\n")
    made = init_tracks(tmp_path / "w", tmp_path / "video", TrackFilter(margin=0, spacing=8), test_share=0.34)
    assert made.layout == DataLayout.MOT
    images = Workspace.find(tmp_path / "w").images()
    assert images["pid"].nunique() == 3
    assert images.groupby("pid").size().tolist() == [6, 6, 6]  # frames 1, 9, ... 41
    assert images.groupby(["pid", "camid"]).size().tolist() == [3] * 6
    assert any("41 boxes were left out: lower than 64 pixels" in decision for decision in made.decisions)
    with Image.open(images["path"].iloc[0]) as crop:
        assert crop.size == (20, 80)
    with pytest.raises(AugmentError, match="no box is left of 164"):
        init_tracks(tmp_path / "v", tmp_path / "video", TrackFilter(height=100))
    assert not (tmp_path / "v").exists()
