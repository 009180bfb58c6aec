"""What a folder's `run.json` or `pending.json` says of how it was made."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment import AugmentError

RUN, PENDING = "run.json", "pending.json"
_ORIGIN: Mapping[str, type] = {"options": dict, "inputs": dict}


@dataclass(frozen=True)
class Origin:
    """What an artefact is made from.

    Attributes:
        kind: of the artefact, such as "generator".
        seed: of everything that is random in it, None where nothing is.
        options: what the user chose.
        inputs: fingerprints of what was read.
    """

    kind: str
    seed: int | None
    options: dict[str, Any]
    inputs: dict[str, str]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Origin:
        """The part of a record that says it.

        Args:
            record: what `run.json` or `pending.json` holds, checked.
        """
        return cls(str(record.get("kind", "")), record["seed"], record["options"], record["inputs"])

    def differs(self, other: Origin) -> bool:
        """Whether options, inputs or seeds differ.

        Args:
            other: its kind does not count.
        """
        return (self.seed, self.options, self.inputs) != (other.seed, other.options, other.inputs)


@dataclass(frozen=True)
class RunRecord:
    """What `run.json` says of a finished artefact.

    Attributes:
        origin: what it was made from.
        versions: of this tool and of what its results depend on.
        started: when, in seconds since 1970; 0 where that is not recorded.
        seconds: how long it took; nan where that is not recorded.
        result: what the command returned.
    """

    origin: Origin
    versions: dict[str, str]
    started: float
    seconds: float
    result: dict[str, Any]

    @property
    def seed(self) -> int | None:
        """Of everything that is random in it."""
        return self.origin.seed

    @property
    def options(self) -> Mapping[str, Any]:
        """What the user chose."""
        return self.origin.options

    @property
    def inputs(self) -> dict[str, str]:
        """Fingerprints of what was read."""
        return self.origin.inputs


def read_run(folder: Path) -> RunRecord | None:
    """The record of a finished artefact, or None where there is none.

    Args:
        folder: of the artefact; need not be there.

    Raises:
        AugmentError: for a `run.json` that holds something else.
    """
    record = read_record(folder / RUN, {**_ORIGIN, "result": dict})
    if record is None:
        return None
    versions = record.get("versions")
    return RunRecord(
        Origin.of(record),
        versions if isinstance(versions, dict) else {},
        _number(record.get("started"), 0.0),
        _number(record.get("seconds"), math.nan),
        record["result"],
    )


def read_pending(folder: Path) -> Origin | None:
    """What an unfinished artefact is made from, or None where there is none.

    Args:
        folder: of the artefact; need not be there.

    Raises:
        AugmentError: for a `pending.json` that holds something else.
    """
    record = read_record(folder / PENDING, _ORIGIN)
    return None if record is None else Origin.of(record)


def read_record(path: Path, parts: Mapping[str, type]) -> dict[str, Any] | None:
    """The JSON object in a file, or None where there is no file.

    Args:
        path: of the record.
        parts: names that have to be in it, each with the type of its value; `seed` has to be there as well.

    Raises:
        AugmentError: for a file that cannot be read, or lacks a part.
    """
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise AugmentError(f"{path}: not a readable record ({error}); delete the folder and run again") from error
    whole = isinstance(record, dict) and "seed" in record
    if not whole or not all(isinstance(record.get(name), kind) for name, kind in parts.items()):
        raise AugmentError(f"{path}: not a record of this tool; delete the folder and run again")
    return record


def _number(value: object, missing: float) -> float:
    return float(value) if isinstance(value, int | float) else missing
