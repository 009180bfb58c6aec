"""Python programs that tests start: real processes, forked from one that has imported everything already.

A new interpreter needs three to five seconds of a processor for its imports.  What depends on how an interpreter
starts (its variables at import, its limits, the installed command) is tested with `tests.children` instead.
"""

import atexit
import contextlib
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from subprocess import TimeoutExpired

ROOT = Path(__file__).resolve().parents[1]
PRELOADED = "tests.preloaded"


class Forked:
    """A running program, with as much of `subprocess.Popen` as tests need; its stdout is read as text.

    Attributes:
        pid: its number, which is its process group's too.
        stdout: what it says.
    """

    def __init__(self, process: ForkServerProcess, out: Connection, err: Path) -> None:
        assert process.pid is not None
        self.pid: int = process.pid
        self.stdout = os.fdopen(os.dup(out.fileno()), encoding="utf-8")
        self._process, self._err = process, err

    @property
    def returncode(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Its exit status if it has ended."""
        return self.returncode

    def wait(self, timeout: float = 600) -> int:
        """Its exit status, once it has ended."""
        self._process.join(timeout)
        if self.returncode is None:
            raise TimeoutExpired("fork", timeout)
        return self.returncode

    def communicate(self, timeout: float = 600) -> tuple[str, str]:
        """All of stdout from now on and of stderr, once it has ended."""
        out = self.stdout.read()
        self.wait(timeout)
        return out, self._err.read_text(encoding="utf-8")

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Send it SIGKILL."""
        self.send_signal(signal.SIGKILL)


@contextmanager
def fork(program: Sequence[str], cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Iterator[Forked]:
    """A running Python program in a process group of its own, the whole of which is killed when the block ends.

    Args:
        program: what `python` is given: `-m MODULE`, `-c CODE` or FILE, and arguments.
        cwd: its current folder.
        env: its environment variables, None for those of the tests.
    """
    context = _context()
    out, said = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        err = Path(folder) / "stderr.txt"
        given = (tuple(program), cwd, dict(os.environ if env is None else env), said, err)
        process = context.Process(target=_live, args=given)
        process.start()
        said.close()
        forked = Forked(process, out, err)
        try:
            yield forked
        finally:
            for end in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError):
                    end(forked.pid, signal.SIGKILL)
            process.join()
            forked.stdout.close()
            out.close()


@cache
def _context() -> ForkServerContext:
    """Forks of a process that has imported everything; it ends with this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    before, path = os.environ.get("PYTHONPATH"), os.pathsep.join([str(ROOT), *sys.path])
    os.environ["PYTHONPATH"] = path  # a preloaded module is looked for before sys.path is sent
    try:
        from multiprocessing.forkserver import ensure_running

        ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


def _live(program: tuple[str, ...], cwd: Path, env: dict[str, str], said: Connection, err: Path) -> None:
    """A fork's life: be the program, as a new interpreter would."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    tempfile.tempdir = None
    time.tzset()
    for number, stream in ((0, os.open(os.devnull, os.O_RDONLY)), (1, said.fileno()), (2, _new(err))):
        os.dup2(stream, number)
    said.close()
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in ((0, "r"), (1, "w"), (2, "w")))
    kind, what = (program[0], program[1]) if program[0] in ("-c", "-m") else ("", program[0])
    sys.argv = [kind or what, *program[2 if kind else 1 :]]
    try:
        if kind == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        elif kind == "-c":
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
        else:
            runpy.run_path(what, run_name="__main__")
    finally:
        atexit._run_exitfuncs()


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
