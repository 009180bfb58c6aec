"""A million images: `python -m benchmarks.large` writes benchmarks/large.json and docs/results/large.md.

The images are hard links to a few tiny ones, the key points and features are random.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORD, PAGE = ROOT / "benchmarks" / "large.json", ROOT / "docs" / "results" / "large.md"
SIZES = (10_000, 100_000, 1_000_000)
PLANNED = (1_000, 100_000)
MOST = 2 << 30
LINKS = 50_000
"""Names of one file; file systems allow 65,000."""
SIZE = (16, 8)
PER_IDENTITY = 20
QUERIES, FEATURES = 100, 128
SCALE, GROWTH = 1.6, 1.1
"""How much more a tenfold of images may take than tenfold, and a hundredfold of planned images than before."""


@dataclass(frozen=True)
class Measured:
    """A work at a number of images: processor seconds and peak memory in bytes of a process of its own."""

    work: str
    images: int
    seconds: float
    memory: int


def make_workspace(root: Path, images: int) -> Path:
    """A workspace of so many training images of 20 an identity, with key points and an untrained generator `g`."""
    import numpy as np
    from PIL import Image

    from augment.workspace import Workspace
    from patn.keypoints import HEADER

    rng = np.random.default_rng(0)
    for split in ("bounding_box_train", "bounding_box_test", "query", "keypoints"):
        (root / "data" / split).mkdir(parents=True)
    with (root / "data" / "keypoints" / "train.csv").open("w", encoding="utf-8") as points:
        points.write(HEADER + "\n")
        for number in range(images):
            name = f"{number // PER_IDENTITY + 1:06d}_c{number % 6 + 1}s1_{number:07d}_01.jpg"
            target = root / "data" / "bounding_box_train" / name
            if number % LINKS == 0:
                source = target
                Image.fromarray(rng.integers(0, 255, (*SIZE, 3), np.uint8)).save(source)
            else:
                os.link(source, target)
            ys, xs = rng.integers(0, SIZE[0], 18).tolist(), rng.integers(0, SIZE[1], 18).tolist()
            points.write(f"{name}: {ys}: {xs}\n")
    for split, file, camera in (("query", "query.csv", 1), ("bounding_box_test", "test.csv", 2)):
        name = f"9999999_c{camera}s1_0000000_00.jpg"
        Image.fromarray(rng.integers(0, 255, (*SIZE, 3), np.uint8)).save(root / "data" / split / name)
        (root / "data" / "keypoints" / file).write_text(f"{HEADER}\n{name}: {[1] * 18}: {[1] * 18}\n", encoding="utf-8")
    Workspace.create(root, {"data": "data", "size": list(SIZE), "seed": 0})
    return root


def make_generator(root: Path) -> None:
    """A generator of two channels and one block, so that drawing costs little."""
    from patn.checkpoints import save_generator
    from patn.models.patn import Patn

    network = Patn(width=2, blocks=1, norm="instance")
    save_generator(root / "patn" / "g" / "generator.safetensors", network, "patn", {"size": list(SIZE)})


def check(root: Path, _: int) -> None:
    """`augment check`: every image is decoded."""
    from augment.check.conclusions import check_text
    from augment.check.inspection import check
    from augment.workspace import Workspace

    report = check(Workspace.find(root), jobs=1, progress=False)
    assert report.ok, check_text(report)


def split(root: Path, images: int) -> None:
    """M^R_p of p = 0.3."""
    from augment.datasets.reduced_set import reduced_set
    from augment.workspace import Workspace

    assert len(reduced_set(Workspace.find(root).images(), 0.3, 0)) == round(images * 0.3)


def plan(root: Path, images: int) -> None:
    """The plan of Ours at p = 0.3."""
    from augment.datasets.dataset import Dataset
    from augment.generation.plan import Sampling
    from augment.generation.planned_set import plan_set
    from augment.workspace import Workspace

    workspace = Workspace.find(root)
    planned = plan_set(Dataset.of(workspace), workspace.reduced_csv(0.3, 0), 0.3, 0, Sampling())
    assert len(planned.plan) == images - round(images * 0.3)


def manifest(root: Path, images: int) -> None:
    """The manifest of that plan, with every file's sharpness, and its CSV."""
    import pandas as pd

    from augment.artefacts.files import write_csv
    from augment.datasets.reduced_set import reduced_set, training_images
    from augment.generation.manifest import make_manifest, with_scores
    from augment.workspace import Workspace

    workspace = Workspace.find(root)
    kept = reduced_set(workspace.images(), 0.3, 0)
    names = training_images(workspace.images())["name"]
    made = names[~names.isin(kept)]
    rows = pd.DataFrame({"output": made, "source": kept[0], "pose": made, "how": "transfer"})
    table = make_manifest(rows, kept, "mark")
    linked = root / "set"
    linked.mkdir()
    (linked / "bounding_box_train").symlink_to(root / "data" / "bounding_box_train")
    write_csv(with_scores(table, linked, workspace.size), linked / "manifest.csv")
    assert len(table) == images


