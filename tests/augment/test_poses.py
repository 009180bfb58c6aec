"""Key points of a workspace: estimated and resumed, imported from annotation files, compared with exact joints."""

import importlib.util
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from augment import AugmentError
from augment.artefacts.records import read_run
from augment.cli import augment
from augment.datasets.create import init_rendered
from augment.datasets.dataset import Dataset
from augment.pedestrians import Pedestrians
from augment.poses import estimate as poses
from augment.poses import estimators
from augment.poses.agreement import agreement
from augment.poses.estimators import DEFAULT, FAST, Choice
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from patn import KeypointError
from patn.keypoints import keypoint_array, keypoint_table, read_keypoints, write_keypoints

needs_litert = pytest.mark.skipif(importlib.util.find_spec("ai_edge_litert") is None, reason="LiteRT is not installed")
FILES = ("train.csv", "query.csv", "test.csv")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Blank images in the Market-1501 layout; no key points."""
    names = {
        "bounding_box_train": ["0001_c1s1_000001_01.jpg", "0001_c2s1_000002_01.jpg", "0002_c1s1_000003_01.jpg"],
        "query": ["0003_c1s1_000004_00.jpg"],
        "bounding_box_test": ["0003_c2s1_000005_01.jpg", "-1_c2s1_000006_01.jpg"],
    }
    for part, files in names.items():
        (tmp_path / "data" / part).mkdir(parents=True)
        for name in files:
            Image.new("RGB", (64, 128), "gray").save(tmp_path / "data" / part / name)
    return Workspace.create(tmp_path, {"data": "data", "size": [128, 64], "seed": 0})


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Rendered pedestrians with exact joints."""
    root = tmp_path_factory.mktemp("rendered")
    people = Pedestrians(
        train_identities=5, test_identities=2, images_per_identity=8, cameras=4, distractors=2, junk=2, seed=3
    )
    init_rendered(root, people, jobs=1)
    return Workspace.find(root)


def bodies(names: list[str], seed: int = 0) -> pd.DataFrame:
    """Random joints inside 128 x 64 images."""
    return keypoint_table(names, np.random.default_rng(seed).integers(0, [128, 64], (len(names), 18, 2)))


def test_key_points_of_another_estimator_stay_in_use_and_are_not_mixed_with_the_defaults(workspace: Workspace) -> None:
    pytest.importorskip("mediapipe")
    poses.estimate_poses(workspace, estimator="mediapipe")
    said = r"poses: was made with estimator mediapipe, not movenet; give the same, or force to make it again"
    with pytest.raises(AugmentError, match=said):
        poses.estimate_poses(workspace)
    assert workspace.keypoints_source() == "mediapipe"


def test_authors_files_are_matched_by_name(workspace: Workspace, tmp_path: Path) -> None:
    images = workspace.images()["name"].tolist()
    table = bodies([*images[:-1], "9999_c1s1_000000_00.jpg"])
    write_keypoints(table.iloc[:3], tmp_path / "market-annotation-train.csv")
    write_keypoints(table.iloc[2:], tmp_path / "market-annotation-test.csv")
    files = [tmp_path / "market-annotation-train.csv", tmp_path / "market-annotation-test.csv"]
    result = poses.import_poses(workspace, files)
    assert (result.summary.no_row, result.summary.no_pose, result.rows_of_no_image) == (1, 1, 1)
    for split in ("train", "query", "gallery"):
        names = workspace.images().query("split == @split")["name"]
        rows = keypoint_array(workspace.keypoints(split), names)
        expected = [keypoint_array(table, [name])[0] if name in table.index else np.full((18, 2), -1) for name in names]
        np.testing.assert_array_equal(rows, expected)
    assert workspace.keypoints_source() == "csv"


def test_written_files_can_be_imported_again(workspace: Workspace, tmp_path: Path) -> None:
    write_keypoints(bodies(workspace.images()["name"].tolist()), tmp_path / "all.csv")
    poses.import_poses(workspace, [tmp_path / "all.csv"])
    first = [(workspace.poses_dir / file).read_bytes() for file in FILES]
    copies = [Path(tmp_path / f"copy-{file}") for file in FILES]
    for copy, content in zip(copies, first, strict=True):
        copy.write_bytes(content)
    poses.import_poses(workspace, copies, runtime=Runtime(force=True))
    assert [(workspace.poses_dir / file).read_bytes() for file in FILES] == first


