"""Every generator trained for the same time on this machine, then measured on the same pairs and by re-ID.

`python -m pipelines.comparison WORKSPACE` goes on where it was stopped; `--page docs/results` also writes
docs/results/comparison.md.
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from augment import AugmentError
from augment.artefacts.files import write_json, write_text
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import identity_pairs
from augment.evaluation.image_quality import evaluate_generator
from augment.evaluation.protocol import Evaluation
from augment.images import load_images
from augment.inference.benchmark import bench, candidates
from augment.inference.generators import find_generator
from augment.inference.plan_images import SplitGenerator
from augment.inference.sheets import draw_skeleton, write_sheet
from augment.options import Renamed
from augment.runtime import Runtime
from augment.versions import processor, versions
from augment.workspace import Workspace
from pipelines.comparison.equal_time import images_a_second, train_for
from pipelines.comparison.page import page
from pipelines.comparison.record import Compared, Identities, Machine, Record, ReidLine, Speed
from pipelines.grid.pools import Placement
from pipelines.table5 import results
from pipelines.table5.cells import Cell
from pipelines.table5.lines import lines_of
from pipelines.table5.run import Table5, run_table5
from reid.data.market1501 import Split

if TYPE_CHECKING:
    from augment.evaluation.image_quality import ImageQuality
    from patn.training.generator_training import GeneratorTraining

OURS = "patn"
METRICS = ("ssim", "mask-ssim", "l1", "pckh", "lpips", "identity")
PLAN, RECORD, SHEET, PAGE = "plan.json", "comparison.json", "comparison.png", "comparison.md"
BATCH = 32


@dataclass(frozen=True)
class Comparison:
    """What is trained for how long, and what is measured.

    Attributes:
        generators: names of `patn.generators.GENERATORS`.
        minutes: of training, for each.
        preset: each one's configuration, shortened or lengthened; its learning rate falls over the same share of it.
        batch: pairs of an update, None is the configuration's.
        perceptual: network of the perceptual term, as of `patn-train`.
        pairs: of test identities, measured.
        portion: share of real images kept for re-ID.
        seeds: of re-ID.
        ordinary: re-ID with random erasing + colour jitter, without, or each.
        shown: pairs in the picture.
        bench_seconds: how long each generator's speed is timed.
        jobs: processes at a time.

    Raises:
        AugmentError: for an unknown generator.
    """

    generators: tuple[str, ...] = (OURS, "correspondence", "patn-skips", "resnet", "pg2", "deform", "vunet")
    minutes: float = 6.0
    preset: str = "demo"
    batch: int | None = None
    perceptual: str = "auto"
    pairs: int = 400
    portion: float = 0.1
    seeds: int = 3
    ordinary: tuple[bool, ...] = (False,)
    shown: int = 5
    bench_seconds: float = 3.0
    jobs: int = 1

    def __post_init__(self) -> None:
        from patn.generators import GENERATORS  # loads torch

        for name in self.generators:
            if name not in GENERATORS:
                raise AugmentError(f"generator {name}: no such one; choose from {', '.join(GENERATORS)}")

    def configuration(self, name: str) -> GeneratorTraining:
        """How a generator is trained, before its number of updates is known.

        Args:
            name: of `patn.generators.GENERATORS`.
        """
        from patn.generators import kind_of  # loads torch

        training = kind_of(name).preset(self.preset)
        return training if self.batch is None else replace(training, batch=self.batch)

    def tables(self) -> list[Table5]:
        """The cells of Table 5: real images alone, then as Ours by each generator, and Ours*."""
        rows = ("none", *("ours" if name == OURS else name for name in self.generators))
        starred = ("ours*",) if OURS in self.generators else ()
        common = {"lengths": ("updates",), "ordinary": self.ordinary}
        return [
            Table5(portions=(1.0,), rows=("none",), seeds=1, lengths=("updates",), ordinary=self.ordinary),
            Table5(portions=(self.portion,), rows=(*rows, *starred), seeds=self.seeds, **common),  # type: ignore[arg-type]
        ]


def compare(workspace: Workspace, comparison: Comparison, runtime: Runtime) -> Record:
    """Train the generators, then re-ID on their images, and measure; what is finished is skipped.

    Args:
        workspace: the workspace.
        comparison: what is compared.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        The record, which is also written as comparison.json with the picture beside it.
    """
    folder = workspace.table_dir("comparison")
    folder.mkdir(parents=True, exist_ok=True)
    trained = {}
    for name in comparison.generators:
        configuration, plan = comparison.configuration(name), folder / PLAN
        trained[name] = train_for(workspace, configuration, comparison.minutes, plan, comparison.perceptual, runtime)
    cells = [cell for table in comparison.tables() for cell in table.cells()]
    run_table5(workspace, cells, placement=Placement(comparison.jobs), runtime=runtime, generator=OURS)
    measured = {name: _measure(workspace, comparison, name, runtime) for name in comparison.generators}
    first = measured[comparison.generators[0]]
    write_contact_sheet(workspace, comparison, folder / SHEET, runtime)
    record = Record(
        comparison=asdict(comparison),
        machine=machine(runtime),
        people=_identities(workspace),
        size=first.size,
        pairs=first.pairs,
        generators=[
            Compared(
                name,
                trained[name],
                measured[name].rows["generated"],
                _speed(workspace, name, comparison.bench_seconds, runtime),
            )
            for name in comparison.generators
        ],
        others={row: figures for row, figures in first.rows.items() if row != "generated"},
        missing=sorted(first.missing),
        notes=first.notes,
        reid=_reid(workspace, cells),
    )
    write_json(folder / RECORD, record.as_dict())
    return record


def _measure(workspace: Workspace, comparison: Comparison, name: str, runtime: Runtime) -> ImageQuality:
    """Figures of a generator's images of test identities and of trivial images, without JPEG."""
    evaluation = Evaluation(METRICS, protocol="clean", pairs=comparison.pairs, jobs=comparison.jobs)
    return evaluate_generator(workspace, evaluation, generator=name, runtime=runtime)


