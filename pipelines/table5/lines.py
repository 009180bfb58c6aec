"""One line of Table 5: a row in a setting, with its figures over seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import pandas as pd

from augment.training.reid_data import EPOCHS, UPDATES
from pipelines.table5.cells import Block, Cell
from pipelines.table5.spread import Spread


@dataclass(frozen=True)
class Place:
    """What the cells of one line have in common: a row in a setting; the fields are those of `Cell`."""

    row: str
    backbone: str
    preset: str
    scratch: bool
    ordinary: bool
    length: str
    portion: float
    ratio: int

    @property
    def cell(self) -> Cell:
        """The cell of seed 0."""
        return Cell(
            self.row,
            self.backbone,
            self.portion,
            self.ratio,
            length=self.length,
            ordinary=self.ordinary,
            preset=self.preset,
            scratch=self.scratch,
        )

    @property
    def block(self) -> Block:
        """The block that it stands in."""
        return self.cell.block

    @property
    def depends_on_length(self) -> bool:
        """Whether equal epochs and equal updates are two trainings for its row and setting, and not one."""
        cell = self.cell
        return replace(cell, length=EPOCHS).canonical != replace(cell, length=UPDATES).canonical


@dataclass(frozen=True)
class Line(Place):
    """A line of a summary, see `pipelines.table5.results.summarise`; all but gaps (shares) are in percent.

    Attributes:
        seeds: how many.
        mAP_mean: over seeds, like `rank1_mean` and `seconds_mean`.
        mAP_std: sample deviation (n - 1), missing for one seed.
        rank1_mean: see `mAP_mean`.
        updates: median over seeds, like `images` and `share`.
        images: see `updates`.
        share: of the real images that is really kept, nan where that is not recorded.
        seconds_mean: see `mAP_mean`.
        by_seed: mAP by seed.
        gains: mAP minus None's of the same seed, one a seed that both have.
        gain_mean: of `gains`.
        gain_std: of `gains`.
        gain_low: lower end of their mean's 95 % interval, see `pipelines.table5.spread`.
        gain_high: its upper end.
        gaps: (mAP - None) / (p = 1 - None), one a seed that all three have; none where None reaches the ceiling.
        gap_mean: of `gaps`.
        gap_std: of `gaps`.
        paper: the paper's figure on Market-1501.
        paper_none: the paper's figure of None beside it.
    """

    seeds: int
    mAP_mean: float
    mAP_std: float
    rank1_mean: float
    updates: float
    images: float
    share: float
    seconds_mean: float
    by_seed: Mapping[str, float]
    gains: Sequence[float]
    gain_mean: float
    gain_std: float
    gain_low: float
    gain_high: float
    gaps: Sequence[float]
    gap_mean: float
    gap_std: float
    paper: float | None
    paper_none: float | None

    @property
    def mAP(self) -> Spread:
        """Over seeds; its interval is not known."""
        return Spread(self.seeds, self.mAP_mean, self.mAP_std)

    @property
    def gain(self) -> Spread:
        """The difference to None."""
        return Spread(len(self.gains), self.gain_mean, self.gain_std, self.gain_low, self.gain_high)

    @property
    def gap(self) -> Spread:
        """The share of the way to all real images; its interval is not known."""
        return Spread(len(self.gaps), self.gap_mean, self.gap_std)


PLACE = [field.name for field in fields(Place)]
SUMMARY = [field.name for field in fields(Line)]
"""The columns of a summary."""
LISTS = ("gains", "gaps")
NUMBERS = [name for name in SUMMARY if name == "portion" or name not in (*PLACE, *LISTS, "seeds", "by_seed")]


def lines_of(summary: pd.DataFrame) -> list[Line]:
    """The lines of a summary, in its order.

    Args:
        summary: as of `pipelines.table5.results.summarise`, or a part of it.
    """
    return [Line(**{str(name): value for name, value in line.items()}) for line in summary.to_dict("records")]


def as_summary(lines: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """The summary frame of what `summary_json` made.

    Args:
        lines: one a row and setting.

    Returns:
        As of `pipelines.table5.results.summarise`.
    """
    summary: pd.DataFrame = pd.DataFrame(lines, columns=SUMMARY).astype(dict.fromkeys(NUMBERS, float))
    return summary
