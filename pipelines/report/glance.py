"""The report's first screen: one figure with its interval, and what that does not cover."""

from __future__ import annotations

from dataclasses import dataclass, replace

from augment.artefacts.records import read_run
from augment.inference.generators import names_builtin
from augment.training.reid_data import UPDATES
from augment.workspace import Workspace
from pipelines.report.pictures import svg
from pipelines.report.section import Section
from pipelines.table5.lines import Line, lines_of
from pipelines.table5.outputs import read_table5
from pipelines.table5.plots import panels, portion_plot
from pipelines.table5.rows import row_of
from pipelines.table5.spread import excludes_zero
from pipelines.table5.stages import Model
from pipelines.table5.text import LENGTH_TITLES, blocks, column_title, gain_text, spread_text


@dataclass(frozen=True)
class Card:
    """A difference to None as the first screen says it: the figure, its 95 % interval ("" for one seed), and of what.

    Attributes:
        others: the differences at other lengths as (length, text).
        share: of the gap to all real images that is closed, as a number and as text, "-" where it is not known.
        gap: of the gap to all real images that is closed, as a number and as text, "-" where it is not known.
        saw_removed: whether the removed images trained the generator.
        one_generator: whether all seeds have the same one; None where nothing is generated.
    """

    figure: str
    interval: str
    contains_zero: bool
    seeds: int
    row: str
    kept: str
    block: str
    length: str
    others: list[tuple[str, str]]
    share: float
    gap: str
    saw_removed: bool
    one_generator: bool | None


def glance(workspace: Workspace) -> Section | None:
    """What the first augmented row gains at the smallest p, the first block's largest, others below; and mAP over p."""
    summary = read_table5(workspace)
    cards = []
    for block, part in blocks(summary):
        gained = [line for line in lines_of(part) if line.gains and not row_of(line.row).repeat]
        gained.sort(key=lambda line: (line.length != UPDATES, line.portion, line.row != "ours"))
        if gained:
            place = (gained[0].row, gained[0].portion, gained[0].ratio)
            like = [line for line in gained if (line.row, line.portion, line.ratio) == place]
            cards.append(_card(workspace, like, block.title))
    first = next(iter(panels(summary)), None)
    plot = None if first is None else svg(portion_plot(first[1], "svg", summary))
    return None if summary.empty else Section("At a glance", "glance.html", {"cards": cards, "plot": plot})


def _card(workspace: Workspace, lines: list[Line], block: str) -> Card:
    """The card of the lines of one training."""
    line = lines[0]
    row, gain = row_of(line.row), line.gain
    return Card(
        figure=f"{gain.mean:+.1f}",
        interval=f"[{gain.low:+.1f}, {gain.high:+.1f}]" if gain.count > 1 else "",
        contains_zero=not excludes_zero(gain.low, gain.high),
        seeds=gain.count,
        row=row.title,
        kept=column_title(line.portion, line.ratio, line.share).replace(" ", "\u00a0"),
        block=block,
        length=LENGTH_TITLES[line.length],
        others=[(LENGTH_TITLES[each.length], gain_text(each.gain)) for each in lines[1:]],
        share=line.gap_mean,
        gap=spread_text(line.gap, percent=True),
        saw_removed=_saw_removed(workspace, line),
        one_generator=not row.reduced if row.generates else None,
    )


def _saw_removed(workspace: Workspace, line: Line) -> bool:
    """Whether a line's generator was trained on all training images, as the record of its images says."""
    row = row_of(line.row)
    if not row.generates or row.reduced or names_builtin(row.generator or ""):
        return False
    cell = replace(line.cell, seed=min(int(seed) for seed in line.by_seed))
    made = read_run(Model(cell).needs[0].folder(workspace))
    if made is None:
        return row.generator is None
    trained = read_run((workspace.root / str(made.result.get("generator"))).parent)
    if trained is None or "portion" not in trained.options:
        return False
    return trained.options["portion"] is None and trained.inputs.get("images") == made.inputs.get("images")
