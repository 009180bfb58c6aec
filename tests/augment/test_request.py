"""Requests: images in poses by a generator, in batches, with what cannot be used left out or refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import augment
from augment import AugmentError
from augment.images import load_images
from augment.inference import request as requests
from augment.inference.animation import Motion, animate, animation_text
from augment.inference.request import LoadedRequest, Request
from augment.poses.readers import Pose
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import keypoint_array, keypoint_table, write_keypoints
from tests.augment.stand_in import SIZE, stand_in

QUIET = Runtime(device="cpu", precision="fp32", progress=False)
EMPTY = np.full((18, 2), -1.0, np.float32)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return stand_in(monkeypatch)


@pytest.fixture
def workspace(people: Path) -> Workspace:
    return Workspace.find(people)


@pytest.fixture
def names(workspace: Workspace) -> list[str]:
    """Training images with key points."""
    return [str(name) for name in workspace.keypoints("train").index]


def poses_csv(folder: Path, poses: dict[str, Array]) -> str:
    """A file of key points in pixels of 128 x 64."""
    table = keypoint_table(list(poses), np.stack(list(poses.values())))
    write_keypoints(table, folder / "poses.csv")
    return str(folder / "poses.csv")


def noses(workspace: Workspace, names: list[str]) -> Array:
    """Rows of noses in pixels of the stand-in's images, half as large as the workspace's."""
    rows: Array = keypoint_array(workspace.keypoints("train"), names)[:, 0, 0] / 2
    return rows


def first_red(workspace: Workspace, name: str) -> int:
    """The red of an image's first pixel at the stand-in's size."""
    path = str(workspace.images().set_index("name").at[name, "path"])
    return int(load_images([path], SIZE, jobs=1)[0, 0, 0, 0])


def test_images_and_poses_are_brought_to_the_generators_size_and_back(
    workspace: Workspace, names: list[str], asked: dict[str, Any]
) -> None:
    work = LoadedRequest(Request(names[:2], [names[5], names[9]], workspace, "mine", runtime=QUIET))
    assert asked == {"workspace": workspace, "generator": "mine"}
    assert work.generator.out == workspace.size == (128, 64)
    for source, name in zip(work.sources, names, strict=False):
        made = work.generate(source, work.targets)
        assert made.shape == (2, 128, 64, 3)
        assert (made[..., 0] == first_red(workspace, name)).all()
        assert np.abs(made[:, 0, 0, 1] - noses(workspace, [name])).max() <= 1
        assert np.abs(made[:, 0, 0, 2] - noses(workspace, [names[5], names[9]])).max() <= 1


@pytest.mark.parametrize(("size", "out"), [(None, (128, 64)), ((48, 24), (48, 24))])
def test_the_size_asked_for_comes_before_the_workspaces(
    workspace: Workspace, names: list[str], asked: dict[str, Any], size: tuple[int, int] | None, out: tuple[int, int]
) -> None:
    work = LoadedRequest(Request(names[:1], names[1:2], workspace, size=size, runtime=QUIET))
    assert (work.generator.out, work.generator.size) == (out, SIZE)


def test_many_poses_are_generated_in_batches_in_their_order(
    workspace: Workspace, names: list[str], asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "BATCH", 3)
    work = LoadedRequest(Request(names[:1], (), workspace, runtime=QUIET))
    assert work.targets == []
    targets = [Pose(str(row), np.full((18, 2), row, np.float32), "array") for row in range(7)]
    made = work.generate(work.sources[0], targets)
    assert made[:, 0, 0, 2].tolist() == list(range(7))
    assert work.generator.calls == [3, 3, 1]  # type: ignore[attr-defined]


def test_targets_without_a_person_are_left_out_and_named(
    workspace: Workspace, names: list[str], asked: dict[str, Any], tmp_path: Path
) -> None:
    seen = keypoint_array(workspace.keypoints("train"), names[:1])[0]
    file = poses_csv(tmp_path, {"a.jpg": seen, "b.jpg": EMPTY, "c.jpg": seen})
    work = LoadedRequest(Request(names[:2], [file, names[3]], workspace, runtime=QUIET))
    assert [pose.name for pose in work.targets] == ["a.jpg", "c.jpg", names[3]]
    summary = work.summary("exact").as_dict()
    assert summary == {
        "images": 2,
        "poses": 3,
        "skipped": ["b.jpg"],
        "keypoints": ["csv", "exact", "workspace"],
        "size": [128, 64],
        "generator_size": [64, 32],
        "generator": "f00d",
    }
    assert "poses" not in replace(work.summary(), poses=None).as_dict()


def test_where_nobody_is_seen_nothing_is_made(
    workspace: Workspace, names: list[str], asked: dict[str, Any], tmp_path: Path
) -> None:
    nobody = poses_csv(tmp_path, {names[0]: EMPTY})
    with pytest.raises(AugmentError, match="no person was found in it; give another pose"):
        LoadedRequest(Request(names[:1], [nobody], workspace, runtime=QUIET))
    with pytest.raises(AugmentError, match=f"{names[0]}: no person was found in it; give another image"):
        LoadedRequest(Request(names[:1], (), workspace, source_pose=nobody, runtime=QUIET))
    with pytest.raises(AugmentError, match="neither a file nor the name of an image"):
        LoadedRequest(Request(["gone.jpg"], (), workspace, runtime=QUIET))


def test_a_description_names_sources_and_the_first_twenty_poses(
    workspace: Workspace, names: list[str], asked: dict[str, Any]
) -> None:
    work = LoadedRequest(Request(names[:1], (), workspace, runtime=QUIET))
    poses = [Pose(f"p{row}", EMPTY, "array") for row in range(23)]
    short = work.description(work.sources, poses[:2], "grid")
    assert short == f"grid; source {names[0]}; pose p0, p1; generator f00d"
    assert work.description(work.sources, poses[:20]).endswith("p18, p19; generator f00d")
    assert work.description(work.sources, poses).endswith("p18, p19 and 3 more; generator f00d")


def test_images_from_python_are_in_the_order_of_their_pairs(
    workspace: Workspace, names: list[str], asked: dict[str, Any]
) -> None:
    flat = np.full((18, 2), 40.0)  # in pixels of the images made, 128 x 64
    pairs: list[tuple[str, str | Array]] = [(names[0], names[5]), (names[1], names[6]), (names[0], flat)]
    made = augment.generate_images("mine", pairs, workspace=workspace, runtime=QUIET)
    assert (made.shape, made.dtype) == ((3, 128, 64, 3), np.uint8)
    assert made[:, 0, 0, 0].tolist() == [first_red(workspace, names[at]) for at in (0, 1, 0)]
    wanted = [*noses(workspace, [names[5], names[6]]), 20]
    assert np.abs(made[:, 0, 0, 2] - np.array(wanted)).max() <= 1


def test_what_is_no_pair_of_image_and_pose_is_refused(
    workspace: Workspace, names: list[str], asked: dict[str, Any], tmp_path: Path
) -> None:
    seen = keypoint_array(workspace.keypoints("train"), names[:1])[0]
    for pose, said in (
        (np.zeros((17, 2)), r"of shape \(17, 2\); give 18 x 2, as \(y, x\)"),
        (EMPTY, "key points: no person was found in it"),
        (poses_csv(tmp_path, {"a.jpg": seen, "b.jpg": seen}), "holds 2 poses; give one image or one array"),
    ):
        with pytest.raises(AugmentError, match=said):
            augment.generate_images("mine", [(names[0], pose)], workspace=workspace, runtime=QUIET)
    with pytest.raises(AugmentError, match="there is no pair"):
        augment.generate_images("mine", [], workspace=workspace, runtime=QUIET)


def gif(path: Path) -> list[Array]:
    """Frames as RGB."""
    with Image.open(path) as film:
        frames = []
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            frames.append(np.asarray(film.convert("RGB")))
    return frames


def test_a_walk_is_filmed_with_as_many_frames_as_asked(
    workspace: Workspace, names: list[str], asked: dict[str, Any], tmp_path: Path
) -> None:
    request = Request(names[:2], (), workspace, runtime=QUIET)
    made = animate(request, Motion(frames=4, fps=5.0), tmp_path / "walk.gif")
    assert (made.frames, made.fps, made.empty, made.bridged) == (4, 5.0, 0, 0)
    assert made.jerk == made.smoothed_jerk > 0  # the walk is exact
    assert made.transferred.keypoints == ("exact", "workspace")
    grid, plain = gif(tmp_path / "walk.gif"), tmp_path / "plain.gif"
    assert len(grid) == 4
    animate(request, Motion(frames=4), plain, plain=True)
    gap = grid[0].shape[1] - gif(plain)[0].shape[1]
    assert gap == 64 + 4  # the skeleton's column
    assert grid[0].shape[0] == 2 * 128 + 4 == 2 * gif(plain)[0].shape[0] + 4
    said = animation_text(made)
    assert said.startswith(f"{tmp_path / 'walk.gif'}: 2 people, 4 frames at 5 a second\n")
    assert "0 bridged, nobody found in 0 frames" in said


def test_missing_joints_are_bridged_and_empty_frames_counted(
    workspace: Workspace, names: list[str], asked: dict[str, Any], tmp_path: Path
) -> None:
    seen = keypoint_array(workspace.keypoints("train"), names)
    whole = next(pose for pose in seen if (pose >= 0).all())
    file = poses_csv(tmp_path, {"1": whole, "2": EMPTY, "3": whole, "4": whole})
    out = tmp_path / "film.gif"
    request = Request(names[:1], (), workspace, runtime=QUIET)
    made = animate(request, Motion(file, frames=3, smooth=0), out)
    assert (made.frames, made.empty, made.bridged, made.fps) == (3, 1, 18, 12)
    assert made.jerk == 0  # nobody moved
    assert "1 person" in animation_text(made)
    for motion, place, said in (
        (Motion(poses_csv(tmp_path, {"1": EMPTY})), out, "no person was found in any frame"),
        (Motion(str(tmp_path / "film.avi")), out, "neither a folder of frames, a video nor a CSV"),
        (Motion(), tmp_path / "film.mov", r"videos end in .*\.gif"),
    ):
        with pytest.raises(AugmentError, match=said):
            animate(request, motion, place)
