"""The whole job on built-in data: render, train the generator, generate, train re-ID, table, report."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint
from augment.artefacts.records import read_run
from augment.datasets.create import init_rendered
from augment.pedestrians import Pedestrians
from augment.results import Result
from augment.runtime import Runtime
from augment.settings import SETTINGS
from augment.training.reid_data import UPDATES
from augment.workspace import Workspace
from pipelines.demo.presets import UNSEEN_FIRST_IDENTITY, DemoPreset
from pipelines.grid.pools import Placement
from pipelines.measurements.heldout import Ssim, measure_heldout
from pipelines.measurements.histogram_baseline import histogram_baseline
from pipelines.measurements.pose_proof import PoseProof, pose_proof
from pipelines.measurements.times import read_times, timed
from pipelines.report.page import write_report
from pipelines.table5.generators import OwnGenerator
from pipelines.table5.results import collect, declared, summarise
from pipelines.table5.rows import SCENES, UNSEEN
from pipelines.table5.run import run_table5

logger = logging.getLogger(__name__)
OTHERS = "others"


@dataclass(frozen=True)
class Gains(Result):
    """mAP of a row minus None, in percentage points, one figure a seed.

    Attributes:
        plain: without augmentation.
        augmented: with random erasing + colour jitter.
    """

    plain: Sequence[float]
    augmented: Sequence[float]


@dataclass(frozen=True)
class Demo(Result):
    """What the demo found.

    Attributes:
        minutes: it took.
        gain: of Ours, as of `gains`.
        gain_in_scenes: of Ours in scenes.
        ssim: of images of held-out identities.
        pose: None where no pose estimator is installed.
        report: its path, None until it is written.
    """

    minutes: float
    gain: Gains
    gain_in_scenes: Gains
    ssim: Ssim
    pose: PoseProof | None = None
    report: str | None = None


def run_demo(root: Path, preset: DemoPreset, *, seed: int, jobs: int, runtime: Runtime) -> Demo:
    """Run every step that is not finished and write the report.

    A run that was killed is continued by the same call.

    Args:
        root: of the workspace, which is made where there is none.
        preset: the demo's size.
        seed: of the rendered identities and the generator; the cells' own seeds are in the preset.
        jobs: processes for rendering and cells.
        runtime: device, threads and precision, and whether finished work is made again.

    Raises:
        AugmentError: where `root` holds the demo of another preset or seed.
    """
    pedestrians = replace(preset.pedestrians, seed=seed)
    folder = demo_folder(root)
    with artefact(folder, "demo", demo_options(preset, seed), seed=seed, force=runtime.force) as run:
        runtime = replace(runtime, force=False)
        with timed(folder, "rendering identities"):
            workspace = prepare(root, pedestrians, jobs)
        with timed(folder, "poses against a pose estimator"):
            pose = pose_proof(workspace, preset.pose_sample, jobs, runtime)
        if preset.unseen:
            with timed(folder, "a generator of other identities"):
                train_unseen(workspace, preset, pedestrians, seed, jobs, runtime)
        own = OwnGenerator(preset.generator, seed, preset.start)
        with timed(folder, f"the generator, {len(preset.cells())} re-ID models and their generated sets"):
            run_table5(workspace, preset.cells(), placement=Placement(jobs), runtime=runtime, generator=own)
        with timed(folder, "generated images of held-out identities"):
            heldout = measure_heldout(workspace, preset.ours, preset.heldout, runtime)
            if preset.unseen:
                measure_heldout(workspace, UNSEEN, preset.heldout, runtime)
        with timed(folder, "colour histogram"):
            histogram_baseline(workspace, runtime)
        seconds = sum(read_times(folder).values())
        minutes = round(seconds / 60, 2)
        result = Demo(minutes, gains(workspace), gains(workspace, f"ours{SCENES}"), heldout.ssim, pose)
        run.finish(result)
        return replace(result, report=str(write_report(workspace, runtime=runtime)))


def demo_folder(root: Path) -> Path:
    """Where the record of a demo is.

    Args:
        root: of its workspace.
    """
    return root.resolve() / "tables" / "demo"


def demo_options(preset: DemoPreset, seed: int) -> dict[str, Any]:
    """What the record of a demo says was asked for.

    Args:
        preset: the demo's size.
        seed: of the rendered identities.
    """
    people = replace(preset.pedestrians, seed=seed).as_dict()
    return {"people": people, "generator": preset.generator.as_dict(), "cells": len(preset.cells())}


def prepare(root: Path, pedestrians: Pedestrians, jobs: int) -> Workspace:
    """The demo's workspace, rendered where it is not there yet.

    Args:
        root: of the workspace.
        pedestrians: what is rendered.
        jobs: processes that render.
    """
    if not (root / SETTINGS).exists():
        identities = pedestrians.train_identities + pedestrians.test_identities
        logger.info("Rendering %d identities in %s", identities, root)
        init_rendered(root, pedestrians, jobs=jobs)
    return Workspace.find(root)


def train_unseen(
    workspace: Workspace, preset: DemoPreset, pedestrians: Pedestrians, seed: int, jobs: int, runtime: Runtime
) -> None:
    """Train the same generator on other identities before the same cameras, in `others/`, and copy it here.

    Args:
        workspace: the workspace.
        preset: the demo's size.
        pedestrians: of which others are rendered.
        seed: of the random choices.
        jobs: processes that render.
        runtime: device, threads and precision, and whether finished work is made again.

    Raises:
        AugmentError: where the training of the others is not finished.
    """
    others = prepare(workspace.root / OTHERS, replace(pedestrians, first_identity=UNSEEN_FIRST_IDENTITY), jobs)
    OwnGenerator(preset.generator, seed, preset.start).make(others, runtime)
    made = others.patn_dir(preset.ours)
    inputs = {"generator": fingerprint(made / "generator.safetensors")}
    with artefact(workspace.patn_dir(UNSEEN), "generator", {"from": OTHERS}, inputs=inputs, seed=seed) as run:
        if not run.finished:
            for name in ("metrics.jsonl", "generator.safetensors"):
                shutil.copyfile(made / name, run.folder / f"{name}.partial")
                (run.folder / f"{name}.partial").replace(run.folder / name)
            trained = read_run(made)
            if trained is None:
                raise AugmentError(f"{made}: training is not finished; run the demo again")
            run.finish({"trained_in": f"{OTHERS}/{made.relative_to(others.root)}", **trained.result})


def gains(workspace: Workspace, row: str = "ours") -> Gains:
    """mAP of a row minus None at the smallest p and equal updates.

    Args:
        workspace: the workspace.
        row: the row's name.
    """
    summary = summarise(collect(workspace, declared(workspace)))
    ours = summary[(summary["row"] == row) & (summary["length"] == UPDATES)]
    smallest = ours[ours["portion"] == ours["portion"].min()]

    def of(ordinary: bool) -> list[float]:
        return [round(gain, 3) for line in smallest[smallest["ordinary"] == ordinary]["gains"] for gain in line]

    return Gains(plain=of(False), augmented=of(True))
