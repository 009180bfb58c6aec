from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from augment.inference.video import extract_frames, write_video
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import keypoint_array, keypoint_table, write_keypoints
from tests.conftest import invoke, run


@pytest.fixture
def names(people: Path) -> list[str]:
    """Training images with key points."""
    return [str(name) for name in Workspace.find(people).keypoints("train").index]


def gif_frames(path: Path) -> list[Array]:
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB"), float) for frame in ImageSequence.Iterator(image)]


def moving_square(frames: int) -> list[Array]:
    made = np.full((frames, 48, 33, 3), 40, dtype=np.uint8)
    for number, frame in enumerate(made):
        frame[10:22, number * 3 : number * 3 + 9] = (220, 60, 30)
    return list(made)


def test_a_written_mp4_is_read_back(tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    frames = moving_square(8)
    write_video(iter(frames), tmp_path / "square.mp4", 10, "what it is")
    assert [path.name for path in tmp_path.iterdir()] == ["square.mp4"]  # by rename, nothing left over
    folder = tmp_path / "frames"
    folder.mkdir()
    paths, fps = extract_frames(tmp_path / "square.mp4", folder)
    assert fps == 10
    assert len(paths) == 8
    for path, frame in zip(paths, frames, strict=True):
        read = np.asarray(Image.open(path), float)
        assert read.shape == (48, 34, 3)  # sides are even
        assert np.abs(read[:, :33] - frame).mean() < 6
    assert len(extract_frames(tmp_path / "square.mp4", folder, most=3)[0]) == 3


@pytest.mark.parametrize(("lasting", "rate"), [(None, 10), (0, 10), (50, 20), ([40, 40, 40, 40, 90], 20)])
def test_every_frame_of_a_gif_is_read_also_where_it_does_not_say_how_long_they_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lasting: int | list[int] | None, rate: float
) -> None:
    monkeypatch.setattr("augment.inference.video.find_spec", lambda name: None)  # without the package for videos
    first, *others = [Image.fromarray(frame) for frame in moving_square(5)]
    if lasting is None:
        first.save(tmp_path / "square.gif", save_all=True, append_images=others)
    else:
        first.save(tmp_path / "square.gif", save_all=True, append_images=others, duration=lasting)
    (tmp_path / "frames").mkdir()
    paths, fps = extract_frames(tmp_path / "square.gif", tmp_path / "frames")
    assert fps == rate
    read = [np.asarray(Image.open(path)) for path in paths]
    assert np.array_equal(read, moving_square(5))
    assert len(extract_frames(tmp_path / "square.gif", tmp_path / "frames", most=2)[0]) == 2


def test_the_grid_has_the_people_above_and_the_skeleton_at_the_left(
    people: Path, trained: Path, names: list[str], tmp_path: Path
) -> None:
    poses = Workspace.find(people).keypoints("train")
    write_keypoints(poses.loc[names[4:8]], tmp_path / "poses.csv")
    as_they_are = ("--smooth", "0", "--bridge", "0", "--no-fit", "--generator", str(trained))
    out, shown = tmp_path / "film" / "grid.gif", (names[0], names[20])
    result = run(people, "animate", *shown, "--poses", str(tmp_path / "poses.csv"), "-o", str(out), *as_they_are)
    assert (result["images"], result["frames"], result["fps"]) == (2, 4, 12)
    assert result["jerk"] == result["smoothed_jerk"]
    frames = gif_frames(out)
    assert len(frames) == 4
    assert frames[0].shape == (2 * 132 - 4, 3 * 68 - 4, 3)
    for number, frame in enumerate(frames):
        one = tmp_path / f"{number}.png"
        run(people, "transfer", names[20], "--pose", names[4 + number], "-o", str(one), "--generator", str(trained))
        drawn = np.asarray(Image.open(one), float)
        assert np.abs(frame[132:260, 136:200] - drawn).mean() < 8  # a GIF has 256 colours
    source = np.asarray(Image.open(Workspace.find(people).data / "bounding_box_train" / names[0]), float)
    assert np.abs(frames[0][:128, 68:132] - source).mean() < 12


