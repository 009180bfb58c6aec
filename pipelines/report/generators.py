"""The finished generators of a workspace, those that Table 1 and Table 4 trained among them, in reading order."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from augment.artefacts.records import read_run
from augment.workspace import Workspace
from pipelines.tables.ablations import ROWS
from pipelines.tables.methods import PAPER

TABLES: dict[str, tuple[str, ...]] = {"": (), "table1": PAPER, "table4": tuple(ROWS), "table5": ()}
"""The folders below `patn/` that hold the trainings of a table (its own: of none), and what they train, in order."""
TRAINING = re.compile(r"(.+)-[a-z]+-(?:own|\d+)(?:x\d+)?-s\d+")


@dataclass(frozen=True)
class Trained:
    """A finished generator.

    Attributes:
        name: below `patn/`.
        table: the table it was trained for, "" for none.
        title: a short one.
    """

    name: str
    table: str
    title: str

    def checkpoint(self, workspace: Workspace) -> Path:
        """Its file."""
        return workspace.generator_file(self.name)


def trained(workspace: Workspace) -> list[Trained]:
    """The workspace's finished generators: its own by name, then Table 1's methods and Table 4's rows in their order.

    The title of a table's generator is its method or row; its whole name where two would have the same.
    """
    found = []
    for table in TABLES:
        names = [path.parent.name for path in workspace.generators(table) if read_run(path.parent) is not None]
        own = [Trained(f"{table}/{name}" if table else name, table, _title(table, name)) for name in names]
        found += sorted(own, key=_place)
    titles = Counter(each.title for each in found)
    return [each if titles[each.title] == 1 else replace(each, title=each.name) for each in found]


def _title(table: str, name: str) -> str:
    training = TRAINING.fullmatch(name) if table else None
    return training[1] if training else name


def _place(generator: Trained) -> tuple[int, str]:
    known = TABLES[generator.table]
    return (known.index(generator.title) if generator.title in known else len(known), generator.name)
