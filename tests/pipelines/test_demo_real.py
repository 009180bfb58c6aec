"""The whole job on a real folder at toy size, through the command line: hours told first, killed, continued, shown."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import pandas as pd
import pytest
import torch
from click.testing import CliRunner, Result

from augment.artefacts.records import read_run
from augment.cli import augment
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.demo import real
from pipelines.demo.budget import Budget, Part, budget, budget_text, looked_at
from pipelines.demo.real import RealData
from pipelines.demo.real_presets import REAL_PRESETS
from pipelines.demo.why import rank_correlations, why_table
from pipelines.table5.cells import Cell
from pipelines.table5.outputs import read_table5
from pipelines.table5.results import declare, declared
from pipelines.table5.run import Table5, run_table5
from tests.pipelines.toy import few_calls, few_epochs
from tools.real_results import publish

TOY = REAL_PRESETS["toy"]


@pytest.fixture(scope="module")
def photographs(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Market-1501 folder whose key points are CSV files beside it, as with real people."""
    folder = tmp_path_factory.mktemp("real") / "photographs"
    shutil.copytree(rendered, folder)
    shutil.move(folder / "keypoints", folder.parent / "csv")
    return folder


@pytest.fixture(scope="module", autouse=True)
def quick() -> Any:
    """Short trainings."""
    with pytest.MonkeyPatch.context() as patch:
        few_epochs(patch)
        yield


def invoke(photographs: Path, root: Path, *more: str) -> Result:
    """`augment demo ROOT --data PHOTOGRAPHS --preset toy`, with the key points of the files."""
    torch.set_num_threads(1)
    files = [photographs.parent / "csv" / f"{name}.csv" for name in ("train", "test", "query")]
    csv = [word for file in files for word in ("--csv", str(file))]
    words = ["--json", "--quiet", "--device", "cpu", "demo", str(root), "--data", str(photographs), "--preset", "toy"]
    return CliRunner().invoke(augment, [*words, *csv, "--jobs", "1", *more])


