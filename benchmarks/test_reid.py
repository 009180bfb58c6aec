"""Re-ID training and feature extraction against torchreid's way."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.conftest import Scale
from benchmarks.networks import Convolution, Flops, bfloat16_is_native
from benchmarks.reidentification import (
    OurBatches,
    OurFeatures,
    OurStep,
    PeerBatches,
    PeerFeatures,
    PeerStep,
)
from benchmarks.results import Row
from benchmarks.sides import HereSide, Side, Sides, Work, take_turns
from reid.training import ReidTraining, preset

CLASSES, BATCH, TINY_BATCH = 751, 32, 4
STEP, FEATURES = {"fp32": 1.5, "bf16": 2.7}, {"fp32": 1.3, "bf16": 2.2}
PRECISIONS = ("fp32", "bf16") if bfloat16_is_native() else ("fp32",)
Running = dict[str, tuple[Side | HereSide, float]]


def recipe(backbone: str, scale: Scale) -> ReidTraining:
    """Open-ReID's recipe at batch 32; tiny: few small images."""
    training = replace(preset("open-reid", backbone), batch=BATCH)
    return replace(training, batch=TINY_BATCH, height=128, width=64) if scale.tiny else training


def opened(
    sides: Sides, training: ReidTraining, ours: Callable[..., Work], theirs: Callable[..., Work], images: int
) -> Running:
    """Their side, ours in each precision, and what the core reaches."""
    options: dict[str, Any] = {"training": training, "classes": CLASSES}
    running: Running = {"torchreid": (sides.open(theirs, **options), float(images))}
    for precision in PRECISIONS:
        running[precision] = (sides.open(ours, precision=precision, **options), float(images))
        running[f"core {precision}"] = (sides.open(Convolution, precision=precision), Convolution.gflop())
    return running


def compared(
    benchmark: Any, scale: Scale, running: Running, work: str, gflop: float, required: dict[str, float]
) -> list[Row]:
    """A row a precision; gflop: 10^9 operations an image."""
    rounds = take_turns(benchmark, running, scale.rounds(5))
    rows = []
    for precision in PRECISIONS:
        limit = rounds.rate(f"core {precision}") / gflop / rounds.rate("torchreid")
        mine, theirs = (f"{rounds.rate(side):.1f} images/s" for side in (precision, "torchreid"))
        rows.append(
            Row(
                f"{work}, {precision}",
                mine,
                f"torchreid's way, {theirs}",
                rounds.ratio(precision, "torchreid"),
                "x",
                required[precision],
                limit,
            )
        )
    return rows


@pytest.mark.parametrize("backbone", ["resnet50", "inception"])
def test_reid_step(backbone: str, benchmark: Any, scale: Scale, record: Any) -> None:
    training = recipe(backbone, scale)
    with Sides(scale.tiny) as sides:
        count = sides.open(Flops, of=OurStep, training=training, classes=CLASSES, precision="fp32")
        gflop = count.result() / training.batch
    work = f"re-ID training step, {backbone}, batch {training.batch}"
    with Sides(scale.tiny) as sides:
        running = opened(sides, training, OurStep, PeerStep, training.batch)
        rows = compared(benchmark, scale, running, work, gflop, STEP)
        losses = {side: np.array(running[side][0].result()[:2]) for side in ("torchreid", "fp32")}
    apart = float(np.abs(losses["fp32"] / losses["torchreid"] - 1).max())
    rows.append(
        Row(f"{work}: difference of the first two losses", "fp32", "torchreid's way", apart, "", 1e-2, at_most=True)
    )
    record(work, rows, (f"{work}: {gflop:.1f} GFLOP an image.",))


@pytest.mark.parametrize("backbone", ["resnet50", "inception"])
def test_reid_features(backbone: str, benchmark: Any, scale: Scale, record: Any) -> None:
    training = recipe(backbone, scale)
    images = 2 * training.batch
    with Sides(scale.tiny) as sides:
        count = sides.open(Flops, of=OurFeatures, training=training, classes=CLASSES, precision="fp32")
        gflop = count.result() / images
    work = f"re-ID features, {backbone}, batch {training.batch}"
    with Sides(scale.tiny) as sides:
        running = opened(sides, training, OurFeatures, PeerFeatures, images)
        rows = compared(benchmark, scale, running, work, gflop, FEATURES)
        features = {side: running[side][0].result() for side in ("torchreid", *PRECISIONS)}
    size = float(np.abs(features["torchreid"]).max())
    for precision in PRECISIONS:
        apart = float(np.abs(features[precision] - features["torchreid"]).max()) / size
        rows.append(
            Row(
                f"{work}: largest difference over the largest feature",
                precision,
                "torchreid's way",
                apart,
                "",
                1e-4 if precision == "fp32" else None,
                at_most=True,
            )
        )
    record(work, rows)


def test_training_batches(benchmark: Any, scale: Scale, sides: Sides, record: Any, people: Path) -> None:
    paths = [str(path) for path in sorted((people / "bounding_box_train").glob("*.jpg"))]
    paths = paths[:TINY_BATCH] if scale.tiny else (paths * 3)[: 4 * BATCH]
    rows = []
    training = recipe("resnet50", scale)
    running: Running = {
        "ours": (sides.open(OurBatches, training=training, paths=paths, size=(128, 64)), float(len(paths))),
        "torchvision": (sides.open(PeerBatches, training=training, paths=paths), float(len(paths))),
    }
    rounds = take_turns(benchmark, running, scale.rounds(9))
    assert running["ours"][0].result() == running["torchvision"][0].result()
    rate = {side: f"{rounds.rate(side):,.0f} images/s" for side in running}
    rows.append(
        Row(
            f"training batches of {training.height} x {training.width}: crop, flip, normalise",
            rate["ours"],
            f"decoded and changed one by one with torchvision, {rate['torchvision']}",
            rounds.ratio("ours", "torchvision"),
            "x",
        )
    )
    record("training batches", rows)
