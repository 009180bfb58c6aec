"""Table 4, the ablations: a generator trained for each row, measured, and printed beside the paper's figures."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from augment import AugmentError
from augment.artefacts.files import write_csv, write_text
from augment.artefacts.records import read_run
from augment.columns import aligned, markdown_table
from augment.evaluation.image_quality import as_in_the_paper, evaluate_generator, missing_lines
from augment.runtime import Runtime
from augment.workspace import Workspace
from patn.training.configuration import PRESETS, PatnTraining
from pipelines import paper

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger(__name__)
SMALL_PAIRS = 400
CONCAT = "one encoder reads image and poses; the paper does not say how they meet"


@dataclass(frozen=True)
class Row:
    """A row of Table 4.

    Attributes:
        title: in the paper's words.
        fields: of PatnTraining, which make it.
        note: what a reader has to know about it.
    """

    title: str
    fields: Mapping[str, Any]
    note: str = ""


def _resnet(blocks: int, fusion: str, note: str) -> Row:
    title = f"Resnet generator ({blocks} blocks{', two streams' if fusion == 'two_streams' else ''})"
    return Row(title, {"generator": "resnet", "blocks": blocks, "fusion": fusion}, note)


def _patn(what: str, note: str = "", **fields: Any) -> Row:
    return Row(f"PATN generator {what}", {"blocks": 9, **fields}, note)


_NO_RESIDUALS = {"d_blocks": 0, "d_head": "patch1"}
ROWS: dict[str, Row] = {
    **{f"resnet{blocks}": _resnet(blocks, "concat", CONCAT) for blocks in (5, 9, 13)},
    **{f"patn{blocks}": _patn(f"({blocks} blocks)", blocks=blocks) for blocks in (5, 9, 13)},
    "no-add": _patn("w/o add", add=False),
    "no-cat": _patn(
        "w/o cat", "the pose code stays half as wide, so about half of the weights are gone too", cat=False
    ),
    "no-resd": _patn("w/o resD", "the discriminators end in one more convolution, to one map", **_NO_RESIDUALS),
    **{
        f"resnet{blocks}-wide": _resnet(blocks, "two_streams", "ours: as many weights as PATN with these blocks")
        for blocks in (5, 9, 13)
    },
    "no-resd-literal": _patn(
        "w/o resD, literally",
        "ours: the discriminators end in a ReLU, so no probability is below one half",
        **{**_NO_RESIDUALS, "d_head": "maps"},
    ),
}


@dataclass(frozen=True)
class Table4:
    """What is trained and measured.

    Attributes:
        rows: by name, or `paper`, or `all`.
        preset: size and configuration of every row.
        steps: updates, None is the preset's.
        metrics: the paper's names, `all` is those of the paper's table.
        pairs: of test images, measured; None is the paper's number, or 400 with the small presets.
        seed: of training and of the pairs.
        perceptual: see `patn-train`.
        weights_dir: see `patn-train`.
        jobs: processes of the pose estimator.

    Raises:
        AugmentError: for an unknown row, preset or metric.
    """

    rows: tuple[str, ...] = ("paper",)
    preset: str = "market"
    steps: int | None = None
    metrics: tuple[str, ...] = ("all",)
    pairs: int | None = None
    seed: int = 0
    perceptual: str = "auto"
    weights_dir: Path | None = None
    jobs: int = 1

    def __post_init__(self) -> None:
        groups = {"paper": tuple(paper.TABLE4), "all": tuple(ROWS)}
        rows = [row for name in self.rows for row in groups.get(name, (name,))]
        object.__setattr__(self, "rows", tuple(dict.fromkeys(rows)))
        for row in self.rows:
            if row not in ROWS:
                raise AugmentError(f"--rows {row}: no such row; choose from paper, all, {', '.join(ROWS)}")
        if self.preset not in PRESETS:
            raise AugmentError(f"--preset {self.preset}: no such preset; choose from {', '.join(PRESETS)}")
        known = {name.lower(): name for name in paper.TABLE4_METRICS[self.data]}
        for metric in self.metrics:
            if metric.lower() not in {"all", *known}:
                raise AugmentError(f"--metrics {metric}: not in Table 4; choose from all, {', '.join(known.values())}")
        named = tuple(known.values()) if "all" in self.metrics else tuple(known[name.lower()] for name in self.metrics)
        object.__setattr__(self, "metrics", named)

    @property
    def data(self) -> str:
        """Whose figures of the paper stand beside ours: deepfashion's for that preset, else market's."""
        return "deepfashion" if self.preset == "deepfashion" else "market"

    @property
    def name(self) -> str:
        """The name of the table's files, and the end of its generators' names."""
        return f"{self.preset}-{self.steps or PRESETS[self.preset].steps}-s{self.seed}"

    def generator(self, row: str) -> str:
        """The name of a row's generator in the workspace: in a folder of their own below patn/.

        Args:
            row: a key of ROWS.
        """
        return f"table4/{row}-{self.name}"

    def training(self, row: str) -> PatnTraining:
        """The configuration of a row's training: the preset with that row's fields.

        Args:
            row: a key of ROWS.
        """
        training = PRESETS[self.preset]
        return replace(training if self.steps is None else training.of_steps(self.steps), **ROWS[row].fields)


def states(workspace: Workspace, table: Table4) -> dict[str, bool]:
    """Whether each row's generator is trained.

    Args:
        workspace: the workspace.
        table: what was asked for.

    Returns:
        Whether it is, by row.
    """
    return {row: read_run(workspace.patn_dir(table.generator(row))) is not None for row in table.rows}


def run_table4(workspace: Workspace, table: Table4, runtime: Runtime) -> dict[str, Any]:
    """Train the rows that are not finished, one after another, measure all, and write table4/NAME.csv and NAME.md.

    Args:
        workspace: the workspace.
        table: what is asked for.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        "rows" (a record each), "missing" (why a metric has no figures) and "folder".
    """
    from augment.datasets.pairs import evaluation_pairs
    from augment.training.generator import train_generator

    evaluation_pairs(workspace)  # raises where there are none, before anything is trained
    records = []
    missing: dict[str, str] = {}
    for row in table.rows:
        logger.info("Table 4, %s.", ROWS[row].title)
        trained = train_generator(
            workspace,
            table.training(row),
            name=table.generator(row),
            seed=table.seed,
            perceptual=table.perceptual,
            weights_dir=table.weights_dir,
            runtime=runtime,
        )
        measured, lacking = measure(workspace, table, table.generator(row), runtime)
        missing.update(lacking)
        records.append(
            {
                "row": row,
                "title": ROWS[row].title,
                "parameters": trained.parameters,
                "steps": trained.steps,
                "perceptual": trained.perceptual,
                "ours": measured,
                "paper": paper.table4(row, table.data),
            }
        )
    folder = workspace.table_dir("table4")
    write_csv(pd.DataFrame(list(_flat(records))), folder / f"{table.name}.csv")
    write_text(folder / f"{table.name}.md", markdown(records, missing, table))
    return {"rows": records, "missing": missing, "folder": str(folder)}


def measure(
    workspace: Workspace, table: Table4, generator: str, runtime: Runtime
) -> tuple[dict[str, float], dict[str, str]]:
    """Our figures of a generator.

    Args:
        workspace: the workspace.
        table: what was asked for.
        generator: its name in the workspace.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        The figures by the paper's names of the metrics, and for those without a figure why there is none.
    """
    from augment.evaluation.protocol import Evaluation

    pairs = SMALL_PAIRS if table.pairs is None and table.preset not in paper.TABLE4_METRICS else table.pairs
    asked = {name.lower(): name for name in table.metrics}
    evaluation = Evaluation(tuple(asked), pairs=pairs, seed=table.seed, weights_dir=table.weights_dir, jobs=table.jobs)
    result = evaluate_generator(workspace, evaluation, generator=generator, runtime=runtime)
    figures = as_in_the_paper(result.rows.get("generated", {}))
    return (
        {name: figures[key] for key, name in asked.items() if key in figures},
        {name: result.missing[key] for key, name in asked.items() if key in result.missing},
    )


def _flat(records: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """A record as one line of a CSV file: `SSIM` is ours, `SSIM (paper)` the paper's."""
    for record in records:
        plain = {name: value for name, value in record.items() if name not in ("ours", "paper")}
        papers = {f"{name} (paper)": value for name, value in record["paper"].items()}
        yield {**plain, **record["ours"], **papers}


