"""The rendered people that the built-in generator is trained on: many identities, each before a few scenes of its own.

The images of one visit share place, camera and light, so a pair of them asks for the person to move and for nothing
else: what the generator learns from it is to move what it sees and to leave the background alone. People come nearer
and go farther within a visit, as real crops vary; a generator that never saw that leaves the shadow of who stood there.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from augment.artefacts.files import replace_file, write_image
from augment.pedestrians.camera import Camera, backdrop, draw_camera
from augment.pedestrians.figure import Figure, build_figure
from augment.pedestrians.identity import draw_identity
from augment.pedestrians.photograph import photograph
from augment.pedestrians.settings import Pedestrians
from augment.workers import worker_pool
from numerics.arrays import Array
from numerics.seeds import Stream, random_stream
from patn.keypoints import MISSING, keypoint_table, write_keypoints

TRAIN, TEST, QUERY = "bounding_box_train", "bounding_box_test", "query"
KEYPOINTS, PAIRS = "keypoints.csv", "pairs.csv"
_NOTES = "notes"
_STRANGERS = 2_000_000  # where the numbers of people in the background start


@dataclass(frozen=True, kw_only=True)
class Variety:
    """How many people there are, how often each is photographed, and the seed of it all.

    Attributes:
        identities: people of the training split; one more is the test split, which a workspace has to have.
        visits: scenes, cameras and lights a person.
        images: images of one visit, each in a pose of its own.
        height: of the images in pixels.
        width: of the images in pixels.
        seed: of everything.
    """

    identities: int = 1_500
    visits: int = 3
    images: int = 4
    height: int = 128
    width: int = 64
    seed: int = 0


def render_people(folder: Path, variety: Variety, jobs: int) -> None:
    """Writes a Market-1501 folder with `keypoints.csv` and `pairs.csv`; what is there already is not rendered again.

    Args:
        folder: where to.
        variety: what to render.
        jobs: processes.
    """
    for name in (TRAIN, TEST, QUERY, _NOTES):
        (folder / name).mkdir(parents=True, exist_ok=True)
    missing = [pid for pid in range(1, variety.identities + 2) if not _notes(folder, pid).exists()]
    if missing:
        with worker_pool(jobs, "rendering people") as pool:
            list(tqdm(pool.map(partial(_render_person, folder, variety), missing, chunksize=4), total=len(missing)))
    notes: dict[str, list[list[int]]] = {}
    for pid in range(1, variety.identities + 2):
        notes |= json.loads(_notes(folder, pid).read_text())
    table = keypoint_table(list(notes), np.array(list(notes.values())))
    write_keypoints(table, folder / KEYPOINTS)
    pairs = pd.DataFrame(_pairs([name for name in notes if _is_training(name, variety)]), columns=["from", "to"])
    replace_file(folder / PAIRS, pairs.to_csv(index=False).encode())
    replace_file(folder / "people.json", (json.dumps(asdict(variety), indent=2) + "\n").encode())


def _notes(folder: Path, pid: int) -> Path:
    return folder / _NOTES / f"{pid:04d}.json"


def _is_training(name: str, variety: Variety) -> bool:
    return int(name[:4]) <= variety.identities


def _pairs(names: list[str]) -> Iterator[tuple[str, str]]:
    """All ordered pairs of two images of one visit: their names begin alike."""
    visits: dict[str, list[str]] = {}
    for name in names:
        visits.setdefault(name[:7], []).append(name)
    for together in visits.values():
        yield from ((first, second) for first in together for second in together if first != second)


def _render_person(folder: Path, variety: Variety, pid: int) -> None:
    """Every image of an identity, then its key points as notes."""
    figure, notes = _figure(variety, pid), {}
    for visit in range(variety.visits):
        rng = random_stream(variety.seed, Stream.RENDERED_VISITS, pid, visit)
        width = round(variety.width * float(rng.uniform(0.85, 1.2)))
        camera = varied_camera(variety, pid, visit, width, rng)
        saturation = float(rng.uniform(0.5, 1.3))
        settings = Pedestrians(height=variety.height, width=width, clutter=0.0, seed=variety.seed)
        for number in range(variety.images):
            nearer = replace(camera, tightness=float(rng.uniform(0.68, 0.97)))
            photo = photograph(figure, nearer, settings, rng)
            name = f"{pid:04d}_c{visit + 1}s1_{number:06d}_01.jpg"
            picture = Image.fromarray(_saturated(photo.image, saturation)).resize((variety.width, variety.height))
            write_image(picture, folder / _split(variety, pid, number) / name, "JPEG", quality=92)
            points = _noticed(photo.keypoints, photo.visible, rng)
            scale = np.array([1.0, variety.width / width])
            notes[name] = np.where(points == MISSING, MISSING, np.floor(points * scale)).astype(int).tolist()
    replace_file(_notes(folder, pid), json.dumps(notes).encode())


def _figure(variety: Variety, number: int) -> Figure:
    rng = random_stream(variety.seed, Stream.BUILTIN_IDENTITY, number)
    return build_figure(draw_identity(rng), rng, variety.height)


def _split(variety: Variety, pid: int, number: int) -> str:
    if pid <= variety.identities:
        return TRAIN
    return QUERY if number == 0 else TEST


def varied_camera(variety: Variety, pid: int, visit: int, width: int, rng: np.random.Generator) -> Camera:
    """A camera for one visit: its scene is one picture's background, its light and colours vary widely."""
    clutter = float(rng.uniform(0.4, 1.0))
    settings = Pedestrians(height=variety.height, width=width, clutter=clutter, seed=variety.seed)
    camera = draw_camera(settings, pid * variety.visits + visit + 1, Stream.BUILTIN_CAMERA)
    camera = replace(
        camera,
        scene=backdrop(camera, (variety.height, width), rng),
        ambient=float(rng.uniform(0.5, 0.85)),
        cast=np.exp(rng.normal(0, 0.1, 3)).astype(np.float32),
        gain=float(np.exp(rng.uniform(-0.45, 0.35))),
        contrast=float(rng.uniform(0.65, 1.2)),
        blur=float(rng.uniform(0.2, 1.0)),
        grain=float(rng.uniform(1, 6)),
        sway=0.09,
    )
    if rng.random() >= 0.3:
        return camera
    stranger = _figure(variety, _STRANGERS + int(rng.integers(1000)))
    plain = replace(camera, gain=1.0, contrast=1.0, grain=0.0, cast=np.ones(3, np.float32))
    scene = photograph(stranger, plain, settings, rng).image.astype(np.float32)
    side = 1 if rng.random() < 0.5 else -1
    return replace(camera, scene=np.roll(scene, side * int(width * rng.uniform(0.3, 0.5)), axis=1))


def _saturated(image: Array, factor: float) -> Array:
    grey = image.mean(axis=2, keepdims=True)
    changed: Array = np.clip(grey + factor * (image - grey) + 0.5, 0, 255).astype(np.uint8)
    return changed


def _noticed(keypoints: Array, visible: Array, rng: np.random.Generator) -> Array:
    """The key points as an estimator finds them: most hidden joints are missing, few others, all are a bit off."""
    lost = rng.random(len(keypoints)) < np.where(visible == 1, 0.03, 0.6)
    moved = np.maximum(keypoints + rng.normal(0, 0.8, keypoints.shape), 0)
    return np.where(lost[:, None] | (keypoints == MISSING), MISSING, moved)
