"""The grid: finished cells are skipped, killed ones continue, one failure ends it with the cell's name."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from augment import AugmentError
from augment.runtime import Runtime
from pipelines.grid import available_cores, run_cells
from tests.pipelines.fake_work import Item, result_of, square

QUIET = Runtime(device="cpu", progress=False)
ITEMS = [Item(number) for number in range(4)]


def run(root, jobs, items=ITEMS, runtime=QUIET):
    return run_cells(
        root, items, square, finished=lambda item: result_of(root, item).exists(), jobs=jobs, runtime=runtime
    )


def squares(root):
    return [json.loads(result_of(root, item).read_text())["square"] for item in ITEMS]


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_cell_is_run_once_and_a_second_call_does_nothing(tmp_path, jobs):
    assert run(tmp_path, jobs, [*ITEMS, ITEMS[0]]) == 4
    before = [result_of(tmp_path, item).stat().st_mtime_ns for item in ITEMS]
    assert run(tmp_path, jobs) == 0
    assert [result_of(tmp_path, item).stat().st_mtime_ns for item in ITEMS] == before
    assert squares(tmp_path) == [0, 1, 4, 9]


def test_workers_share_the_cores_and_stay_quiet(tmp_path):
    run(tmp_path, 2)
    seen = [json.loads(result_of(tmp_path, item).read_text()) for item in ITEMS]
    assert {values["threads"] for values in seen} == {max(1, available_cores() // 2)}
    assert os.getpid() not in {values["pid"] for values in seen}
    assert len({values["pid"] for values in seen}) <= 2
    assert not any(values["progress"] for values in seen)


def test_one_job_stays_in_this_process(tmp_path):
    run(tmp_path, 1)
    assert json.loads(result_of(tmp_path, ITEMS[0]).read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_cell_is_named_in_one_sentence(tmp_path, jobs):
    (tmp_path / "break-item2").touch()
    with pytest.raises(AugmentError, match=r"^cell item2: the number is broken; mend it$"):
        run(tmp_path, jobs)


def test_a_killed_worker_is_reported_and_the_same_call_finishes(tmp_path):
    (tmp_path / "die-item3").touch()
    with pytest.raises(AugmentError, match=r"process died .*item3.*run the same command again"):
        run(tmp_path, 2)
    run(tmp_path, 2)
    assert squares(tmp_path) == [0, 1, 4, 9]


def test_with_force_finished_cells_run_again(tmp_path):
    run(tmp_path, 1)
    assert run(tmp_path, 1, runtime=Runtime(device="cpu", progress=False, force=True)) == 4


SCRIPT = """
    from pathlib import Path
    from augment.runtime import Runtime
    from pipelines.grid import run_cells
    from tests.pipelines.fake_work import Item, wait_for_ever
    if __name__ == "__main__":
        run_cells(Path({root!r}), [Item(0), Item(1)], wait_for_ever, finished=lambda item: False, jobs=2,
                  runtime=Runtime(device="cpu", progress=False))
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_process_that_started_them(tmp_path, sent):
    script = tmp_path / "grid.py"
    script.write_text(textwrap.dedent(SCRIPT.format(root=str(tmp_path))))
    here = str(Path(__file__).parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": here},
        stderr=subprocess.DEVNULL,
    )
    notes = [tmp_path / "item0.json", tmp_path / "item1.json"]
    assert until(lambda: all(note.exists() and note.read_text() for note in notes))
    workers = [int(note.read_text()) for note in notes]
    parent.send_signal(sent)
    assert parent.wait(timeout=20) != 0
    assert until(lambda: not any(alive(worker) for worker in workers))


def until(condition, seconds=30):
    """Whether the condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        os.sched_yield()
    return True


def alive(pid):
    """Whether a process runs; one that is dead and not yet collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
