"""Generators at equal time: how many updates fit, what is measured of them, and the page."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from augment import AugmentError
from augment.artefacts.files import write_json
from augment.runtime import Runtime
from augment.workspace import Workspace
from patn.generators import GENERATORS, Kind
from pipelines.comparison.equal_time import seconds_of_an_update
from pipelines.comparison.page import page
from pipelines.comparison.record import Record
from pipelines.comparison.run import PAGE, PLAN, RECORD, SHEET, Comparison, compare, publish
from reid.data.market1501 import torchreid_dataset
from reid.training import PRESETS as MODELS
from tests.conftest import run

DOCS = Path(__file__).parents[2] / "docs" / "results"
UPDATES = {"patn": 3, "vunet": 2, "deform": 2}
TOY = Comparison(tuple(UPDATES), batch=2, perceptual="none", pairs=4, portion=0.5, seeds=2, shown=2, bench_seconds=0.1)
QUIET = Runtime("cpu", threads=1, progress=False)


def test_an_update_is_timed_over_the_whole_schedule() -> None:
    def step(batch: int, step: int) -> dict[str, torch.Tensor]:
        until = time.process_time() + (0.01 if step < 50 else 0.03)
        while time.process_time() < until:
            pass
        time.sleep(0.02)  # other work on the machine
        return {"loss_g": torch.zeros(())}

    objective: Any = SimpleNamespace(steps=100, device=torch.device("cpu"), batch=lambda step: step, step=step)
    assert seconds_of_an_update(objective) == pytest.approx(0.02, rel=0.3)


def test_an_unknown_generator_is_one_sentence() -> None:
    with pytest.raises(AugmentError, match="generator nobody: no such one; choose from patn"):
        Comparison(("nobody",))


def narrow(kind: Kind) -> Kind:
    """The same generator with presets of four channels."""
    return replace(kind, preset=lambda name: replace(kind.preset(name), width=4))


@pytest.fixture(scope="module")
def short() -> Iterator[None]:
    """Networks of few channels and re-ID models of two epochs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS, "demo", replace(MODELS["demo"], epochs=2))
        for name in UPDATES:
            patch.setitem(GENERATORS, name, narrow(GENERATORS[name]))
        yield


@pytest.fixture(scope="module")
def compared(short: None, rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, Any]]:
    """A workspace with three generators compared, whose numbers of updates an earlier run had planned."""
    root = tmp_path_factory.mktemp("compared") / "w"
    workspace = Workspace.create(root, {"data": str(rendered), "size": [128, 64], "seed": 0})
    plan = {name: {"steps": steps, "timed": 0.1, "seconds": 3.0} for name, steps in UPDATES.items()}
    folder = workspace.table_dir("comparison")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / PLAN, plan)
    return workspace, compare(workspace, TOY, QUIET).as_dict()


def test_every_generator_is_trained_measured_and_used(compared: tuple[Workspace, dict[str, Any]]) -> None:
    workspace, record = compared
    plan = json.loads((workspace.table_dir("comparison") / PLAN).read_text())
    generators = {one["name"]: one for one in record["generators"]}
    assert {name: one["updates"] for name, one in generators.items()} == UPDATES
    for name, one in generators.items():
        assert one["images"] == 2 * one["updates"]
        assert plan[name]["seconds"] > 3.0  # of the earlier run, and those of this one
        assert one["minutes"] == pytest.approx(plan[name]["seconds"] / 60, abs=0.0051)
        assert 0 < one["ssim"] < 1
        assert 0 <= one["identity"] <= 1
        assert one["images_per_second"] > 0
        assert one["transfer_parameters"] <= one["parameters"]
    assert record["others"]["real"]["identity"] > 0
    assert ("lpips" in record["missing"]) != ("lpips" in generators["patn"])
    lines = {(line["row"], line["portion"]): line for line in record["reid"]}
    assert set(lines) == {("none", 1.0), *((row, 0.5) for row in ("none", "ours", "ours*", "vunet", "deform"))}
    gains = [lines["vunet", 0.5]["by_seed"][seed] - lines["none", 0.5]["by_seed"][seed] for seed in ("0", "1")]
    assert lines["vunet", 0.5]["gains"] == pytest.approx(gains)


def test_each_baselines_set_is_a_complete_data_set(compared: tuple[Workspace, dict[str, Any]]) -> None:
    workspace, _ = compared
    for name in ("vunet", "deform"):
        folder = workspace.generated_dir(name, 0.5, 0)
        data = torchreid_dataset(folder)
        assert (len(data.train), len(data.query)) == (48, 10)
        assert len({pid for _, pid, *_ in data.train}) == 8


def test_done_again_it_trains_nothing_and_table5_takes_its_cells(
    compared: tuple[Workspace, dict[str, Any]],
) -> None:
    workspace, record = compared
    files = sorted(workspace.root.glob("*/*/*.safetensors"))
    before = [path.stat().st_mtime_ns for path in files]
    again = compare(workspace, TOY, QUIET).as_dict()
    assert {**again, "generators": 0} == {**record, "generators": 0}  # but for the speed
    asked = ("--portions", "0.5", "--rows", "none,vunet,deform,ours,ours*", "--seeds", "2", "--lengths", "updates")
    table = run(workspace.root, "--device", "cpu", "table5", *asked, "--threads", "1")["table"]
    assert {line["row"] for line in table} >= {"none", "vunet", "deform", "ours", "ours*"}
    assert [path.stat().st_mtime_ns for path in files] == before
    assert sorted(workspace.root.glob("*/*/*.safetensors")) == files


def test_the_picture_shows_each_pair_by_every_generator(compared: tuple[Workspace, dict[str, Any]]) -> None:
    workspace, _ = compared
    picture = np.asarray(Image.open(workspace.table_dir("comparison") / SHEET))
    assert picture.shape == (16 + 2 * 132 - 4, 6 * 68 - 4, 3)
    columns = [picture[16:144, 68 * column : 68 * column + 64] for column in range(6)]
    assert len({column.tobytes() for column in columns}) == 6


def test_the_page_holds_the_figures(compared: tuple[Workspace, dict[str, Any]], tmp_path: Path) -> None:
    workspace, record = compared
    write_json(tmp_path / RECORD, {"remarks": ["Something to be said of it."]})
    publish(workspace, tmp_path)
    text = (tmp_path / PAGE).read_text()
    assert text == page(Record.of(json.loads((tmp_path / RECORD).read_text())))
    assert "- Something to be said of it." in text
    assert (tmp_path / SHEET).is_file()
    vunet = next(one for one in record["generators"] if one["name"] == "vunet")
    assert f"| vunet | {vunet['ssim']:.3f} | {vunet['mask-ssim']:.3f} |" in text
    assert f"| vunet | {vunet['minutes']:.1f} | 2 | 2 | 4 |" in text
    above = [one["name"] for one in record["generators"] if one["ssim"] > record["others"]["copy"]["ssim"]]
    assert f": {', '.join(above) or 'none'}." in " ".join(text.split())
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120


def test_the_published_page_is_that_of_its_record() -> None:
    text = (DOCS / PAGE).read_text(encoding="utf-8")
    assert text == page(Record.of(json.loads((DOCS / RECORD).read_text(encoding="utf-8"))))
