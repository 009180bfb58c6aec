"""Table 3, the user study: real images taken for generated (R2G), generated ones for real (G2R), beside the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from augment.artefacts.files import write_csv, write_text
from augment.columns import aligned, markdown_table
from augment.plurals import counted
from augment.study.answers import Answers
from augment.workspace import Workspace
from pipelines.paper import DEEPFASHION, TABLE3
from pipelines.table5.spread import LEVEL, spread
from pipelines.tables.table1 import PAPER, data_of

LATE, EXPOSURE, TOLERANCE = 3000, 1000, 50
"""Milliseconds after which an answer is late, and of an exposure with how much it may be away from it."""
HEAD = ("model", "volunteers", "judged", "R2G, %", "G2R, %", "d'")
NOTE = (
    "R2G: real images taken for generated, of all real ones that counted; G2R: generated ones taken for real. "
    "Brackets: 95 % interval over volunteers (Student's t of their shares), because the answers of one volunteer are "
    "not independent; of one volunteer, or where all err alike, Wilson's over the images, marked w. d' is 0 where real "
    "and generated images are judged alike. The paper's figures are of 30 volunteers and its own images; only Ours was "
    "measured by its authors."
)


@dataclass(frozen=True)
class Share:
    """A share of images with its 95 % interval.

    Attributes:
        percent: the share.
        low: end of the interval, in percent.
        high: end of the interval, in percent.
        wilson: whether it is Wilson's interval.
    """

    percent: float
    low: float
    high: float
    wilson: bool


def share(wrong: Sequence[int], shown: Sequence[int]) -> Share:
    """How many of the images shown were judged wrongly.

    The share is that of all images together.  The interval is Student's t over the volunteers, by the usual
    linearisation of a ratio: with equally many images each it is that of the mean of their shares.  One volunteer, or
    volunteers without any difference, have no such interval; Wilson's of the images is given.

    Args:
        wrong: one number a volunteer.
        shown: one number a volunteer.
    """
    total, whole = sum(shown), sum(wrong)
    ratio = whole / total
    mean = total / len(shown)
    around = spread([ratio + (errors - ratio * images) / mean for errors, images in zip(wrong, shown, strict=True)])
    if around.count > 1 and around.std > 1e-12:
        low, high, by_images = max(0.0, around.low), min(1.0, around.high), False
    else:
        (low, high), by_images = wilson(whole, total), True
    return Share(100 * ratio, 100 * low, 100 * high, by_images)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    Args:
        hits: how many.
        count: of how many.

    Returns:
        Its ends, in [0, 1].
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share, scale = hits / count, 1 + z * z / count
    centre = (share + z * z / (2 * count)) / scale
    half = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


def sensitivity(r2g: tuple[int, int], g2r: tuple[int, int]) -> float:
    """d', how far apart real and generated images look, in deviations.

    Half an error and one image are added to each, so that it is finite without errors.

    Args:
        r2g: errors and images of the real ones.
        g2r: errors and images of the generated ones.
    """
    false_alarm, miss = ((errors + 0.5) / (images + 1) for errors, images in (r2g, g2r))
    normal = NormalDist()
    return normal.inv_cdf(1 - miss) - normal.inv_cdf(false_alarm)


@dataclass(frozen=True)
class StudyRow:
    """The figures of one study.

    Attributes:
        model: its name, as the table has it.
        volunteers: who count.
        judged: pictures that count.
        r2g: real pictures taken for generated ones, None without volunteers.
        g2r: generated pictures taken for real ones.
        dprime: see `sensitivity`.
        late: late answers, which are counted, and count.
        badly_timed: pictures shown for another time than a second, likewise.
        left_out: volunteers who do not count.
    """

    model: str
    volunteers: int
    judged: int
    r2g: Share | None
    g2r: Share | None
    dprime: float | None
    late: int
    badly_timed: int
    left_out: int

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class PaperRow:
    """The paper's figures of one model, in percent."""

    model: str
    r2g: float
    g2r: float


