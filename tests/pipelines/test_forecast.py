"""`--dry-run`: what is finished, what each cell still needs, and how long that takes by what was measured."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from augment.artefacts.artefact import artefact
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.grid.pools import Placement
from pipelines.table5 import probes
from pipelines.table5.cells import Cell
from pipelines.table5.estimates import Estimates, seconds_a_step
from pipelines.table5.forecast import Forecast, Line, elapsed, forecast, span, to_text
from pipelines.table5.stages import Model, training_of
from tests.conftest import invoke, run
from tests.pipelines.toy import toy_workspace

QUIET = Runtime("cpu", "fp32", progress=False)
OURS = Cell("ours", portion=0.4)
ASKED = ("table5", "--portions", "0.4", "--rows", "none,ours", "--seeds", "1", "--lengths", "updates", "--dry-run")


@pytest.fixture
def with_generator(tmp_path: Path, rendered: Path, trained: Path) -> Workspace:
    return toy_workspace(tmp_path / "w", rendered, trained)


def lines_of(found: Workspace, cell: Cell, *, probe: bool = False, runtime: Runtime = QUIET) -> list[Line]:
    return forecast(found, [Model(cell)], Placement(threads=1), runtime, probe=probe)


def finish_model(found: Workspace, cell: Cell, records: list[dict[str, float]], **place: object) -> None:
    """A finished model of a cell with a log, 7 seconds of which were not training."""
    place = {"precision": "fp32", "device": "cpu", "threads": 1, **place}
    with artefact(found.reid_dir(cell.name), "reid", asdict(training_of(cell)), seed=cell.seed) as model:
        (model.folder / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        model.started -= 107.0
        model.finish({"train_seconds": 100.0, **place})


def test_a_fresh_workspace_needs_everything_and_a_generator_from_the_user(people: Path) -> None:
    before = sorted(people.rglob("*"))
    said = run(people, *ASKED, "--no-probe")
    assert [(line["state"], line["needs"]) for line in said["stages"]] == [
        ("to do", []),
        ("to do", []),
        ("to do", ["set ours p0.4 s0"]),
    ]
    assert ["augment patn-train" in line["lacks"] for line in said["stages"]] == [True, False, False]
    assert list(said["cells"].values()) == [False, False]
    assert (said["seconds"], said["unknown"]) == (0, 3)
    assert sorted(people.rglob("*")) == before


def test_missing_imagenet_weights_are_named(people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (line,) = run(people, *ASKED[:4], "none", *ASKED[5:], "--backbones", "resnet50", "--no-probe")["stages"]
    assert "resnet50" in line["lacks"]
    assert "--from-scratch" in line["lacks"]


def test_times_are_those_of_finished_work_of_the_kind(with_generator: Workspace) -> None:
    log = [{"step": 50, "seconds": 25.0}, {"step": 100, "seconds": 50.0}, {"step": 150, "seconds": 70.0}]
    finish_model(with_generator, Cell("none", portion=0.2), log)
    finish_model(
        with_generator,
        Cell("none", portion=0.2, preset="open-reid", backbone="inception"),
        [
            {"step": 1, "seconds": 1000.0},
        ],
    )
    with artefact(with_generator.generated_dir("ours", 0.2, 0), "generated", {}, seed=0) as made:
        made.started -= 76.0
        made.finish({"generated": 38, "device": "cpu", "threads": 1})
    drawn, model = lines_of(with_generator, OURS)
    assert drawn.seconds == pytest.approx(2 * (48 - 19), rel=1e-2)  # 19 of 48 images are kept
    assert model.seconds == pytest.approx(14 * 0.5 + 7, rel=1e-2)  # 14 epochs of one batch
    assert {drawn.source, model.source} == {"measured"}


def test_threads_and_device_of_the_measured_work_count(with_generator: Workspace) -> None:
    finish_model(with_generator, Cell("none", portion=0.2), [{"step": 10, "seconds": 10.0}], threads=4)
    none = Cell("none", portion=0.4)
    (line,) = lines_of(with_generator, none)
    assert line.seconds == pytest.approx(4 * (14 * 1.0 + 7), rel=1e-2)
    finish_model(with_generator, Cell("none", portion=0.3), [{"step": 10, "seconds": 1.0}], device="cuda", threads=4)
    assert lines_of(with_generator, none)[0].seconds == line.seconds  # work on this device goes first


def test_what_is_begun_has_less_to_do(with_generator: Workspace) -> None:
    finish_model(with_generator, Cell("none", portion=0.2), [{"step": 10, "seconds": 10.0}])
    cell = Cell("none", portion=0.4)
    with artefact(with_generator.reid_dir(cell.name), "reid", {}) as begun:
        save_file({"x": torch.zeros(1)}, begun.folder / "last.safetensors", metadata={"step": "9"})
        assert [line.state for line in lines_of(with_generator, cell)] == ["at work"]
    (line,) = lines_of(with_generator, cell)
    assert line.state == "begun"
    assert line.seconds == pytest.approx((14 - 9) * 1.0 + 7, rel=1e-2)


def test_finished_cells_and_what_only_they_need_take_no_time(with_generator: Workspace) -> None:
    finish_model(with_generator, OURS, [{"step": 10, "seconds": 10.0}])
    (line,) = lines_of(with_generator, OURS)
    assert (line.state, line.seconds) == ("finished", None)
    again = lines_of(with_generator, OURS, runtime=replace(QUIET, force=True))
    assert [line.state for line in again] == ["to do", "to do"]


def test_a_few_steps_are_timed_where_nothing_was_measured(
    with_generator: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        drawn, model = lines_of(with_generator, OURS, probe=True)
    timed = [line for line in caplog.messages if line.startswith("Timing a few steps on this machine: ")]
    assert [line.rpartition(": ")[2] for line in timed] == ["images by the generator patn", Model(OURS).name]
    assert {drawn.source, model.source} == {"timed"}
    assert 0 < drawn.seconds < 60  # type: ignore[operator]
    assert 0 < model.seconds < 60  # type: ignore[operator]
    assert [line.seconds for line in lines_of(with_generator, OURS)] == [None, None]


@pytest.mark.parametrize("preset", ["open-reid-256", "strong"])
def test_any_recipe_can_be_timed(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CALLS": 1, "FEW": 8, "MOST_PIXELS": 0}.items():
        monkeypatch.setattr(probes, name, value)
    training = replace(training_of(Cell("none", "inception", preset=preset)), height=32, width=16)
    update, image = probes.time_training(training, replace(QUIET, threads=1))
    assert update > 0
    assert image > 0


@pytest.mark.parametrize(
    ("lasting", "calls", "said"),
    [([9.0, 4.0, 1.0, 7.0], 3, 1.0), ([0.5, 0.3, 0.25, 0.2, 0.4, 0.3, 0.1], 6, 0.2), ([5.0, 1.0, 0.9, 0.1], 4, 0.1)],
)
def test_a_call_takes_what_the_fastest_one_took_without_the_first(
    lasting: list[float], calls: int, said: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least two are timed, at most five, and none after two seconds."""
    now, left = [0.0], list(lasting)

    def work() -> None:
        now[0] += left.pop(0)

    monkeypatch.setattr("pipelines.table5.probes.time.perf_counter", lambda: now[0])
    assert probes.seconds_of(work) == pytest.approx(said)
    assert len(lasting) - len(left) == calls