def ranking(_: Path, images: int) -> None:
    """mAP of 100 queries in a gallery of that many images, features of 128 numbers."""
    import numpy as np

    from reid.evaluation.ranking import evaluate

    rng = np.random.default_rng(0)
    gallery = rng.standard_normal((images, FEATURES), np.float32)
    pids, cameras = np.arange(images) // PER_IDENTITY, np.arange(images) % 6
    chosen = rng.integers(0, images, QUERIES)
    found = evaluate(gallery[chosen], gallery, pids[chosen], pids, cameras[chosen], cameras)
    assert found.queries == QUERIES


def generate(root: Path, images: int) -> None:
    """`augment generate`: of the same workspace so many images are planned, drawn and written."""
    from augment.generation.generate import generate
    from augment.generation.prepared_set import SetRequest, prepare_set
    from augment.runtime import Runtime
    from augment.workspace import Workspace

    workspace = Workspace.find(root)
    every = len(workspace.images()) - 2
    portion = 1 - images / every
    prepared = prepare_set(workspace, SetRequest(portion=portion))
    result = generate(prepared, Runtime("cpu", threads=1, progress=False))
    assert abs(result.counts.generated - images) <= 1, result


TABLES: dict[str, Callable[[Path, int], None]] = {
    "check": check,
    "split": split,
    "plan": plan,
    "manifest": manifest,
    "ranking": ranking,
}
WORKS = {**TABLES, "generate": generate}