@needs_litert
def test_key_points_are_not_given_up_for_what_cannot_make_new_ones(workspace: Workspace, tmp_path: Path) -> None:
    write_keypoints(bodies(workspace.images()["name"].tolist()), tmp_path / "all.csv")
    poses.import_poses(workspace, [tmp_path / "all.csv"])
    first = [(workspace.poses_dir / file).read_bytes() for file in FILES]
    odd = tmp_path / "odd.csv"
    odd.write_text("no key points")
    forced = Runtime(force=True)
    with pytest.raises(AugmentError, match=r"odd\.csv: no TensorFlow Lite file"):
        poses.estimate_poses(workspace, estimator=Choice(DEFAULT, odd), runtime=forced)
    with pytest.raises(KeypointError, match=r"odd\.csv, line 1: the header is not"):
        poses.import_poses(workspace, [odd], runtime=forced)
    with pytest.raises(AugmentError, match=r"train\.csv: lies in the folder that is made anew from it; copy it"):
        poses.import_poses(workspace, [workspace.poses_dir / "train.csv"], runtime=forced)
    assert [(workspace.poses_dir / file).read_bytes() for file in FILES] == first
    assert workspace.keypoints_source() == "csv"


def test_coordinates_of_another_size_are_scaled(workspace: Workspace, tmp_path: Path) -> None:
    names = workspace.images()["name"].tolist()
    small = keypoint_table(names, np.random.default_rng(1).integers(0, [64, 32], (len(names), 18, 2)))
    write_keypoints(small, tmp_path / "small.csv")
    poses.import_poses(workspace, [tmp_path / "small.csv"], size=(64, 32))
    train = workspace.keypoints("train")
    expected = keypoint_array(small, train.index) * 2 + 0.5  # pixel centres
    assert np.abs(keypoint_array(train, train.index) - expected).max() <= 0.5


def test_mistakes_in_files_are_one_sentence(workspace: Workspace, tmp_path: Path) -> None:
    name = workspace.images()["name"].iloc[0]
    write_keypoints(bodies([name], seed=0), tmp_path / "a.csv")
    write_keypoints(bodies([name], seed=1), tmp_path / "b.csv")
    write_keypoints(bodies(["other.jpg"]), tmp_path / "c.csv")
    with pytest.raises(AugmentError, match=r"b\.csv: .* other key points"):
        poses.import_poses(workspace, [tmp_path / "a.csv", tmp_path / "b.csv"])
    with pytest.raises(AugmentError, match=r"c\.csv: no row is of an image"):
        poses.import_poses(workspace, [tmp_path / "c.csv"])
    poses.import_poses(workspace, [tmp_path / "a.csv"])
    with pytest.raises(AugmentError, match=r"was made from other input: csv"):
        poses.import_poses(workspace, [tmp_path / "b.csv"])


def test_import_through_the_command_line(workspace: Workspace, tmp_path: Path) -> None:
    write_keypoints(bodies(workspace.images()["name"].tolist()[:4]), tmp_path / "all.csv")
    arguments = ["--workspace", str(workspace.root), "poses", "--csv", str(tmp_path / "all.csv")]
    result = CliRunner().invoke(augment, arguments)
    assert result.exit_code == 0, result.output
    assert "2 images had no row in the files" in result.stdout


def test_summary_counts_what_is_missing(workspace: Workspace) -> None:
    images = workspace.images()
    train = images.loc[images["split"] == "train", "name"].tolist()
    points = np.full((3, 18, 2), 5)
    points[1] = -1
    points[2, 8] = -1  # right hip
    summary = poses.summarise(images, {"train": keypoint_table(train, points)})
    assert summary.splits["train"] == poses.PoseCounts(images=3, no_row=0, no_pose=1, no_torso=2)
    assert summary.splits["query"] == poses.PoseCounts(images=1, no_row=1, no_pose=1, no_torso=1)


