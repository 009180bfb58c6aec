"""Lines of cells as text: a Markdown table, or aligned columns for the terminal."""

from collections.abc import Sequence


def markdown_table(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first line is its head."""
    body = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in body)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two blanks between them."""
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
