"""The pictures of a user study: real and generated images of one size and one encoding, without metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from augment import AugmentError, Misuse
from augment.artefacts.artefact import Fingerprint, artefact, fingerprint
from augment.artefacts.files import write_csv, write_image
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, keypoints_input
from augment.datasets.pairs import evaluation_pairs
from augment.generation.advice import make_set_at
from augment.generation.manifest import MANIFEST
from augment.images import read_image
from augment.inference.generator import BATCH
from augment.inference.generators import find_generator, generator_label
from augment.inference.plan_images import SplitGenerator
from augment.plurals import counted
from augment.study.answers import ANSWERS, Answers
from augment.workspace import Workspace
from numerics.arrays import Array
from numerics.seeds import Stream, random_stream
from reid.data.market1501 import FOLDERS

if TYPE_CHECKING:
    from augment.runtime import Runtime

PICTURES, FOLDER = "pictures.csv", "pictures"


@dataclass(frozen=True)
class Study:
    """What a volunteer is shown; the defaults are the paper's.

    Attributes:
        images: real ones, and as many generated ones.
        practice: how many of the sequence do not count.
        pool: pictures of each kind that are generated from, at most.
        quality: of the JPEG that all of them become, with 4:2:0 chroma.

    Raises:
        AugmentError: for numbers that do not fit together.
    """

    images: int = 55
    practice: int = 10
    pool: int = 220
    quality: int = 75

    def __post_init__(self) -> None:
        if self.practice >= 2 * self.images:
            raise Misuse(f"⟨practice⟩ {self.practice}: leaves none of the {2 * self.images} images to count")
        if self.pool < self.images:
            raise Misuse(f"⟨pool⟩ {self.pool}: is less than ⟨images⟩ {self.images}; give at least as many")


@dataclass(frozen=True)
class _Pool:
    """Names of real images with their paths, and of generated ones with what makes their pixels."""

    real: Sequence[tuple[str, Path]]
    generated: Sequence[str]
    make: Callable[[], Iterator[Array]]


def make_study(
    workspace: Workspace,
    study: Study,
    *,
    generator: str | None = None,
    generated_set: str | None = None,
    name: str | None = None,
    seed: int = 0,
    runtime: Runtime,
) -> Path:
    """Write the pictures of a study; a finished one is left as it is.

    The generated images are those of a generated set, the real ones then its real ones; without `generated_set`, the
    generator's images of test pairs, and the real ones are targets of other test pairs, so that no volunteer sees a
    generated image and the real one it imitates.

    Args:
        workspace: the workspace.
        study: what a volunteer is shown.
        generator: a name in the workspace or a file.
        generated_set: a name below `generated/`.
        name: below `studies/`.
        seed: of the pictures.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        The study's folder.

    Raises:
        AugmentError: where there are fewer images than a volunteer is to see, for a generator or set that is not there,
            and where `--force` would delete answers.
    """
    if generated_set is not None and generator is not None:
        raise Misuse("⟨generated_set⟩ has a generator already; leave ⟨generator⟩ out")
    source, inputs, pool = (
        _of_set(workspace, generated_set, study, seed)
        if generated_set is not None
        else _of_generator(workspace, generator, study, seed, runtime)
    )
    folder = workspace.study_dir(name or source)
    _keep_answers(folder, runtime.force)
    with artefact(
        folder,
        "study",
        {"source": source, **asdict(study)},
        inputs=inputs,
        seed=seed,
        force=runtime.force,
        named=True,
    ) as run:
        if not run.finished:
            table = _write(pool, folder, workspace.size, study.quality)
            write_csv(table, folder / PICTURES)
            counts = table["kind"].value_counts()
            run.finish(
                {"real": int(counts["real"]), "generated": int(counts["generated"]), "size": list(workspace.size)}
            )
    return folder


def _keep_answers(folder: Path, force: bool) -> None:
    if force and (folder / ANSWERS).is_file():
        volunteers = Answers(folder).count()
        if volunteers:
            who = counted(volunteers, "volunteer")
            raise AugmentError(f"{folder}: holds the answers of {who}; choose another ⟨name⟩")


def _of_generator(
    workspace: Workspace, generator: str | None, study: Study, seed: int, runtime: Runtime
) -> tuple[str, dict[str, Fingerprint], _Pool]:
    """A generator on test pairs: its name, what the pictures are made from, and the pool."""
    checkpoint = find_generator(workspace, generator)
    data = Dataset.of(workspace)
    pairs = evaluation_pairs(data)
    rng = random_stream(seed, Stream.STUDY_PICTURES)
    targets = rng.permutation(np.unique(pairs["to"]))
    most = max(1, min(study.pool, len(targets) // 2))
    gallery = data.split("gallery")
    path_of = gallery["path"]
    real = [(str(name), Path(path_of[name])) for name in targets[:most]]
    rest = pairs[pairs["to"].isin(targets[most:])].reset_index(drop=True)
    rest = rest.iloc[rng.permutation(len(rest))[: study.pool]].reset_index(drop=True)
    names = [f"{row['from']} as {row['to']}" for row in rest.to_dict("records")]
    _refuse_few(len(real), len(names), study, f"{data.folder}: the test pairs give")

    def make() -> Iterator[Array]:
        generate = SplitGenerator(data, checkpoint, runtime, split="gallery")
        for start in range(0, len(rest), BATCH):
            part = rest[start : start + BATCH]
            yield from generate(part["from"].tolist(), part["to"].tolist())

    inputs = {
        "generated": fingerprint(checkpoint),
        "keypoints": keypoints_input(data, "gallery"),
        "images": images_input(gallery[gallery["name"].isin([*pairs["from"], *pairs["to"]])]),
    }
    return generator_label(checkpoint), inputs, _Pool(real, names, make)


def _of_set(workspace: Workspace, given: str, study: Study, seed: int) -> tuple[str, dict[str, Fingerprint], _Pool]:
    """A finished generated set: its name, what the pictures are made from, and the pool."""
    folder = Path(given) if Path(given).is_dir() else workspace.sets_dir / given
    if not folder.is_dir() or read_run(folder) is None:
        raise AugmentError(f"{folder}: no finished generated set; {make_set_at(workspace, folder.name)}")
    manifest = pd.read_csv(folder / MANIFEST, dtype=str, keep_default_na=False)
    rng = random_stream(seed, Stream.STUDY_PICTURES)
    names = {
        kind: rng.permutation(manifest.loc[manifest["kind"] == kind, "name"].to_numpy(dtype=str))[: study.pool]
        for kind in ("real", "generated")
    }
    _refuse_few(len(names["real"]), len(names["generated"]), study, f"{folder}: has")
    images = folder / FOLDERS["train"]
    real = [(str(name), images / str(name)) for name in names["real"]]
    generated = [str(name) for name in names["generated"]]
    pool = _Pool(real, generated, lambda: (read_image(images / name, workspace.size) for name in generated))
    shown = fingerprint([*(path for _, path in real), *(images / name for name in generated)])
    return folder.name, {"generated": fingerprint(folder / MANIFEST), "images": shown}, pool


def _refuse_few(real: int, generated: int, study: Study, who: str) -> None:
    fewest = min(real, generated)
    if fewest < study.images:
        raise AugmentError(
            f"{who} {real} real and {counted(generated, 'generated image')} where {study.images} of each are "
            f"to be shown; give ⟨images⟩ {fewest} or fewer"
        )


def _write(pool: _Pool, folder: Path, size: tuple[int, int], quality: int) -> pd.DataFrame:
    """Every picture as a JPEG under a number; returns the table file, kind, name."""
    from PIL import Image

    (folder / FOLDER).mkdir(exist_ok=True)

    def pixels() -> Iterator[tuple[str, str, Array]]:
        for name, path in pool.real:
            yield "real", name, read_image(path, size)
        for name, generated in zip(pool.generated, pool.make(), strict=True):
            yield "generated", name, generated

    rows = []
    for number, (kind, name, image) in enumerate(pixels()):
        file = f"{FOLDER}/{number:04d}.jpg"
        write_image(Image.fromarray(image), folder / file, "JPEG", quality=quality, subsampling="4:2:0")
        rows.append({"file": file, "kind": kind, "name": name})
    return pd.DataFrame(rows)
