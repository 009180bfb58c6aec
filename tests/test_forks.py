import json
import os
import signal
from pathlib import Path

import pytest

from tests.forks import fork
from tests.pipelines.processes import alive, until

ABOUT = """
import json, os, signal, sys
print(json.dumps({
    "argv": sys.argv, "cwd": os.getcwd(), "env": dict(os.environ), "pid": os.getpid(), "group": os.getpgrp(),
    "imported": "torch" in sys.modules and "augment.cli" in sys.modules, "name": __name__, "stdin": sys.stdin.read(),
    "interrupted": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
}))
print("said", file=sys.stderr)
sys.exit(3)
"""
TWO = """
import os, time
if child := os.fork():
    print(child, flush=True)
time.sleep(600)
"""


def test_a_fork_is_the_program_asked_for(tmp_path: Path) -> None:
    with fork(["-c", ABOUT, "a b", ""], cwd=tmp_path, env={"ONLY": "this"}) as process:
        out, err = process.communicate()
    about = json.loads(out)
    assert (process.returncode, err) == (3, "said\n")
    assert about.pop("pid") == about.pop("group") == process.pid != os.getpid()
    assert about == {
        "argv": ["-c", "a b", ""],
        "cwd": str(tmp_path),
        "env": {"ONLY": "this"},
        "imported": True,
        "name": "__main__",
        "stdin": "",
        "interrupted": True,
    }


def fail_beside_two_processes() -> None:
    with fork(["-c", TWO]) as process:
        started = int(process.stdout.readline())
        assert alive(process.pid)
        assert alive(started)
        raise RuntimeError(f"{process.pid} {started}")


def test_a_test_that_fails_leaves_neither_its_fork_nor_what_that_started() -> None:
    with pytest.raises(RuntimeError) as failure:
        fail_beside_two_processes()
    for pid in str(failure.value).split():
        assert until(lambda: not alive(int(pid)))  # noqa: B023


def test_a_killed_fork_says_so() -> None:
    with fork(["-c", TWO]) as process:
        assert process.stdout.readline()
        assert process.poll() is None
        process.kill()
        assert process.wait(180) == -signal.SIGKILL
