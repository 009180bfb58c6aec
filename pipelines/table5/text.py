"""Table 5 as lines of text: what stands where, then Markdown for its file and the same aligned for the terminal."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from augment.datasets.reduced_set import is_other_share
from augment.training.reid_data import EPOCHS, LENGTHS, UPDATES
from augment.workspace import REAL_ONLY
from pipelines.table5.cells import BLOCK, Block
from pipelines.table5.lines import Line, lines_of
from pipelines.table5.rows import row_title
from pipelines.table5.spread import Spread, excludes_zero

LENGTH_TITLES = {UPDATES: "equal updates", EPOCHS: "equal epochs"}
NOTE = (
    "mAP in percent: mean ± standard deviation over seeds (their number). Differences are paired by seed, with the "
    "95 % t interval of their mean; one seed, marked (1), has neither deviation nor interval and carries no claim. "
    "Equal epochs is the paper's way to count, by which a smaller set gets fewer updates; at equal updates every set "
    "gets the full set's. Gap closed: how much of the way from None to all real images (p = 1) a row covers, at equal "
    "updates and by seed; a dash where None is already there. The paper's figures are of ResNet-50 (Inception-v2 "
    "beside `inception`) on Market-1501: they stand beside ours and cannot be compared with them."
)


@dataclass(frozen=True)
class Grid:
    """A table of text: a title, the header, lines and for each line its kind.

    Kinds: "row", "paper" (the paper's figures under a row), "first" (a row that begins a new portion), and with
    " clear" added where the interval of the difference in column `mark` does not contain 0.  `words` is how many
    columns on the left are words, `caption` what a page writes above it.
    """

    title: str
    header: list[str]
    lines: list[list[str]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    words: int = 1
    mark: int | None = None
    caption: str = ""


def blocks(summary: pd.DataFrame) -> Iterator[tuple[Block, pd.DataFrame]]:
    """The parts of a summary that are comparable line by line: same backbone, preset and augmentation."""
    groups: Iterable[tuple[Any, pd.DataFrame]] = summary.groupby(BLOCK, sort=False, dropna=False)
    for key, part in groups:
        yield Block(*key), part


def column_title(portion: float, ratio: int, share: float) -> str:
    """`p = 0.1`, or `ratio 2`; with the share that is really kept where it is another: `p = 0.1 (50 % kept)`.

    Args:
        portion: p in (0, 1].
        ratio: of the augmented set to the full one.
        share: of the real images that is really kept, nan where it was not recorded.
    """
    if ratio > 1:
        return f"ratio {ratio}"
    return f"p = {portion:g}" + (f" ({100 * share:.3g} % kept)" if is_other_share(portion, share) else "")


def spread_text(figure: Spread, percent: bool = False) -> str:
    """A mean with its deviation: `52.3 ± 1.2 (3)`, or a share as `86 ± 2 %`.

    Args:
        figure: without a mean it gives a dash; its deviation is not shown for one seed.
        percent: whether it is a share in [0, 1].
    """
    mean, std, seeds = figure.mean, figure.std, figure.count
    if seeds == 0 or math.isnan(mean):
        return "-"
    if percent:
        return f"{100 * mean:.0f} ± {100 * std:.0f} % ({seeds})" if seeds > 1 else f"{100 * mean:.0f} % (1)"
    return f"{mean:.1f} ± {std:.1f} ({seeds})" if seeds > 1 else f"{mean:.1f} (1)"


def gain_text(gain: Spread) -> str:
    """A difference to None: `+49.8 [+49.1, +50.5] (3)`, without an interval for one seed.

    Args:
        gain: differences paired by seed.
    """
    if gain.count == 0:
        return "-"
    ends = f" [{gain.low:+.1f}, {gain.high:+.1f}]" if gain.count > 1 else ""
    return f"{gain.mean:+.1f}{ends} ({gain.count})"


def mean_grid(part: pd.DataFrame, title: str) -> Grid:
    """One block in the paper's shape: mAP of each row over portions and ratios, the paper's figures under it.

    A row that was trained for equal epochs and for equal updates has a line for each; the paper's figures, which are
    without random erasing and colour jitter, stand in blocks without them.

    Args:
        part: the lines of one block of a summary.
        title: the block's.
    """
    columns = sorted({*zip(part["portion"], part["ratio"], strict=True)})
    shares = part.groupby(["portion", "ratio"])["share"].median()
    grid = Grid(title, ["mAP in %", *(column_title(*column, shares[column]) for column in columns)])
    for row, lines in part.groupby("row", sort=False):
        for suffix, own in _by_length(lines):
            _add(grid, "row", [row_title(str(row)) + suffix, *(mean_text(own.get(column)) for column in columns)])
        papers = {(line.portion, line.ratio): _number(line.paper) for line in lines_of(lines)}
        if not part["ordinary"].any() and set(papers.values()) != {"-"}:
            name = f"{row_title(str(row))}, paper"
            _add(grid, "paper", [name, *(papers.get(column, "-") for column in columns)])
    return grid


def _by_length(lines: pd.DataFrame) -> list[tuple[str, dict[tuple[float, int], Line]]]:
    """A row's lines by portion and ratio: once where both lengths are the same training, else a set for each."""
    both: dict[str, dict[tuple[float, int], Line]] = {}
    depends = False
    for line in lines_of(lines):
        both.setdefault(line.length, {})[line.portion, line.ratio] = line
        depends |= line.depends_on_length
    if not depends:
        return [("", {place: line for own in both.values() for place, line in own.items()})]
    return [(f", {LENGTH_TITLES[length]}", both[length]) for length in LENGTHS if length in both]


def difference_grid(part: pd.DataFrame, title: str) -> Grid:
    """One block as comparisons: a line a portion and row, with equal updates and equal epochs side by side.

    Columns: mAP of each length that was run, the difference to None of each with its interval, the gap closed at equal
    updates (equal epochs where nothing else was run), and the paper's figure with its difference.

    Args:
        part: the lines of one block of a summary.
        title: the block's.
    """
    lengths = [length for length in LENGTH_TITLES if (part["length"] == length).any()]
    comparable = not part["ordinary"].any() and part["paper"].notna().any()
    header = ["kept", "row", *(f"mAP, {LENGTH_TITLES[length]}" for length in lengths)]
    header += [f"minus None, {LENGTH_TITLES[length]}" for length in lengths]
    header += ["gap closed", *(["paper (minus None)"] if comparable else [])]
    grid = Grid(title, header, words=2, mark=2 + len(lengths))
    places: dict[tuple[float, int, str], dict[str, Line]] = {}
    for line in lines_of(part):
        places.setdefault((line.portion, line.ratio, line.row), {})[line.length] = line
    before: tuple[float, int] | None = None
    for portion, ratio, row in sorted(places, key=lambda place: place[:2]):  # stable: rows keep their order
        own = places[portion, ratio, row]
        main = own.get(lengths[0]) or next(iter(own.values()))
        cells = [column_title(portion, ratio, main.share), row_title(row)]
        cells += [mean_text(own.get(length)) for length in lengths]
        cells += [gain_text(own[length].gain) if length in own else "-" for length in lengths]
        cells.append(spread_text(main.gap, percent=True))
        if comparable:
            cells.append(_paper(main))
        clear = " clear" if excludes_zero(main.gain_low, main.gain_high) else ""
        _add(grid, ("row" if (portion, ratio) == before else "first") + clear, cells)
        before = (portion, ratio)
    return grid


def _add(grid: Grid, kind: str, line: list[str]) -> None:
    grid.lines.append(line)
    grid.kinds.append(kind)


def mean_text(line: Line | None) -> str:
    """A line's mAP over seeds; a dash where there is no line."""
    return "-" if line is None else spread_text(line.mAP)


def _number(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.1f}"


def _paper(line: Line) -> str:
    """The paper's figure and in brackets its difference to None, which None itself has not: `52.6 (+43.4)`."""
    paper, none = line.paper, line.paper_none
    if line.row == REAL_ONLY or paper is None or none is None or math.isnan(paper) or math.isnan(none):
        return _number(paper)
    return f"{paper:.1f} ({paper - none:+.1f})"


def grids(summary: pd.DataFrame) -> list[Grid]:
    """The two tables of every block, in reading order; the second only where there is something to compare.

    Args:
        summary: as of `pipelines.table5.results.summarise`.
    """
    found = []
    for block, part in blocks(summary):
        found.append(mean_grid(part, block.title))
        if part["gains"].map(len).any():
            found.append(difference_grid(part, f"{block.title}: differences to None"))
    return found


def remarks(summary: pd.DataFrame) -> list[str]:
    """What a reader has to know of rows that stand side by side: which of them are one plan."""
    beyond = summary[summary["ratio"] > 1]
    both = sorted(
        set(beyond.loc[beyond["row"] == "ours", "ratio"]) & set(beyond.loc[beyond["row"] == "ours*", "ratio"])
    )
    if not both:
        return []
    at = " and ".join(f"{ratio:g}" for ratio in both)
    ours, star = row_title("ours"), row_title("ours*")
    return [
        f"At ratio {at} {ours} and {star} are one plan: no image is removed, so each takes poses of the whole training "
        "set, by the same seed. Their figures are those of one training set, not two results."
    ]


def markdown(summary: pd.DataFrame) -> str:
    """The whole summary as a Markdown document."""
    parts = ["# Table 5: re-identification with generated training images", NOTE, *remarks(summary)]
    for grid in grids(summary):
        parts.append(markdown_table(grid))
    return "\n\n".join(parts) + "\n"


def markdown_table(grid: Grid) -> str:
    """One grid under its title as Markdown."""
    lines = [grid.header, ["---"] * len(grid.header), *grid.lines]
    return f"## {grid.title}\n\n" + "\n".join(f"| {' | '.join(map(_markdown_cell, line))} |" for line in lines)


def _markdown_cell(text: str) -> str:
    """Text that neither ends its cell nor is read as markup."""
    return re.sub(r"([\\`*_|<])", r"\\\1", " ".join(text.split()))


def aligned(grid: Grid) -> str:
    """One grid under its title as aligned columns."""
    first, second = zip(*(text.partition(", ")[::2] for text in grid.header), strict=True)
    lines = [list(first), list(second), *grid.lines]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([grid.title, *(f"  {line.rstrip()}" for line in text)])


def terminal(summary: pd.DataFrame) -> str:
    """The whole summary as aligned columns, headers on two lines where they have a comma."""
    parts = [aligned(grid) for grid in grids(summary)]
    return "\n\n".join([*parts, *remarks(summary), NOTE]) if parts else "No cell is finished yet."


def summary_json(summary: pd.DataFrame) -> list[dict[Any, Any]]:
    """The summary as JSON objects.

    Args:
        summary: as of `pipelines.table5.results.summarise`.

    Returns:
        One a line; missing numbers are null.
    """
    known = summary.map(lambda value: isinstance(value, (list, dict)) or pd.notna(value))
    return summary.astype(object).where(known, None).to_dict("records")
