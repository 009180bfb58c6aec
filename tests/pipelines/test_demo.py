"""The whole job at toy size, through the command line, and continued after losses."""

import json
import re
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pandas as pd
import pytest
import torch
from click.testing import CliRunner

from augment.cli import augment
from augment.workspace import Workspace
from pipelines.demo.presets import PRESETS
from pipelines.demo.presets import TOY as PRESET
from pipelines.measurements.times import read_times, timed
from tests.forks import fork
from tests.pipelines.toy import few_calls
from tools import demo_results, study_results


def invoke(*arguments: object) -> str:
    """A command's stdout; it must succeed."""
    done = CliRunner().invoke(augment, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def run_demo(root: Path) -> dict[str, Any]:
    """The toy demo's result; every cell in this process, on one thread."""
    torch.set_num_threads(1)
    said = invoke("--json", "--device", "cpu", "demo", root, "--preset", "toy", "--jobs", 1)
    result: dict[str, Any] = json.loads(said)
    return result


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A finished toy demo: its folder and its result."""
    root = tmp_path_factory.mktemp("demo") / "toy"
    return root, run_demo(root)


def test_result_holds_what_is_promised(demo: tuple[Path, dict[str, Any]]) -> None:
    root, result = demo
    assert {"minutes", "gain", "ssim", "report"} <= set(result)
    assert {name: len(gains) for name, gains in result["gain"].items()} == {"plain": 2, "augmented": 2}
    assert set(result["ssim"]) == {"generated", "copy", "mean"}
    assert 0 < result["minutes"] < 10
    assert Path(result["report"]).is_file()
    assert Path(result["report"]).is_relative_to(root.resolve())


def test_gain_is_the_difference_of_the_recorded_figures(demo: tuple[Path, dict[str, Any]]) -> None:
    root, result = demo
    for name, augmentation in (("plain", "plain"), ("augmented", "ordinary")):
        figures = {
            row: [
                json.loads(path.read_text())["result"]["mAP"]
                for path in sorted(root.glob(f"reid/small-demo-{row}-p0.4-updates-{augmentation}-s*/run.json"))
            ]
            for row in ("none", "ours")
        }
        differences = [a - b for a, b in zip(figures["ours"], figures["none"], strict=True)]
        assert result["gain"][name] == pytest.approx(differences, abs=1e-3)


def test_every_row_at_equal_updates_had_the_same_number(demo: tuple[Path, dict[str, Any]]) -> None:
    table = pd.read_csv(demo[0] / "tables/table5/table5.csv")
    assert table[table["length"] == "updates"]["updates"].nunique() == 1


def test_unseen_generator_saw_other_people_before_the_same_cameras(demo: tuple[Path, dict[str, Any]]) -> None:
    root, _ = demo
    other = json.loads((root / "patn/unseen/run.json").read_text())["inputs"]["generator"]
    manifests = {name: pd.read_csv(root / f"generated/{name}-p0.4-s0/manifest.csv") for name in ("ours", "unseen")}
    used = {name: set(table["generator"].dropna()) for name, table in manifests.items()}
    assert used["unseen"] == {other}
    assert used["ours"].isdisjoint(used["unseen"])
    assert manifests["ours"]["pose"].equals(manifests["unseen"]["pose"])


def test_a_demo_that_lost_work_continues_to_the_same_figures(demo: tuple[Path, dict[str, Any]]) -> None:
    root, first = demo
    kept = root / "reid/small-demo-none-p0.4-updates-plain-s0/run.json"
    lost = root / "reid/small-demo-ours-p0.4-updates-plain-s1/run.json"
    figures, untouched = json.loads(lost.read_text())["result"]["mAP"], kept.stat().st_mtime_ns
    lost.unlink()
    Path(first["report"]).unlink()
    second = run_demo(root)
    assert json.loads(lost.read_text())["result"]["mAP"] == figures
    assert kept.stat().st_mtime_ns == untouched
    assert second["gain"] == first["gain"]
    assert second["ssim"] == first["ssim"]
    assert Path(second["report"]).is_file()


def test_the_time_is_told_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_calls(monkeypatch)
    torch.set_num_threads(1)
    words = ("--quiet", "--device", "cpu", "demo", tmp_path / "new", "--preset", "toy", "--jobs", 1, "--dry-run")
    said = json.loads(invoke("--json", *words))
    assert not list(tmp_path.iterdir())
    assert (said["finished"], said["cells"]) == (0, sum(len(table.cells()) for table in PRESET.tables))
    assert said["seconds"] == pytest.approx(sum(part["seconds"] for part in said["parts"]))
    assert said["unknown"] == 0
    named = [part["what"] for part in said["parts"] if part["seconds"] > 0]
    assert named[:3] == ["rendering identities", "training the generator patn", "training the generator unseen"]
    assert len(named) == len(said["parts"])


def test_nothing_is_left_of_a_finished_demo_and_another_is_refused(demo: tuple[Path, dict[str, Any]]) -> None:
    words = ("--json", "--quiet", "--device", "cpu", "demo", demo[0])
    said = json.loads(invoke(*words, "--preset", "toy", "--jobs", 1, "--dry-run"))
    assert said["finished"] == said["cells"] > 0
    assert said["seconds"] == 0
    refused = CliRunner().invoke(augment, [*map(str, words), "--preset", "study", "--dry-run"])
    assert refused.exit_code == 1
    assert "tables/demo: was made with" in refused.stderr


def test_another_seed_in_the_same_folder_is_refused(demo: tuple[Path, dict[str, Any]]) -> None:
    done = CliRunner().invoke(augment, ["--seed", "5", "demo", str(demo[0]), "--preset", "toy"])
    assert done.exit_code == 1
    assert "seed" in done.stderr


def test_table_report_and_text_in_the_demos_workspace(demo: tuple[Path, dict[str, Any]]) -> None:
    root, result = demo
    cells = [cell.name for cell in PRESET.cells()]
    dry = json.loads(
        invoke(
            "--json",
            "--workspace",
            root,
            "table5",
            "--portions",
            "0.4,1",
            "--rows",
            "none,ours",
            "--seeds",
            "2",
            "--dry-run",
        )
    )["cells"]
    assert {name for name, finished in dry.items() if finished} <= set(cells)
    assert sum(dry.values()) == len(dry) - 1  # the ceiling's second seed
    text = invoke("--workspace", root, "table5", "--portions", "0.4", "--rows", "none,ours", "--seeds", "2")
    assert "differences to None" in text
    assert invoke("--workspace", root, "report", "--no-galleries").strip() == result["report"]
    page = Path(result["report"]).read_text(encoding="utf-8")
    assert all(f"{row}, p = 0.4, seed 0 (small, flip + crop): mAP" in page for row in ("None", "Ours"))
    assert invoke("demo", root, "--preset", "toy").splitlines()[-1] == result["report"]


def test_a_missing_generator_is_said_before_anything_is_trained(tmp_path: Path) -> None:
    (tmp_path / "augment.toml").write_text('data = "data"\n')
    done = CliRunner().invoke(augment, ["--workspace", str(tmp_path), "table5", "--rows", "none,unseen"])
    assert done.exit_code == 1
    assert "unseen: no finished generator" in done.stderr
    assert not (tmp_path / "reid").exists()


def test_the_table_is_a_module_for_batch_scripts_too(tmp_path: Path) -> None:
    (tmp_path / "augment.toml").write_text('data = "data"\n')
    with fork(["-m", "pipelines.table5", "--rows", "none", "--seeds", "1", "--dry-run"], tmp_path) as script:
        out, err = script.communicate()
    assert "0 of 2 cells are finished" in out, err


@pytest.mark.parametrize("name", ["demo", "study"])
def test_presets_hold_the_rows_and_controls_the_report_needs(name: str) -> None:
    cells = PRESETS[name].cells()
    asked = {(cell.row, cell.portion, cell.ordinary, cell.length) for cell in cells}
    for ordinary in (False, True):
        assert {(row, 0.1, ordinary, "updates") for row in ("none", "ours", "ours*", "self")} <= asked
        assert ("none", 1.0, ordinary, "updates") in asked
    assert ("none", 0.1, False, "epochs") in asked
    assert {cell.seed for cell in cells if cell.row == "ours"} == {0, 1, 2}


def test_times_add_up_over_interruptions_and_stop_at_the_end(tmp_path: Path) -> None:
    def interrupted() -> None:
        with timed(tmp_path, "step"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    first = json.loads((tmp_path / "times.json").read_text())["step"]
    assert first["finished"] is False
    with timed(tmp_path, "step"):
        pass
    second = json.loads((tmp_path / "times.json").read_text())["step"]
    assert second["finished"] is True
    assert second["seconds"] >= first["seconds"]
    with timed(tmp_path, "step"):
        sum(range(1_000_000))
    assert read_times(tmp_path) == {"step": second["seconds"]}


def test_the_documentation_holds_the_recorded_figures(demo: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    root, _ = demo
    (tmp_path / "docs" / "results").mkdir(parents=True)
    (tmp_path / "README.md").write_text("Above.\n<!-- demo results -->\nold\n<!-- end -->\nBelow.\n")
    demo_results.publish(Workspace.find(root), tmp_path)
    readme, page = (tmp_path / name for name in ("README.md", "docs/results/demo.md"))
    head, _, tail = readme.read_text().partition("<!-- demo results -->\n")
    assert (head, tail.partition("<!-- end -->")[2]) == ("Above.\n", "\nBelow.\n")
    cells = root.glob("reid/small-demo-ours-p0.4-updates-plain-s*/run.json")
    figures = [json.loads(path.read_text())["result"]["mAP"] for path in cells]
    shown = f"{mean(figures):.1f} ± {stdev(figures):.1f} ({len(figures)})"
    assert f"| Ours: and generated images in the removed images' poses | {shown} |" in tail
    assert f"| {shown} |" in page.read_text()
    (bar,) = re.findall(r"^Ours +([0-9.]+)  (█*)$", tail, flags=re.MULTILINE)
    assert len(bar[1]) == pytest.approx(float(bar[0]) / 2, abs=0.6)
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.read_text())
    assert len(pictures) == 2
    assert all((page.parent / name).is_file() for name in pictures)


def test_a_study_is_documented_between_what_is_written_by_hand(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    root, _ = demo
    page = tmp_path / study_results.PAGE
    page.parent.mkdir(parents=True)
    page.write_text(
        "Above.\n<!-- study findings -->\nold\n<!-- end -->\nBetween.\n<!-- study tables -->\n<!-- end -->\nBelow.\n"
    )
    study_results.publish(Workspace.find(root), tmp_path)
    text = page.read_text()
    assert re.fullmatch(r"Above\.\n<.*>\n### p = 0\.4.*\nBetween\.\n<.*\n### small, .*\nBelow\.\n", text, re.DOTALL)
    assert "old" not in text
    page.write_text("No markers.\n")
    with pytest.raises(SystemExit, match="lacks a line <!-- study findings -->"):
        study_results.publish(Workspace.find(root), tmp_path)
    assert page.read_text() == "No markers.\n"
    assert {"study-table5.png", "study-sheet.png"} < {path.name for path in page.parent.iterdir()}


def test_an_unfinished_demo_is_not_documented(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w", {"data": "data"})
    with pytest.raises(SystemExit, match="holds no finished demo; run `augment demo` first"):
        demo_results.publish(workspace, tmp_path)
