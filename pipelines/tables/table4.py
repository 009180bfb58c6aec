"""Table 4, the ablations: a generator trained for each row, measured, and printed beside the paper's figures."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from augment.artefacts.files import write_csv, write_text
from augment.artefacts.records import read_run
from augment.columns import aligned, markdown_table
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import evaluation_pairs
from augment.evaluation.image_quality import as_in_the_paper, evaluate_generator, missing_lines
from augment.evaluation.protocol import Evaluation
from augment.plurals import counted
from augment.runtime import Runtime
from augment.training.generator import train_generator
from augment.workspace import Workspace
from pipelines import paper
from pipelines.tables.ablations import ROWS, Table4
from pipelines.tables.figures import Figures, figure_text, figures_of

logger = logging.getLogger(__name__)
SMALL_PAIRS = 400


@dataclass(frozen=True)
class Ablation:
    """A row of Table 4, trained; its figures are the table's.

    Attributes:
        row: its name.
        title: in the paper's words.
        parameters: weights of the generator.
        steps: updates of its training.
        perceptual: network of its perceptual term.
    """

    row: str
    title: str
    parameters: int
    steps: int
    perceptual: str


@dataclass(frozen=True)
class Ablations:
    """What Table 4 says.

    Attributes:
        rows: those that were asked for.
        ours: our figures, by row and the paper's name of the metric.
        paper: the paper's, alike.
        missing: why a metric has no figures.
        folder: where the table's files are.
    """

    rows: Sequence[Ablation]
    ours: Figures
    paper: Figures
    missing: Mapping[str, str]
    folder: str

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object, each row with its figures."""
        rows = [
            {**asdict(row), "ours": figures_of(self.ours, row.row), "paper": figures_of(self.paper, row.row)}
            for row in self.rows
        ]
        return {"rows": rows, "missing": dict(self.missing), "folder": self.folder}

    def as_records(self) -> list[dict[str, object]]:
        """As lines of a CSV file: `SSIM` is ours, `SSIM (paper)` the paper's."""
        return [
            {
                **asdict(row),
                **figures_of(self.ours, row.row),
                **{f"{name} (paper)": value for name, value in figures_of(self.paper, row.row).items()},
            }
            for row in self.rows
        ]


def states(workspace: Workspace, table: Table4) -> dict[str, bool]:
    """Whether each row's generator is trained.

    Args:
        workspace: the workspace.
        table: what was asked for.

    Returns:
        Whether it is, by row.
    """
    return {row: read_run(workspace.patn_dir(table.generator(row))) is not None for row in table.rows}


def run_table4(workspace: Workspace, table: Table4, runtime: Runtime) -> Ablations:
    """Train the rows that are not finished, one after another, measure all, and write table4/NAME.csv and NAME.md.

    Args:
        workspace: the workspace.
        table: what is asked for.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        What the table says.
    """
    evaluation_pairs(Dataset.of(workspace))  # raises where there are none, before anything is trained
    ablations: list[Ablation] = []
    ours: dict[tuple[str, str], float] = {}
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
        ours |= {(row, name): value for name, value in measured.items()}
        ablations.append(Ablation(row, ROWS[row].title, trained.parameters, trained.steps, trained.perceptual))
    folder = workspace.table_dir("table4")
    papers = {(row, name): value for row in table.rows for name, value in paper.table4(row, table.data).items()}
    made = Ablations(ablations, ours, papers, missing, str(folder))
    write_csv(pd.DataFrame(made.as_records()), folder / f"{table.name}.csv")
    write_text(folder / f"{table.name}.md", markdown(made, table))
    return made


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
    pairs = SMALL_PAIRS if table.pairs is None and table.preset not in paper.TABLE4_METRICS else table.pairs
    asked = {name.lower(): name for name in table.metrics}
    evaluation = Evaluation(tuple(asked), pairs=pairs, seed=table.seed, weights_dir=table.weights_dir, jobs=table.jobs)
    result = evaluate_generator(workspace, evaluation, generator=generator, runtime=runtime)
    figures = as_in_the_paper(result.rows.get("generated", {}))
    return (
        {name: figures[key] for key, name in asked.items() if key in figures},
        {name: result.missing[key] for key, name in asked.items() if key in result.missing},
    )


def table_lines(made: Ablations, data: str) -> list[list[str]]:
    """Header and one line a row: our figure and the paper's of each metric, a dash where there is none.

    Args:
        made: as of `run_table4`.
        data: market or deepfashion, whose figures of the paper are taken.
    """
    metrics = paper.TABLE4_METRICS[data]
    lines = [["Model", "weights, M", *(title for name in metrics for title in (name, "paper"))]]
    for row in made.rows:
        figures = [figure_text(side.get((row.row, name))) for name in metrics for side in (made.ours, made.paper)]
        lines.append([row.title, f"{row.parameters / 1e6:.2f}", *figures])
    return lines


def notes(made: Ablations, table: Table4) -> list[str]:
    """What a reader has to know: data, size, perceptual network, readings of single rows, metrics without figures.

    Args:
        made: as of `run_table4`.
        table: what was asked for.
    """
    training = table.training(table.rows[0])
    networks = sorted({row.perceptual for row in made.rows})
    data = paper.DATA_TITLES[table.data]
    said = [
        f"Preset {table.preset}: {counted(training.steps, 'step')} of {counted(training.batch, 'pair')}, "
        f"width {training.width}, {training.height} x {training.width_px} pixels. The paper's figures are of {data} at "
        "full size: beside ours, not comparable unless yours are too.",
        f"Perceptual term: {'; '.join(networks)}.",
        *(f"{row.title}: {ROWS[row.row].note}." for row in made.rows if ROWS[row.row].note),
    ]
    return said + missing_lines(made.missing)


def markdown(made: Ablations, table: Table4) -> str:
    """The table as a Markdown document.

    Args:
        made: as of `run_table4`.
        table: what was asked for.
    """
    text = markdown_table(table_lines(made, table.data))
    return "\n\n".join(["# Table 4: ablations", text, *notes(made, table)]) + "\n"


def terminal(made: Ablations, table: Table4) -> str:
    """The table as aligned columns with its notes.

    Args:
        made: as of `run_table4`.
        table: what was asked for.
    """
    return "\n".join([aligned(table_lines(made, table.data)), "", *notes(made, table)])
