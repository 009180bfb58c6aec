"""What a workspace holds, without times: two that hold the same are equal to the byte."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd

TIMES = frozenset({"seconds", "started", "train_seconds", "seconds_mean"})
UNFINISHED = ("partial", ".writing", "pending.json", ".begun.", ".holder", "candidates", "parts", ".pedestrians")
PAGE = "index.html"
"""The report prints times; everything it shows stands in the other files."""


def contents(root: Path) -> dict[str, bytes | str]:
    """Every file of a workspace by its path: its bytes, JSON and the table's CSV without times, links as they lead.

    The locks and the report's page are left out.
    """
    found: dict[str, bytes | str] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file() and path.name != PAGE and path.suffix != ".lock":
            found[name] = _without_times(path)
    return found


def differences(root: Path, expected: dict[str, bytes | str]) -> list[str]:
    """Paths that are missing, too many or different, and unfinished files and folders."""
    found = contents(root)
    names = [name for name in {*found, *expected} if found.get(name) != expected.get(name)]
    return sorted({*names, *unfinished(root)})


def unfinished(root: Path) -> list[str]:
    """Files and folders that only unfinished work has."""
    names = [str(path.relative_to(root)) for path in root.rglob("*")]
    return [name for name in names if any(mark in Path(name).name for mark in UNFINISHED)]


def _without_times(path: Path) -> bytes | str:
    if path.suffix == ".json":
        return json.dumps(_timeless(json.loads(path.read_text(encoding="utf-8"))))
    if path.suffix == ".jsonl":
        lines = path.read_text(encoding="utf-8").splitlines()
        return "\n".join(json.dumps(_timeless(json.loads(line))) for line in lines)
    if path.name == "table5.csv":
        table = pd.read_csv(io.StringIO(path.read_text(encoding="utf-8")), dtype=str)
        return table.drop(columns=[name for name in table if name in TIMES]).to_csv()
    return path.read_bytes()


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(each) for key, each in value.items() if key not in TIMES}
    return [_timeless(each) for each in value] if isinstance(value, list) else value
