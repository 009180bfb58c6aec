"""Training for equal time: how many updates are planned, and the minutes of runs that were stopped; where work runs."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from augment import AugmentError
from augment.runtime import Runtime
from augment.workers import available_cores
from augment.workspace import Workspace
from patn.generators import GENERATORS
from pipelines.comparison import equal_time as module
from pipelines.comparison.equal_time import Planned, read_plan, train_for
from pipelines.comparison.record import Trained
from pipelines.grid.pools import Placement, here

QUIET = Runtime("cpu", threads=1, progress=False)
DEMO = GENERATORS["vunet"].preset("demo")
Train = Callable[[float], Trained]


@pytest.fixture
def training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Trains for some minutes an update of which takes 0.25 s; `took` are the seconds of each call, -1 a kill."""
    state = SimpleNamespace(now=0.0, took=[], asked=[], timed=0, file=tmp_path / "plan.json")

    def train(workspace: Workspace, configuration: Any, **options: Any) -> Any:
        state.asked.append((configuration.steps, configuration.constant_steps, options["name"], options["seed"]))
        took = state.took.pop(0)
        state.now += abs(took)
        if took < 0:
            raise KeyboardInterrupt
        place = SimpleNamespace(threads=1)
        return SimpleNamespace(parameters=9, losses={"loss_g": 1.0}, perceptual="none", precision="fp32", place=place)

    def pace(objective: object) -> float:
        state.timed += 1
        return 0.25

    monkeypatch.setattr(module, "_clock", lambda device: lambda: state.now)
    monkeypatch.setattr(module, "seconds_of_an_update", pace)
    monkeypatch.setattr(module, "objective_of", lambda *_: None)
    monkeypatch.setattr(module, "train_generator", train)
    workspace = Workspace.create(tmp_path / "w", {"data": "data", "seed": 4})
    state.run = lambda minutes: train_for(workspace, DEMO, minutes, state.file, "none", QUIET)
    state.workspace = workspace
    return state


def test_as_many_updates_are_planned_as_fit_into_the_minutes(training: Any) -> None:
    training.took = [100.0]
    found = training.run(2)
    assert (found.updates, found.images, found.minutes) == (480, 480 * DEMO.batch, 1.67)
    steps, constant, name, seed = training.asked[0]
    assert (steps, name, seed) == (480, "vunet", 4)
    assert constant / steps == pytest.approx(DEMO.constant_steps / DEMO.steps, abs=0.01)


def test_a_run_that_was_stopped_goes_on_with_its_number_and_its_minutes_add_up(training: Any) -> None:
    training.took = [-30.0, 60.0]
    with pytest.raises(KeyboardInterrupt):
        training.run(2)
    assert read_plan(training.file) == {"vunet": Planned(480, 0.25, 30.0)}
    assert training.run(99).minutes == 1.5
    assert [asked[0] for asked in training.asked] == [480, 480]
    assert training.timed == 1


def test_a_finished_training_is_not_timed_again(training: Any) -> None:
    training.took = [60.0, 7.0]
    training.run(2)
    folder = training.workspace.patn_dir("vunet")
    folder.mkdir(parents=True)
    origin = {"seed": 4, "options": {}, "inputs": {}, "versions": {}}
    (folder / "run.json").write_text(json.dumps({**origin, "seconds": 60.0, "result": {}}))
    assert training.run(2).minutes == 1.0
    assert read_plan(training.file)["vunet"].seconds == 60.0


def test_at_least_one_update_is_trained_and_other_generators_plans_stay(training: Any) -> None:
    training.file.write_text(json.dumps({"patn": Planned(7, 1.0, 2.0).as_dict()}))
    training.took = [1.0]
    assert training.run(0.0001).updates == 1
    assert read_plan(training.file) == {"patn": Planned(7, 1.0, 2.0), "vunet": Planned(1, 0.25, 1.0)}
    assert read_plan(training.file.with_name("none.json")) == {}


def test_jobs_share_the_cores_and_given_threads_go_first() -> None:
    cores = available_cores()
    assert Placement().share == cores
    assert Placement(jobs=2).share == max(1, cores // 2)
    assert Placement(jobs=10 * cores).share == 1
    assert Placement(jobs=2, threads=7).share == 7


@pytest.mark.parametrize(
    "wrong", [{"jobs": 0}, {"threads": 0}, {"gpus_per_cell": 0.0}, {"gpus_per_cell": 1.5}, {"jobs": -1, "threads": 2}]
)
def test_a_placement_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(AugmentError, match="must be"):
        Placement(**wrong)


def test_work_here_is_done_when_it_is_submitted() -> None:
    done: list[int] = []

    def work(number: int, more: int) -> int:
        done.append(number)
        return number + more

    with here(QUIET) as pool:
        future = pool.submit(work, 3, 4)
        assert done == [3]
        assert (future.done(), future.result(), pool.slots, pool.runtime) == (True, 7, 1, QUIET)
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda: 1 // 0)
