"""A few real steps timed on this machine, for estimates of what has not been measured yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from augment.images import load_images
from augment.inference.generator import Generator
from augment.poses.estimation import estimate_files
from augment.runtime import Runtime
from augment.training.perceptual import choose_perceptual, load_perceptual
from augment.workspace import Workspace
from numerics.seeds import Stream, random_stream

if TYPE_CHECKING:
    from patn.training.generator_training import GeneratorTraining
    from reid.training import ReidTraining

FEW, LONGEST, LEAST, CALLS = 16, 2.0, 2, 5
MOST_PIXELS = FEW * 256 * 128
"""Of a batch that is timed, so that a large network's does not take the memory of a training."""


def time_training(training: ReidTraining, runtime: Runtime) -> tuple[float, float]:
    """How long a re-ID model takes, on random pixels.

    An update of more pixels than MOST_PIXELS is timed with fewer images and counts in proportion.

    Args:
        training: its configuration.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        Seconds of one update and of one image's feature.
    """
    import torch

    from reid.features import extract_features  # loads torch
    from reid.objective import ReidObjective  # loads torch

    runtime.prepare()
    batch = min(training.batch, max(FEW, MOST_PIXELS // (training.height * training.width)))
    images = torch.randint(0, 256, (batch, 3, *training.size), dtype=torch.uint8)
    small = replace(training, batch=batch, ghost_batch=None, model="last")
    objective = ReidObjective(
        small,
        images,
        torch.arange(batch) // (training.instances or 2),
        classes=batch,
        seed=0,
        device=runtime.torch_device(),
        autocast=runtime.training_dtype(),
    )
    update = seconds_of(lambda: float(objective.step(objective.batch(0), 0)["loss"]))
    feature = seconds_of(
        lambda: extract_features(
            objective.model, images, size=training.size, feature=training.feature, device=objective.device
        )
    )
    return update * training.batch / batch, feature / batch


def time_drawing(workspace: Workspace, checkpoint: Path, runtime: Runtime) -> float:
    """Seconds in which a generator makes one image: of training images in random poses, as there may be no key points.

    Args:
        workspace: whose images.
        checkpoint: the generator.
        runtime: where it runs.
    """
    import numpy as np

    generator = Generator(checkpoint, runtime, workspace.size)
    paths = workspace.images()["path"].iloc[:FEW].tolist()
    shares = random_stream(0, Stream.TIMED_POSES).random((len(paths), 18, 2), np.float32)
    poses = shares * np.array(generator.size, np.float32)
    return seconds_of(lambda: generator.generate(load_images(paths, generator.size, jobs=1), poses, poses)) / max(
        1, len(paths)
    )


def time_generator(training: GeneratorTraining, runtime: Runtime) -> tuple[float, float]:
    """How long a generator takes, on random pixels and joints.

    With the perceptual term that a training here would have.

    Args:
        training: its configuration.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        Seconds of one update, and of one image that it generates.
    """
    import torch

    from patn.generators import kind_of  # loads torch
    from patn.inference import for_inference  # loads torch

    runtime.prepare()
    count, size = training.batch, (training.height, training.width_px)
    images = torch.randint(0, 256, (count, 3, *size), dtype=torch.uint8)
    keypoints = torch.rand(count, 18, 2) * torch.tensor(size)
    kind = choose_perceptual("auto", None) if training.lambda_perceptual > 0 else "none"
    objective = kind_of(training.generator).objective(
        training,
        images,
        keypoints,
        torch.arange(count)[:, None].repeat(1, 2),
        seed=0,
        device=runtime.torch_device(),
        autocast=runtime.training_dtype(),
        perceptual=load_perceptual(kind, images, None, runtime, training),
    )
    step = seconds_of(lambda: float(sum(objective.step(objective.batch(0), 0).values())))
    network = for_inference(objective.networks["generator"].eval())
    condition = images.to(objective.device).float() / 127.5 - 1
    poses = keypoints.to(objective.device)
    with torch.inference_mode():
        image = seconds_of(lambda: float(network(condition, poses, poses).sum())) / count
    return step, image


def time_estimator(workspace: Workspace, estimator: str) -> float:
    """Seconds in which a pose estimator looks at one of the workspace's images, in one process.

    Args:
        workspace: the workspace.
        estimator: its name.
    """
    paths = workspace.images()["path"].iloc[:FEW].tolist()
    return seconds_of(lambda: estimate_files(paths, estimator, workspace.size)) / max(1, len(paths))


def seconds_of(function: Callable[[], object]) -> float:
    """Least seconds of a call, of two or more; the first call, which prepares much, is left out.

    The second one may still be slow, and other work on the machine makes any of them slow: the least says most.

    Args:
        function: what is timed.
    """
    function()
    times: list[float] = []
    while len(times) < CALLS and (len(times) < LEAST or sum(times) < LONGEST):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)
