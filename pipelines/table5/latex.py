"""Table 5 as LaTeX: one booktabs table a grid, to be taken into a paper with \\input."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from pipelines.table5.other_data import other_grids, other_note
from pipelines.table5.text import NOTE, Grid, grids, remarks

HEAD = "% Table 5 of augment; needs \\usepackage{booktabs} and, before TeX Live 2018, \\usepackage[utf8]{inputenc}.\n"
ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
    '"': "''",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}
SAME = "Figures as in the table before."
NUMBER_SIGN = re.compile(r"(?<![\w.])-(?=\d)")


def latex(summary: pd.DataFrame, others: Mapping[str, pd.DataFrame] | None = None) -> str:
    """The whole summary as LaTeX source; a document only has to load booktabs and \\input it.

    Args:
        summary: as of `pipelines.table5.results.summarise`.
        others: of other data, by name; own and other data stand side by side in tables behind the own ones.
    """
    own = _tables(grids(summary), " ".join([NOTE, *remarks(summary)]))
    others = others or {}
    return HEAD + "\n".join([*own, *_tables(other_grids(summary, others), other_note(others))])


def _tables(shown: Sequence[Grid], note: str) -> list[str]:
    """A floating table a grid, the first of them with the note."""
    return [_table(grid, note if number == 0 else SAME) for number, grid in enumerate(shown)]


def escape(text: str) -> str:
    """Text as LaTeX that prints it; the hyphen of a negative number becomes a minus sign.

    Args:
        text: without markup.
    """
    escaped = "".join(ESCAPES.get(sign, sign) for sign in " ".join(text.split()))
    return NUMBER_SIGN.sub(r"$-$", escaped)


def _table(grid: Grid, caption: str) -> str:
    """A floating table: header on two lines, a thin rule before each new portion, the paper's figures in italics."""
    columns = "l" * grid.words + "r" * (len(grid.header) - grid.words)
    heads, headings = grid.header[: grid.words], grid.header[grid.words :]
    lines = [_line([*map(escape, heads), *map(_heading, headings)])]
    for number, (line, kind) in enumerate(zip(grid.lines, grid.kinds, strict=True)):
        if number == 0 or kind.startswith("first"):
            lines.append(r"\midrule")
        cells = ["--" if text == "-" else escape(text) for text in line]
        lines.append(_line([f"\\textit{{{cell}}}" for cell in cells] if kind == "paper" else cells))
    body = "\n".join(lines)
    return (
        f"\\begin{{table*}}\n\\centering\\footnotesize\\setlength{{\\tabcolsep}}{{4pt}}\n"
        f"\\caption{{{escape(grid.title)}. {escape(caption)}}}\n"
        f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n\\toprule\n{body}\n\\bottomrule\n\\end{{tabular}}\n\\end{{table*}}\n"
    )


def _heading(text: str) -> str:
    """A column's heading, on two lines where it has a comma."""
    first, comma, second = text.partition(", ")
    return f"\\shortstack[r]{{{escape(first)},\\\\{escape(second)}}}" if comma else escape(text)


def _line(cells: list[str]) -> str:
    """One line of the tabular; braces keep a star or bracket at its start from belonging to the line before."""
    shielded = f"{{{cells[0]}}}" if cells[0].startswith(("*", "[")) else cells[0]
    return " & ".join([shielded, *cells[1:]]) + r" \\"
