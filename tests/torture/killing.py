"""SIGKILL and Ctrl-C at random moments; the same command afterwards, until it ends as if nothing had been."""

from __future__ import annotations

import random
import re
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.contents import differences
from tests.torture.processes import Ended
from tests.torture.verbs import VERBS, Whole, begin, must

KINDS, STOP = ("start", "work", "file"), "stop"
"""A process is killed in an interpreter's first seconds, within the work, or before a file event."""
TURNS = ("file", "work", "start", "work", "file", "work")
START = 1.0
FIRST, STOPPED_WITHIN = 0.02, 2.0
"""CPU seconds that a fork needs to be in the verb, and that it may take to stop."""


@dataclass(frozen=True)
class Blow:
    """A process that was hit: the round's seed, the verb, the kind of moment (of KINDS, or stop), and when.

    at: CPU seconds, or the number of the file event.  share: of what the unbroken run has of them, or of START.
    cpu, clock: seconds that a stopped process took to end.
    """

    seed: int
    verb: str
    kind: str
    at: float
    share: float
    cpu: float | None = None
    clock: float | None = None


@dataclass
class Struck:
    """All blows, and what was wrong afterwards."""

    blows: list[Blow] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


Strike = Callable[[str, Path, int, random.Random, Whole, int], tuple[Ended, Blow | None]]


def rounds(folder: Path, strikes: Sequence[Strike], count: int, seed: int, whole: Whole) -> Struck:
    """Rounds through all verbs, each struck by all `strikes` and begun again after each, until `count` blows have hit.

    A round's workspace has to end as the unbroken one.
    """
    done = Struck()
    while len(done.blows) < count:
        root, rng = folder / f"round-{seed}" / "w", random.Random(seed)
        root.parent.mkdir(parents=True)
        for verb in VERBS:
            for turn, strike in enumerate(strikes[: count - len(done.blows)]):
                ended, blow = strike(verb, root, seed, rng, whole, turn)
                done.wrong += [f"seed {seed}, {verb}: {fault}" for fault in faults(ended, blow)]
                if blow is None:
                    break
                done.blows.append(blow)
            must(verb, root)
        done.wrong += [
            f"seed {seed}: {name} differs or should not be there" for name in differences(root, whole.contents)
        ]
        shutil.rmtree(root.parent)
        seed += 1
    return done


def kill(verb: str, root: Path, seed: int, rng: random.Random, whole: Whole, turn: int) -> tuple[Ended, Blow | None]:
    """Begin a verb and SIGKILL it at a random moment of the kind whose turn it is; None where it ended before."""
    kind = TURNS[(seed + turn + [*VERBS].index(verb)) % len(TURNS)]
    most = {"start": START, "work": whole.cpu[verb], "file": whole.files[verb]}[kind]
    at = rng.randint(1, int(most)) if kind == "file" else rng.uniform(0, most)
    process = begin(verb, root, fresh=kind == "start", die_at=int(at) if kind == "file" else 0)
    if kind != "file" and process.reached(at):
        process.send(signal.SIGKILL)
    ended = process.end()
    killed = ended.status == -signal.SIGKILL
    return ended, Blow(seed, verb, kind, round(at, 4), round(at / most, 4)) if killed else None


def stop(verb: str, root: Path, seed: int, rng: random.Random, whole: Whole, _: int) -> tuple[Ended, Blow | None]:
    """Begin a verb and send SIGINT at a random moment; None where it ended before."""
    at, process = rng.uniform(FIRST, whole.cpu[verb]), begin(verb, root)
    if not process.reached(at):
        return process.end(), None
    before, clock = process.cpu(), time.monotonic()
    process.send(signal.SIGINT)
    ended = process.end()
    took = round(ended.cpu - before, 4), round(time.monotonic() - clock, 4)
    blow = Blow(seed, verb, STOP, round(at, 4), round(at / whole.cpu[verb], 4), *took)
    return ended, blow if ended.status else None


def faults(ended: Ended, blow: Blow | None) -> list[str]:
    """What is wrong with the end of a process that was hit, or that ended before it was."""
    if blow is None:
        return [f"ended with {ended.status}: {ended.said[-300:]}"] if ended.status else []
    if blow.cpu is None:
        return []
    wrong = [f"Ctrl-C gave status {ended.status}: {ended.said[-300:]}"] if ended.status != 130 else []
    if not re.search(rf"The same command resumes:\n  augment .*\b{blow.verb}\b", ended.said):
        wrong.append(f"Ctrl-C said {ended.said[-300:]!r}")
    if blow.cpu > STOPPED_WITHIN:
        wrong.append(f"Ctrl-C took {blow.cpu:.1f} s")
    return wrong
