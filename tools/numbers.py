"""The figures of the code base that are held down: `python -m tools.numbers [ROOT]` prints them, one a line."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tools.code_lines import ratios
from tools.workspace_trace import figure

PACKAGES = ("augment", "patn", "reid", "pipelines", "numerics")
LONGEST_FILE, LONGEST_FUNCTION, COPIED = 300, 60, 7
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Package:
    """What was counted in a package; lines are of files, names are `file:line`."""

    flat: int = 0
    lines: list[int] = field(default_factory=list)
    functions: int = 0
    long: list[str] = field(default_factory=list)
    untyped: list[str] = field(default_factory=list)
    undocumented: list[str] = field(default_factory=list)
    any_parameters: int = 0
    dict_results: int = 0
    late_imports: int = 0
    unexplained: list[str] = field(default_factory=list)
    frowned: list[str] = field(default_factory=list)


def measure(root: Path, package: str) -> Package:
    """Count what is in a package below `root`."""
    found = Package(flat=len([path for path in (root / package).glob("*.py") if path.name != "__init__.py"]))
    for path in sorted((root / package).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.lines.append(len(text.splitlines()))
        tree = ast.parse(text)
        place = path.relative_to(root)
        library = not {"commands", "cli.py"} & set(place.parts)
        found.frowned += [f"{place}:{line} {what}" for line, what in frowned(tree, library)]
        found.frowned += [f"{place} formatter off" for line in text.splitlines() if "# fmt: " + "skip" in line]
        for function, public in functions_of(tree):
            _count(found, function, public, f"{place}:{function.lineno} {function.name}", package)
            found.unexplained += [f"{place}:{line}" for line in unexplained(function, text.splitlines())]
    return found


def functions_of(tree: ast.Module) -> Iterator[tuple[Function, bool]]:
    """Every function of a module, and whether it is public: its name, and those of what it is in."""

    def walk(node: ast.AST, public: bool) -> Iterator[tuple[Function, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                own = public and not child.name.startswith("_")
                yield child, own
                yield from walk(child, False)
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, public and not child.name.startswith("_"))
            else:
                yield from walk(child, public)

    return walk(tree, True)


def frowned(tree: ast.Module, library: bool) -> Iterator[tuple[int, str]]:
    """Lines and names of what is not to be there; print only where `library`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield node.lineno, "global"
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield node.lineno, "import *"
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno, "bare except"
        if library and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "print"


def unexplained(function: Function, lines: Sequence[str]) -> Iterator[int]:
    """Lines of a function that import a module of ours and do not say what that loads (`# loads torch`)."""
    for node in ast.walk(function):
        if not isinstance(node, ast.ImportFrom) or (node.module or "").partition(".")[0] not in PACKAGES:
            continue
        if "# loads " not in "".join(lines[node.lineno - 1 : node.end_lineno]):
            yield node.lineno


def _count(found: Package, function: Function, public: bool, place: str, package: str) -> None:
    """Add one function."""
    found.functions += 1
    end = function.end_lineno or function.lineno
    if end - function.lineno + 1 > LONGEST_FUNCTION:
        found.long.append(f"{place} ({end - function.lineno + 1} lines)")
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    named = [argument for argument in arguments if argument.arg not in ("self", "cls")]
    found.any_parameters += sum(_says_any(argument.annotation) for argument in named)
    found.dict_results += not _is_json_edge(function) and "dict[str, Any]" in _returned(function)
    found.late_imports += sum(
        isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package
        for node in ast.walk(function)
    )
    if public and (function.returns is None or any(argument.annotation is None for argument in named)):
        found.untyped.append(place)
    if public and ast.get_docstring(function) is None:
        found.undocumented.append(place)


def _returned(function: Function) -> str:
    return "" if function.returns is None else ast.unparse(function.returns)


def _is_json_edge(function: Function) -> bool:
    """Whether it makes a JSON object of a value, or reads one: there a dictionary is what is meant."""
    calls = [ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
    return function.name == "as_dict" or bool({"json.load", "json.loads", "tomllib.loads"} & set(calls))


def _says_any(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation) == "Any"


def copied_blocks(root: Path) -> list[str]:
    """Blocks of COPIED lines or more that stand in two files; options of commands, which say the same, are not."""
    seen: dict[tuple[str, ...], str] = {}
    found: list[str] = []
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if "commands" in path.parts:
                continue
            lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
            lines = [line for line in lines if len(line) > 1 and not line.startswith(("import ", "from ", "#", '"""'))]
            place = str(path.relative_to(root))
            for start in range(len(lines) - COPIED + 1):
                block = tuple(lines[start : start + COPIED])
                first = seen.setdefault(block, place)
                if first != place and f"{first} {place}" not in found:
                    found.append(f"{first} {place}")
    return found


def report(root: Path) -> list[str]:
    """The figures, a line each."""
    measured = {package: measure(root, package) for package in PACKAGES}
    every = list(measured.values())
    lines = [length for package in every for length in package.lines]
    said = [
        "flat modules: " + ", ".join(f"{name} {found.flat}" for name, found in measured.items()),
        f"files: {len(lines)}, median {median(lines):.0f} lines, longest {max(lines)}, over {LONGEST_FILE}: "
        f"{sum(length > LONGEST_FILE for length in lines)}",
        f"functions: {sum(found.functions for found in every)}",
    ]
    for title, attribute in (
        ("parameters of type Any", "any_parameters"),
        ("results dict[str, Any] (as_dict and readers of JSON left out)", "dict_results"),
    ):
        said.append(f"{title}: " + ", ".join(f"{name} {getattr(found, attribute)}" for name, found in measured.items()))
    said.append(
        "imports of the own package inside functions: "
        + ", ".join(f"{name} {found.late_imports}" for name, found in measured.items())
    )
    lists = {
        f"functions over {LONGEST_FUNCTION} lines": [each for found in every for each in found.long],
        "public functions without types": [each for found in every for each in found.untyped],
        "public functions without a docstring": [each for found in every for each in found.undocumented],
        "imports inside functions that do not say what they load": [
            each for found in every for each in found.unexplained
        ],
        "global, import *, bare except, print, formatter off": [each for found in every for each in found.frowned],
        f"blocks of {COPIED} lines or more in two files": copied_blocks(root),
    }
    for title, places in lists.items():
        said += [f"{title}: {len(places)}", *(f"    {place}" for place in places)]
    travel = f"a Workspace from `augment generate` on: {figure(root, 'generate')}"
    return [*said, travel, *ratios(root, PACKAGES)]


def main() -> None:
    """Print the figures of a checkout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    print("\n".join(report(parser.parse_args().root)))


if __name__ == "__main__":
    main()
