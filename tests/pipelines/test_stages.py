"""Stages: what a cell needs, and that none of them waits for another process."""

import json
from pathlib import Path

import pytest

from augment import Busy
from augment.artefacts.artefact import fingerprint
from augment.artefacts.locks import locked
from augment.runtime import Runtime
from pipelines.grid.pools import Placement
from pipelines.table5.cells import Cell
from pipelines.table5.estimates import seconds_a_step
from pipelines.table5.forecast import forecast
from pipelines.table5.generators import ReducedGenerator
from pipelines.table5.row_generators import own_generator
from pipelines.table5.stages import GeneratedSet, Model, make
from tests.pipelines.toy import toy_workspace

QUIET = Runtime("cpu", threads=1, progress=False, wait=False)


def test_cells_of_one_row_share_its_set_and_real_images_need_nothing() -> None:
    cells = [Cell("ours", portion=0.4), Cell("ours", "resnet50", 0.4, ordinary=True), Cell("smoothed", portion=0.4)]
    assert {Model(cell).needs for cell in cells} == {(GeneratedSet("ours", 0.4, 1, 0),)}
    assert Model(Cell("none")).needs == Model(Cell("repeat")).needs == ()
    assert Model(Cell("none"), "patn") == Model(Cell("none"), "other")
    assert Model(Cell("ours"), "patn") != Model(Cell("ours"), "other")


@pytest.mark.parametrize(
    "stage", [ReducedGenerator(None, 0.5, 0), GeneratedSet("ours", 0.4, 1, 0), Model(Cell("none", portion=0.4))]
)
def test_no_stage_waits_for_another_process(
    stage: ReducedGenerator | GeneratedSet | Model, tmp_path: Path, rendered: Path, trained: Path
) -> None:
    workspace = toy_workspace(tmp_path / "w", rendered, trained)
    with locked(stage.folder(workspace)), pytest.raises(Busy):
        make(workspace.root, stage, QUIET)


def test_a_generator_of_its_own_is_trained_inside_the_reduced_set(
    tmp_path: Path, rendered: Path, trained: Path
) -> None:
    workspace = toy_workspace(tmp_path / "w", rendered, trained)
    model = Model(Cell("reduced", portion=0.5))
    (drawn,) = model.needs
    (generator,) = drawn.needs
    assert generator == ReducedGenerator(None, 0.5, 0)
    first = forecast(workspace, [model], Placement(threads=1), QUIET, probe=False)
    assert [line.needs for line in first] == [(), (generator.name,), (drawn.name,)]
    assert first[0].seconds == pytest.approx(2 * (seconds_a_step(workspace.patn_dir("patn")) or 0), rel=0.05)
    make(workspace.root, generator, QUIET)
    made = json.loads((generator.folder(workspace) / "run.json").read_text())["result"]
    assert (made["folder"], made["steps"]) == ("patn/patn-p0.5-s0", 2)
    assert made["images"] <= 24
    assert own_generator(workspace) == "patn"  # still
    make(workspace.root, drawn, QUIET)
    record = json.loads((drawn.folder(workspace) / "run.json").read_text())
    used = fingerprint(workspace.patn_dir("patn-p0.5-s0") / "generator.safetensors")
    assert record["inputs"]["generator"] == used
