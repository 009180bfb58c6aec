import signal
import subprocess
import sys

import pytest

from tests.children import child
from tests.pipelines.processes import alive, until

SLEEP = "import time; time.sleep(600)"
TWO = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, flush=True); {SLEEP}"
WORDS = """
import os, signal, sys
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, os.getpid(), *sys.argv[1:])
"""


@pytest.mark.parametrize("answer", [signal.SIG_IGN, signal.default_int_handler])
def test_ctrl_c_interrupts_a_child_also_where_it_is_ignored_here(answer: object) -> None:
    before = signal.signal(signal.SIGINT, answer)  # type: ignore[arg-type]
    try:
        with child([sys.executable, "-c", WORDS, "a b", ""], stdout=subprocess.PIPE, text=True) as process:
            assert process.communicate()[0] == f"True {process.pid} a b \n"
            assert process.returncode == 0
    finally:
        signal.signal(signal.SIGINT, before)


def fail_beside_two_processes() -> None:
    with child([sys.executable, "-c", TWO], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        started = int(process.stdout.readline())
        assert alive(process.pid)
        assert alive(started)
        raise RuntimeError(f"{process.pid} {started}")


def test_a_test_that_fails_leaves_neither_its_child_nor_what_that_started() -> None:
    with pytest.raises(RuntimeError) as failure:
        fail_beside_two_processes()
    for pid in str(failure.value).split():
        assert until(lambda: not alive(int(pid)))  # noqa: B023