def result_of(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def finished(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Mapping[str, Any]]:
    """The job killed in its second table, and then done: its workspace and its result."""
    root = tmp_path_factory.mktemp("work") / "market"
    tables = []

    def killed(*arguments: Any, **options: Any) -> pd.DataFrame:
        tables.append(arguments)
        if len(tables) == 2:
            raise KeyboardInterrupt
        return run_table5(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real, "run_table5", killed)
        assert invoke(photographs, root).exit_code == 130
    made = {path: path.stat().st_mtime_ns for path in root.glob("*/*/run.json")}
    assert root / "patn" / "patn" / "run.json" in made
    assert len([path for path in made if path.parent.parent.name == "reid"]) == 4
    result = result_of(invoke(photographs, root))
    assert {path: path.stat().st_mtime_ns for path in made} == made
    return Workspace.find(root), result


def test_the_hours_are_told_before_anything_is_done(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_calls(monkeypatch)
    said = result_of(invoke(photographs, tmp_path / "market", "--dry-run"))
    assert not (tmp_path / "market").exists()
    assert (said["finished"], said["cells"]) == (0, sum(len(table.cells()) for table in TOY.tables))
    assert said["seconds"] == pytest.approx(sum(part["seconds"] for part in said["parts"]))
    what = {part["what"]: part for part in said["parts"]}
    assert what["training the generator patn"]["seconds"] > 0
    models = what["p = 0.4: None, Ours; plain, with erasing + jitter; equal updates; 1 seed"]
    assert models["cells"] == 4
    assert models["seconds"] > 0


def test_a_part_that_is_left_is_told_however_short_or_unknown_it_is() -> None:
    parts = [
        Part("done", 0.0, cells=2, finished=2),
        Part("short", 0.2, cells=2),
        Part("no word of it", 0.0, cells=2, unknown=2),
        Part("half known", 30.0, cells=2, unknown=1),
    ]
    text = budget_text(Budget(parts, 1))
    lines = {line.split("  ")[-1].strip(): line for line in text.splitlines()[1:5]}
    said = {"done": " - ", "short": " under 1 s ", "no word of it": " unknown ", "half known": " 30 s and more "}
    assert all(words in lines[what] for what, words in said.items())
    assert "3 stages are unknown" in text


def test_generators_are_timed_before_there_are_key_points(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_calls(monkeypatch)
    rows = ("ours", "ours-builtin", "ours-tuned-reduced", "reduced")
    preset = replace(TOY, tables=(Table5((0.4,), rows=rows, seeds=1, lengths=("updates",)),))
    with looked_at(RealData(photographs), tmp_path / "market", seed=0, jobs=1) as workspace:
        assert workspace.keypoints_source() is None
        _, _, table, _ = budget(workspace, preset, csv=[tmp_path], jobs=1, runtime=Runtime("cpu", threads=1))
    assert (table.cells, table.unknown) == (4, 0)
    assert table.seconds > 0


def test_after_a_kill_only_what_is_left_is_done_and_told(
    photographs: Path, finished: tuple[Workspace, Mapping[str, Any]]
) -> None:
    workspace, result = finished
    assert result["cells"] == len(TOY.cells())
    assert all(read_run(workspace.reid_dir(cell.name)) for cell in TOY.cells())
    said = result_of(invoke(photographs, workspace.root, "--dry-run"))
    assert said["finished"] == said["cells"]
    assert sum(part["seconds"] for part in said["parts"]) == 0
    assert Path(result["report"]).is_file()


def test_the_key_points_are_those_of_the_files(finished: tuple[Workspace, Mapping[str, Any]], rendered: Path) -> None:
    workspace, _ = finished
    assert workspace.keypoints_source() == "csv"
    assert (workspace.poses_dir / "train.csv").read_bytes() == (rendered / "keypoints" / "train.csv").read_bytes()


def test_every_row_stands_beside_what_its_images_are_like(finished: tuple[Workspace, Mapping[str, Any]]) -> None:
    workspace, _ = finished
    table = why_table(workspace, declared(workspace), read_table5(workspace), TOY.ours)
    assert table["row"].tolist() == ["ours", "reduced"]
    assert table["generator"].tolist() == ["patn", "patn-p0.4-s0"]
    ours = table.iloc[0]
    (run,) = (read_run(path) for path in (workspace.root / "patn" / "patn").glob("eval-*"))
    assert run is not None
    rows = run.result["rows"]
    assert ours["ssim"] == rows["generated"]["ssim"]
    assert ours["share"] == pytest.approx(rows["generated"]["identity"] / rows["copy"]["identity"])
    figures = {
        row: [
            json.loads(path.read_text())["result"]["mAP"]
            for path in sorted(workspace.root.glob(f"reid/small-demo-{row}-p0.4-updates-ordinary-s*/run.json"))
        ]
        for row in ("none", "ours")
    }
    assert ours["augmented"] == pytest.approx(mean(figures["ours"]) - mean(figures["none"]), abs=1e-3)


def test_the_correlation_is_of_ranks() -> None:
    table = pd.DataFrame(
        {
            "portion": 0.1,
            "share": [0.1, 0.2, 0.9, 0.3],
            "ssim": [4.0, 3.0, 2.0, 1.0],
            "mask_ssim": 1.0,
            "pckh": [1.0, 3.0, 2.0, float("nan")],
            "plain": [1.0, 2.0, 30.0, 4.0],
            "augmented": float("nan"),
        }
    )
    found = {(measure, gain): (rows, rho) for _, measure, gain, rows, rho in rank_correlations(table)}
    assert set(found) == {("share", "plain"), ("ssim", "plain"), ("pckh", "plain")}
    assert found["share", "plain"] == (4, pytest.approx(1.0))
    assert found["ssim", "plain"] == (4, pytest.approx(1 - 6 * (9 + 1 + 4 + 4) / (4 * 15)))
    assert found["pckh", "plain"] == (3, pytest.approx(0.5))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--preset", "study", "--data", "."], "--preset study is for rendered pedestrians"),
        (["--csv", __file__], "--csv has no effect on rendered pedestrians"),
        (["--dry-run", "--force"], "--force has no effect with --dry-run"),
    ],
)
def test_options_of_the_other_kind_of_demo_are_wrong_usage(words: list[str], said: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(augment, ["demo", str(tmp_path / "new"), *words])
    assert done.exit_code == 2
    assert said in done.stderr


def test_no_data_and_no_workspace_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(augment, ["demo", str(tmp_path / "new"), "--preset", "real", "--dry-run"])
    assert done.exit_code == 1
    assert "is no workspace; give the folder of your images with --data" in done.stderr


def test_the_market_preset_begins_with_what_matters_most() -> None:
    cells = REAL_PRESETS["market1501"].cells()
    assert len(cells) >= 60
    first = {(cell.row, cell.portion, cell.ordinary, cell.length, cell.seed) for cell in cells[:18]}
    assert first == {
        (row, 0.1, ordinary, "updates", seed)
        for row in ("none", "ours", "ours-tuned-reduced+scenes")
        for ordinary in (False, True)
        for seed in range(3)
    }
    assert {cell.portion for cell in cells} == {0.1, 0.3, 0.5, 1.0}
    assert {(cell.backbone, cell.row, cell.portion) for cell in cells if cell.backbone != "small"} == {
        ("osnet_x0_25", "none", 0.1),
        ("osnet_x0_25", "ours", 0.1),
        ("osnet_x0_25", "ours-tuned-reduced+scenes", 0.1),
    }


def test_the_results_page_is_written_of_what_is_finished(
    finished: tuple[Workspace, Mapping[str, Any]], tmp_path: Path
) -> None:
    workspace, _ = finished
    declare(workspace, [Cell("self", portion=0.4)])  # asked for, and not run
    (tmp_path / "docs" / "results").mkdir(parents=True)
    (tmp_path / "README.md").write_text("<!-- market1501 results -->\n<!-- end -->\n")
    publish(tmp_path, workspace)
    page = (tmp_path / "docs/results/market1501.md").read_text()
    assert f"{len(TOY.cells())} of {len(TOY.cells()) + 1} cells" in page
    assert "## Not run, for want of time\n\n- p = 0.4, small, equal updates: Self\n" in page
    assert "`augment demo market --preset toy --data photographs --csv train.csv" in page
    assert str(workspace.root.parent) not in page
    shown = read_table5(workspace).query("row == 'ours' and ordinary")["mAP_mean"].iloc[0]
    assert f"| p = 0.4 | Ours | {shown:.1f} (1) |" in page
    assert "## Why" in page
