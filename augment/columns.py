"""Lines of cells as text: a Markdown table, aligned columns for the terminal, or CSV."""

import re
from collections.abc import Sequence

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.]*")


def markdown_table(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table.

    Args:
        lines: of cells, equally many in each; the first line is the head.
    """
    body = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in body)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two blanks between them.

    Args:
        lines: of cells, equally many in each.
    """
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV without its index; text that a spreadsheet would run as a formula gets a ' in front.

    Carriage returns, which pandas does not quote, become visible.

    Args:
        table: is not changed.
    """
    return table.assign(
        **{str(name): table[name].map(_harmless) for name in table if table[name].dtype.kind == "O"}
    ).to_csv(index=False)


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return value
    value = value.replace("\r", "\\r")
    return f"'{value}" if value[:1] in FORMULA and not _NUMBER.fullmatch(value) else value
