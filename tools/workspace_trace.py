"""How far a Workspace travels from a command: a stop is a function that takes one, or a member of it that is asked.

A function counts where a function on the way has a Workspace and names it, or calls a method of its name with it,
whichever branch that is on; a member where it is asked by one of these, or by another such member. A Workspace that is
kept in an object is not followed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOME, TYPE = "augment.workspace", "Workspace"
Node = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Stop:
    """A function on a Workspace's way.

    Attributes:
        module: with dots.
        name: of the function; of a method, behind its class and a dot.
    """

    module: str
    name: str


def stops(root: Path, start: Stop) -> set[Stop]:
    """The functions that get a Workspace and its members that are asked, from a command on, itself included.

    Args:
        root: of the checkout.
        start: the command.

    Returns:
        None at all where there is no such command.
    """
    modules = {
        ".".join(path.relative_to(root).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
        for path in (root / "augment").rglob("*.py")
    }
    functions = {stop: node for module, tree in modules.items() for stop, node in _functions(module, tree)}
    takers = {stop for stop, node in functions.items() if _held(stop, node)}
    imported = {module: _imported(tree) for module, tree in modules.items()}
    found = {start} & set(functions)
    waiting = [*found]
    while waiting:
        stop = waiting.pop()
        node, names = functions[stop], imported[stop.module]
        held = _held(stop, node)
        asked = {Stop(HOME, f"{TYPE}.{name.attr}") for name in _attributes(node) if ast.unparse(name.value) in held}
        given = _methods_given(node, held)
        methods = {each for each in takers if "." in each.name and each.name.rpartition(".")[2] in given}
        new = (asked & set(functions)) | (takers & set(_named(stop, node, names))) | methods
        waiting += new - found
        found |= new
    return found


def figure(root: Path, command: str) -> str:
    """The stops from a command on in figures; a return is a stop in a module in which there was one before.

    Args:
        root: of the checkout.
        command: the module below augment/commands/ that it is in.
    """
    found = stops(root, Stop(f"augment.commands.{command}", "command"))
    modules, members = len({stop.module for stop in found}), sum(stop.module == HOME for stop in found)
    return (
        f"{len(found)} stops ({len(found) - members} functions, {members} members of {TYPE}), {modules} modules, "
        f"{len(found) - modules} returns"
    )


def _functions(module: str, tree: ast.Module) -> Iterator[tuple[Stop, Node]]:
    """The functions of a module and the methods of its classes; what is inside a function belongs to it."""
    for node in tree.body:
        for each in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(each, Node):
                yield Stop(module, f"{node.name}.{each.name}" if isinstance(node, ast.ClassDef) else each.name), each


def _imported(tree: ast.Module) -> dict[str, Stop]:
    """What is imported anywhere in a module, by the name it has there."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name: Stop(node.module or "", alias.name) for node in nodes for alias in node.names}


def _held(stop: Stop, function: Node) -> set[str]:
    """The names that a Workspace has in a function: its parameters of that type, and self in a Workspace's method."""
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    typed = {each.arg for each in every if each.annotation and re.search(rf"\b{TYPE}\b", ast.unparse(each.annotation))}
    return typed | ({"self"} if stop.module == HOME and stop.name.startswith(f"{TYPE}.") else set())


def _named(stop: Stop, function: Node, imported: dict[str, Stop]) -> Iterator[Stop]:
    """What the names in a function mean, alone and with an attribute; of a class, what makes one."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            meant = imported.get(node.id, Stop(stop.module, node.id))
            yield from (meant, Stop(meant.module, f"{meant.name}.__init__"))
    for attribute in _attributes(function):
        if isinstance(attribute.value, ast.Name):
            meant = imported.get(attribute.value.id, Stop(stop.module, attribute.value.id))
            yield Stop(meant.module, f"{meant.name}.{attribute.attr}")


def _methods_given(function: Node, held: set[str]) -> set[str]:
    """The names of the methods that are called with a Workspace."""
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
    return {
        call.func.attr
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and held & {ast.unparse(each) for each in (*call.args, *(keyword.value for keyword in call.keywords))}
    }


def _attributes(function: Node) -> list[ast.Attribute]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Attribute)]
