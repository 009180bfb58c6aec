"""What was measured: rows with what is required and what is possible, as JSON, as Markdown and for the terminal."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from augment.columns import aligned, markdown_table
from augment.versions import processor

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "results" / "benchmarks.md"
HEAD = ("work, one core", "this project", "reference", "measured", "required", "limit")


@dataclass(frozen=True)
class Row:
    """One figure: `measured` against `required`, at least or (`at_most`) at most, in `unit`.

    ours, reference: what the two sides reach, in words.  limit: the best that this core could do, in the same unit.
    required None: reported only.
    """

    work: str
    ours: str
    reference: str
    measured: float
    unit: str
    required: float | None = None
    limit: float | None = None
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is what is required."""
        if self.required is None:
            return True
        return self.measured <= self.required if self.at_most else self.measured >= self.required

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        sign = "" if self.unit == "bits" else "at most " if self.at_most else "at least "
        required = "" if self.required is None else f"{sign}{figure(self.required, self.unit)}"
        limit = "" if self.limit is None else figure(self.limit, self.unit)
        measured = figure(self.measured, self.unit) + ("" if self.met else " (missed)")
        return self.work, self.ours, self.reference, measured, required, limit


def figure(value: float, unit: str) -> str:
    """A number as the tables show it: unit `x` (a ratio), `%`, `MiB`, `s`, `bits` (0 or 1), or empty (a difference)."""
    if unit == "bits":
        return "differ" if value else "equal to the bit"
    if unit == "":
        return "0" if value == 0 else f"{value:.0e}".replace("e-0", "e-")
    if unit in ("%", "MiB"):
        return f"{value:.0f} {unit}"
    return f"{value:.2f} s" if unit == "s" else f"{value:.{2 if value < 10 else 1}f}{unit}"


class Book:
    """Rows and remarks of one run, by group."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, Any]] = {}

    def add(self, group: str, rows: Sequence[Row], remarks: Sequence[str] = ()) -> None:
        """Note a group's rows and remarks."""
        place = self.groups.setdefault(group, {"rows": [], "remarks": []})
        place["rows"] += [asdict(row) for row in rows]
        place["remarks"] += remarks

    def rows(self) -> list[Row]:
        """All rows in order."""
        return [Row(**row) for group in self.groups.values() for row in group["rows"]]

    def remarks(self) -> list[str]:
        """All remarks in order."""
        return [remark for group in self.groups.values() for remark in group["remarks"]]

    def write(self) -> None:
        """Into results.json, with the groups of an earlier run on the same machine that this run has not measured."""
        here = machine()
        earlier = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
        if earlier.get("machine") == here:
            self.groups = {**earlier["groups"], **self.groups}
        text = json.dumps({"machine": here, "groups": self.groups}, indent=1)
        RESULTS.write_text(text + "\n", encoding="utf-8")


def machine() -> dict[str, str]:
    """Processor and versions."""
    versions = {name: metadata.version(name) for name in ("torch", "numpy", "scikit-image")}
    return {"processor": f"{processor()}, {os.cpu_count()} cores", "python": platform.python_version(), **versions}


def terminal(book: Book) -> str:
    """The table for a terminal, remarks below it."""
    return "\n".join([aligned([HEAD, *(row.cells() for row in book.rows())]), "", *book.remarks()])


def markdown(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    return markdown_table([HEAD, *(row.cells() for row in rows)])


def page(about: Mapping[str, str], book: Book) -> str:
    """docs/results/benchmarks.md."""
    versions = ", ".join(f"{name} {version}" for name, version in about.items() if name != "processor")
    remarks = "\n".join(f"- {remark}" for remark in book.remarks())
    return f"""# Benchmarks

Written by `make bench`; do not edit. One core of {about["processor"]}; {versions}.

The references, in `benchmarks/`, do what the released test and training loops do. Each side runs in its own process on
the same core, in turns. Both are warmed up, and a ratio is the median of the rounds' ratios. "Missed" marks a
requirement that was not met. The limit is the speed that the core would allow: at its measured rate of a 256->256 3x3
convolution (heat maps: of filling memory; SSIM: of the matrix products in it; ranking: of sorting each query's
distances once; `--help`: an empty Python program that imports click). VGG-19's weights are random here, which does not
change its cost.

{markdown(book.rows())}

{remarks}
"""


def publish() -> None:
    """Write docs/results/benchmarks.md from results.json."""
    record = json.loads(RESULTS.read_text(encoding="utf-8"))
    book = Book()
    book.groups = record["groups"]
    PAGE.write_text(page(record["machine"], book), encoding="utf-8")


if __name__ == "__main__":
    publish()
