"""Table 1: image quality of the workspace's generators beside the paper's figures."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from augment import AugmentError, Misuse
from augment.artefacts.files import write_csv, write_text
from augment.columns import aligned, markdown_table
from augment.datasets.dataset import Dataset
from augment.evaluation.image_quality import ImageQuality, as_in_the_paper, evaluate_generator, missing_lines
from augment.evaluation.protocol import Evaluation
from augment.inference.generators import make_generator
from augment.plurals import counted
from pipelines import paper
from pipelines.tables.figures import Figures, figure_text, figures_of
from pipelines.tables.methods import Methods, Seen, seen, train_methods

if TYPE_CHECKING:
    from augment.runtime import Runtime
    from augment.workspace import Workspace

logger = logging.getLogger(__name__)
TITLES = {"copy": "copy of the condition image", "mean image": "mean training image", "real": "real data"}
PAPER, HERE = "paper: ", " (here)"


@dataclass(frozen=True)
class Table1:
    """What is measured, by the paper's protocol.

    Attributes:
        generators: names of the workspace's; none named: all of them.
        methods: trained first where they are not, and measured beside the named generators.
        metrics: the paper's names or `all`, those of its table for this data.
        pairs: at most so many test pairs; None is the paper's number.
        seed: by which they are sampled.
        weights_dir: where weight files are.
        jobs: processes of the pose estimator.
    """

    generators: tuple[str, ...] = ()
    methods: Methods | None = None
    metrics: tuple[str, ...] = ("all",)
    pairs: int | None = None
    seed: int = 0
    weights_dir: Path | None = None
    jobs: int = 1

    def columns(self, data: str) -> list[str]:
        """The paper's names of the metrics.

        Args:
            data: market or deepfashion, whose figures of the paper are taken.

        Raises:
            AugmentError: for one that Table 1 does not have.
        """
        known = {name.lower(): name for name in paper.TABLE4_METRICS[data]}
        for metric in self.metrics:
            if metric.lower() not in {"all", *known}:
                raise Misuse(f"⟨metrics⟩ {metric}: not in Table 1; choose from all, {', '.join(known.values())}")
        return [name for key, name in known.items() if {"all", key} & {metric.lower() for metric in self.metrics}]

    def named(self, workspace: Workspace) -> list[str]:
        """The generators.

        Args:
            workspace: the workspace.

        Raises:
            AugmentError: where the workspace has none.
        """
        found = [path.parent.name for path in workspace.generators()]
        if not (self.generators or found):
            command = make_generator(workspace.layout, workspace.seed)
            raise AugmentError(f"{workspace.generators_dir}: no trained generator; run `{command}`")
        return list(self.generators or found)


@dataclass(frozen=True)
class Line:
    """A line of Table 1.

    Attributes:
        title: of the model.
        seen: the length of its training.
        figures: by the paper's name of the metric.
    """

    title: str
    seen: Seen
    figures: Mapping[str, float]

    def as_record(self) -> dict[str, object]:
        """As a line of a CSV file."""
        return {"model": self.title, **self.seen.as_dict(), **self.figures}


@dataclass(frozen=True)
class Quality:
    """What Table 1 says.

    Attributes:
        rows: titles, the paper's first.
        figures: by title and the paper's name of the metric.
        seen: the length of each generator's training, by title.
        columns: the paper's names of the metrics.
        notes: what a reader has to know.
        folder: where the table's files are.
    """

    rows: Sequence[str]
    figures: Figures
    seen: Mapping[str, Seen]
    columns: Sequence[str]
    notes: Sequence[str]
    folder: str

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object, its figures by title and below it by metric."""
        return {
            "rows": {title: figures_of(self.figures, title) for title in self.rows},
            "seen": {title: length.as_dict() for title, length in self.seen.items()},
            "columns": list(self.columns),
            "notes": list(self.notes),
            "folder": self.folder,
        }

    def lines(self) -> list[Line]:
        """One a row."""
        return [Line(title, self.seen.get(title, Seen()), figures_of(self.figures, title)) for title in self.rows]


def data_of(workspace: Workspace) -> str:
    """Whose figures of the paper stand beside the workspace's: deepfashion's for that layout, else market's."""
    return workspace.layout.generator_preset


