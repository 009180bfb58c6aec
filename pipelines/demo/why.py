"""What orders the rows of Table 5: measures of generated images beside what they gain as training images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from augment.artefacts.records import read_run
from augment.columns import aligned
from augment.evaluation.image_quality import ImageQuality, evaluate_generator
from augment.evaluation.protocol import Evaluation
from augment.generation.plan import TargetPoses
from augment.runtime import Runtime
from augment.training.reid_data import UPDATES
from augment.workspace import Workspace
from pipelines.table5.cells import Cell
from pipelines.table5.findings import NAMES
from pipelines.table5.results import is_finished
from pipelines.table5.rows import row_of, row_title
from pipelines.table5.stages import GeneratedSet, Model

METRICS = ("ssim", "mask-ssim", "pckh", "identity")
COLUMNS = ("row", "portion", "generator", "pairs", "identity", "share", "ssim", "mask_ssim", "pckh")
GAINS = {"plain": False, "augmented": True}
MEASURES = {"share": "identity", "ssim": "SSIM", "mask_ssim": "mask-SSIM", "pckh": "PCKh"}
LEAST = 3
"""Rows without which a rank correlation says nothing."""
EXPLAINED = (
    "Identity: how often a re-ID model trained on all real images takes a generated image for the identity of its "
    "condition image, among all test identities. Of copy: that figure divided by the one of the condition images "
    "themselves. A generator that is trained anew for every seed is measured at seed 0."
)


def measure_rows(
    workspace: Workspace, cells: Sequence[Cell], ours: str, model: Cell, pairs: int, jobs: int, runtime: Runtime
) -> None:
    """Measure the images of every generator that makes a row's (see `generators_of_rows`); finished ones are skipped.

    Args:
        workspace: the workspace.
        cells: which name the rows.
        ours: name of the generator of Ours.
        model: the cell whose re-ID model the metric `identity` takes; nothing is measured where it is not trained yet.
        pairs: test pairs of each generator.
        jobs: processes at a time.
        runtime: device, threads and precision, and whether finished work is made again.
    """
    if not is_finished(workspace, model):
        return
    evaluation = Evaluation(METRICS, pairs=pairs, reid_model=model.name, jobs=jobs)
    for name in dict.fromkeys(name for _, _, name in generators_of_rows(workspace, cells, ours)):
        evaluate_generator(workspace, evaluation, generator=name, runtime=runtime)


def generators_of_rows(workspace: Workspace, cells: Sequence[Cell], ours: str) -> list[tuple[str, float, str]]:
    """Row, p and generator of the rows that replace removed images.

    Rows that plan, filter, place or train otherwise with the images of the same generator are not among them.

    Args:
        workspace: the workspace.
        cells: cells of Table 5.
        ours: name of the generator of Ours.

    Returns:
        One entry for each generator, of the first seed.
    """
    found: dict[tuple[str, float], str] = {}
    for cell in sorted(cells, key=lambda cell: cell.seed):
        row = row_of(cell.row)
        other = row.filtered is not None or row.smoothing is not None or row.weight != 1 or row.own_size or row.scenes
        if row.target_poses != TargetPoses.REMOVED or other or cell.ratio > 1:
            continue
        (made,) = Model(cell, ours).needs
        assert isinstance(made, GeneratedSet)
        found.setdefault((cell.row, cell.portion), made.drawn_by(workspace))
    return [(row, portion, name) for (row, portion), name in found.items()]


def why_table(workspace: Workspace, cells: Sequence[Cell], summary: pd.DataFrame, ours: str) -> pd.DataFrame:
    """Measures of generated images beside what they gain as training images.

    Args:
        workspace: the workspace.
        cells: cells of Table 5.
        summary: as of `pipelines.table5.results.summarise`.
        ours: name of the generator of Ours.

    Returns:
        A line a row and p of those that were measured: COLUMNS, then the mean gain over None, plain and augmented, in
        percentage points; identity and PCKh in [0, 1]; what is missing is NaN.
    """
    lines = []
    for row, portion, name in generators_of_rows(workspace, cells, ours):
        measured = _measured(workspace.patn_dir(name))
        if measured is not None:
            gains = {gain: _gain(summary, row, portion, ordinary) for gain, ordinary in GAINS.items()}
            lines.append({"row": row, "portion": portion, "generator": name, **asdict(measured), **gains})
    table = pd.DataFrame(lines, columns=[*COLUMNS, *GAINS])
    return table.sort_values("portion", kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Measures:
    """What the images of a generator are like; what is not measured is NaN.

    Attributes:
        pairs: test pairs that were measured.
        identity: how often the nearest of all test identities is the condition image's, in [0, 1].
        share: of what the condition images themselves reach of it.
        ssim: mean over the pairs.
        mask_ssim: the same within the person masks.
        pckh: in [0, 1].
    """

    pairs: int
    identity: float
    share: float
    ssim: float
    mask_ssim: float
    pckh: float


def _measured(folder: Path) -> Measures | None:
    """The figures of a generator's largest evaluation on test pairs by the paper's protocol."""
    runs = [run for path in folder.glob("eval-paper-test-*") if (run := read_run(path)) is not None]
    if not runs:
        return None
    measured = max((ImageQuality.of(run.result) for run in runs), key=lambda quality: quality.pairs)
    generated, copy = measured.rows["generated"], measured.rows["copy"]
    identity, of_copy = generated.get("identity", math.nan), copy.get("identity", math.nan)
    return Measures(
        pairs=measured.pairs,
        identity=identity,
        share=identity / of_copy if of_copy else math.nan,
        ssim=generated.get("ssim", math.nan),
        mask_ssim=generated.get("mask-ssim", math.nan),
        pckh=generated.get("pckh", math.nan),
    )


def _gain(summary: pd.DataFrame, row: str, portion: float, ordinary: bool) -> float:
    """The row's mean difference to None at equal updates by the backbone `small`, NaN where it was not run."""
    lines = summary[
        (summary["row"] == row)
        & (summary["portion"] == portion)
        & (summary["ordinary"] == ordinary)
        & (summary["length"] == UPDATES)
        & (summary["backbone"] == "small")
        & (summary["ratio"] == 1)
    ]
    return math.nan if lines.empty else float(lines["gain_mean"].iloc[0])


