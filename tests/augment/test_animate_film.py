"""A film of a rendered person who walks becomes the motion of other people: decoded, posed, bridged, drawn, encoded."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from augment.images import read_image
from augment.inference.sheets import draw_skeleton
from augment.inference.video import extract_frames, write_video
from augment.pedestrians import Pedestrians
from augment.pedestrians.camera import draw_camera
from augment.pedestrians.figure import build_figure
from augment.pedestrians.gait import walk_pose
from augment.pedestrians.identity import draw_identity
from augment.pedestrians.photograph import photograph
from augment.pedestrians.walking import CYCLE
from augment.workspace import Workspace
from numerics.arrays import Array
from tests.augment.test_animation import gif_frames
from tests.conftest import run

SIZE, FRAMES, BLANK = (128, 64), 16, (6, 7)
pytest.importorskip("imageio_ffmpeg")
pytestmark = pytest.mark.skipif(importlib.util.find_spec("ai_edge_litert") is None, reason="LiteRT is not installed")


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Array]:
    """An MP4 of a walk in which nobody is seen in two frames, and the exact joints of all frames, T x 18 x 2."""
    rng = np.random.default_rng(4)
    settings = Pedestrians(clutter=0.2)
    figure, camera = build_figure(draw_identity(rng), rng), draw_camera(settings, 1)
    frames, joints = [], []
    for frame in range(FRAMES):
        phase = 2 * np.pi * frame / CYCLE
        monkeypatch.setattr("augment.pedestrians.photograph.draw_pose", lambda *_, phase=phase: walk_pose(phase))
        shot = photograph(figure, camera, settings, np.random.default_rng(1))  # one place, one direction
        frames.append(np.full_like(shot.image, 90) if frame in BLANK else shot.image)
        joints.append(shot.keypoints)
    write_video(iter(frames), tmp_path / "film.mp4", 10, "a walk")
    return tmp_path / "film.mp4", np.stack(joints)


def agreement(picture: Array, joints: Array) -> float:
    """Share of the limbs' pixels, of those that a picture shows and of exact ones, within 2 pixels of the others."""
    shown, exact = (part.max(axis=-1) > 60 for part in (picture, draw_skeleton(joints, SIZE)))
    near = [(one & binary_dilation(other, iterations=2)).sum() for one, other in ((shown, exact), (exact, shown))]
    return float(sum(near) / (shown.sum() + exact.sum()))


def test_a_film_moves_several_people_in_one_grid(
    people: Path, trained: Path, tmp_path: Path, film: tuple[Path, Array]
) -> None:
    path, exact = film
    names = [str(name) for name in Workspace.find(people).keypoints("train").index]
    command = ("animate", names[0], names[20], "--poses", str(path), "--generator", str(trained), "--no-fit")
    result = run(people, *command, "-o", str(tmp_path / "grid.gif"))
    assert (result["images"], result["frames"], result["fps"], result["empty"]) == (2, FRAMES, 10, len(BLANK))
    assert result["keypoints"] == ["movenet", "workspace"]
    assert result["bridged"] >= 12 * len(BLANK)
    assert result["smoothed_jerk"] < result["jerk"]
    grid = gif_frames(tmp_path / "grid.gif")
    assert len(grid) == FRAMES
    places = [agreement(frame[132:260, :64], joints) for frame, joints in zip(grid, exact, strict=True)]
    assert min(places) > 0.96  # in the frames without a person, too: their joints come from both sides
    assert agreement(grid[0][132:260, :64], exact[4]) < 0.95

    shown = run(people, *command, "-o", str(tmp_path / "grid.mp4"))
    assert shown == {**result, "out": str(tmp_path / "grid.mp4")}
    (tmp_path / "frames").mkdir()
    decoded, fps = extract_frames(tmp_path / "grid.mp4", tmp_path / "frames")
    assert (len(decoded), fps) == (FRAMES, 10)


def test_without_bridging_the_frames_without_a_person_stay_so(
    people: Path, trained: Path, tmp_path: Path, film: tuple[Path, Array]
) -> None:
    path, _ = film
    (name,) = Workspace.find(people).keypoints("train").index[:1]
    result = run(
        people,
        "animate",
        str(name),
        "--poses",
        str(path),
        "--generator",
        str(trained),
        "--no-fit",
        "--bridge",
        "0",
        "--smooth",
        "0",
        "-o",
        str(tmp_path / "as-in-the-paper.mp4"),
    )
    assert (result["bridged"], result["smoothed_jerk"]) == (0, result["jerk"])
    (tmp_path / "frames").mkdir()
    grid = [read_image(file) for file in extract_frames(tmp_path / "as-in-the-paper.mp4", tmp_path / "frames")[0]]
    limbs = [(frame[132:260, :64].max(axis=-1) > 60).mean() for frame in grid]
    assert [frame for frame, share in enumerate(limbs) if share < 0.01] == list(BLANK)
