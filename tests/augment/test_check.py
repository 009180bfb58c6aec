"""What `augment check` finds: counts, broken images, identities, key points; when it exits with 1."""

import json
import shutil
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from augment.check.inspection import check, count, identities
from augment.check.report import ImagesChecked
from augment.cli import augment
from augment.datasets.published import compare_market1501
from augment.workspace import Workspace
from patn.keypoints import keypoint_table, write_keypoints
from reid.data.market1501 import COUNTS

TRAIN = ["0001_c1s1_000001_01.jpg", "0001_c2s1_000002_01.jpg", "0002_c1s1_000003_01.jpg"]
QUERY = ["0003_c1s1_000004_00.jpg"]
GALLERY = ["0003_c2s1_000005_01.jpg", "-1_c2s1_000006_01.jpg", "0000_c2s1_000007_01.jpg"]


def folder_of(root: Path, train: list[str], query: list[str], gallery: list[str]) -> Workspace:
    """A workspace of blank images with these names."""
    for part, names in (("bounding_box_train", train), ("query", query), ("bounding_box_test", gallery)):
        (root / "data" / part).mkdir(parents=True)
        for name in names:
            Image.new("RGB", (64, 128), f"#{zlib.crc32(name.encode()) % 0xFFFFFF:06x}").save(
                root / "data" / part / name
            )
    return Workspace.create(root, {"data": "data", "size": [128, 64], "seed": 0})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A sound, small data set."""
    return folder_of(tmp_path, TRAIN, QUERY, GALLERY)


def table(splits: dict[str, list[tuple[int, int]]]) -> pd.DataFrame:
    """An image table of (pid, camid) by split."""
    rows = [(split, pid, camid) for split, images in splits.items() for pid, camid in images]
    return pd.DataFrame(rows, columns=["split", "pid", "camid"])


def test_sound_data_is_ok_and_the_next_step_is_named(workspace: Workspace) -> None:
    report = check(workspace, progress=False)
    assert report.ok
    assert report.counts["train"] == 3
    assert report.counts["gallery junk"] == report.counts["gallery distractors"] == 1
    assert report.images == ImagesChecked(decoded=7, resized=0, unreadable=())
    assert report.identities.train_single == 1
    assert "no key points yet: run `augment poses`" in report.notes
    assert report.as_dict()["keypoints"] == {"source": None}


def test_a_picture_under_two_identities_or_in_both_parts_is_said(workspace: Workspace) -> None:
    train, query, gallery = (workspace.data / part for part in ("bounding_box_train", "query", "bounding_box_test"))
    assert check(workspace, progress=False).copies == {"identities": [], "parts": []}
    shutil.copy(train / TRAIN[0], train / "0001_c3s1_000001_01.jpg")  # of one identity: no more than a copy
    shutil.copy(train / TRAIN[0], train / "0002_c3s1_000001_01.jpg")
    shutil.copy(gallery / GALLERY[2], gallery / "0003_c3s1_000001_01.jpg")  # a distractor is nobody
    shutil.copy(train / TRAIN[1], gallery / "-1_c1s1_000008_01.jpg")
    report = check(Workspace.find(workspace.root), progress=False)
    assert report.ok
    assert [note for note in report.notes if "picture" in note] == [
        "1 picture is under two identities or more: train/0001_c1s1_000001_01.jpg and train/0001_c3s1_000001_01.jpg "
        "and train/0002_c3s1_000001_01.jpg; remove what is wrong",
        "1 picture is in both the training and the test part: gallery/-1_c1s1_000008_01.jpg and "
        f"train/{TRAIN[1]}; remove what is wrong",
    ]
    shutil.copy(train / TRAIN[2], query / "0003_c1s1_000009_00.jpg")
    notes = check(Workspace.find(workspace.root), progress=False).notes
    assert any(note.startswith("2 pictures are under two identities") for note in notes)
    assert any(note.startswith("2 pictures are in both the training and the test part") for note in notes)


def test_a_picture_saved_anew_under_another_name_is_said(people: Path, tmp_path: Path) -> None:
    given = Workspace.find(people)
    data = Path(shutil.copytree(given.data, tmp_path / "data"))
    assert check(given, progress=False).copies == {"identities": [], "parts": []}
    one, other, tested = sorted((data / "bounding_box_train").glob("*.jpg"))[:3]
    with Image.open(one) as image:
        image.save(data / "bounding_box_train" / "0999_c1s1_000001_01.jpg", quality=60)
    with Image.open(other) as image:
        image.resize((128, 256), Image.Resampling.BICUBIC).save(data / "query" / "0998_c1s1_000001_00.jpg", quality=90)
    with Image.open(tested) as image:  # another picture: mirrored
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(data / "query" / "0997_c1s1_000001_00.jpg")
    copies = check(Workspace.create(tmp_path / "w", {"data": str(data)}), progress=False).copies
    twice = ["query/0998_c1s1_000001_00.jpg", f"train/{other.name}"]
    assert copies == {"identities": [[f"train/{one.name}", "train/0999_c1s1_000001_01.jpg"], twice], "parts": [twice]}


@pytest.mark.parametrize("frame", ["black", "white"])
def test_pictures_padded_to_squares_are_told_apart(people: Path, tmp_path: Path, frame: str) -> None:
    data = Path(shutil.copytree(Workspace.find(people).data, tmp_path / "data"))
    for path in sorted(data.glob("*/*.jpg")):
        with Image.open(path) as image:
            padded = Image.new("RGB", (256, 256), frame)
            padded.paste(image, ((256 - image.width) // 2, (256 - image.height) // 2))
        padded.save(path, quality=95)
    one = next((data / "bounding_box_train").glob("*.jpg"))
    with Image.open(one) as image:
        image.save(data / "query" / "0998_c1s1_000001_00.jpg", quality=90)
    copies = check(Workspace.create(tmp_path / "w", {"data": str(data)}), progress=False).copies
    twice = ["query/0998_c1s1_000001_00.jpg", f"train/{one.name}"]
    assert copies == {"identities": [twice], "parts": [twice]}


def test_broken_image_is_named_and_exits_with_1(workspace: Workspace) -> None:
    path = workspace.data / "bounding_box_train" / TRAIN[1]
    path.write_bytes(path.read_bytes()[:300])
    result = CliRunner().invoke(augment, ["--workspace", str(workspace.root), "--json", "check", "--jobs", "2"])
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert not report["ok"]
    assert [TRAIN[1] in sentence for sentence in report["images"]["unreadable"]] == [True]
    assert report["images"]["decoded"] == 6


def test_images_of_another_size_are_a_note_only(workspace: Workspace) -> None:
    Image.new("RGB", (32, 64)).save(workspace.data / "query" / QUERY[0])
    result = CliRunner().invoke(augment, ["--workspace", str(workspace.root), "check"])
    assert result.exit_code == 0
    assert "1 image is of another size" in result.stdout


@pytest.mark.parametrize(
    ("query", "gallery"), [([], []), (QUERY, ["0003_c1s1_000005_01.jpg"]), (QUERY, ["0004_c2s1_000005_01.jpg"])]
)
def test_data_that_cannot_evaluate_reid_is_wrong(tmp_path: Path, query: list[str], gallery: list[str]) -> None:
    workspace = folder_of(tmp_path, TRAIN, query, gallery)
    result = CliRunner().invoke(augment, ["--workspace", str(workspace.root), "check"])
    assert result.exit_code == 1
    assert "re-ID cannot be evaluated" in result.stdout


def test_key_points_are_counted(workspace: Workspace) -> None:
    points = np.full((3, 18, 2), 9)
    points[0] = -1
    points[1, 2] = -1
    for file, names in (("train.csv", TRAIN), ("query.csv", QUERY), ("test.csv", GALLERY[:2])):
        write_keypoints(keypoint_table(names, points[: len(names)]), workspace.data / "keypoints" / file)
    report = check(workspace, progress=False).as_dict()["keypoints"]
    assert report["source"] == "exact"
    assert report["splits"]["train"] == {"images": 3, "no_row": 0, "no_pose": 1, "no_torso": 2}
    assert report["splits"]["gallery"]["no_row"] == 1


def test_a_missing_weight_file_is_said_to_be_optional_and_what_takes_it(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))
    result = CliRunner().invoke(augment, ["--quiet", "--workspace", str(workspace.root), "check"])
    lines = [line for line in result.stdout.splitlines() if line.startswith("weights: ")]
    assert all("is not there, and needed only for " in line for line in lines)
    assert any("vgg19-dcbb9e9d.pth" in line and "only for the perceptual loss of patn-train;" in line for line in lines)


def test_market1501_is_recognised_by_its_counts() -> None:
    counts = dict(COUNTS)
    assert compare_market1501(counts) == {}
    assert compare_market1501(counts | {"query": 3_000}) == {"query": [3_000, 3_368]}
    assert compare_market1501(counts | {"train": 500}) is None


def test_counts_and_matches_follow_the_market1501_rule() -> None:
    images = table(
        {
            "train": [(1, 1), (1, 2), (2, 1), (0, 1), (-1, 2)],
            "query": [(5, 1), (5, 2), (6, 1), (7, 1)],
            "gallery": [(5, 2), (6, 1), (0, 3), (-1, 3), (1, 3)],
        }
    )
    assert count(images)["gallery without junk"] == 4
    assert identities(images).as_dict() == {
        "train_single": 1,
        "train_paired": 1,
        "train_and_test": 1,
        "queries_matched": 1,  # identity 5 from camera 1; its other query and 6 see only their own camera, 7 nobody
        "queries_unmatched": 3,
        "train_nobody": 2,
    }
