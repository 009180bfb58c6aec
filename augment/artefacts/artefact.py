"""A folder with a `run.json`: the one place that says finished, unfinished or different, and holds the lock."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from augment import AugmentError, Busy, Different
from augment.artefacts import previous
from augment.artefacts.files import write_json
from augment.artefacts.locks import locked, locked_if_possible
from augment.artefacts.records import PENDING, RUN, Origin, read_pending, read_run
from augment.results import R, Result
from augment.versions import versions


class Fingerprint(str):
    """A fingerprint that remembers of which files it is, so that a change of them can be named."""

    paths: tuple[Path, ...] = ()

    @classmethod
    def of(cls, text: str, paths: tuple[Path, ...]) -> Self:
        """The fingerprint of that text, of those files.

        Args:
            text: the fingerprint, a hash or a sentence with one.
            paths: files whose change changes it.
        """
        made = cls(text)
        made.paths = paths
        return made


def fingerprint(paths: Path | Iterable[Path]) -> Fingerprint:
    """The first 16 hexadecimal digits of the SHA-256 of what the files hold.

    Args:
        paths: one file or several; their order counts, their names do not.

    Raises:
        AugmentError: for a file that is not there.
        OSError: for a file that cannot be read.
    """
    digest = hashlib.sha256()
    files = (paths,) if isinstance(paths, Path) else tuple(paths)
    for path in files:
        try:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except FileNotFoundError as error:
            raise AugmentError(f"{path}: cannot be read ({error.strerror}); make it again") from error
    return Fingerprint.of(digest.hexdigest()[:16], files)


def fingerprint_names(names: Iterable[str]) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a list of names or values.

    Args:
        names: in an order that counts.
    """
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


@dataclass
class Run:
    """An artefact while it is held: `finished` and its `result`, or unfinished work to be done and then `finish`ed.

    Attributes:
        folder: of the artefact.
        origin: what it is made from.
        finished: whether there is nothing left to do.
        result: as recorded; empty until then.
        started: when work began, in seconds since 1970.
        read: of each file that it is made from, when it was written (nanoseconds) and its length in bytes.
    """

    folder: Path
    origin: Origin
    finished: bool = False
    result: dict[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.time)
    read: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def recorded(self, kind: type[R]) -> R:
        """The result of a finished artefact.

        Args:
            kind: the class to return it as.

        Raises:
            AugmentError: for a result of another kind, naming the record.
        """
        try:
            return kind.of(self.result)
        except AugmentError as error:
            raise AugmentError(f"{self.folder / RUN}: {error.marked}") from error

    def finish(self, result: Result | Mapping[str, Any]) -> None:
        """Record the result and declare the folder complete.

        Args:
            result: what `run.json` keeps; a mapping has to be of JSON values.

        Raises:
            AugmentError: where a file that it was made from has changed in the meantime.
        """
        changed = [path for path, state in self.read.items() if _state(path) != state]
        if changed:
            raise AugmentError(
                f"{changed[0]}{_more(changed)}: changed while {self.folder} was made from it; put it back, or make "
                "that again with ⟨force⟩"
            )
        self.result = result.as_dict() if isinstance(result, Result) else dict(result)
        took = {"started": round(self.started, 3), "seconds": round(time.time() - self.started, 3)}
        write_json(self.folder / RUN, {**asdict(self.origin), "versions": versions(), **took, "result": self.result})
        (self.folder / PENDING).unlink(missing_ok=True)
        previous.forget(self.folder)
        self.finished = True


@contextmanager
def artefact(
    folder: Path,
    kind: str,
    options: Mapping[str, Any],
    *,
    inputs: Mapping[str, str] | None = None,
    seed: int | None = None,
    force: bool = False,
    renew: bool = False,
    named: bool = False,
    wait: bool = True,
) -> Iterator[Run]:
    """Hold an artefact's folder under its lock.

    The system releases the lock when its owner dies.  A run that fails before it wrote anything leaves nothing that one
    with other options has to correct.  What was finished before is kept until what `force` makes is finished.  A
    finished artefact needs no lock where none can be had, as on a read-only disk.

    Args:
        folder: of the artefact, made where it is not there.
        kind: of artefact, recorded.
        options: what the user chose, JSON values; recorded and compared.
        inputs: fingerprints of what was read, by name; recorded and compared.
        seed: recorded and compared.
        force: make a different, finished or damaged artefact again.
        renew: make a different one again: for what is made without being asked for.
        named: whether the user may choose another name; an error says so.
        wait: for another process that is at work there.

    Yields:
        A Run that is finished or to be done.

    Raises:
        Different: where the folder holds another run; names the first option that differs.
        Busy: where another process is at work there and `wait` is False.
        AugmentError: for a folder that cannot be made, or a damaged record.
    """
    chosen, read = json.loads(json.dumps([dict(options), dict(inputs or {})]))
    origin = Origin(kind, seed, chosen, read)
    sources = {name: value.paths for name, value in (inputs or {}).items() if isinstance(value, Fingerprint)}
    _make_folder(folder)
    with locked_if_possible(folder, wait=wait) as barred:
        if barred is None:
            previous.settle(folder)
            if force and any((folder / name).exists() for name in (RUN, PENDING)):
                previous.set_aside(folder)
        finished = read_run(folder)
        if barred is not None and (force or finished is None or (renew and finished.origin.differs(origin))):
            raise barred
        earlier = read_pending(folder) if finished is None else finished.origin
        if earlier is not None and renew and earlier.differs(origin):
            previous.clear(folder)
            finished = earlier = None
        if earlier is not None:
            _refuse_difference(folder, earlier, origin, sources, named)
        if finished is not None:
            if barred is None:
                (folder / PENDING).unlink(missing_ok=True)  # of a run that was killed right after it finished
            yield Run(folder, origin, finished=True, result=finished.result)
            return
        for left in folder.glob(".tmp*"):  # safetensors writes to a name of its own, which a kill leaves
            left.unlink()
        with _pending(folder, origin):
            yield Run(folder, origin, read={path: _state(path) for paths in sources.values() for path in paths})


