"""Tracks of rendered people who walk through a scene as a workspace: frames or a video, ground truth or a tracker."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from augment.cli import augment
from augment.images import read_image
from augment.workspace import Workspace
from tests.conftest import invoke
from tests.walkers import Scene, walking_people, write_frames, write_truth, write_video

ASKED = ("--layout", "mot", "--spacing", "4", "--margin", "0")


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Four people who walk, two to the right and two to the left, so that they hide each other where they meet."""
    return walking_people(people=4, frames=24)


def write(scene: Scene, folder: Path, *, video: bool = False, tracker: bool = False) -> Path:
    """The scene as MOTChallenge has it, with boxes of others, or as a video with a tracker's output beside it."""
    others = [(number, 99, 300, 0, 64, 128, 1, 3, 1.0) for number in (1, 2, 3)]  # a car
    others += [(number, 98, 0, 0, 20, 40, 1, 1, 1.0) for number in (1, 2)]  # far away
    if not tracker:
        write_frames(scene, folder)
        write_truth(scene, folder, others)
        return folder
    write_video(scene, folder) if video else write_frames(scene, folder)
    lines = [(*box[:6], 0.9, -1, -1, -1) for box in scene.boxes]
    pd.DataFrame(lines).to_csv(folder / "tracks.txt", header=False, index=False)
    return folder


def wanted(scene: Scene, least: float) -> dict[int, list[int]]:
    """The frames of each track that are 4 apart and visible enough, found one by one."""
    kept: dict[int, list[int]] = {}
    for number, track, *_, visibility in sorted(scene.boxes, key=lambda box: (box[1], box[0])):
        frames = kept.setdefault(track, [])
        if visibility >= least and (not frames or number - frames[-1] >= 4):
            frames.append(number)
    return kept


def sources(root: Path) -> pd.DataFrame:
    table = pd.read_csv(root / "data" / "sources.csv")
    table["frame"] = [int(Path(source).stem) for source in table["source"]]
    table["track"] = [int(Path(source).parent.name) for source in table["source"]]
    return table


@pytest.mark.parametrize(("video", "tracker"), [(False, False), (True, True)])
def test_tracks_become_identities_with_the_boxes_that_are_good(
    scene: Scene, tmp_path: Path, video: bool, tracker: bool
) -> None:
    folder, root = write(scene, tmp_path / "walk", video=video, tracker=tracker), tmp_path / "w"
    result = invoke(tmp_path, "init", str(root), "--data", str(folder), *ASKED)
    assert result.exit_code == 0, result.output
    kept, found = wanted(scene, 0.0 if tracker else 0.5), sources(root)
    assert {track: sorted(own["frame"]) for track, own in found.groupby("track")} == kept
    assert (found.groupby("track")["identity"].nunique() == 1).all()
    assert found["identity"].nunique() == 4
    boxes = {(box[0], box[1]): box for box in scene.boxes}
    for line in found.to_dict("records"):
        _, _, left, top, width, height, _ = boxes[line["frame"], line["track"]]
        pixels = scene.frames[line["frame"] - 1][top : top + height, left : left + width]
        assert np.abs(read_image(line["source"]).astype(int) - pixels).mean() < 12
        early = line["frame"] in kept[line["track"]][: -(-len(kept[line["track"]]) // 2)]
        assert line["camid"] == (1 if early else 2)
    if not tracker:
        assert "3 boxes were left out: no pedestrian's" in result.stdout
        assert "2 boxes were left out: lower than 64 pixels" in result.stdout
    images = Workspace.find(root).images()
    assert set(images["split"]) == {"train", "query", "gallery"}
    assert invoke(tmp_path, "init", str(root), "--data", str(folder), *ASKED).stdout == result.stdout


def test_sequences_below_a_folder_are_other_people_and_cameras(scene: Scene, tmp_path: Path) -> None:
    for name in ("SEQ-01", "SEQ-02"):
        write(scene, tmp_path / "mot" / name)
    (tmp_path / "mot" / "SEQ-02" / "img1").rename(tmp_path / "mot" / "SEQ-02" / "frames")
    (tmp_path / "mot" / "SEQ-02" / "seqinfo.ini").write_text("[Sequence]\nname=yard\nimDir=frames\n")
    assert invoke(tmp_path, "init", str(tmp_path / "w"), "--data", str(tmp_path / "mot"), *ASKED).exit_code == 0
    images = Workspace.find(tmp_path / "w").images()
    assert images["pid"].nunique() == 8
    assert set(images["camid"]) == {1, 2, 3, 4}
    assert {name.split()[0] for name in sources(tmp_path / "w")["identity"]} == {"SEQ-01", "SEQ-02"}


def test_boxes_that_are_there_twice_or_show_nothing_are_counted_as_such(scene: Scene, tmp_path: Path) -> None:
    folder = write(scene, tmp_path / "walk", tracker=True)
    lines = (folder / "tracks.txt").read_text().splitlines()
    number, track, left, top, *rest = lines[0].split(",")
    twice = ",".join([number, track, str(int(left) + 1), top, *rest])
    flat = [f"{number},7,5,5,{size},0.9,-1,-1,-1" for size in ("0,128", "-64,128", "64,-1")]
    (folder / "tracks.txt").write_text("\n".join([*lines, twice, "", *flat]) + "\n")
    asked = ("--data", str(folder), "--layout", "mot", "--spacing", "1")
    result = invoke(tmp_path, "init", str(tmp_path / "w"), *asked)
    assert result.exit_code == 0, result.output
    assert "1 box was left out: a second box of the same track on the same frame" in result.stdout
    assert "3 boxes were left out: of width or height 0 or less" in result.stdout
    assert "frames after the one before" not in result.stdout
    assert len(sources(tmp_path / "w")) == len(scene.boxes)


@pytest.mark.parametrize(
    ("content", "options", "status", "sentence"),
    [
        ("1,1,5,5,64,128\n\n1.5,1,5,5,64,128\n2.5,1,5,5,64,128\n", (), 1, "tracks.txt, line 3: frame 1.5 is no whole"),
        ("1,1,5,5,64,128\n2,1.5,5,5,64,128\n", (), 1, "tracks.txt, line 2: track 1.5 is no whole number; correct"),
        ("0,1,5,5,64,128\n", (), 1, "line 1: frame 0, but the first frame is 1; count frames from 1; correct the file"),
        ("1,1,5,5,0,128\n", (), 1, "no box is left of 1: 1 of width or height 0 or less; ask for less"),
        ("1,-1,5,5,64,128,0.9,-1,-1,-1\n", (), 1, "run a tracker first"),
        ("1 2 3\n", (), 1, "tracks.txt"),
        ("1,1,5,5,64,128,1,1,1\n", ("--min-height", "500"), 1, "no box is left of 1"),
        (None, (), 1, "no sequence is in it; expected are img1/ or a video"),
        ("1,1,5,5,64,128,1,1,1\n", ("--layout", "folders"), 2, "has no effect without --layout mot"),
    ],
)
def test_what_holds_no_tracks_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, content: str | None, options: tuple[str, ...], status: int, sentence: str
) -> None:
    (tmp_path / "walk" / "img1").mkdir(parents=True)
    if content is not None:
        (tmp_path / "walk" / "tracks.txt").write_text(content)
    arguments = ["init", str(tmp_path / "w"), "--data", str(tmp_path / "walk"), *ASKED, *options]
    result = CliRunner().invoke(augment, arguments)
    assert result.exit_code == status, result.output
    assert sentence in result.stderr
    assert not (tmp_path / "w").exists()
