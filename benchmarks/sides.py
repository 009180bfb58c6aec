"""The sides of a comparison, each in a process of its own, run in turns on one core."""

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from statistics import median
from types import TracebackType
from typing import Any, Protocol


class Work(Protocol):
    """What a side does: the timed part, and what it has to say about it afterwards, which is not timed."""

    def run(self) -> None:
        """Once, timed."""

    def result(self) -> Any:
        """Anything small."""


class Side:
    """One side in a new process on the benchmark's core: `build(**options)` makes its work there, before any timing."""

    def __init__(self, build: Callable[..., Work], **options: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, far = context.Pipe()
        self._process = context.Process(target=_serve, args=(far, build, options), daemon=True)
        self._process.start()
        far.close()
        self._receive()

    def run(self) -> float:
        """Do the work once; returns the seconds it took there."""
        return float(self._ask("run"))

    def result(self) -> Any:
        """The work's result."""
        return self._ask("result")

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._pipe.close()
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.terminate()

    def _ask(self, what: str) -> Any:
        self._pipe.send(what)
        return self._receive()

    def _receive(self) -> Any:
        try:
            kind, value = self._pipe.recv()
        except EOFError:
            raise RuntimeError("a side of the benchmark died; is there enough memory?") from None
        if kind == "error":
            raise RuntimeError(f"a side of the benchmark failed:\n{value}")
        return value


@dataclass(frozen=True)
class HereSide:
    """A side in this process."""

    work: Work

    def run(self) -> float:
        """Do the work once; returns the seconds it took."""
        start = time.perf_counter()
        self.work.run()
        return time.perf_counter() - start

    def result(self) -> Any:
        """The work's result."""
        return self.work.result()


def _serve(pipe: Connection, build: Callable[..., Work], options: Mapping[str, Any]) -> None:
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    try:
        work = build(**options)
        pipe.send(("built", None))
        while True:
            if pipe.recv() == "run":
                start = time.perf_counter()
                work.run()
                pipe.send(("seconds", time.perf_counter() - start))
            else:
                pipe.send(("result", work.result()))
    except EOFError:
        return
    except BaseException:
        pipe.send(("error", traceback.format_exc()))


@dataclass
class Rounds:
    """Rates of every side, round by round: units of work a second."""

    units: Mapping[str, float]
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def rate(self, side: str) -> float:
        """The side's median rate."""
        return self.units[side] / median(self.seconds[side])

    def ratio(self, side: str, reference: str) -> float:
        """How many times `reference`'s rate the side reaches: the median of the rounds' ratios."""
        scale = self.units[side] / self.units[reference]
        return scale * median(b / a for a, b in zip(self.seconds[side], self.seconds[reference], strict=True))


def take_turns(benchmark: Any, sides: Mapping[str, tuple[Side | HereSide, float]], rounds: int) -> Rounds:
    """Run all sides after each other, round after round, after one round of warming up.

    benchmark: pytest-benchmark's fixture; it times whole rounds, the sides' own times are in its extra_info.
    sides: name to (side, units of work in one run).
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}

    def one_round() -> None:
        for name, (side, _) in sides.items():
            seconds[name].append(side.run())

    benchmark.pedantic(one_round, rounds=rounds, warmup_rounds=1, iterations=1)
    timed = {name: values[-rounds:] for name, values in seconds.items()}
    benchmark.extra_info.update(seconds=timed)
    return Rounds({name: units for name, (_, units) in sides.items()}, timed)


class Sides(ExitStack):
    """Opens sides and closes them all at the end; `here`: in this process, which starts sooner and times worse."""

    def __init__(self, here: bool = False) -> None:
        super().__init__()
        self.here = here

    def open(self, build: Callable[..., Work], **options: Any) -> Side | HereSide:
        """A side that is closed with the others."""
        return HereSide(build(**options)) if self.here else self.enter_context(Side(build, **options))