def test_agreement_is_the_share_within_half_a_head(workspace: Workspace) -> None:
    images = workspace.images()
    folder = workspace.data / "keypoints"
    exact = bodies(images.loc[images["split"] == "gallery", "name"].tolist())
    write_keypoints(exact, folder / "test.csv")
    pd.DataFrame({"name": exact.index, "head_size": 10.0}).to_csv(folder / "head_size.csv", index=False)
    guess = keypoint_array(exact, exact.index) + 0
    junk = list(exact.index).index("-1_c2s1_000006_01.jpg")
    guess[junk] = -1  # does not count
    guess[1 - junk, 4] += (4, 4)  # 5.7 pixels off
    guess[1 - junk, 5] += (0, 4)
    result = agreement(Dataset.of(workspace), {"gallery": keypoint_table(list(exact.index), guess)})
    assert result is not None
    assert (result.images, result.found, result.pckh) == (1, 1.0, round(17 / 18, 4))
    assert agreement(Dataset.of(workspace), {"train": exact}) is None


@needs_litert
def test_rendered_people_are_found_and_joints_agree(rendered: Workspace) -> None:
    arguments = ["--workspace", str(rendered.root), "--json", "poses", "--sample", "50", "--jobs", "1"]
    result = CliRunner().invoke(augment, arguments)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["found"] >= 0.95
    assert figures["pckh"] >= 0.80
    assert not rendered.poses_dir.exists()


@needs_litert
def test_interrupted_estimation_goes_on_to_the_same_bytes(
    rendered: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "w"
    workspace = Workspace.create(root, {**rendered.settings, "data": str(rendered.data)})
    monkeypatch.setattr(poses, "CHUNK", 16)
    with monkeypatch.context() as patched:
        patched.setattr(poses, "worker_pool", lambda *_: ThreadPoolExecutor(1))  # a process loads mediapipe anew
        whole = poses.estimate_poses(workspace, estimator=FAST, jobs=1)
    expected = [(workspace.poses_dir / file).read_bytes() for file in FILES]
    assert whole.agreement is not None
    assert whole.agreement.found >= 0.9
    assert workspace.keypoints_source() == FAST

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    force = Runtime(force=True)
    with monkeypatch.context() as patched:
        patched.setattr(poses, "worker_pool", lambda *_: ThreadPoolExecutor(1))
        patched.setattr(poses, "_join_parts", killed)
        with pytest.raises(KeyboardInterrupt):
            poses.estimate_poses(workspace, estimator=FAST, jobs=1, runtime=force)
    assert read_run(workspace.poses_dir) is None
    parts = sorted((workspace.poses_dir / poses.PARTS).iterdir())
    parts[0].unlink()
    untouched = {part: part.stat().st_mtime_ns for part in parts[1:]}
    done: list[Path] = []
    with monkeypatch.context() as patched:
        join = poses._join_parts

        def look(*arguments: object) -> object:
            done.extend(part for part, when in untouched.items() if part.stat().st_mtime_ns == when)
            return join(*arguments)  # type: ignore[arg-type]

        patched.setattr(poses, "_join_parts", look)
        poses.estimate_poses(workspace, estimator=FAST, jobs=2)
    assert done == parts[1:]
    assert [(workspace.poses_dir / file).read_bytes() for file in FILES] == expected
    assert not (workspace.poses_dir / poses.PARTS).exists()
    assert len(read_keypoints(workspace.poses_dir / "train.csv")) == 40


@pytest.mark.parametrize("finished", [True, False])
def test_key_points_made_by_an_earlier_method_are_neither_taken_nor_finished(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, finished: bool
) -> None:
    def nobody(paths: list[str], *_: object) -> Array:
        return np.full((len(paths), 18, 2), -1, np.float32)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(poses, "estimate_files", nobody)
    with monkeypatch.context() as earlier:
        earlier.setattr(estimators, "METHODS", {})
        if finished:
            poses.estimate_poses(workspace)
        else:
            earlier.setattr(poses, "_join_parts", killed)
            with pytest.raises(KeyboardInterrupt):
                poses.estimate_poses(workspace)
    assert not poses.estimated_by(workspace, DEFAULT)
    with pytest.raises(AugmentError, match=r"poses: was made from other input: method that was not recorded"):
        poses.estimate_poses(workspace)
    poses.estimate_poses(workspace, runtime=Runtime(force=True))
    assert poses.estimated_by(workspace, DEFAULT)
    assert not poses.estimated_by(workspace, "mediapipe")
