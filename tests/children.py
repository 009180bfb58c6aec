"""Processes that tests start: Ctrl-C interrupts them however the tests were started, and none is left behind."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

INTERRUPTIBLE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


@contextmanager
def child(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A running program in a process group of its own, the whole of which is killed when the block ends.

    A shell starts `make test &` with SIGINT ignored, and what a process ignores its children ignore: the signal's
    default is set in the child, by a program that then becomes the one asked for and keeps its number.  (A function
    between fork and exec, as `preexec_fn` runs it, may never return where this process has threads.)

    Args:
        command: the program and its arguments.
        options: what `subprocess.Popen` is to be told besides.
    """
    whole = [sys.executable, "-I", "-S", "-c", INTERRUPTIBLE, *command]
    with subprocess.Popen(whole, process_group=0, **options) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