def rank_correlations(table: pd.DataFrame) -> Iterator[tuple[float, str, str, int, float]]:
    """Spearman's rank correlation of every measure and gain at every p that LEAST rows or more have.

    Args:
        table: as of `why_table`.

    Yields:
        (p, measure, gain, rows, rho).
    """
    for portion, part in table.groupby("portion"):
        for gain in GAINS:
            for measure in MEASURES:
                known = part[[measure, gain]].astype(float).dropna()
                if len(known) >= LEAST and (known.nunique() > 1).all():
                    ranks = known.rank()
                    yield float(str(portion)), measure, gain, len(known), float(ranks[measure].corr(ranks[gain]))


def why_lines(table: pd.DataFrame) -> list[list[str]]:
    """The table as lines of text, the first its head.

    Args:
        table: as of `why_table`.
    """
    head = ["kept", "row", "pairs", "identity", "of copy", "SSIM", "mask-SSIM", "PCKh"]
    lines = [[*head, *(f"minus None, {NAMES[ordinary]}" for ordinary in GAINS.values())]]
    for line in table.to_dict("records"):
        figures = [_number(line[name], "{:.3f}") for name in ("identity", "share", "ssim", "mask_ssim", "pckh")]
        gains = [_number(line[gain], "{:+.1f}") for gain in GAINS]
        lines.append([f"p = {line['portion']:g}", row_title(line["row"]), f"{line['pairs']:,}", *figures, *gains])
    return lines


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else form.format(value)


def correlation_sentences(table: pd.DataFrame) -> list[str]:
    """Which measure orders the rows, a sentence for each p and gain.

    Args:
        table: as of `why_table`.

    Returns:
        Empty where too few rows were measured.
    """
    found = pd.DataFrame(rank_correlations(table), columns=["portion", "measure", "gain", "rows", "rho"])
    sentences = []
    for (portion, gain), part in found.groupby(["portion", "gain"], sort=False):
        figures = ", ".join(f"{MEASURES[line['measure']]} {line['rho']:+.2f}" for line in part.to_dict("records"))
        rows = part["rows"].max()
        name = NAMES[GAINS[str(gain)]]
        sentences.append(f"Rank correlation with the gain, {name}, at p = {portion:g} over {rows} rows: {figures}.")
    return sentences


def why_text(table: pd.DataFrame) -> str:
    """The table and its correlations for the terminal.

    Args:
        table: as of `why_table`.
    """
    if table.empty:
        return "No row's images are measured."
    return "\n".join([aligned(why_lines(table)), *correlation_sentences(table), EXPLAINED])