def test_paces_leave_out_the_time_between_two_parts_of_a_training(tmp_path: Path) -> None:
    log = [(50, 5.0), (100, 10.0), (150, 2.0), (200, 7.0)]  # killed after step 100, continued there
    (tmp_path / "metrics.jsonl").write_text(
        "".join(json.dumps({"step": step, "seconds": seconds}) + "\n" for step, seconds in log)
    )
    assert seconds_a_step(tmp_path) == pytest.approx(0.1)
    assert seconds_a_step(tmp_path / "nothing") is None


def line(number: int, seconds: float | None, *needs: int, state: str = "to do") -> Line:
    names = tuple(Model(Cell("none", seed=need)).name for need in needs)
    return Line(Model(Cell("none", seed=number)), state, names, seconds=seconds)


@pytest.mark.parametrize(
    ("lines", "jobs", "seconds"),
    [
        ([], 2, 0.0),
        ([line(0, 3.0), line(1, 4.0)], 1, 7.0),
        ([line(0, 3.0), line(1, 4.0)], 2, 4.0),
        ([line(0, 3.0), line(1, 4.0), line(2, 5.0)], 2, 8.0),
        ([line(0, 3.0), line(1, 4.0, 0), line(2, 1.0)], 2, 7.0),
        ([line(0, 9.0, state="finished"), line(1, None), line(2, 2.0, 1)], 2, 2.0),
    ],
)
def test_the_end_comes_when_the_last_worker_is_done(lines: list[Line], jobs: int, seconds: float) -> None:
    assert elapsed(lines, jobs) == seconds


