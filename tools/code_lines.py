"""How many lines of code there are, in a text and below a folder: without docstrings, comments and blank lines."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
Span = tuple[tuple[int, int], tuple[int, int]]


def code_lines(text: str) -> int:
    """Lines of a module that hold code.

    A line counts where a token of code stands on it or passes over it: so the lines inside a string that spans several
    do, unless the string is a docstring (one that stands alone as a statement).

    Args:
        text: The source of a module.

    Returns:
        Their number.
    """
    strings = list(_lone_strings(text))
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in NO_CODE or any(start <= token.start and token.end <= end for start, end in strings):
            continue
        found.update(range(token.start[0], token.end[0] + 1))
    return len(found)


def _lone_strings(text: str) -> Iterator[Span]:
    """Where the strings that stand alone as a statement begin and end; columns in characters, as tokens have them."""
    lines = text.splitlines()

    def characters(line: int, octets: int) -> int:
        return len(lines[line - 1].encode()[:octets].decode())

    for node in ast.walk(ast.parse(text)):
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            end = value.end_lineno or value.lineno, value.end_col_offset or 0
            yield (value.lineno, characters(value.lineno, value.col_offset)), (end[0], characters(*end))


def count(root: Path, folder: str) -> int:
    """Lines of code of the modules in a folder of a checkout and below it; 0 where there is no such folder."""
    return sum(code_lines(path.read_text(encoding="utf-8")) for path in (root / folder).rglob("*.py"))


def ratios(root: Path, packages: tuple[str, ...]) -> list[str]:
    """Lines of test code a line of code, a package a line, and all together.

    Args:
        root: A checkout; the tests of a package stand in `tests/<package>`.
        packages: Names of the packages.

    Returns:
        A line for each, and one for everything in `tests` over everything in the packages; tests of the tools, which
        are in none of them, stay out.
    """
    code = {package: count(root, package) for package in packages}
    tests = {package: count(root, f"tests/{package}") for package in packages}
    said = [_said(package, tests[package], code[package]) for package in packages]
    every = count(root, "tests") - count(root, "tests/tools")
    return [*said, _said("all tests over all packages", every, sum(code.values()))]


def _said(what: str, tests: int, code: int) -> str:
    return f"lines of test code a line of code, {what}: {tests / max(code, 1):.2f} ({tests} / {code})"
