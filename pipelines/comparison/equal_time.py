"""Training generators for the same time: how many updates fit into it, timed before, how long they took; their speed.

On a CPU time is the processor's, which other work on the machine does not lengthen.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from augment.artefacts.files import write_json
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.images import load_images
from augment.inference.benchmark import images_per_second
from augment.inference.generator import Generator
from augment.results import Result
from augment.runtime import Runtime
from augment.training.generator import build_objective, train_generator, training_names
from augment.training.perceptual import choose_perceptual, load_perceptual
from augment.workspace import Workspace
from pipelines.comparison.record import Trained

if TYPE_CHECKING:
    from patn.training.generator_training import GeneratorTraining
    from patn.training.protocol import Objective

logger = logging.getLogger(__name__)
PLACES, TIMED_EACH = 8, 4


def train_for(
    workspace: Workspace,
    configuration: GeneratorTraining,
    minutes: float,
    plan_file: Path,
    perceptual: str,
    runtime: Runtime,
) -> Trained:
    """Train a generator for as many updates as fit into the minutes; its name is its kind's.

    Args:
        workspace: the workspace.
        configuration: how it is trained; its number of updates is replaced.
        minutes: of processor time, on a GPU of wall-clock time.
        plan_file: where the numbers of updates are kept, so that a run that was stopped goes on with the same.
        perceptual: network of the perceptual term, as of `patn-train`.
        runtime: device, threads and precision, and whether finished work is made again.
    """
    name, plan = configuration.generator, read_plan(plan_file)
    if name not in plan:
        pace = seconds_of_an_update(objective_of(workspace, configuration, perceptual, runtime))
        plan[name] = Planned(max(1, round(60 * minutes / pace)), pace)
        _write_plan(plan_file, plan)
    planned = plan[name]
    training = configuration.of_steps(planned.steps)
    logger.info("%s: %d updates, %.3f s each.", name, training.steps, planned.timed)
    clock = _clock(runtime.torch_device().type)
    started, finished = clock(), read_run(workspace.patn_dir(name)) is not None
    try:
        result = train_generator(
            workspace, training, name=name, seed=workspace.seed, perceptual=perceptual, runtime=runtime
        )
    finally:
        if not finished:
            planned = replace(planned, seconds=planned.seconds + clock() - started)
            _write_plan(plan_file, {**plan, name: planned})
    return Trained(
        updates=training.steps,
        images=training.steps * training.batch,
        batch=training.batch,
        minutes=round(planned.seconds / 60, 2),
        parameters=result.parameters,
        losses=result.losses,
        perceptual=result.perceptual,
        precision=result.precision,
        threads=result.place.threads,
    )


def _clock(device: str) -> Callable[[], float]:
    """Processor time of this process, or on a GPU the time that passes; in seconds."""
    return time.process_time if device == "cpu" else time.perf_counter


def images_a_second(checkpoint: Path, batch: int, seconds: float, runtime: Runtime) -> float:
    """Images that a generator makes a second at its own size in fp32; see `images_per_second`.

    Args:
        checkpoint: the generator's file.
        batch: images at a time.
        seconds: for how long it is timed.
        runtime: device, threads and precision, and whether finished work is made again.
    """
    generator = Generator(checkpoint, replace(runtime, precision="fp32"))
    clock = _clock(generator.device.type)
    speed = images_per_second(
        generator.network, generator.size, generator.device, batch=batch, seconds=seconds, clock=clock
    )
    return round(speed, 1)


@dataclass(frozen=True)
class Planned(Result):
    """How long a generator is trained.

    Attributes:
        steps: updates.
        timed: seconds an update, before the training.
        seconds: that it took so far.
    """

    steps: int
    timed: float
    seconds: float = 0.0


def read_plan(path: Path) -> dict[str, Planned]:
    """How long each generator that was timed is trained, by its name; empty where none was.

    Args:
        path: the file.
    """
    plan = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {name: Planned.of(record) for name, record in plan.items()}


def _write_plan(path: Path, plan: Mapping[str, Planned]) -> None:
    write_json(path, {name: planned.as_dict() for name, planned in plan.items()})


def objective_of(workspace: Workspace, training: GeneratorTraining, perceptual: str, runtime: Runtime) -> Objective:
    """The training objective of a fresh generator, to be timed.

    Args:
        workspace: the workspace.
        training: the generator's configuration.
        perceptual: network of the perceptual term, as of `patn-train`.
        runtime: device, threads and precision, and whether finished work is made again.
    """
    runtime.prepare()
    data = Dataset.of(workspace)
    names, paths = training_names(data), data.paths("train")
    images = load_images([paths[image] for image in names], (training.height, training.width_px))
    kind = choose_perceptual(perceptual, None) if training.lambda_perceptual > 0 else "none"
    loss = load_perceptual(kind, images, None, runtime, training)
    return build_objective(data, training, names, images, workspace.seed, loss, runtime)


def seconds_of_an_update(objective: Objective) -> float:
    """Seconds that one update of a training takes.

    Args:
        objective: the training that is timed; its networks are changed.

    Returns:
        The mean over the schedule, whose parts may differ, of the median of a few updates in a row (without the first).
    """
    medians, clock = [], _clock(objective.device.type)
    for place in range(PLACES):
        step = place * (objective.steps - 1) // (PLACES - 1)
        times = []
        for _ in range(TIMED_EACH):
            started = clock()
            losses = objective.step(objective.batch(step), step)
            float(losses["loss_g"])  # on a GPU, waits for it
            times.append(clock() - started)
        medians.append(median(times[1:]))
    return sum(medians) / len(medians)
