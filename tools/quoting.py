"""What pages of results have in common: figures looked up in a summary, findings as Markdown, a part of the README."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from augment.artefacts.files import write_text
from pipelines.table5.findings import findings
from pipelines.table5.lines import Line, lines_of
from pipelines.table5.text import gain_text, markdown, mean_text

README, END = Path("README.md"), "<!-- end -->"
Record = Mapping[str, Any]
NAMELESS = "mediapipe"
"""The pose estimator of results that name none: the default until it was recorded."""


def figure(summary: pd.DataFrame, row: str, portion: float, ordinary: bool, length: str = "updates") -> Line | None:
    """The line of a row, portion, augmentation and length by `small`; None where it was not run."""
    found = summary[
        (summary["row"] == row)
        & (summary["portion"] == portion)
        & (summary["ordinary"] == ordinary)
        & (summary["length"] == length)
        & (summary["ratio"] == 1)
        & (summary["backbone"] == "small")
    ]
    lines = lines_of(found)
    return lines[0] if lines else None


def text_of(line: Line | None) -> str:
    """The line's mAP as `50.0 ± 1.0 (3)`, a dash where there is none."""
    return mean_text(line)


def gain_of(line: Line | None) -> str:
    """The line's difference to None as `+36.1 [+32.0, +40.3] (3)`, a dash where there is none."""
    return "-" if line is None else gain_text(line.gain)


def escaped(text: str) -> str:
    """A sentence in which an asterisk is one."""
    return text.replace("*", "\\*")


def findings_markdown(summary: pd.DataFrame, histogram: Record | None = None) -> str:
    """The findings of a summary, a list under each heading."""
    shown = findings(summary, histogram)
    abouts = dict.fromkeys(finding.about for finding in shown)
    said = [
        f"### {about}\n\n" + "\n".join(f"- {escaped(one.text)}" for one in shown if one.about == about)
        for about in abouts
    ]
    return "\n\n".join(said)


def tables_markdown(summary: pd.DataFrame) -> str:
    """Every figure of a summary, one heading lower than in its own file."""
    return markdown(summary).partition("\n\n")[2].replace("\n## ", "\n### ")


def put_between(file: Path, start: str, part: str) -> None:
    """Replace what stands between the line `start` and the next END in a file.

    Args:
        file: the page.
        start: the line before the part.
        part: the new part.

    Raises:
        SystemExit: where the file lacks one of the two, and a part would be added in place of another.
    """
    head, _, rest = file.read_text(encoding="utf-8").partition(f"{start}\n")
    _, end, tail = rest.partition(END)
    if not end:
        raise SystemExit(f"{file}: lacks a line {start} and {END} after it; write them where the part belongs")
    write_text(file, f"{head}{start}\n{part}\n{END}{tail}")
