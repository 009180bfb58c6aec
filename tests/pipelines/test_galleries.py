"""Ranked galleries are drawn once a model, of the pair that tells most, and never stop the report."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augment.artefacts.files import write_json
from augment.artefacts.records import read_run
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.report.galleries import PICTURE, chosen, gallery_dir, make_galleries
from pipelines.table5.cells import Cell
from pipelines.table5.results import declare
from tests.conftest import run

QUIET = Runtime(device="cpu", progress=False, threads=1)


def finished(workspace: Workspace, *cells: Cell) -> None:
    """Cells that are declared and finished, their model an empty file."""
    declare(workspace, cells)
    for cell in cells:
        write_json(workspace.reid_dir(cell.name) / "run.json", {"seed": 0, "options": {}, "inputs": {}, "result": {}})
        (workspace.reid_dir(cell.name) / "model.safetensors").touch()


@pytest.fixture
def model(people: Path) -> tuple[Workspace, dict[str, Any]]:
    """A workspace with one small model, and the model's figures."""
    result = run(people, "reid-train", "--backbone", "small", "--preset", "demo", "--epochs", "1", "--batch", "16")
    return Workspace.find(people), result


def test_none_and_ours_of_the_smallest_portion_and_seed_are_chosen(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path, {"data": "data"})
    finished(
        workspace,
        *(Cell(row, portion=p, seed=seed) for row in ("none", "ours", "self") for p in (0.2, 0.5) for seed in (1, 2)),
        *(Cell("none", portion=0.1, seed=1), Cell("none", portion=0.2, seed=1, length="epochs")),
    )
    assert [shown.title for shown in chosen(workspace)] == [
        "None, p = 0.2, seed 1 (small, flip + crop)",
        "Ours, p = 0.2, seed 1 (small, flip + crop)",
    ]


def test_repeated_real_images_are_not_taken_for_generated_ones(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path, {"data": "data"})
    finished(workspace, *(Cell(row, portion=p) for row in ("none", "repeat") for p in (0.1, 0.2)))
    finished(workspace, Cell("self", portion=0.2))
    assert [shown.name for shown in chosen(workspace)] == [Cell(row, portion=0.2).name for row in ("none", "self")]


def test_another_row_stands_in_where_ours_was_not_run(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path, {"data": "data"})
    finished(workspace, Cell("none"), Cell("theirs"))
    assert [shown.name for shown in chosen(workspace)] == [Cell("none").name, Cell("theirs").name]


def test_a_gallery_is_drawn_once_and_says_what_evaluation_said(
    model: tuple[Workspace, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, result = model
    (shown,) = chosen(workspace)
    make_galleries(workspace, QUIET)
    folder = gallery_dir(workspace, shown.name)
    record = read_run(folder)
    assert record
    assert record.result["mAP"] == pytest.approx(result["mAP"], abs=1e-3)
    with Image.open(folder / PICTURE) as picture:
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 1000
    monkeypatch.setattr("pipelines.report.galleries.evaluate_saved", lambda *_: pytest.fail("ranked again"))
    before = (folder / PICTURE).read_bytes()
    make_galleries(workspace, QUIET)
    assert (folder / PICTURE).read_bytes() == before


def test_a_gallery_of_another_model_is_drawn_anew(model: tuple[Workspace, dict[str, Any]]) -> None:
    workspace, _ = model
    (shown,) = chosen(workspace)
    make_galleries(workspace, QUIET)
    before = read_run(gallery_dir(workspace, shown.name))
    run(
        workspace.root,
        "--seed",
        "5",
        "reid-train",
        "--backbone",
        "small",
        "--preset",
        "demo",
        "--epochs",
        "2",
        "--batch",
        "16",
        "--name",
        shown.name,
        "--force",
    )
    make_galleries(workspace, QUIET)
    after = read_run(gallery_dir(workspace, shown.name))
    assert before
    assert after
    assert after.inputs["model"] != before.inputs["model"]
    assert after.inputs["images"] == before.inputs["images"]


def test_a_model_that_cannot_be_read_is_left_out_with_a_warning(people: Path, caplog: pytest.LogCaptureFixture) -> None:
    workspace = Workspace.find(people)
    finished(workspace, Cell("none"), Cell("ours"))
    with caplog.at_level(logging.WARNING):
        make_galleries(workspace, QUIET)
    assert "no ranked galleries of" in caplog.text
    assert read_run(gallery_dir(workspace, Cell("none").name)) is None
