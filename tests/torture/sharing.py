"""The same command twice on one workspace: one works, the other says who and waits; others may look meanwhile."""

from __future__ import annotations

import random
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from tests.torture.contents import differences
from tests.torture.processes import Process
from tests.torture.verbs import VERBS, Whole, begin

READERS = ("check --jobs 1", "report --no-galleries --no-generators")
LATEST = 0.5
PATIENCE = 180.0


@dataclass(frozen=True)
class Shared:
    """Two processes at one verb: the seed, when the second came (CPU seconds of the first), whether the first was
    then killed, and the verbs that others used meanwhile.
    """

    seed: int
    verb: str
    at: float
    killed: bool
    readers: tuple[str, ...]


def share(folder: Path, seed: int, whole: Whole) -> tuple[list[Shared], list[str]]:
    """All verbs one after another, each begun twice; returns what was done, and what was wrong."""
    root, rng = folder / f"shared-{seed}" / "w", random.Random(seed)
    root.parent.mkdir(parents=True)
    done, wrong = [], []
    for number, verb in enumerate(VERBS):
        meeting, faults = _twice(root, verb, seed, rng.uniform(0, LATEST * whole.cpu[verb]), (seed + number) % 2 == 1)
        done.append(meeting)
        wrong += [f"shared, seed {seed}, {verb}: {fault}" for fault in faults]
    wrong += [
        f"shared, seed {seed}: {name} differs or should not be there" for name in differences(root, whole.contents)
    ]
    shutil.rmtree(root.parent)
    return done, wrong


def _twice(root: Path, verb: str, seed: int, at: float, killed: bool) -> tuple[Shared, list[str]]:
    """A verb begun again while the first one, held still, has the lock; the first then goes on, or is killed."""
    first = begin(verb, root)
    if not first.until(lambda: first.cpu() >= at and _held(first, root)):
        return Shared(seed, verb, at, False, ()), [f"was not met at work: {first.end().said[-300:]}"]
    second = begin(verb, root, quiet=False)
    told = second.until(lambda: f"process {first.pid} on " in second.said(), PATIENCE)
    readers = READERS if (root / "augment.toml").exists() else ()
    looked = {words: begin(words, root).end(PATIENCE) for words in readers}
    first.send(signal.SIGKILL if killed else signal.SIGCONT)
    one, two = first.end(), second.end()
    ends = {**looked, "the second": two} | ({} if killed else {"the first": one})
    wrong = [f"{name} gave {end.status}: {end.said[-300:]}" for name, end in ends.items() if end.status]
    if not told:
        wrong.append(f"the second does not say who is at work: {two.said[-300:]!r}")
    if not killed and not two.said.endswith(one.said):
        wrong.append(f"the two say {one.said[-300:]!r} and {two.said[-300:]!r}")
    return Shared(seed, verb, round(at, 4), killed, readers), wrong


def _held(process: Process, root: Path) -> bool:
    """Whether the process has a lock and has noted so; if so it is held still."""
    if not _notes(root):
        return False
    process.freeze()
    if _notes(root):
        return True
    process.send(signal.SIGCONT)
    return False


def _notes(root: Path) -> list[Path]:
    """Notes of who has a lock that are whole; none where one, or a folder, goes away meanwhile."""
    try:
        return [note for note in root.rglob(".*.holder") if note.read_text(encoding="utf-8").endswith("}")]
    except FileNotFoundError:
        return []
