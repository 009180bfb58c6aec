"""What the scheduler keeps in mind: order, what can be started, what waits for another process, and what failed."""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import patn
import reid
from augment import AugmentError, Busy
from augment.runtime import Runtime
from pipelines.grid import pools, scheduler
from pipelines.grid.pools import Placement, Pool, here
from pipelines.grid.scheduler import (
    Ending,
    OpenTasks,
    Outcome,
    Task,
    attempt,
    in_order,
    open_pool,
    run_tasks,
    worker_died,
)
from tests.pipelines.fake_work import BASE, GOALS, SHARED, Item

DONE, BUSY = Outcome(Ending.DONE), Outcome(Ending.BUSY, "item0: is being made by process 7")


class Clock:
    """A clock that stands still but for those who sleep by it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(scheduler, "time", made)
    return made


def names(tasks: Iterable[Task]) -> list[str]:
    return [task.name for task in tasks]


def test_what_is_needed_comes_first_and_goals_last_each_once() -> None:
    assert in_order([]) == []
    assert names(in_order(GOALS)) == ["item10", "item11", "item12", "item0", "item1", "item2", "item3"]
    assert names(in_order([GOALS[3], BASE])) == ["item10", "item11", "item12", "item3"]  # a goal that another needs


def test_a_task_is_ready_when_all_that_it_needs_is_done() -> None:
    tasks = OpenTasks(in_order(GOALS), set(GOALS))
    assert names(tasks.ready()) == ["item10", "item0"]
    tasks.started.update((BASE, GOALS[0]))
    assert tasks.ready() == []
    tasks.settle(BASE, DONE)
    assert names(tasks.ready()) == ["item11", "item12"]
    tasks.started.add(SHARED[0])
    tasks.settle(SHARED[0], DONE)
    assert names(tasks.ready()) == ["item12", "item1", "item2"]
    assert GOALS[0] in tasks.left


def test_what_is_busy_is_looked_at_again_after_pauses_that_double_up_to_half_a_minute(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    tasks = OpenTasks([Item(0), Item(1)], {Item(0)})
    assert tasks.pause() is None
    pauses: list[float] = []
    with caplog.at_level(logging.INFO):
        for _ in range(7):
            tasks.started.add(Item(0))
            assert tasks.pause() is None  # nothing is waited for while it is tried
            tasks.settle(Item(0), BUSY)
            pause = tasks.pause()
            assert pause is not None
            pauses.append(pause)
            assert names(tasks.ready()) == ["item1"]
            clock.now += pause
            assert names(tasks.ready()) == ["item0", "item1"]
            assert tasks.pause() == 0
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert caplog.messages == [f"{BUSY.message}; it is looked at again later"]
    tasks.settle(Item(0), DONE)
    assert tasks.pause() is None


def test_whatever_needs_a_failure_however_far_is_left_out() -> None:
    tasks = OpenTasks(in_order(GOALS), set(GOALS))
    tasks.settle(SHARED[1], Outcome(Ending.FAILED, "item12: no"))
    assert names(tasks.left) == ["item10", "item11", "item0", "item1", "item2"]
    tasks.settle(BASE, Outcome(Ending.FAILED, "item10: neither"))
    assert names(tasks.left) == ["item0"]
    with pytest.raises(AugmentError, match=r"^item12: no \(1 more failed\)$"):
        tasks.verdict()


def test_one_failure_is_its_sentence_and_none_is_none() -> None:
    tasks = OpenTasks([Item(0)], {Item(0)})
    tasks.verdict()
    tasks.settle(Item(0), Outcome(Ending.FAILED, "item0: no"))
    with pytest.raises(AugmentError, match=r"^item0: no$"):
        tasks.verdict()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Outcome(Ending.DONE)),
        (Busy("m: is being made by process 7"), Outcome(Ending.BUSY, "m: is being made by process 7")),
        (AugmentError("⟨portion⟩ 2: too much"), Outcome(Ending.FAILED, "item5: ⟨portion⟩ 2: too much")),
        (patn.DataError("a"), Outcome(Ending.FAILED, "item5: a")),
        (reid.DataError("b"), Outcome(Ending.FAILED, "item5: b")),
    ],
)
def test_an_attempt_ends_done_busy_or_with_a_sentence_named_after_the_task(
    tmp_path: Path, error: Exception | None, outcome: Outcome
) -> None:
    given: list[object] = []

    def work(*arguments: object) -> None:
        given.extend(arguments)
        if error is not None:
            raise error

    runtime = Runtime(progress=False)
    assert attempt(work, tmp_path, Item(5), runtime) == outcome
    assert given == [tmp_path, Item(5), runtime]


def test_an_error_of_the_code_itself_is_no_outcome(tmp_path: Path) -> None:
    def work(root: Path, task: Item, runtime: Runtime) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        attempt(work, tmp_path, Item(5), Runtime())


def test_a_goal_that_another_process_finishes_meanwhile_is_not_made_and_not_counted(tmp_path: Path) -> None:
    made: list[str] = []

    def work(root: Path, task: Item, runtime: Runtime) -> None:
        made.append(task.name)

    goals = [Item(0), Item(1)]
    done = run_tasks(
        tmp_path,
        goals,
        work,
        finished=lambda item: item == Item(1) and bool(made),
        placement=Placement(),
        runtime=Runtime(progress=False),
    )
    assert (made, done) == (["item0"], 1)


def test_alone_with_busy_work_it_sleeps_until_the_time_to_look_again(tmp_path: Path, clock: Clock) -> None:
    tries: list[float] = []

    def work(root: Path, task: Item, runtime: Runtime) -> None:
        assert runtime.wait is False
        tries.append(clock.now)
        if len(tries) < 3:
            raise Busy("by another process")

    runtime = Runtime(progress=False)
    assert run_tasks(tmp_path, [Item(0)], work, finished=lambda _: False, placement=Placement(), runtime=runtime) == 1
    assert tries == [100, 101, 103]
    assert clock.slept == [1, 2]


def test_a_dead_worker_is_told_with_all_that_was_being_worked_at() -> None:
    said = str(worker_died([Item(1), Item(2)]))
    assert said.startswith("a worker process died (killed, or out of memory) at item1 or item2; ")
    assert "run the same command again" in said
    assert said.endswith("fewer jobs")


@pytest.mark.parametrize(
    ("placement", "most", "workers", "threads"),
    [
        (Placement(1), 9, None, 6),  # this process, its own threads
        (Placement(1, threads=3), 9, None, 3),
        (Placement(2), 9, 2, 4),  # eight cores over two jobs
        (Placement(3), 9, 3, 2),
        (Placement(4), 1, 1, 2),  # no more workers than tasks, and threads as of the jobs that were asked for
        (Placement(16), 9, 9, 1),
        (Placement(2, threads=5), 9, 2, 5),
    ],
)
def test_workers_and_threads_follow_from_jobs_tasks_and_cores(
    monkeypatch: pytest.MonkeyPatch, placement: Placement, most: int, workers: int | None, threads: int
) -> None:
    @contextmanager
    def processes(count: int, runtime: Runtime) -> Iterator[Pool]:
        yield Pool(lambda *_: None, count, runtime)  # type: ignore[arg-type]

    monkeypatch.setattr(pools, "available_cores", lambda: 8)
    monkeypatch.setattr(scheduler, "processes", processes)
    with open_pool(placement, Runtime(threads=6), most) as pool:
        assert pool.slots == (workers or 1)
        assert pool.runtime.threads == threads


def test_ray_is_asked_where_an_address_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def ray_tasks(*arguments: object) -> str:
        asked.extend(arguments)
        return "a pool"

    monkeypatch.setattr(scheduler, "ray_tasks", ray_tasks)
    placement, runtime = Placement(4, ray="auto"), Runtime()
    assert open_pool(placement, runtime, 3) == "a pool"
    assert asked == [placement, runtime]


def test_in_this_process_work_is_done_when_it_is_submitted() -> None:
    with here(Runtime(threads=2)) as pool:
        future = pool.submit(os.getpid)
        assert future.done()
        assert future.result() == os.getpid()
        assert (pool.slots, pool.runtime.threads) == (1, 2)
        assert pool.submit(divmod, 7, 2).result() == (3, 1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"jobs": 0}, "jobs 0, threads None: each must be at least 1"),
        ({"threads": 0}, "jobs 1, threads 0"),
        ({"gpus_per_cell": 0.0}, r"gpus_per_cell 0\.0: must be above 0 and at most 1"),
        ({"gpus_per_cell": 1.5}, r"gpus_per_cell 1\.5"),
    ],
)
def test_numbers_out_of_range_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(AugmentError, match=said):
        Placement(**values)
