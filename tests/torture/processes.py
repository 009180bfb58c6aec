"""A process under torture: a fork, so that all imports are done already."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST = 600.0
FILE_EVENTS = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink"})


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit status (negative: the signal), what it said, its CPU seconds and file events."""

    status: int
    said: str
    cpu: float
    files: int


class Process:
    """Some work in a fork, which says what it says to `log`; it ends with the work, and by SystemExit as commands do.

    A fork costs milliseconds where a new interpreter takes seconds, so that moments fall into the work.  `die_at`: the
    file event (a file opened for writing, renamed, removed or linked, a folder made or removed) before which it kills
    itself, counted from 1.  As a context it is killed at the end of the block.
    """

    def __init__(self, work: Callable[[], object], log: Path, *, die_at: int = 0) -> None:
        self.log = log
        self.events = mmap.mmap(-1, 8)
        self.over = False
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _live(work, log, self.events, die_at)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Kill it where it has not ended."""
        if not self.over:
            self.send(signal.SIGKILL)
            self.end()

    def cpu(self) -> float:
        """CPU seconds so far; moments in them do not depend on what else the machine does."""
        try:
            return time.clock_gettime((~self.pid << 3) | 2)  # the kernel's number of another process's clock
        except OSError:
            return float("inf")

    def ended(self) -> bool:
        """Whether it has ended."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def until(self, condition: Callable[[], bool], seconds: float = LONGEST) -> bool:
        """Wait for a condition; False where the process ended or the time was over before."""
        limit = time.monotonic() + seconds
        while not condition():
            if self.ended() or time.monotonic() > limit:
                return False
            time.sleep(0.001)
        return True

    def reached(self, cpu: float) -> bool:
        """Wait for it to have used so many CPU seconds; False where it ended before."""
        return self.until(lambda: self.cpu() >= cpu)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def freeze(self) -> None:
        """Hold it still, until it is sent SIGCONT; returns when it is, or has ended."""
        self.send(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def said(self) -> str:
        """What it has said so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def end(self, patience: float = LONGEST) -> Ended:
        """Wait for its end; one that outlives the patience is killed."""
        limit = time.monotonic() + patience
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.over = True
                cpu, files = usage.ru_utime + usage.ru_stime, int.from_bytes(self.events[:8], "little")
                return Ended(os.waitstatus_to_exitcode(status), self.said(), cpu, files)
            if time.monotonic() > limit:
                self.send(signal.SIGKILL)
            time.sleep(0.01)


def _live(work: Callable[[], object], log: Path, events: mmap.mmap, die_at: int) -> None:
    """A fork's life: do the work, say everything to the log, never come back."""
    status = 70
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        _watch_files(events, die_at)
        work()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _watch_files(events: mmap.mmap, die_at: int) -> None:
    """Count this process's file events, and kill it before one of them."""

    def hear(event: str, told: tuple[Any, ...]) -> None:
        if event in FILE_EVENTS or (event == "open" and told[2] & (os.O_WRONLY | os.O_RDWR)):
            count = int.from_bytes(events[:8], "little") + 1
            events[:8] = count.to_bytes(8, "little")
            if count == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hear)
