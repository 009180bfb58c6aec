"""The grid: what is needed first, finished and busy items passed over, killed ones continued, failures named."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from augment import AugmentError
from augment.artefacts.artefact import artefact
from augment.artefacts.records import read_run
from augment.runtime import Runtime
from augment.workers import available_cores
from pipelines.grid import scheduler as grid
from pipelines.grid.pools import Placement
from pipelines.grid.scheduler import run_tasks
from tests.children import child
from tests.pipelines.fake_work import BASE, GOALS, SHARED, Item, result_of, slow_sum, square
from tests.pipelines.processes import alive, descendants, until

QUIET = Runtime(device="cpu", progress=False)
ITEMS = [Item(number) for number in range(4)]


def run(root: Path, jobs: int, items: Sequence[Item] = ITEMS, runtime: Runtime = QUIET) -> int:
    return run_tasks(
        root,
        items,
        square,
        finished=lambda item: result_of(root, item).exists(),
        placement=Placement(jobs),
        runtime=runtime,
    )


def results(root: Path, items: Sequence[Item]) -> list[dict[str, Any]]:
    return [json.loads(result_of(root, item).read_text()) for item in items]


def squares(root: Path) -> list[int]:
    return [result["square"] for result in results(root, ITEMS)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_cell_is_run_once_and_a_second_call_does_nothing(tmp_path: Path, jobs: int) -> None:
    assert run(tmp_path, jobs, [*ITEMS, ITEMS[0]]) == 4
    before = [result_of(tmp_path, item).stat().st_mtime_ns for item in ITEMS]
    assert run(tmp_path, jobs) == 0
    assert [result_of(tmp_path, item).stat().st_mtime_ns for item in ITEMS] == before
    assert squares(tmp_path) == [0, 1, 4, 9]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_needed_is_done_before_and_once(tmp_path: Path, jobs: int) -> None:
    assert run(tmp_path, jobs, GOALS) == len(GOALS)
    everything = [*GOALS, *SHARED, BASE]
    assert all(all(result["needs"]) for result in results(tmp_path, everything))
    assert {path.name for path in tmp_path.glob("*.json")} == {f"{item.name}.json" for item in everything}
    base, shared = results(tmp_path, [BASE, SHARED[0]])
    assert base["ended"] < shared["ended"]


def test_what_only_finished_goals_need_is_not_asked_for(tmp_path: Path) -> None:
    result_of(tmp_path, GOALS[3]).write_text("{}")
    run(tmp_path, 1, [GOALS[1], GOALS[3]])
    assert not result_of(tmp_path, SHARED[1]).exists()


def test_workers_share_the_cores_and_stay_quiet(tmp_path: Path) -> None:
    run(tmp_path, 2)
    seen = results(tmp_path, ITEMS)
    assert {values["threads"] for values in seen} == {max(1, available_cores() // 2)}
    assert os.getpid() not in {values["pid"] for values in seen}
    assert len({values["pid"] for values in seen}) <= 2
    assert not any(values["progress"] for values in seen)


def test_one_job_stays_in_this_process(tmp_path: Path) -> None:
    run(tmp_path, 1)
    assert results(tmp_path, ITEMS[:1])[0]["pid"] == os.getpid()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_cell_is_named_in_one_sentence_and_the_others_are_done(tmp_path: Path, jobs: int) -> None:
    (tmp_path / "break-item2").touch()
    with pytest.raises(AugmentError, match=r"^item2: the number is broken; mend it$"):
        run(tmp_path, jobs)
    assert [result_of(tmp_path, item).exists() for item in ITEMS] == [True, True, False, True]


def test_what_needs_a_failure_is_left_out_and_failures_are_counted(tmp_path: Path) -> None:
    for name in ("break-item11", "break-item0"):
        (tmp_path / name).touch()
    with pytest.raises(AugmentError, match=r"^item11: the number is broken; mend it \(1 more failed\)$"):
        run(tmp_path, 1, GOALS)
    assert result_of(tmp_path, SHARED[1]).exists()
    assert not any(result_of(tmp_path, goal).exists() for goal in GOALS)


def test_a_killed_worker_is_reported_and_the_same_call_finishes(tmp_path: Path) -> None:
    (tmp_path / "die-item3").touch()
    with pytest.raises(AugmentError, match=r"process died .*item3.*run the same command again"):
        run(tmp_path, 2)
    run(tmp_path, 2)
    assert squares(tmp_path) == [0, 1, 4, 9]


def test_force_runs_finished_goals_again_but_not_what_they_need(tmp_path: Path) -> None:
    run(tmp_path, 1, GOALS)
    assert run(tmp_path, 1, GOALS, Runtime(device="cpu", progress=False, force=True)) == len(GOALS)
    assert [result["force"] for result in results(tmp_path, GOALS)] == [True] * len(GOALS)
    assert [result["force"] for result in results(tmp_path, [*SHARED, BASE])] == [False] * 3


def sums(root: Path, goals: Sequence[Item], jobs: int = 1) -> int:
    return run_tasks(
        root,
        goals,
        slow_sum,
        finished=lambda item: read_run(root / item.name) is not None,
        placement=Placement(jobs),
        runtime=QUIET,
    )


def test_what_another_process_is_at_work_on_is_passed_over_and_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(grid, "FIRST_PAUSE", 0.01)
    others = Item(1)
    held, may_end = threading.Event(), threading.Event()

    def other_process() -> None:
        with artefact(tmp_path / others.name, "sum", {"number": 1}) as theirs:
            held.set()
            may_end.wait(180)
            theirs.finish({"sum": 1})

    thread = threading.Thread(target=other_process)
    thread.start()
    assert held.wait(180)

    def end_after_item2() -> None:
        if until(lambda: (tmp_path / "item2" / "run.json").exists()):
            may_end.set()

    ended = threading.Thread(target=end_after_item2)
    ended.start()
    assert sums(tmp_path, [others, Item(2)]) == 1  # theirs was waited for last
    thread.join()
    ended.join()
    assert may_end.is_set()
    assert (tmp_path / "starts.txt").read_text().split() == ["item2"]
    said = [line for line in caplog.messages if line.endswith("it is looked at again later")]
    assert len(said) == 1
    assert f"item1: process {os.getpid()} on " in said[0]


SCRIPT = """
    import sys
    from pathlib import Path
    from augment.artefacts.records import read_run
    from augment.runtime import Runtime
    from pipelines.grid.scheduler import run_tasks
    from pipelines.grid.pools import Placement
    from tests.pipelines.fake_work import GOALS, Item, slow_sum, wait_for_ever
    if __name__ == "__main__":
        work = {{"slow_sum": slow_sum, "wait_for_ever": wait_for_ever}}[sys.argv[1]]
        root = Path({root!r})
        run_tasks(root, GOALS if work is slow_sum else [Item(0), Item(1)], work,
                 finished=lambda item: (root / item.name).exists() and read_run(root / item.name) is not None,
                 placement=Placement(jobs=int(sys.argv[2])), runtime=Runtime(device="cpu", progress=False))