def test_text_and_json_say_the_same() -> None:
    lines = [line(0, 3600.0), line(1, 7200.0, 0), line(2, None, state="finished")]
    said = Forecast(lines, 2).as_dict()
    assert (said["seconds"], said["elapsed"], said["unknown"]) == (10800.0, 10800.0, 0)
    text = to_text(Forecast(lines, 2))
    assert "1 of 3 cells are finished. About 3.0 h of work, 3.0 h with --jobs 2." in text
    assert text.count("after cell small-demo-none-p0.1-updates-plain-s0") == 1
    assert [span(30), span(90), span(5400)] == ["30 s", "1.5 min", "1.5 h"]


def test_a_shard_without_cells_has_nothing_to_say(people: Path) -> None:
    result = invoke(people, *ASKED, "--shard", "9/9")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["cells"] == {}
    assert to_text(Forecast([], 1)) == "0 of 0 cells are finished."


def test_what_a_filtered_row_needs_comes_first(with_generator: Workspace) -> None:
    cells = [Cell("none", portion=0.4, ordinary=True), Cell("filtered", portion=0.4)]
    models = [Model(cell, "patn") for cell in cells]
    lines = forecast(with_generator, models, Placement(threads=1), QUIET, probe=False)
    assert [line.stage.name for line in lines] == ["set filtered p0.4 s0", *(model.name for model in models)]
    assert [line.needs for line in lines] == [(models[0].name,), (), ("set filtered p0.4 s0",)]


def test_a_ready_made_folder_that_cannot_be_trained_on_is_refused(with_generator: Workspace, tmp_path: Path) -> None:
    words = (*ASKED[:4], f"theirs={tmp_path}/{{p}}", *ASKED[5:], "--no-probe")
    assert f"{tmp_path}/0.4: " in invoke(with_generator.root, *words).stderr
    (tmp_path / "0.4").mkdir()
    shutil.copy(next(with_generator.data.glob("query/*.jpg")), tmp_path / "0.4")
    result = invoke(with_generator.root, *words)
    assert result.exit_code == 1
    assert "is of an identity without training images; remove it" in result.stderr
    next((tmp_path / "0.4").iterdir()).unlink()
    shutil.copy(next(with_generator.data.glob("bounding_box_train/*.jpg")), tmp_path / "0.4" / "0001_c1s1_9_01_gen.jpg")
    assert run(with_generator.root, *words)["unknown"] == 1


@pytest.mark.parametrize(
    ("row", "images"), [("none", 19), ("repeat", 48), ("ours", 48), ("filled:16", 128), ("theirs=folder", 48)]
)
def test_the_size_of_a_rows_set(with_generator: Workspace, row: str, images: int) -> None:
    finish_model(with_generator, Cell("none", portion=0.2), [{"step": 10, "seconds": 10.0}])
    pairs = replace(training_of(Cell("none")), batch=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.table5.estimates.training_of", lambda cell: pairs)
        patch.setattr("pipelines.table5.estimates.KIND", ("backbone",))
        estimates = Estimates(with_generator, replace(QUIET, threads=1), probe=False)
        seconds = estimates.seconds(Model(Cell(row, portion=0.4, length="epochs")))
    assert seconds == pytest.approx(14 * (images // 2) * 1.0 + 7, rel=1e-2)
