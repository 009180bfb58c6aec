"""How good a generator's images are: the paper's metrics and later ones over test pairs, in one streamed pass."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint, fingerprint_names
from augment.columns import aligned
from augment.datasets.inputs import images_input, keypoints_input
from augment.datasets.reduced_set import training_images
from augment.evaluation.protocol import PROTOCOLS, SPLITS, Evaluation
from augment.images import load_images
from augment.inference.drawing import Drawing
from augment.inference.generator import BATCH
from augment.inference.generators import find_generator, generator_label
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from numerics.files import replacing
from patn.pairs import write_pairs

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from augment.evaluation.metrics import Meter, Panels, Rows

PARTIAL = "partial.safetensors"
SAVE_EVERY = 60.0
"""Seconds of work that a killed run may lose."""


def evaluate_generator(
    workspace: Workspace, evaluation: Evaluation, *, generator: str | Path | None = None, runtime: Runtime
) -> dict[str, Any]:
    """Measure a generator's images.

    Memory does not depend on the number of pairs. Metrics measured before are not measured again; those that lack a
    weight file, a package or a model are left out with one sentence; a killed run loses a minute at most.

    Args:
        workspace: the workspace.
        evaluation: what is measured on which pairs.
        generator: a name in the workspace or a file; None is the only one.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        The result in run.json: "folder", "generator", "protocol", "split", "pairs", "size", "rows" (figures by row and
        metric), "missing" (why, by metric), "notes" (text by metric); rows are `generated` and, for comparison, `copy`,
        `mean image` and `real`.

    Raises:
        AugmentError: for a generator, key points or pairs that are missing.
    """
    checkpoint = find_generator(workspace, generator)
    pairs = evaluation.choose_pairs(workspace)
    home = generator_home(workspace, checkpoint)
    folder = home / f"eval-{evaluation.protocol}-{evaluation.split}-{len(pairs)}-s{evaluation.seed}"
    options = {"protocol": evaluation.protocol, "split": evaluation.split, "pairs": len(pairs)}
    tested = SPLITS[evaluation.split]
    inputs = {
        "generator": fingerprint(checkpoint),
        "keypoints": keypoints_input(workspace, tested),
        "pair_names": fingerprint_names(pairs["from"] + " " + pairs["to"]),
        "images": images_input(workspace.images().query("split in ['train', @tested]")),
        "arithmetic": f"scikit-image 0.14.2, SSIM of {PROTOCOLS[evaluation.protocol].taps} taps",
    }
    with artefact(folder, "evaluation", options, inputs=inputs, seed=evaluation.seed, force=runtime.force) as run:
        before = {"rows": {}, "missing": {}, "notes": {}, **run.result}
        judge = _identity_model(workspace, evaluation)
        todo = _to_measure(before, evaluation, judge)
        if not todo:
            return run.result
        write_pairs(pairs, folder / "pairs.csv")
        rows, missing, notes = _measure(workspace, evaluation, checkpoint, pairs, folder, todo, runtime)
        rows = {row: {**before["rows"].get(row, {}), **rows.get(row, {})} for row in {**before["rows"], **rows}}
        still = {name: why for name, why in before["missing"].items() if name not in todo}
        return run.finish(
            {
                "folder": str(folder.relative_to(workspace.root)),
                "generator": generator_name(workspace, home),
                **options,
                "size": list(workspace.size),
                "rows": rows,
                "missing": still | missing,
                "notes": before["notes"] | notes,
                "identity_model": judge if "identity" in todo else before.get("identity_model"),
            }
        )


def generator_home(workspace: Workspace, checkpoint: Path) -> Path:
    """The folder below `patn/` that holds a generator's evaluations: its own, or one named after a file elsewhere.

    Args:
        workspace: the workspace.
        checkpoint: the generator's file.
    """
    if checkpoint.resolve().is_relative_to(workspace.generators_dir.resolve()):
        return checkpoint.parent
    return workspace.patn_dir(generator_label(checkpoint))


def generator_name(workspace: Workspace, home: Path) -> str:
    """The name of a generator by its folder.

    Args:
        workspace: the workspace.
        home: as of `generator_home`.
    """
    return home.resolve().relative_to(workspace.generators_dir.resolve()).as_posix()


def mean_image(workspace: Workspace, size: tuple[int, int]) -> Array:
    """The mean of all training images: what a generator without input would generate at best.

    Args:
        workspace: the workspace.
        size: (height, width) in pixels.

    Returns:
        uint8 3 x H x W.
    """
    paths = training_images(workspace.images())["path"].tolist()
    total = np.zeros((3, *size))
    for start in range(0, len(paths), 512):
        total += load_images(paths[start : start + 512], size).double().sum(dim=0).numpy()
    mean: Array = np.round(total / len(paths)).astype(np.uint8)
    return mean


def _identity_model(workspace: Workspace, evaluation: Evaluation) -> str | None:
    """The fingerprint of the re-ID model that the identity score would be by now, None where there is none."""
    from augment.evaluation.identity_metric import full_model

    try:
        return fingerprint(full_model(workspace, evaluation.reid_model))
    except AugmentError:
        return None


def _to_measure(before: Mapping[str, Any], evaluation: Evaluation, judge: str | None) -> list[str]:
    """The metrics that are asked for and not there, or that were made by another re-ID model than they would be now."""
    there = set(before["rows"].get("generated", {}))
    if judge is not None and before.get("identity_model") != judge:
        there -= {"identity"}
    return [name for name in evaluation.metrics if name not in there]


def _measure(
    workspace: Workspace,
    evaluation: Evaluation,
    checkpoint: Path,
    pairs: pd.DataFrame,
    folder: Path,
    metrics: list[str],
    runtime: Runtime,
) -> tuple[Rows, dict[str, str], dict[str, str]]:
    """One pass over the pairs: figures of the metrics that can be had, why the others cannot, and notes."""
    from augment.evaluation.metrics import restore
    from augment.evaluation.registry import Setting, build_meters

    runtime.prepare()
    with ExitStack() as stack:
        setting = Setting(workspace, evaluation, len(pairs), runtime.torch_device(), stack)
        meters, missing = build_meters(setting, metrics)
        if meters:
            first, state = _read_partial(folder / PARTIAL, meters)
            restore(meters, state)
            drawing = Drawing(workspace, checkpoint, runtime, split=SPLITS[evaluation.split])
            mean = mean_image(workspace, drawing.generator.out) if "similarity" in meters else None
            batches = panels(drawing, evaluation.protocol, pairs[first:], mean)
            _pass(meters, batches, first, len(pairs), folder, runtime.progress)
    rows: Rows = {}
    for meter in meters.values():
        for row, values in meter.rows().items():
            rows.setdefault(row, {}).update({name: round(float(value), 6) for name, value in values.items()})
    (folder / PARTIAL).unlink(missing_ok=True)
    return rows, missing, setting.notes


def _pass(
    meters: Mapping[str, Meter], batches: Iterator[Panels], done: int, total: int, folder: Path, progress: bool
) -> None:
    """Give the meters all batches, from the pair `done` on, and save their sums now and then."""
    import torch

    bar = tqdm(total=total, initial=done, desc=folder.name, unit="pair", disable=None if progress else True)
    saved_at = time.monotonic()
    with bar:
        for batch in batches:
            with torch.inference_mode():
                for meter in meters.values():
                    meter.update(batch)
            done += len(batch.targets)
            bar.update(len(batch.targets))
            if time.monotonic() - saved_at >= SAVE_EVERY and done < total:
                _write_partial(folder / PARTIAL, done, meters)
                saved_at = time.monotonic()


def panels(drawing: Drawing, protocol: str, pairs: pd.DataFrame, mean: Array | None = None) -> Iterator[Panels]:
    """The pairs in batches, at the workspace's size, as the protocol shows them.

    Args:
        drawing: the generator with the images it takes.
        protocol: of `augment.evaluation.protocol.PROTOCOLS`.
        pairs: columns from and to.
        mean: the mean image, 3 x H x W.
    """
    import torch

    from augment.evaluation.metrics import Panels
    from patn.keypoints import keypoint_array

    def shown(images: torch.Tensor) -> torch.Tensor:
        return PROTOCOLS[protocol].panel(images).to(drawing.generator.device)

    average = None if mean is None else shown(torch.from_numpy(mean)[None])
    for start in range(0, len(pairs), BATCH):
        part = pairs[start : start + BATCH]
        sources, targets = part["from"].tolist(), part["to"].tolist()
        real, condition = (
            load_images([drawing.paths[name] for name in names], drawing.generator.out) for names in (targets, sources)
        )
        drawn = torch.from_numpy(drawing(sources, targets)).permute(0, 3, 1, 2)
        keypoints = torch.from_numpy(keypoint_array(drawing.keypoints, targets)).to(drawing.generator.device)
        yield Panels(shown(real), shown(drawn), shown(condition), keypoints, sources, targets, average)


def _about(done: int, meters: Mapping[str, Meter]) -> dict[str, str]:
    """What saved sums have to agree with: the meters and their metrics."""
    parts = [f"{name}:{','.join(getattr(meter, 'metrics', ()))}" for name, meter in meters.items()]
    return {"done": str(done), "meters": " ".join(parts)}


def _write_partial(path: Path, done: int, meters: Mapping[str, Meter]) -> None:
    """Save the sums after `done` pairs, by rename."""
    from safetensors.torch import save_file

    from augment.evaluation.metrics import state_of

    with replacing(path) as partial:
        save_file({name: value.contiguous() for name, value in state_of(meters).items()}, partial, _about(done, meters))


def _read_partial(path: Path, meters: Mapping[str, Meter]) -> tuple[int, dict[str, torch.Tensor]]:
    """How many pairs an interrupted run of the same meters had done, and its sums; 0 and nothing without one."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            if about != _about(int(about.get("done", 0)), meters):
                return 0, {}
            return int(about["done"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError):
        return 0, {}


def as_in_the_paper(values: Mapping[str, float]) -> dict[str, float]:
    """A row's figures as the paper's tables give them: SSIM of DeepFashion is that of the padded images.

    Args:
        values: by metric.
    """
    return {**values, **({"ssim": values["ssim_256_padded"]} if "ssim_256_padded" in values else {})}


def missing_lines(missing: Mapping[str, str]) -> list[str]:
    """One sentence for all metrics that lack the same thing.

    Args:
        missing: what each metric lacks.
    """
    reasons: dict[str, list[str]] = {}
    for name, why in missing.items():
        reasons.setdefault(why, []).append(name)
    return [f"{', '.join(names)}: not measured; {why}" for why, names in reasons.items()]


def summary(result: Mapping[str, Any]) -> str:
    """The result as a table for the terminal, with what is missing and what has to be known.

    Args:
        result: as of `evaluate_generator`.
    """
    rows, (height, width) = result["rows"], result["size"]
    names = list(dict.fromkeys(name for values in rows.values() for name in values))
    lines = [["", *names]]
    lines += [
        [row, *(f"{values[name]:.4g}" if name in values else "-" for name in names)] for row, values in rows.items()
    ]
    head = f"{result['folder']}: {result['pairs']} {result['split']} pairs, {height} x {width} pixels, "
    head += f"protocol {result['protocol']}"
    said = [f"{name}: {text}" for name, text in result["notes"].items()]
    said += missing_lines(result["missing"])
    return "\n".join([head, *([aligned(lines)] if rows else []), *said])
