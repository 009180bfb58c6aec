"""The stages behind a cell: what is shared, what comes first, and that every kind of row trains."""

from pathlib import Path

import pandas as pd

from augment.artefact import read_run
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.cells import Cell
from pipelines.grid import in_order
from pipelines.pools import Placement
from pipelines.stages import GeneratedSet, Model, ReducedGenerator, training_of
from pipelines.table5 import Table5, run_table5
from tests.conftest import run

ROWS = ("none", "repeat", "ours", "smoothed:1", "weighted", "filled:4", "reduced", "rare")


def test_rows_that_differ_in_training_alone_need_one_set():
    cells = [Cell(row, portion=0.3, seed=1) for row in ("ours", "smoothed", "weighted:0.1")]
    assert {Model(cell).needs for cell in cells} == {(GeneratedSet("ours", 0.3, 1, 1),)}
    trainings = [training_of(cell) for cell in cells]
    assert [training.generated_smoothing for training in trainings] == [0.0, 0.1, 0.0]
    assert [training.generated_weight for training in trainings] == [1.0, 1.0, 0.1]


def test_what_judges_a_filtered_set_is_trained_before_it():
    model = Model(Cell("filtered:0.3", portion=0.3, seed=1))
    judge = Model(Cell("none", portion=0.3, seed=1, length="updates", ordinary=True))
    order = in_order([model, judge])
    assert order[0] == judge
    assert order[-1] == model
    assert len(order) == 3


def test_a_generator_inside_the_reduced_set_gets_its_share_of_the_steps(people: Path):
    run(people, "patn-train", "--preset", "demo", "--steps", "10", "--batch", "2", "--perceptual", "none")
    training, perceptual = ReducedGenerator(None, 0.3, 0).recipe(Workspace.find(people))
    assert (training.steps, training.constant_steps, perceptual) == (3, 2, "none")


def test_every_kind_of_row_is_trained_on_what_it_says(people: Path, tmp_path: Path):
    run(people, "patn-train", "--preset", "demo", "--steps", "4", "--batch", "2", "--perceptual", "none")
    workspace = Workspace.find(people)
    made = run(people, "generate", "--portion", "0.5", "--name", "theirs")
    theirs = f"Theirs={people / made['folder']}"
    table = Table5(portions=(0.5,), rows=(*ROWS, theirs), seeds=1, lengths=("updates",))
    short = Runtime("cpu", "fp32", threads=1, progress=False)
    summary = run_table5(workspace, table.cells(), placement=Placement(1), runtime=short)
    assert set(summary["row"]) == {*ROWS, theirs}
    results = {cell.row: read_run(workspace.reid_dir(cell.name)) for cell in table.cells()}
    images = {row: found["result"]["images"] for row, found in results.items() if found is not None}
    assert images == {**dict.fromkeys((*ROWS, theirs), 48), "none": 24, "filled:4": images["filled:4"]}
    kept = pd.read_csv(workspace.reduced_csv(0.5, 0)).groupby("pid").size()
    assert images["filled:4"] == int(kept.clip(lower=4).sum())
    assert (workspace.patn_dir("patn-p0.5-s0") / "generator.safetensors").is_file()
