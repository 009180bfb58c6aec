"""The whole job on built-in data: render, train the generator, generate, train re-ID, table, report."""

from __future__ import annotations

import logging
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint
from augment.artefacts.records import read_run
from augment.pedestrians import Pedestrians
from augment.runtime import Runtime
from augment.settings import SETTINGS
from augment.workspace import Workspace
from pipelines.demo.presets import UNSEEN_FIRST_IDENTITY, DemoPreset
from pipelines.grid.pools import Placement
from pipelines.measurements.heldout import measure_heldout
from pipelines.measurements.histogram_baseline import histogram_baseline
from pipelines.measurements.pose_proof import pose_proof
from pipelines.measurements.times import read_times, timed
from pipelines.report.page import write_report
from pipelines.table5.generators import OwnGenerator
from pipelines.table5.results import collect, declared, summarise
from pipelines.table5.rows import SCENES, UNSEEN
from pipelines.table5.run import run_table5

logger = logging.getLogger(__name__)
OTHERS = "others"


def run_demo(root: Path, preset: DemoPreset, *, seed: int, jobs: int, runtime: Runtime) -> dict[str, Any]:
    """Run every step that is not finished and write the report.

    A run that was killed is continued by the same call.

    Args:
        root: of the workspace, which is made where there is none.
        preset: the demo's size.
        seed: of the rendered identities and the generator; the cells' own seeds are in the preset.
        jobs: processes for rendering and cells.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        "minutes", "gain" (as of `gains`), "ssim", "pose" (where a pose estimator is installed) and "report", its path.

    Raises:
        AugmentError: where `root` holds the demo of another preset or seed.
    """
    pedestrians = replace(preset.pedestrians, seed=seed)
    folder = root.resolve() / "tables" / "demo"
    options = {"people": pedestrians.as_dict(), "generator": preset.generator.as_dict(), "cells": len(preset.cells())}
    with artefact(folder, "demo", options, seed=seed, force=runtime.force) as run:
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
            ssim = measure_heldout(workspace, preset.ours, preset.heldout, runtime)
            if preset.unseen:
                measure_heldout(workspace, UNSEEN, preset.heldout, runtime)
        with timed(folder, "colour histogram"):
            histogram_baseline(workspace, runtime)
        seconds = sum(read_times(folder).values())
        result: dict[str, Any] = {"minutes": round(seconds / 60, 2), "gain": gains(workspace)}
        result["gain_in_scenes"] = gains(workspace, f"ours{SCENES}")
        result["ssim"] = {name: ssim[name] for name in ("generated", "copy", "mean")}
        if pose is not None:
            result["pose"] = asdict(pose)
        run.finish(result)
        return {**result, "report": str(write_report(workspace, runtime=runtime))}


def prepare(root: Path, pedestrians: Pedestrians, jobs: int) -> Workspace:
    """The demo's workspace, rendered where it is not there yet.

    Args:
        root: of the workspace.
        pedestrians: what is rendered.
        jobs: processes that render.
    """
    from augment.datasets.create import init_rendered

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


def gains(workspace: Workspace, row: str = "ours") -> dict[str, list[float]]:
    """mAP of a row minus None at the smallest p and equal updates.

    Args:
        workspace: the workspace.
        row: the row's name.

    Returns:
        Percentage points, one figure a seed, "plain" and "augmented" (with random erasing + colour jitter).
    """
    summary = summarise(collect(workspace, declared(workspace)))
    ours = summary[(summary["row"] == row) & (summary["length"] == "updates")]
    smallest = ours[ours["portion"] == ours["portion"].min()]
    return {
        name: [round(gain, 3) for line in smallest[smallest["ordinary"] == ordinary]["gains"] for gain in line]
        for name, ordinary in (("plain", False), ("augmented", True))
    }
