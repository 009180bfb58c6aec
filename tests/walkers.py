"""A sequence of rendered people who walk past each other before one camera, with the tracks that are known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from augment.pedestrians.camera import develop, draw_camera
from augment.pedestrians.figure import build_figure, view_figure
from augment.pedestrians.gait import walk_pose
from augment.pedestrians.identity import draw_identity
from augment.pedestrians.photograph import Crop, render_figure
from augment.pedestrians.settings import Pedestrians
from augment.pedestrians.skeleton import turn
from numerics.arrays import Array

HEIGHT, WIDTH = 150, 480
STATURE, STRIDE, CYCLE = 105, 8, 12
"""Pixels of a person's height and of a step forward a frame; frames of two steps."""
EDGE = 30
"""Pixels from the frame's sides at which people turn around."""
SEEN = 0.5
"""Coverage of a pixel from which on it is a person's."""

Box = tuple[int, int, int, int, int, int, float]


@dataclass
class Scene:
    """Frames, and on each who is where and how visible: frame, track, left, top, width, height, visibility."""

    frames: list[Array]
    boxes: list[Box]


def walking_people(people: int, frames: int) -> Scene:
    """People who walk, half to the right and half to the left at first, so that they hide each other where they meet.

    A later track is nearer to the camera than those before it.
    """
    settings = Pedestrians(height=HEIGHT, width=WIDTH // 5)
    camera = draw_camera(settings, 1)
    figures = []
    for who in range(people):
        rng = np.random.default_rng([7, who])
        figures.append(build_figure(draw_identity(rng), rng, STATURE))
    scene = Scene([], [])
    for number in range(1, frames + 1):
        picture: Array = camera.scene[:HEIGHT, :WIDTH].astype(np.float32)
        owner: Array = np.full((HEIGHT, WIDTH), -1)
        masks: list[Array] = []
        for who, figure in enumerate(figures):
            x, right = _place(who, number, people)
            view = view_figure(
                figure,
                walk_pose(2 * np.pi * number / CYCLE + who),
                turn(x=camera.tilt) @ turn(y=(70 if right else -70) + 9 * who),
            )
            crop = Crop(scale=STATURE, x=x, y=HEIGHT - 22 + 2 * who)
            colours, alpha, _ = render_figure(view, camera, crop, (HEIGHT, WIDTH), 1)
            picture = picture * (1 - alpha[..., None]) + colours
            masks.append(alpha >= SEEN)
            owner[masks[-1]] = who
        scene.frames.append(develop(camera, picture, np.random.default_rng([8, number])))
        scene.boxes += [_box(number, who, mask, owner) for who, mask in enumerate(masks) if mask.any()]
    return scene


def _place(who: int, number: int, people: int) -> tuple[float, bool]:
    """Where somebody is, and whether on the way to the right; everybody turns around at the edges."""
    way = WIDTH - 2 * EDGE
    walked = (way * ((who // 2) * 2 / people + who % 2) + STRIDE * number) % (2 * way)
    return EDGE + way - abs(walked - way), walked < way


def _box(number: int, who: int, mask: Array, owner: Array) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    width, height = int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top
    return number, who + 1, left, top, width, height, float((owner == who).sum() / mask.sum())


def write_frames(scene: Scene, folder: Path) -> None:
    """The frames as MOTChallenge has them, below `img1`."""
    (folder / "img1").mkdir(parents=True)
    for number, frame in enumerate(scene.frames, start=1):
        cv2.imwrite(str(folder / "img1" / f"{number:06d}.jpg"), frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])


def write_video(scene: Scene, folder: Path) -> None:
    """The frames as a video."""
    folder.mkdir(parents=True)
    film = cv2.VideoWriter(str(folder / "walk.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 12, (WIDTH, HEIGHT))
    for frame in scene.frames:
        film.write(frame[..., ::-1])
    film.release()


def write_truth(scene: Scene, folder: Path, others: Sequence[tuple[float, ...]] = ()) -> None:
    """The boxes as MOTChallenge's ground truth has them, and lines of others behind them."""
    (folder / "gt").mkdir()
    lines = [(*box[:6], 1, 1, box[6]) for box in scene.boxes]
    pd.DataFrame([*lines, *others]).to_csv(folder / "gt" / "gt.txt", header=False, index=False)
