"""One streamed pass of metrics over test pairs, which goes on after it was killed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from augment.datasets.dataset import Dataset
from augment.evaluation.protocol import PROTOCOLS, SPLITS, Evaluation, Protocol
from augment.images import load_images
from augment.inference.generator import BATCH
from augment.inference.plan_images import SplitGenerator
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from numerics.files import replacing
from patn.keypoints import keypoint_array

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from augment.evaluation.metrics import Metric, Panels, Rows

PARTIAL = "partial.safetensors"
SAVE_EVERY = 60.0
"""Seconds of work that a killed run may lose."""


@dataclass(frozen=True)
class Measured:
    """What a pass found.

    Attributes:
        rows: figures by what was measured and metric.
        missing: why the metrics without figures have none.
        notes: what a reader of the figures has to know, by metric.
    """

    rows: Rows
    missing: Mapping[str, str]
    notes: Mapping[str, str]


def measure(
    workspace: Workspace,
    data: Dataset,
    evaluation: Evaluation,
    checkpoint: Path,
    pairs: pd.DataFrame,
    folder: Path,
    names: list[str],
    runtime: Runtime,
) -> Measured:
    """Pass over the pairs once; metrics that lack a weight file, a package or a model are left out with one sentence.

    Args:
        workspace: whose re-ID models can be taken.
        data: its images.
        evaluation: what is measured, and how.
        checkpoint: the generator's file.
        pairs: columns from and to.
        folder: where sums are saved now and then.
        names: of the metrics.
        runtime: device, threads and precision.
    """
    from augment.evaluation.metrics import restore  # loads torch
    from augment.evaluation.registry import Setting, build_metrics  # loads torch

    runtime.prepare()
    with ExitStack() as stack:
        setting = Setting(workspace, data, evaluation, len(pairs), runtime.torch_device(), stack)
        metrics, missing = build_metrics(setting, names)
        if metrics:
            first, state = _read_partial(folder / PARTIAL, metrics)
            restore(metrics, state)
            generator = SplitGenerator(data, checkpoint, runtime, split=SPLITS[evaluation.split])
            mean = mean_image(data, generator.generator.out) if "similarity" in metrics else None
            batches = panels(generator, PROTOCOLS[evaluation.protocol], pairs[first:], mean)
            _pass(metrics, batches, first, len(pairs), folder, runtime.progress)
    rows: Rows = {}
    for metric in metrics.values():
        for row, values in metric.rows().items():
            rows.setdefault(row, {}).update({name: round(float(value), 6) for name, value in values.items()})
    (folder / PARTIAL).unlink(missing_ok=True)
    return Measured(rows, missing, setting.notes)


def _pass(
    metrics: Mapping[str, Metric], batches: Iterator[Panels], done: int, total: int, folder: Path, progress: bool
) -> None:
    """Give the metrics all batches, from the pair `done` on, and save their sums now and then."""
    import torch

    bar = tqdm(total=total, initial=done, desc=folder.name, unit="pair", disable=None if progress else True)
    saved_at = time.monotonic()
    with bar:
        for batch in batches:
            with torch.inference_mode():
                for metric in metrics.values():
                    metric.update(batch)
            done += len(batch.targets)
            bar.update(len(batch.targets))
            if time.monotonic() - saved_at >= SAVE_EVERY and done < total:
                _write_partial(folder / PARTIAL, done, metrics)
                saved_at = time.monotonic()


def panels(
    generator: SplitGenerator,
    protocol: Protocol,
    pairs: pd.DataFrame,
    mean: Array | None = None,
    *,
    own_size: bool = False,
) -> Iterator[Panels]:
    """The pairs in batches, as the protocol shows them.

    Args:
        generator: the generator with the images it takes.
        protocol: what happens to images before they are measured.
        pairs: columns from and to.
        mean: the mean image, 3 x H x W.
        own_size: at the generator's own size in place of the data's.
    """
    import torch

    from augment.evaluation.metrics import Panels  # loads torch

    def shown(images: torch.Tensor) -> torch.Tensor:
        return protocol.panel(images).to(generator.generator.device)

    size = generator.generator.size if own_size else generator.generator.out
    average = None if mean is None else shown(torch.from_numpy(mean)[None])
    for start in range(0, len(pairs), BATCH):
        part = pairs[start : start + BATCH]
        sources, targets = part["from"].tolist(), part["to"].tolist()
        real, condition = (load_images([generator.paths[name] for name in names], size) for names in (targets, sources))
        if own_size:
            generated, poses = generator.at_own_size(sources, targets), generator.poses(targets)
        else:
            generated = torch.from_numpy(generator(sources, targets)).permute(0, 3, 1, 2)
            poses = keypoint_array(generator.keypoints, targets)
        keypoints = torch.from_numpy(poses).to(generator.generator.device)
        yield Panels(shown(real), shown(generated), shown(condition), keypoints, sources, targets, average)


def _about(done: int, metrics: Mapping[str, Metric]) -> dict[str, str]:
    """What saved sums have to agree with: the families of metrics and their names."""
    parts = [f"{name}:{','.join(getattr(metric, 'metrics', ()))}" for name, metric in metrics.items()]
    return {"done": str(done), "meters": " ".join(parts)}


def _write_partial(path: Path, done: int, metrics: Mapping[str, Metric]) -> None:
    """Save the sums after `done` pairs, by rename."""
    from safetensors.torch import save_file

    from augment.evaluation.metrics import state_of  # loads torch

    with replacing(path) as partial:
        save_file(
            {name: value.contiguous() for name, value in state_of(metrics).items()}, partial, _about(done, metrics)
        )


def _read_partial(path: Path, metrics: Mapping[str, Metric]) -> tuple[int, dict[str, torch.Tensor]]:
    """How many pairs an interrupted run of the same metrics had done, and its sums; 0 and nothing without one."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            if about != _about(int(about.get("done", 0)), metrics):
                return 0, {}
            return int(about["done"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError):
        return 0, {}


def mean_image(data: Dataset, size: tuple[int, int]) -> Array:
    """The mean of all training images: what a generator without input would generate at best.

    Args:
        data: whose training images.
        size: (height, width) in pixels.

    Returns:
        uint8 3 x H x W.
    """
    paths = data.train["path"].tolist()
    total = np.zeros((3, *size))
    for start in range(0, len(paths), 512):
        total += load_images(paths[start : start + 512], size).double().sum(dim=0).numpy()
    mean: Array = np.round(total / len(paths)).astype(np.uint8)
    return mean