"""


def start(root: Path, *arguments: str) -> AbstractContextManager[subprocess.Popen[Any]]:
    """A grid in a process of its own, which ends with the block."""
    script = root.parent / "grid.py"
    script.write_text(textwrap.dedent(SCRIPT.format(root=str(root))))
    return child(
        [sys.executable, str(script), *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_process_that_started_them(root: Path, sent: signal.Signals) -> None:
    notes = [root / "item0.json", root / "item1.json"]
    with start(root, "wait_for_ever", "2") as parent:
        assert until(lambda: all(note.exists() and note.read_text() for note in notes))
        workers = [int(note.read_text()) for note in notes]
        parent.send_signal(sent)
        assert parent.wait(timeout=180) != 0
        assert until(lambda: not any(alive(worker) for worker in workers))


def files(root: Path) -> dict[str, bytes]:
    """What a grid has made, without the times in run.json."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*.txt"))
        if path.name != "starts.txt"
    }


def test_several_grids_on_one_folder_share_the_work(root: Path) -> None:
    with ExitStack() as running:
        grids = [running.enter_context(start(root, "slow_sum", jobs)) for jobs in ("1", "1", "2")]
        assert [grid.wait(timeout=180) for grid in grids] == [0, 0, 0]
    starts = (root / "starts.txt").read_text().split()
    assert sorted(starts) == sorted(item.name for item in (*GOALS, *SHARED, BASE))


def test_killed_at_any_moment_and_started_again_it_ends_with_the_same_bytes(root: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    sums(whole, GOALS)
    moments = random.Random(0)
    for killed in ("driver", "worker", "driver", "worker"):
        enough = len(files(root)) + moments.randrange(1, 10)
        with start(root, "slow_sum", "2") as parent:
            assert until(lambda: len(files(root)) >= enough)  # noqa: B023
            workers = descendants(parent.pid, running="spawn_main")
            os.kill(parent.pid if killed == "driver" else moments.choice(workers), signal.SIGKILL)
            assert parent.wait(timeout=180) != 0
            assert until(lambda: not any(alive(worker) for worker in workers))  # noqa: B023
    sums(root, GOALS)
    assert files(root) == files(whole)
