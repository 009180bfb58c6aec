"""The Market-1501 folder of rendered pedestrians."""

import contextlib
import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from augment import AugmentError
from augment.artefacts.files import replace_file, write_image
from augment.pedestrians.camera import Camera, draw_camera
from augment.pedestrians.figure import build_figure
from augment.pedestrians.identity import draw_identity
from augment.pedestrians.photograph import photograph
from augment.pedestrians.settings import Pedestrians
from augment.pedestrians.tables import write_tables
from augment.workers import available_cores, worker_pool
from numerics.seeds import Stream, random_stream

FOLDERS = {"train": "bounding_box_train", "test": "bounding_box_test", "query": "query"}
_DISTRACTORS, _JUNK = 1_000_000, 2_000_000  # where their identity numbers start
_DONE, _BEGUN, _SHARDS = "pedestrians.json", "pedestrians.begun.json", ".pedestrians"


@dataclass(frozen=True, kw_only=True)
class Person:
    """One identity to render.

    Attributes:
        identity: its number, which its looks follow from.
        images: (split, name, camera) of each; the name holds the pid.
        botched: whether the images are bad crops, as junk is.
    """

    identity: int
    images: tuple[tuple[str, str, int], ...]
    botched: bool = False


def people(settings: Pedestrians) -> list[Person]:
    """All identities of the data set; train identities first, then test identities, distractors and junk.

    Args:
        settings: size, content and seed of the data set.
    """
    drawn = []
    for index in range(settings.train_identities + settings.test_identities):
        pid = index + 1
        testing = index >= settings.train_identities
        identity = settings.first_identity + index
        order = random_stream(settings.seed, Stream.RENDERED_VISITS, identity).permutation(settings.cameras)
        images = []
        for k in range(settings.images_per_identity):
            query = testing and k < settings.queries_per_identity
            camera = int(order[k % settings.cameras]) + 1
            split = "query" if query else "test" if testing else "train"
            images.append((split, _name(f"{pid:04d}", camera, pid * 1000 + k, 0 if query else 1), camera))
        drawn.append(Person(identity=identity, images=tuple(images)))
    for start, count, label in ((_DISTRACTORS, settings.distractors, "0000"), (_JUNK, settings.junk, "-1")):
        for index in range(count):
            camera = index % settings.cameras + 1
            image = ("test", _name(label, camera, index + 1, 1), camera)
            drawn.append(
                Person(identity=start + settings.first_identity + index, images=(image,), botched=label == "-1")
            )
    return drawn


def render(folder: Path, config: Pedestrians, jobs: int = 0, progress: bool = True) -> dict[str, float]:
    """Render the data set in the Market-1501 layout, with exact key points under `keypoints/`.

    A killed run goes on where it stopped; `pedestrians.json` appears last and says that the folder is complete.

    Args:
        folder: to write into.
        config: size, content and seed of the data set.
        jobs: processes (0 = one a processor core); the files do not depend on their number.
        progress: whether a bar is shown.

    Returns:
        Images a split, how many were rendered now ("drawn"), seconds, and images a second.

    Raises:
        AugmentError: when the folder holds another data set.
    """
    started = time.perf_counter()
    folder = Path(folder)
    everybody = people(config)
    finished = _claim(folder, config)
    for name in [*FOLDERS.values(), "keypoints", *([] if finished else [_SHARDS])]:
        (folder / name).mkdir(parents=True, exist_ok=True)
    missing = [person for person in everybody if not _is_drawn(folder, person, finished)]
    count = sum(len(person.images) for person in missing)
    with (
        _pool(jobs, len(missing)) as pool,
        tqdm(total=count, desc="pedestrians", unit="img", disable=None if progress else True) as bar,
    ):
        chunk = max(1, min(4, len(missing) // 32))
        tasks = [missing[start : start + chunk] for start in range(0, len(missing), chunk)]
        run = pool.map if pool else map
        for drawn in run(_draw_people, [folder] * len(tasks), [config] * len(tasks), tasks, [finished] * len(tasks)):
            bar.update(drawn)
    if not finished:
        entries = [(split, _shard(folder, person), name) for person in everybody for split, name, _ in person.images]
        write_tables(folder, entries)
        (folder / _BEGUN).replace(folder / _DONE)
    shutil.rmtree(folder / _SHARDS, ignore_errors=True)
    seconds = time.perf_counter() - started
    splits = [split for person in everybody for split, _, _ in person.images]
    summary: dict[str, float] = {split: splits.count(split) for split in FOLDERS}
    return summary | {"drawn": count, "seconds": round(seconds, 2), "images_per_second": round(count / seconds, 1)}


def _name(label: str, camera: int, frame: int, box: int) -> str:
    return f"{label}_c{camera}s{frame % 3 + 1}_{frame:06d}_{box:02d}.jpg"


def _claim(folder: Path, config: Pedestrians) -> bool:
    """Whether the folder is complete; refuses a folder begun with other settings."""
    for name in (_DONE, _BEGUN):
        path = folder / name
        if path.exists():
            try:
                held = json.loads(path.read_text())
            except ValueError:
                held = {}
            for key, value in config.as_dict().items():
                if held.get(key) != value:
                    raise AugmentError(
                        f"{path} says {key} = {held.get(key)!r} and {value!r} was asked for; "
                        "give another folder or delete this one."
                    )
            complete = all((folder / "keypoints" / f"{split}.csv").exists() for split in FOLDERS)
            if name == _DONE and not complete:
                path.replace(folder / _BEGUN)
            return name == _DONE and complete
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / _BEGUN, (json.dumps(config.as_dict(), indent=2) + "\n").encode())
    return False


def _shard(folder: Path, person: Person) -> Path:
    return folder / _SHARDS / f"{person.identity}.json"


def _is_drawn(folder: Path, person: Person, finished: bool) -> bool:
    images = all((folder / FOLDERS[split] / name).exists() for split, name, _ in person.images)
    return images and (finished or _shard(folder, person).exists())


@contextlib.contextmanager
def _pool(jobs: int, tasks: int) -> Iterator[Executor | None]:
    """Worker processes, or none where one process does."""
    workers = min(jobs or available_cores(), tasks)
    if workers < 2:
        yield None
        return
    with worker_pool(workers, "rendering pedestrians") as pool:
        yield pool


@lru_cache(maxsize=8)
def _camera(config: Pedestrians, number: int) -> Camera:
    return draw_camera(config, number)


def _draw_people(folder: Path, config: Pedestrians, persons: list[Person], finished: bool) -> int:
    """Draw every image of some people, then note their key points; returns the number of images."""
    for person in persons:
        rng = random_stream(config.seed, Stream.RENDERED_IDENTITY, person.identity)
        figure = build_figure(draw_identity(rng), rng, config.height)
        notes = {}
        for k, (split, name, number) in enumerate(person.images):
            rng = random_stream(config.seed, Stream.RENDERED_IMAGE, person.identity, k)
            photo = photograph(figure, _camera(config, number), config, rng, botched=person.botched)
            path = folder / FOLDERS[split] / name
            if not path.exists():
                write_image(Image.fromarray(photo.image), path, "JPEG", quality=95)
            notes[name] = [photo.keypoints.tolist(), photo.visible.tolist(), round(photo.head, 3)]
        if not finished:
            replace_file(_shard(folder, person), json.dumps(notes).encode())
    return sum(len(person.images) for person in persons)