@dataclass(frozen=True)
class StudyTable:
    """What Table 3 says.

    Attributes:
        rows: one a study.
        paper: the paper's.
        notes: what a reader has to know.
        folder: where the table's files are.
    """

    rows: Sequence[StudyRow]
    paper: Sequence[PaperRow]
    notes: Sequence[str]
    folder: str

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def run_table3(workspace: Workspace, *, unfinished: bool = False) -> StudyTable:
    """Count the answers of every study and write table3.csv, table3.md and judgements.csv.

    Without any, the paper's figures stand alone, with a note that says how to come by answers.

    Args:
        workspace: the workspace.
        unfinished: whether volunteers who stopped count with what they answered.

    Returns:
        What the table says.
    """
    tables = {folder.name: Answers(folder).judgements() for folder in workspace.studies()}
    rows = [study_row(name, table, unfinished) for name, table in tables.items()]
    folder = workspace.table_dir("table3")
    start = 2 if data_of(workspace) == DEEPFASHION else 0
    paper = [PaperRow(PAPER + title, row[start], row[start + 1]) for title, row in TABLE3.items()]
    made = StudyTable(rows, paper, notes(rows), str(folder))
    if tables:
        everything = pd.concat([table.assign(study=name) for name, table in tables.items()], ignore_index=True)
        write_csv(everything, folder / "judgements.csv")
    write_csv(pd.json_normalize([*map(asdict, paper), *map(asdict, rows)]), folder / "table3.csv")
    parts = ["# Table 3: user study", markdown_table(_lines(made)), *made.notes]
    write_text(folder / "table3.md", "\n\n".join(parts) + "\n")
    return made


def study_row(name: str, judgements: pd.DataFrame, unfinished: bool) -> StudyRow:
    """The figures of one study.

    Args:
        name: the study's.
        judgements: as of `augment.study.answers.Answers`.
        unfinished: whether volunteers who stopped count.
    """
    answered = judgements["answer"].notna()
    whole = judgements.assign(answered=answered).groupby("volunteer")["answered"].transform("all")
    counted = judgements[~judgements["practice"] & answered & (whole | unfinished)]
    wrong = (counted["answer"] != counted["kind"]).to_numpy()
    shares: dict[str, Share | None] = {"real": None, "generated": None}
    sums = {}
    for kind in shares:
        own = (counted["kind"] == kind).to_numpy()
        groups = pd.DataFrame({"wrong": wrong[own], "volunteer": counted["volunteer"].to_numpy()[own]})
        per = groups.groupby("volunteer")["wrong"].agg(["sum", "count"])
        if len(per):
            shares[kind] = share([int(n) for n in per["sum"]], [int(n) for n in per["count"]])
        sums[kind] = (int(np.sum(wrong[own])), int(np.sum(own)))
    volunteers = int(counted["volunteer"].nunique())
    return StudyRow(
        model=f"{name} (here)",
        volunteers=volunteers,
        judged=len(counted),
        r2g=shares["real"],
        g2r=shares["generated"],
        dprime=sensitivity(sums["real"], sums["generated"]) if all(shares.values()) else None,
        late=int((counted["answer_ms"] > LATE).sum()),
        badly_timed=int((~((counted["shown_ms"] - EXPOSURE).abs() <= TOLERANCE)).sum()),
        left_out=int(judgements["volunteer"].nunique()) - volunteers,
    )


def notes(rows: Sequence[StudyRow]) -> list[str]:
    """What a reader has to know of the figures.

    Args:
        rows: as of `study_row`.
    """
    said = [NOTE]
    if not any(row.volunteers for row in rows):
        said.append("No volunteer has finished a study here yet; `augment study` shows one.")
    for row in rows:
        pictures = counted(row.badly_timed, "picture was", "pictures were")
        out = counted(row.left_out, "volunteer did not finish and is", "volunteers did not finish and are")
        parts = {
            f"{out} left out": row.left_out,
            f"{counted(row.late, 'answer')} came more than {LATE / 1000:g} s after the picture": row.late,
            f"{pictures} not measured to be shown for {EXPOSURE} ± {TOLERANCE} ms": (row.badly_timed),
        }
        parts = {text: number for text, number in parts.items() if number}
        said += [f"{row.model}: {'; '.join(parts)}."] if parts else []
    return said


def _lines(made: StudyTable) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = [HEAD]
    lines += [(row.model, "-", "-", f"{row.r2g:g}", f"{row.g2r:g}", "-") for row in made.paper]
    for row in made.rows:
        shares = (_share_text(found) for found in (row.r2g, row.g2r))
        dprime = "-" if row.dprime is None else f"{row.dprime:.2f}"
        lines.append((row.model, str(row.volunteers), str(row.judged), *shares, dprime))
    return lines


def _share_text(found: Share | None) -> str:
    if found is None:
        return "-"
    return f"{found.percent:.1f} [{found.low:.1f}, {found.high:.1f}]{' w' if found.wilson else ''}"


def terminal(made: StudyTable) -> str:
    """The table as aligned columns with its notes.

    Args:
        made: as of `run_table3`.
    """
    return "\n".join([aligned(_lines(made)), "", *made.notes])