def measure(work: str, root: Path, images: int) -> Measured:
    """Do the work in a process of its own, which is small before it begins."""
    command = [sys.executable, "-m", "benchmarks.large", "--work", work, "--root", str(root), "--images", str(images)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{work} of {images} images: {done.stderr[-2000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def work_here(work: str, root: Path, images: int) -> Measured:
    """Do the work in this process."""
    WORKS[work](root, images)
    status = Path("/proc/self/status").read_text(encoding="ascii")  # getrusage counts who started this process too
    memory = int(status.partition("VmHWM:")[2].split()[0]) << 10
    return Measured(work, images, round(time.process_time(), 2), memory)


def in_child(function: str, *arguments: str) -> None:
    """Call a function of this module in a process of its own, so that this one stays small."""
    code = f"from pathlib import Path; from benchmarks.large import {function} as f; f({', '.join(arguments)})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def measure_all(sizes: Sequence[int], planned: Sequence[int], folder: Path) -> list[Measured]:
    """All works at all sizes, and `generate` at all numbers of planned images of one workspace."""
    found = []
    for images in sizes:
        with tempfile.TemporaryDirectory(dir=folder) as made:
            root = Path(made) / "w"
            in_child("make_workspace", f"Path({str(root)!r})", str(images))
            for work in TABLES:
                found.append(measure(work, root, images))
                print(json.dumps(asdict(found[-1])), file=sys.stderr, flush=True)
    for count in planned:
        with tempfile.TemporaryDirectory(dir=folder) as made:
            root = Path(made) / "w"
            in_child("make_workspace", f"Path({str(root)!r})", str(round(max(planned) * 1.1)))
            in_child("make_generator", f"Path({str(root)!r})")
            found.append(measure("generate", root, count))
            print(json.dumps(asdict(found[-1])), file=sys.stderr, flush=True)
    return found


def faults(found: Sequence[Measured]) -> list[str]:
    """What takes more memory than it may, or more time than in proportion."""
    wrong = []
    for work in WORKS:
        rows = [row for row in found if row.work == work]
        for row in rows:
            if row.memory > MOST:
                wrong.append(f"{work} of {row.images:,} images takes {row.memory >> 20:,} MiB")
        for less, more in pairwise(rows):
            if work == "generate" and more.memory > GROWTH * less.memory:
                wrong.append(
                    f"generate takes {more.memory / less.memory:.2f} times the memory for {more.images:,} images"
                )
            slower = more.seconds / less.seconds / (more.images / less.images)
            if slower > SCALE:
                wrong.append(f"{work} of {more.images:,} images takes {slower:.2f} times as long an image")
    return wrong


def page(found: Sequence[Measured]) -> str:
    """The page, as Markdown."""
    from augment.columns import markdown_table

    cells = [("work", "images", "processor seconds", "ms an image", "peak memory, MiB")]
    for row in found:
        each = f"{1000 * row.seconds / row.images:.3f}"
        cells.append((row.work, f"{row.images:,}", f"{row.seconds:,.1f}", each, f"{row.memory >> 20:,}"))
    wrong = "\n".join(f"- WRONG: {fault}" for fault in faults(found)) or "All of it is within the limits."
    done = {(row.work, row.images) for row in found}
    wanted = [*((work, size) for work in TABLES for size in SIZES), *(("generate", count) for count in PLANNED)]
    missing = ", ".join(f"`{work}` of {count:,}" for work, count in wanted if (work, count) not in done)
    if missing:
        wrong += f"\n\nNot measured yet: {missing}."
    return f"""# A million images

Written by `python -m benchmarks.large`, on one core; do not edit. Each line is a process of its own. Its processor time
and peak memory include the interpreter, and PyTorch where that is used. The images are hard links to a few of
{SIZE[0]} x {SIZE[1]} pixels, {PER_IDENTITY} for each identity; key points and features are random.

{markdown_table(cells)}

Required: at most {MOST >> 20:,} MiB; ten times as many images take at most {10 * SCALE:.0f} times as long; in a
workspace of {round(PLANNED[1] * 1.1):,} images, `generate` of {PLANNED[1]:,} images takes at most {GROWTH} times the
memory that {PLANNED[0]:,} take.

{wrong}

`check` decodes every image. `split` chooses the kept images at p = 0.3, `plan` the source and pose of each generated
one. `manifest` reads every image for its sharpness and writes the CSV. `ranking` computes mAP and CMC of {QUERIES}
queries from features of {FEATURES} numbers, in chunks. `generate` uses a generator of two channels, and writes every
image and the manifest.
"""


def read_record() -> list[Measured]:
    """What was measured last."""
    return [Measured(**row) for row in json.loads(RECORD.read_text(encoding="utf-8"))]


def publish(found: Sequence[Measured]) -> None:
    """Write the record and the page."""
    RECORD.write_text(json.dumps([asdict(row) for row in found], indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(found), encoding="utf-8")


def main() -> None:
    """Measure everything, or with `--work` one work in this process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--work", choices=WORKS)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--images", type=int)
    asked = parser.parse_args()
    if asked.work:
        print(json.dumps(asdict(work_here(asked.work, asked.root, asked.images))))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure_all(SIZES, PLANNED, Path(folder))
    publish(found)
    sys.exit("\n".join(faults(found)) or None)


if __name__ == "__main__":
    main()
