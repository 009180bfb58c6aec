"""How good a generator's images are: the paper's metrics and later ones over test pairs, in one streamed pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint, fingerprint_names
from augment.columns import aligned
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, keypoints_input
from augment.evaluation.measurement import measure
from augment.evaluation.protocol import PROTOCOLS, SPLITS, Evaluation
from augment.inference.generators import find_generator, generator_label
from augment.plurals import counted
from augment.results import Result
from augment.runtime import Runtime
from augment.workspace import Workspace
from patn.pairs import write_pairs


@dataclass(frozen=True)
class ImageQuality(Result):
    """How good a generator's images are.

    Attributes:
        folder: of the figures, in the workspace.
        generator: its name.
        protocol: paper or clean.
        split: test or train.
        pairs: how many were measured.
        size: (height, width) in pixels at which they were.
        rows: figures by row and metric; rows are `generated` and, for comparison, `copy`, `mean image` and `real`.
        missing: why a metric has no figures.
        notes: what a reader of the figures has to know, by metric.
        identity_model: the fingerprint of the re-ID model of the identity score, None where there was none.
    """

    folder: str
    generator: str
    protocol: str
    split: str
    pairs: int
    size: tuple[int, int]
    rows: Mapping[str, Mapping[str, float]]
    missing: Mapping[str, str]
    notes: Mapping[str, str]
    identity_model: str | None


def evaluate_generator(
    workspace: Workspace, evaluation: Evaluation, *, generator: str | Path | None = None, runtime: Runtime
) -> ImageQuality:
    """Measure a generator's images.

    Memory does not depend on the number of pairs. Metrics measured before are not measured again; those that lack a
    weight file, a package or a model are left out with one sentence; a killed run loses a minute at most.

    Args:
        workspace: the workspace.
        evaluation: what is measured on which pairs.
        generator: a name in the workspace or a file; None is the only one.
        runtime: device, threads and precision, and whether finished work is made again.

    Raises:
        AugmentError: for a generator, key points or pairs that are missing.
    """
    checkpoint, data = find_generator(workspace, generator), Dataset.of(workspace)
    pairs = evaluation.choose_pairs(data)
    home = generator_home(workspace, checkpoint)
    folder = home / f"eval-{evaluation.protocol}-{evaluation.split}-{len(pairs)}-s{evaluation.seed}"
    options = {"protocol": evaluation.protocol, "split": evaluation.split, "pairs": len(pairs)}
    tested = SPLITS[evaluation.split]
    inputs = {
        "generator": fingerprint(checkpoint),
        "keypoints": keypoints_input(data, tested),
        "pair_names": fingerprint_names(pairs["from"] + " " + pairs["to"]),
        "images": images_input(data.images.query("split in ['train', @tested]")),
        "arithmetic": f"scikit-image 0.14.2, SSIM of {PROTOCOLS[evaluation.protocol].taps} taps",
    }
    with artefact(folder, "evaluation", options, inputs=inputs, seed=evaluation.seed, force=runtime.force) as run:
        before = run.recorded(ImageQuality) if run.finished else None
        model = _identity_model(workspace, evaluation)
        todo = _to_measure(before, evaluation, model)
        if before is not None and not todo:
            return before
        write_pairs(pairs, folder / "pairs.csv")
        found = measure(workspace, data, evaluation, checkpoint, pairs, folder, todo, runtime)
        made = ImageQuality(
            folder=str(folder.relative_to(workspace.root)),
            generator=generator_name(workspace, home),
            protocol=evaluation.protocol,
            split=evaluation.split,
            pairs=len(pairs),
            size=data.size,
            rows=found.rows,
            missing=found.missing,
            notes=found.notes,
            identity_model=model if "identity" in todo else None,
        )
        made = made if before is None else _added(before, made, todo)
        run.finish(made)
        return made


def _added(before: ImageQuality, now: ImageQuality, measured: list[str]) -> ImageQuality:
    """An earlier result with what was measured now."""
    rows = {row: {**before.rows.get(row, {}), **now.rows.get(row, {})} for row in {**before.rows, **now.rows}}
    missing = {name: why for name, why in before.missing.items() if name not in measured}
    return replace(
        now,
        rows=rows,
        missing={**missing, **now.missing},
        notes={**before.notes, **now.notes},
        identity_model=now.identity_model if "identity" in measured else before.identity_model,
    )


def generator_home(workspace: Workspace, checkpoint: Path) -> Path:
    """The folder below `patn/` that holds a generator's evaluations: its own, or one named after a file elsewhere.

    Args:
        workspace: the workspace.
        checkpoint: the generator's file.
    """
    file, generators = checkpoint.resolve(), workspace.generators_dir
    if file.is_relative_to(generators.resolve()):
        return generators / file.parent.relative_to(generators.resolve())
    return workspace.patn_dir(generator_label(checkpoint))


def generator_name(workspace: Workspace, home: Path) -> str:
    """The name of a generator by its folder.

    Args:
        workspace: the workspace.
        home: as of `generator_home`.
    """
    return home.resolve().relative_to(workspace.generators_dir.resolve()).as_posix()


def _identity_model(workspace: Workspace, evaluation: Evaluation) -> str | None:
    """The fingerprint of the re-ID model that the identity score would be by now, None where there is none."""
    from augment.evaluation.identity_metric import full_model  # loads torch

    try:
        return fingerprint(full_model(workspace, evaluation.reid_model))
    except AugmentError:
        return None


def _to_measure(before: ImageQuality | None, evaluation: Evaluation, model: str | None) -> list[str]:
    """The metrics that are asked for and not there, or made by another re-ID model or estimator than they would be."""
    from augment.evaluation.registry import pose_note  # loads torch

    there = set() if before is None else set(before.rows.get("generated", {}))
    if before is not None and before.notes.get("pckh") != pose_note():
        there -= {"pckh"}
    if before is not None and model is not None and before.identity_model != model:
        there -= {"identity"}
    return [name for name in evaluation.metrics if name not in there]


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


def summary(result: ImageQuality) -> str:
    """The result as a table for the terminal, with what is missing and what has to be known.

    Args:
        result: as of `evaluate_generator`.
    """
    rows, (height, width) = result.rows, result.size
    names = list(dict.fromkeys(name for values in rows.values() for name in values))
    lines = [["", *names]]
    lines += [
        [row, *(f"{values[name]:.4g}" if name in values else "-" for name in names)] for row, values in rows.items()
    ]
    head = f"{result.folder}: {counted(result.pairs, f'{result.split} pair')}, {height} x {width} pixels, "
    head += f"protocol {result.protocol}"
    said = [f"{name}: {text}" for name, text in result.notes.items()]
    said += missing_lines(result.missing)
    return "\n".join([head, *([aligned(lines)] if rows else []), *said])