def table_lines(records: Sequence[Mapping[str, Any]], data: str) -> list[list[str]]:
    """Header and one line a row: our figure and the paper's of each metric, a dash where there is none.

    Args:
        records: the "rows" of `run_table4`.
        data: market or deepfashion, whose figures of the paper are taken.
    """
    metrics = paper.TABLE4_METRICS[data]
    lines = [["Model", "weights, M", *(title for name in metrics for title in (name, "paper"))]]
    for record in records:
        figures = [_figure(record[side].get(name)) for name in metrics for side in ("ours", "paper")]
        lines.append([record["title"], f"{record['parameters'] / 1e6:.2f}", *figures])
    return lines


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def notes(records: Sequence[Mapping[str, Any]], missing: Mapping[str, str], table: Table4) -> list[str]:
    """What a reader has to know: data, size, perceptual network, readings of single rows, metrics without figures.

    Args:
        records: the "rows" of `run_table4`.
        missing: why a metric has no figures.
        table: what was asked for.
    """
    training = table.training(table.rows[0])
    networks = sorted({record["perceptual"] for record in records})
    data = "DeepFashion" if table.data == "deepfashion" else "Market-1501"
    said = [
        f"Preset {table.preset}: {training.steps} steps of {training.batch} pairs, width {training.width}, "
        f"{training.height} x {training.width_px} pixels. The paper's figures are of {data} at full size: "
        "beside ours, not comparable unless yours are too.",
        f"Perceptual term: {'; '.join(networks)}.",
        *(
            f"{ROWS[record['row']].title}: {ROWS[record['row']].note}."
            for record in records
            if ROWS[record["row"]].note
        ),
    ]
    return said + missing_lines(missing)


def markdown(records: Sequence[Mapping[str, Any]], missing: Mapping[str, str], table: Table4) -> str:
    """The table as a Markdown document.

    Args:
        records: the "rows" of `run_table4`.
        missing: why a metric has no figures.
        table: what was asked for.
    """
    text = markdown_table(table_lines(records, table.data))
    return "\n\n".join(["# Table 4: ablations", text, *notes(records, missing, table)]) + "\n"


def terminal(records: Sequence[Mapping[str, Any]], missing: Mapping[str, str], table: Table4) -> str:
    """The table as aligned columns with its notes.

    Args:
        records: the "rows" of `run_table4`.
        missing: why a metric has no figures.
        table: what was asked for.
    """
    return "\n".join([aligned(table_lines(records, table.data)), "", *notes(records, missing, table)])