def test_gaps_are_bridged_and_jitter_is_smoothed(people: Path, trained: Path, names: list[str], tmp_path: Path) -> None:
    pose = keypoint_array(Workspace.find(people).keypoints("train"), names[:1])[0]
    track = np.repeat(pose[None], 20, axis=0) + np.random.default_rng(0).integers(-1, 2, (20, 18, 2))
    track[:, (pose == -1).any(axis=1)] = -1
    track = np.clip(track, -1, [127, 63])
    present = int((pose != -1).all(axis=1).sum())
    track[6:9] = -1
    write_keypoints(keypoint_table([f"{i}.jpg" for i in range(20)], track), tmp_path / "t.csv")
    command = ("animate", names[0], "--poses", str(tmp_path / "t.csv"), "--generator", str(trained), "--plain")
    result = run(people, *command, "-o", str(tmp_path / "a.gif"))
    assert result["empty"] == 3
    assert result["bridged"] >= 3 * (present - 2)
    assert result["smoothed_jerk"] < 0.5 * result["jerk"]
    off = run(people, *command, "-o", str(tmp_path / "b.gif"), "--smooth", "0", "--bridge", "0")
    assert off["bridged"] == 0
    window = {
        frames: run(people, *command, "-o", str(tmp_path / "b.gif"), "--smooth", frames)["smoothed_jerk"]
        for frames in ("0", "4", "5", "11")
    }
    assert window["0"] == window["4"] == result["jerk"] > window["5"] > result["smoothed_jerk"] > window["11"]
    assert gif_frames(tmp_path / "a.gif")[0].shape == (128, 64, 3)
    again = run(people, *command, "-o", str(tmp_path / "c.gif"))
    assert again["frames"] == 20
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "c.gif").read_bytes()


def test_without_poses_people_walk(people: Path, trained: Path, names: list[str], tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    out = tmp_path / "walk.mp4"
    result = run(people, "animate", names[0], "-o", str(out), "--generator", str(trained), "--frames", "6")
    assert (result["frames"], result["empty"], result["keypoints"]) == (6, 0, ["exact", "workspace"])
    (tmp_path / "frames").mkdir()
    assert len(extract_frames(out, tmp_path / "frames")[0]) == 6


@pytest.mark.parametrize(("poses", "said"), [("film.mp4", "neither a folder"), ("broken.mp4", "not a readable video")])
def test_what_is_no_motion_is_told(
    people: Path, trained: Path, names: list[str], tmp_path: Path, poses: str, said: str
) -> None:
    pytest.importorskip("imageio_ffmpeg")
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    command = ("animate", names[0], "--poses", str(tmp_path / poses), "--generator", str(trained))
    refused = invoke(people, *command, "-o", str(tmp_path / "out.gif"))
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert not (tmp_path / "out.gif").exists()


def test_a_film_is_not_written_over_the_frames_that_it_is_made_from(
    people: Path, trained: Path, names: list[str], tmp_path: Path
) -> None:
    film = tmp_path / "square.gif"
    write_video(moving_square(3), film, 10, "what it is")
    before = film.read_bytes()
    refused = invoke(
        people, "animate", names[0], "--poses", str(film), "--generator", str(trained), "-o", str(tmp_path / film.name)
    )
    assert refused.exit_code == 1
    assert "square.gif: is read itself and would be lost; choose another place with -o" in refused.stderr
    assert film.read_bytes() == before


def test_another_ending_and_a_missing_package_are_told(
    people: Path, trained: Path, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("animate", names[0], "--generator", str(trained), "-o")
    refused = invoke(people, *command, str(tmp_path / "walk.avi"))
    assert "videos end in .mp4 or .gif" in refused.stderr
    monkeypatch.setattr("augment.inference.video.find_spec", lambda name: None)
    refused = invoke(people, *command, str(tmp_path / "walk.mp4"))
    assert refused.exit_code == 1
    assert "augment-reid[video]" in refused.stderr


def test_a_long_motion_is_drawn_in_batches_that_change_nothing(
    people: Path, trained: Path, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("animate", *names[:2], "--generator", str(trained), "--frames", "9", "-o")
    run(people, *command, str(tmp_path / "whole.gif"))
    monkeypatch.setattr("augment.inference.animation.BATCH", 4)
    run(people, *command, str(tmp_path / "parts.gif"))
    pairs = zip(gif_frames(tmp_path / "whole.gif"), gif_frames(tmp_path / "parts.gif"), strict=True)
    assert max(np.abs(whole - part).mean() for whole, part in pairs) < 1