def refuse_other(folder: Path, options: Mapping[str, Any], *, seed: int | None = None) -> None:
    """Refuse what `artefact` would refuse of a folder, and change nothing.

    Args:
        folder: of the artefact; need not be there.
        options: what is asked for, JSON values.
        seed: asked for.

    Raises:
        Different: where the folder holds another run.
    """
    finished = read_run(folder)
    earlier = read_pending(folder) if finished is None else finished.origin
    if earlier is not None:
        chosen = json.loads(json.dumps(dict(options)))
        _refuse_difference(folder, earlier, Origin(earlier.kind, seed, chosen, earlier.inputs), {}, named=False)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AugmentError(f"{folder}: cannot be made ({error.strerror}); choose a folder you may write to") from error


@contextmanager
def _pending(folder: Path, origin: Origin) -> Iterator[None]:
    """The mark of a run that has begun; where the run fails before it has written anything else, all is as before."""
    try:
        write_json(folder / PENDING, asdict(origin))
        yield
    except BaseException:
        previous.give_up(folder)
        raise


def is_busy(folder: Path) -> bool:
    """Whether a process is at work on an artefact now.

    Args:
        folder: of the artefact; need not be there.
    """
    if not (folder / PENDING).exists():
        return False
    try:
        with locked(folder, wait=False):
            return False
    except Busy:
        return True


def _refuse_difference(
    folder: Path,
    earlier: Origin,
    now: Origin,
    sources: Mapping[str, tuple[Path, ...]],
    named: bool,
) -> None:
    """Raise Different naming the first difference between two records, and the files that are newer than it."""
    remedy = f"give the same, {'another ⟨name⟩, ' if named else ''}or ⟨force⟩ to make it again"
    if previous.kept(folder).exists():
        remedy += f"; what was there before is in {previous.kept(folder)}"
    if earlier.seed != now.seed:
        raise Different(f"{folder}: was made with seed {earlier.seed}, not {now.seed}", remedy)
    parts = ((earlier.options, now.options, "with"), (earlier.inputs, now.inputs, "from other input:"))
    for had, has, word in parts:
        for name in sorted({*had, *has}):
            before, after = had.get(name), has.get(name)
            if before != after:
                name, before, after = _inmost(name, before, after)
                newer = _newer(folder, sources.get(name, ()))
                was = "that was not recorded" if before is None and had is earlier.inputs else before
                raise Different(f"{folder}: was made {word} {name} {was}, not {after}{newer}", remedy)


def _inmost(name: str, before: object, after: object) -> tuple[str, object, object]:
    """The first difference inside two groups of options, such as `filter estimator`; other values as they are."""
    while isinstance(before, dict) and isinstance(after, dict):
        inner = next(key for key in sorted({*before, *after}) if before.get(key) != after.get(key))
        name, before, after = f"{name} {inner}", before.get(inner), after.get(inner)
    return name, before, after


def _newer(folder: Path, paths: Iterable[Path]) -> str:
    """` (FILE has changed since)` for those of an artefact's sources that are newer than its record, or nothing."""
    pending, run = folder / PENDING, None
    if not pending.exists():
        run = read_run(folder)
    begun = pending.stat().st_mtime if run is None else run.started
    found = [path for path in paths if max(path.stat().st_mtime, path.stat().st_ctime) > begun]
    return f" ({found[0]}{_more(found)} has changed since)" if found else ""


def _state(path: Path) -> tuple[int, int]:
    """When a file was last written and how long it is; zeros where it is gone."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


def _more(paths: list[Path]) -> str:
    return f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
