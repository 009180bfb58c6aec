"""A folder with a `run.json`: the one place that says finished, unfinished or different, and holds the lock."""

import hashlib
import json
import logging
import platform
import re
import secrets
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from augment import AugmentError, Busy

log = logging.getLogger(__name__)

RUN, PENDING = "run.json", "pending.json"
FORMULA = ("=", "+", "-", "@", "\t")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.]*")
VERSIONED = ("augment-reid", "torch", "torchvision", "torchreid", "numpy", "pandas", "pillow", "mediapipe")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text so that `path` is either the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")  # machines may share folder and pid
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def write_json(path: Path, value: object) -> None:
    """Write indented JSON by rename."""
    write_text(path, json.dumps(value, indent=2, sort_keys=False) + "\n")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV without its index, by rename; see csv_text."""
    write_text(path, csv_text(table))


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV without its index; text that a spreadsheet would run as a formula gets a ' in front.

    Carriage returns, which pandas does not quote, become visible.
    """
    return table.assign(**{str(name): table[name].map(_harmless) for name in table if table[name].dtype.kind == "O"}
                        ).to_csv(index=False)  # fmt: skip


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return value
    value = value.replace("\r", "\\r")
    return f"'{value}" if value[:1] in FORMULA and not _NUMBER.fullmatch(value) else value


def fingerprint(paths: Path | Iterable[Path]) -> str:
    """A short SHA-256 of what the files hold, in the order given; one path or several.

    Raises AugmentError for a file that is not there.
    """
    digest = hashlib.sha256()
    for path in [paths] if isinstance(paths, Path) else paths:
        try:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise AugmentError(f"{path}: cannot be read ({error.strerror}); make it again") from error
    return digest.hexdigest()[:16]


def fingerprint_names(names: Iterable[str]) -> str:
    """A short SHA-256 of a list of names or values, in the order given."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of Python, of this tool and of the packages a result depends on; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    found["commit"] = _commit()
    return {name: version for name, version in found.items() if version}


def _commit() -> str:
    """The checkout's commit where the tool runs from one, else an empty string."""
    here = Path(__file__).resolve().parent.parent
    if not (here / ".git").exists():
        return ""
    try:
        command = ["git", "-C", str(here), "describe", "--always", "--dirty"]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def read_run(folder: Path) -> dict[str, Any] | None:
    """The record of a finished artefact, or None where there is none.

    Raises AugmentError for a `run.json` that holds something else.
    """
    return _read_record(folder / RUN, {"options": dict, "inputs": dict, "result": dict})


def _read_record(path: Path, parts: Mapping[str, type]) -> dict[str, Any] | None:
    """The JSON object in a file, None where there is no file; raises AugmentError where one of its parts is amiss."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise AugmentError(f"{path}: not a readable record ({error}); delete the folder and run again") from error
    whole = isinstance(record, dict) and "seed" in record
    if not whole or not all(isinstance(record.get(name), kind) for name, kind in parts.items()):
        raise AugmentError(f"{path}: not a record of this tool; delete the folder and run again")
    return record


@dataclass
class Run:
    """An artefact while it is held: `finished` and its `result`, or unfinished work to be done and then `finish`ed."""

    folder: Path
    record: dict[str, Any]
    finished: bool = False
    result: dict[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.time)

    def finish(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """Record the result and declare the folder complete; returns the result."""
        self.result = dict(result)
        took = {"started": round(self.started, 3), "seconds": round(time.time() - self.started, 3)}
        write_json(self.folder / RUN, {**self.record, "versions": versions(), **took, "result": self.result})
        (self.folder / PENDING).unlink(missing_ok=True)
        self.finished = True
        return self.result


@contextmanager
def artefact(
    folder: Path,
    kind: str,
    options: Mapping[str, Any],
    *,
    inputs: Mapping[str, str] | None = None,
    seed: int | None = None,
    force: bool = False,
    wait: bool = True,
) -> Iterator[Run]:
    """Hold an artefact's folder under its lock; yields a Run that is finished or to be done.

    `options` are what the user chose and `inputs` fingerprints of what was read; both are recorded and compared.
    With `force` a different, finished or damaged artefact is made again.  The system releases the lock when its owner
    dies.  A run that fails before it wrote anything leaves nothing that a run with other options would have to mend.
    Raises AugmentError, naming the first option that differs, when the folder holds another run, and Busy where
    another process is at work there and `wait` is False.
    """
    recorded = {"kind": kind, "seed": seed, "options": dict(options), "inputs": dict(inputs or {})}
    recorded = json.loads(json.dumps(recorded))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AugmentError(f"{folder}: cannot be made ({error.strerror}); choose a folder you may write to") from error
    with locked(folder, wait=wait):
        if force and any((folder / name).exists() for name in (RUN, PENDING)):
            _clear(folder)
        finished = read_run(folder)
        earlier = finished or _pending(folder)
        if earlier is not None:
            _refuse_difference(folder, earlier, recorded)
        if finished is not None:
            yield Run(folder, recorded, finished=True, result=finished["result"])
            return
        write_json(folder / PENDING, recorded)
        try:
            yield Run(folder, recorded)
        except BaseException:
            if [path.name for path in folder.iterdir()] == [PENDING]:
                (folder / PENDING).unlink()
            raise


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a folder, a file beside it; of processes that share a disk one at a time does.

    Raises Busy where another process holds it and `wait` is False.
    """
    from filelock import FileLock, Timeout  # a tenth of the start-up time of `--help`

    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.parent / f".{folder.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not wait:
            raise Busy(f"{folder}: another process is at work there") from None
        log.info("%s: another process is at work there; waiting for it", folder)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def is_busy(folder: Path) -> bool:
    """Whether a process is at work on an artefact now."""
    if not (folder / PENDING).exists():
        return False
    try:
        with locked(folder, wait=False):
            return False
    except Busy:
        return True


def _pending(folder: Path) -> dict[str, Any] | None:
    """What an interrupted run had recorded of itself."""
    return _read_record(folder / PENDING, {"options": dict, "inputs": dict})


def _clear(folder: Path) -> None:
    """Take away the files of an artefact, so that it is made anew."""
    import shutil

    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _refuse_difference(folder: Path, earlier: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise AugmentError naming the first difference between two records."""
    remedy = "give the same, another --name, or --force to make it again"
    if earlier["seed"] != now["seed"]:
        raise AugmentError(f"{folder}: was made with seed {earlier['seed']}, not {now['seed']}; {remedy}")
    for part, word in (("options", "with"), ("inputs", "from other input:")):
        for name in sorted({*earlier[part], *now[part]}):
            before, after = earlier[part].get(name), now[part].get(name)
            if before != after:
                raise AugmentError(f"{folder}: was made {word} {name} {before}, not {after}; {remedy}")
