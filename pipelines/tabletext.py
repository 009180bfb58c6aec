"""Table 5 as text: Markdown for its file, the same aligned for the terminal."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from pipelines.rows import ROWS

BLOCK = ["backbone", "preset", "scratch", "length", "ordinary"]
LENGTH_TITLES = {"updates": "equal updates", "epochs": "equal epochs (as the paper)"}


def blocks(summary: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """The parts of a summary that are comparable line by line: same backbone, preset, length, ordinary augmentation."""
    for key, part in summary.groupby(BLOCK, sort=False):
        yield dict(zip(BLOCK, key, strict=True)), part


def block_title(block: dict[str, Any]) -> str:
    """A block's title, for example `small, equal updates, flip + crop`."""
    augmentation = "flip + crop + random erasing + colour jitter" if block["ordinary"] else "flip + crop"
    backbone = f"{block['backbone']} from scratch" if block["scratch"] else block["backbone"]
    return f"{backbone}, {LENGTH_TITLES[str(block['length'])]}, {augmentation}"


def column_title(portion: float, ratio: int) -> str:
    """`p = 0.1`, or `ratio 2`."""
    return f"p = {portion:g}" if ratio == 1 else f"ratio {ratio}"


def spread_text(mean: float, std: float, seeds: int, signed: bool = False) -> str:
    """`52.3 ± 1.2 (3)`; no deviation for one seed; a dash where there is no value."""
    if seeds == 0 or math.isnan(mean):
        return "-"
    number = f"{mean:+.1f}" if signed else f"{mean:.1f}"
    return f"{number} ± {std:.1f} ({seeds})" if seeds > 1 else f"{number} (1)"


def row_title(row: str) -> str:
    """The row's title in the paper's words."""
    return ROWS[row].title if row in ROWS else row


def table_lines(part: pd.DataFrame) -> list[list[str]]:
    """Header and lines of one block: mAP per row and column, the gain over None under it.

    The paper's figures, which are without random erasing and colour jitter, stand beside blocks without them.
    """
    columns = sorted({*zip(part["portion"], part["ratio"], strict=True)})
    header = ["mAP, %", *(column_title(*column) for column in columns)]
    comparable = not part["ordinary"].any()
    header += [f"paper: {column_title(*column)}" for column in columns if comparable]
    lines = [header]
    for row in part["row"].drop_duplicates():
        own = {(line["portion"], line["ratio"]): line for line in part[part["row"] == row].to_dict("records")}
        papers = _line(columns, own, _paper_text) if comparable else []
        lines.append([row_title(row), *_line(columns, own, _mean_text), *papers])
        if any(line["gains"] for line in own.values()):
            papers = _line(columns, own, _paper_gain_text) if comparable else []
            lines.append([f"{row_title(row)} - None", *_line(columns, own, _gain_text), *papers])
    return lines


Line = dict[Any, Any]


def _line(columns: list[Any], own: dict[Any, Line], text: Callable[[Line], str]) -> list[str]:
    """One text a column, a dash where nothing was run."""
    return [text(own[column]) if column in own else "-" for column in columns]


def _mean_text(line: Line) -> str:
    return spread_text(line["mAP_mean"], line["mAP_std"], line["seeds"])


def _gain_text(line: Line) -> str:
    return spread_text(line["gain_mean"], line["gain_std"], len(line["gains"]), signed=True)


def _paper_text(line: Line) -> str:
    return "-" if pd.isna(line["paper"]) else f"{line['paper']:.1f}"


def _paper_gain_text(line: Line) -> str:
    if pd.isna(line["paper"]) or pd.isna(line["paper_none"]):
        return "-"
    return f"{line['paper'] - line['paper_none']:+.1f}"


NOTE = (
    "Mean ± standard deviation over seeds (their number); differences are paired by seed. "
    "The paper's figures are of ResNet-50 (beside inception: Inception-v2) on Market-1501: beside ours, not comparable."
)


def markdown(summary: pd.DataFrame) -> str:
    """The whole summary as a Markdown document."""
    parts = ["# Table 5: re-identification with generated training images", NOTE]
    for block, part in blocks(summary):
        lines = table_lines(part)
        rule = ["---"] * len(lines[0])
        parts.append(f"## {block_title(block)}")
        parts.append("\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]]))
    return "\n\n".join(parts) + "\n"


def terminal(summary: pd.DataFrame) -> str:
    """The whole summary as aligned columns."""
    parts = []
    for block, part in blocks(summary):
        lines = table_lines(part)
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        parts.append("\n".join([block_title(block), *(f"  {line.rstrip()}" for line in text)]))
    return "\n\n".join([*parts, NOTE]) if parts else "No cell is finished yet."


def summary_json(summary: pd.DataFrame) -> list[dict[Any, Any]]:
    """The summary as JSON objects; missing numbers are null."""
    known = summary.map(lambda value: isinstance(value, list) or pd.notna(value))
    return summary.astype(object).where(known, None).to_dict("records")