def run_table1(workspace: Workspace, table: Table1, runtime: Runtime) -> Quality:
    """Train and measure every generator that is not trained or measured; write table1.csv and table1.md.

    Args:
        workspace: the workspace.
        table: what is measured.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        What the table says.
    """
    columns = table.columns(data_of(workspace))
    evaluation = Evaluation(
        tuple(name.lower() for name in columns),
        pairs=table.pairs,
        seed=table.seed,
        weights_dir=table.weights_dir,
        jobs=table.jobs,
    )
    evaluation.choose_pairs(Dataset.of(workspace))  # told before anything is trained
    trained = train_methods(workspace, table.methods, runtime) if table.methods is not None else []
    named = [*table.generators, *trained] if trained else table.named(workspace)
    results, lengths = [], {}
    for name in dict.fromkeys(named):
        logger.info("Table 1, %s.", name)
        results.append(evaluate_generator(workspace, evaluation, generator=name, runtime=runtime))
        lengths[f"{results[-1].generator}{HERE}"] = seen(workspace, name)
    folder, data = workspace.table_dir("table1"), data_of(workspace)
    rows, figures = table_rows(results, columns, data)
    made = Quality(rows, figures, lengths, columns, notes(results, columns, data), str(folder))
    write_csv(pd.DataFrame([line.as_record() for line in made.lines()]), folder / "table1.csv")
    write_text(folder / "table1.md", markdown(made))
    return made


def table_rows(results: Sequence[ImageQuality], columns: Sequence[str], data: str) -> tuple[list[str], Figures]:
    """Titles and figures: the paper's, our generators', trivial and real images'.

    Args:
        results: of `augment.evaluation.image_quality.evaluate_generator`, one a generator.
        columns: the paper's names of the metrics.
        data: market or deepfashion, whose figures of the paper are taken.
    """
    papers = {PAPER + title: paper.table1(title, data) for title in paper.TABLE1}
    found = {(title, name): row[name] for title, row in papers.items() for name in columns if name in row}
    titles = dict.fromkeys(papers)
    for result in results:
        for row, values in result.rows.items():
            measured = as_in_the_paper(values)
            title = f"{result.generator if row == 'generated' else TITLES[row]}{HERE}"
            found |= {(title, name): measured[name.lower()] for name in columns if name.lower() in measured}
            titles.pop(title, None)  # trivial ones last
            titles[title] = None
    return [title for title in titles if title in papers or figures_of(found, title)], found


def notes(results: Sequence[ImageQuality], columns: Sequence[str], data: str) -> list[str]:
    """What a reader has to know of our figures.

    Args:
        results: of `augment.evaluation.image_quality.evaluate_generator`, one a generator.
        columns: the paper's names of the metrics.
        data: market or deepfashion, whose figures of the paper are taken.
    """
    first = results[0]
    where = paper.DATA_TITLES[data]
    height, width = first.size
    said = [
        f"Here: {counted(first.pairs, 'test pair')} at {height} x {width} pixels, the paper's protocol. "
        f"The paper's figures are of {where}: beside ours, not comparable unless yours are of the same pairs.",
        "A star is a released model that the paper's authors measured; rows without one are quoted from other papers, "
        "whose SSIM is another.",
        "Images seen: updates times batch, of our trainings; those with different numbers are not compared on equal "
        "terms. `--train` trains each method by its own schedule, with --steps (and --batch) all for as long.",
    ]
    asked = {name.lower(): name for name in columns}
    texts = {name: text for result in results for name, text in result.notes.items()}
    missing = {name: why for result in results for name, why in result.missing.items()}
    said += [f"{title}: {texts[name]}." for name, title in asked.items() if name in texts]
    return said + missing_lines({title: missing[name] for name, title in asked.items() if name in missing})


def table_lines(made: Quality) -> list[list[str]]:
    """Header and one line a row, a dash where there is no figure.

    Args:
        made: as of `run_table1`.
    """
    lines = [["model", "updates", "images seen", *made.columns]]
    for line in made.lines():
        length = ["-" if count is None else f"{count:,}" for count in (line.seen.updates, line.seen.images)]
        lines.append([line.title, *length, *(figure_text(line.figures.get(name)) for name in made.columns)])
    return lines


def markdown(made: Quality) -> str:
    """The table as a Markdown document.

    Args:
        made: as of `run_table1`.
    """
    return "\n\n".join(["# Table 1: image quality", markdown_table(table_lines(made)), *made.notes]) + "\n"


def terminal(made: Quality) -> str:
    """The table as aligned columns with its notes.

    Args:
        made: as of `run_table1`.
    """
    return "\n".join([aligned(table_lines(made)), "", *made.notes])
