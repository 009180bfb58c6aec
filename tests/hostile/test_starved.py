"""What a verb says that lacks room, memory, permission, files or its folder; nothing finished is damaged by it."""

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.forks import fork
from tests.hostile.starving import LACKS, MOUNTING, cases

ROOT = Path(__file__).resolve().parents[2]
AUGMENT = (sys.executable, "-c", "from augment.cli import augment; augment(prog_name='augment')", "--device", "cpu")
BOTH = """
import sys
from augment.cli import augment
place = ["--json", "--device", "cpu", "--quiet", "--workspace", sys.argv[1]]
for words in (["generate", "--portion", "0.5"], ["check", "--jobs", "100"]):
    augment.main([*place, *words], prog_name="augment", standalone_mode=False)
"""
AGAIN = "and give the same command again, it goes on where it stopped"
RIGHT = "give yourself the right to it or choose another folder|choose a folder you may write to"
SENTENCES = {
    "room in a file": rf": File too large; raise the limit on file sizes \(ulimit -f\) {AGAIN}",
    "room in a larger file": rf": File too large; raise the limit on file sizes \(ulimit -f\) {AGAIN}",
    "memory": r"out of memory; give a smaller --batch or fewer --jobs, or raise the limit \(ulimit -v\)",
    "permission": rf"Permission denied\)?; ({RIGHT})",
    "its folder after a moment": f": No such file or directory; put it back {AGAIN}",
    "its folder later": f": No such file or directory; put it back {AGAIN}",
    "open files": rf": Too many open files; raise the limit on open files \(ulimit -n\) {AGAIN}",
    "room on the disk": f": No space left on device; free some {AGAIN}",
    "a folder it may write to": rf"Read-only file system\)?; ({RIGHT})",
}
"""Verbs that lack anything else work."""
EVERY = bool(os.environ.get("EVERY_CASE"))
"""`make torture` starves also the verbs that write by the same code as one that is starved in every run."""


def may_mount() -> bool:
    """Whether this user may mount a small disk, in a namespace of its own."""
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return os.getuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="module")
def mounting() -> bool:
    return may_mount()


@pytest.fixture(scope="module")
def starved(mounting: bool) -> dict[tuple[str, str], dict[str, Any]]:
    """What all starved verbs came to."""
    asked = [*(["every"] if EVERY else []), *(["mounting"] if mounting else [])]
    with fork(["-m", "tests.hostile.starving", *asked], ROOT) as starving:
        out, err = starving.communicate()
    assert starving.returncode == 0, err
    return {(each["lack"], each["verb"]): each for each in json.loads(out)}


@pytest.mark.parametrize(
    ("lack", "verb"),
    [(lack.name, verb) for lack, verb in cases((*LACKS, *MOUNTING), every=EVERY)],
    ids=lambda value: value.replace(" ", "_"),
)
def test_a_starved_verb_says_so_and_goes_on_afterwards(
    starved: dict[tuple[str, str], dict[str, Any]], mounting: bool, lack: str, verb: str
) -> None:
    if not mounting and lack in {each.name for each in MOUNTING}:
        pytest.skip("only root in a mount namespace can make a small or read-only disk")
    found = starved[lack, verb]
    if lack in SENTENCES:
        assert re.fullmatch(f"Error: .*({SENTENCES[lack]})\n", found["said"]), found["said"]
        assert found["status"] == 1
        assert found["root"] in found["said"] or lack == "memory"
        assert not found["finished"]
    else:
        assert found["status"] == 0, found["said"]
    assert found["damaged"] == []
    assert found["again"] == 0, found["said_again"]
    assert found["different"] == []


def test_a_new_process_with_too_little_memory_for_torch_says_so(root: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))

    command = [*AUGMENT, "--workspace", str(root), "generate", "--portion", "0.5"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 1
    assert re.fullmatch(r"Error: out of memory; .*raise the limit \(ulimit -v\)\n", done.stderr), done.stderr


def test_a_new_process_works_without_a_home_and_with_64_files(root: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    environment = {"PATH": "/usr/bin:/bin", "HOME": "/dev/null/none", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", BOTH, str(root)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    assert done.stderr == ""
    assert (root / "generated" / "ours-p0.5-s0" / "run.json").is_file()
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["images"]["unreadable"] == [], "an image is not to blame for a limit"