def _speed(workspace: Workspace, name: str, seconds: float, runtime: Runtime) -> Speed:
    """Weights that a transfer uses, operations of an image, and images a second at the generator's own size."""
    checkpoint = workspace.generator_file(name)
    (benchmark,) = bench(candidates([str(checkpoint)], (), workspace), runtime, speed=False)
    speed = images_a_second(checkpoint, BATCH, seconds, runtime)
    return Speed(benchmark.transfer_parameters, benchmark.gflop, speed)


def _reid(workspace: Workspace, cells: Sequence[Cell]) -> list[ReidLine]:
    """Table 5's summary of these cells: mAP by seed, differences to None."""
    summary = results.summarise(results.collect(workspace, cells))
    return [
        ReidLine(**{each.name: _plain(getattr(line, each.name)) for each in fields(ReidLine)})
        for line in lines_of(summary)
    ]


def _plain(value: Any) -> Any:
    """As JSON holds it: NumPy's numbers as Python's, what is not a number as None."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value


def _identities(workspace: Workspace) -> Identities:
    """Numbers of images by split, of identities, and the seed."""
    images = workspace.images()
    splits = {str(split): int(count) for split, count in images["split"].value_counts().items()}
    train = images[images["split"] == Split.TRAIN]
    return Identities(workspace.seed, int(train["pid"].nunique()), splits)


def write_contact_sheet(workspace: Workspace, comparison: Comparison, path: Path, runtime: Runtime) -> None:
    """Write one picture of the same pairs of test identities by every generator, at its own size: a column each.

    Args:
        workspace: the workspace.
        comparison: the generators, and how many pairs are shown.
        path: of the picture.
        runtime: device, threads and precision, and whether finished work is made again.
    """
    import torch

    data = Dataset.of(workspace)
    pairs = identity_pairs(data, "gallery", comparison.shown, workspace.seed)
    sources, targets = pairs["from"].tolist(), pairs["to"].tolist()
    generators = [
        SplitGenerator(data, find_generator(workspace, name), runtime, split="gallery")
        for name in comparison.generators
    ]
    size = generators[0].generator.size

    def tiles(images: torch.Tensor) -> list[Any]:
        return list(images.permute(0, 2, 3, 1).numpy())

    real = [tiles(load_images([generators[0].paths[name] for name in names], size)) for names in (sources, targets)]
    poses = [draw_skeleton(pose, size) for pose in generators[0].poses(targets)]
    made = [tiles(generate.at_own_size(sources, targets)) for generate in generators]
    rows = list(zip(real[0], poses, *made, real[1], strict=True))
    write_sheet(rows, path, ["source", "pose", *comparison.generators, "real"])


def machine(runtime: Runtime) -> Machine:
    """Processor, cores, number format of training, versions.

    Args:
        runtime: device, threads and precision, and whether finished work is made again.
    """
    import os

    return Machine(processor(), os.cpu_count(), runtime.precision_name(), runtime.place(), versions())


def publish(workspace: Workspace, docs: Path) -> None:
    """Copy the record and the picture into the documentation and write the page there.

    Args:
        workspace: the workspace.
        docs: the folder of the page; the "remarks" of a record that is there are kept.
    """
    folder = workspace.table_dir("comparison")
    before = json.loads((docs / RECORD).read_text(encoding="utf-8")) if (docs / RECORD).is_file() else {}
    record = replace(
        Record.of(json.loads((folder / RECORD).read_text(encoding="utf-8"))), remarks=before.get("remarks", [])
    )
    write_json(docs / RECORD, record.as_dict())
    shutil.copyfile(folder / SHEET, docs / SHEET)
    write_text(docs / PAGE, page(record))


@click.command()
@click.argument("root", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--minutes", type=click.FloatRange(0, min_open=True), default=6.0, show_default=True)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True)
@click.option(
    "--each-augmentation",
    cls=Renamed,
    former=("--both",),
    is_flag=True,
    help="Re-ID with random erasing and colour jitter too.",
)
@click.option("--page", "docs", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Write it there.")
def main(root: Path, minutes: float, seeds: int, each_augmentation: bool, docs: Path | None) -> None:
    """Compare all generators on the workspace at ROOT."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    workspace, runtime = Workspace.find(root), Runtime(threads=1)
    comparison = Comparison(minutes=minutes, seeds=seeds, ordinary=(False, True) if each_augmentation else (False,))
    compare(workspace, comparison, runtime)
    if docs is not None:
        publish(workspace, docs)
