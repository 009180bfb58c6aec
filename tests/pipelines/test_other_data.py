"""Models of Table 5 on data sets that they were not trained on."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, median, stdev

import pandas as pd
import pytest
from click.testing import CliRunner

from augment.cli import augment
from augment.workspace import Workspace
from pipelines.report.page import render_report
from pipelines.table5.lines import SUMMARY
from tests.conftest import invoke, run
from tests.pipelines.toy import few_calls, few_epochs, toy_workspace

ASKED = ("--portions", "0.4", "--rows", "none,repeat", "--seeds", "2", "--lengths", "updates", "--threads", "1")
OSNET = ("--backbones", "osnet_x0_25", "--preset", "demo")
T_OF_TWO = 12.7062  # Student's t for one degree of freedom, two-sided 95 %


@pytest.fixture(scope="module")
def other(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose test half is three of the five rendered test identities, without distractors."""
    data = tmp_path_factory.mktemp("other") / "data"
    for part in ("bounding_box_train", "bounding_box_test", "query"):
        (data / part).mkdir(parents=True)
        for path in (rendered / part).iterdir():
            if part == "bounding_box_train" or int(path.name.split("_")[0]) in first_people(rendered):
                (data / part / path.name).symlink_to(path)
    return Workspace.create(data.parent / "elsewhere", {"data": str(data), "size": [128, 64], "seed": 0}).root


def first_people(rendered: Path) -> list[int]:
    return sorted({int(path.name.split("_")[0]) for path in (rendered / "query").iterdir()})[:3]


@pytest.fixture(scope="module")
def root(rendered: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        few_epochs(patch)
        yield toy_workspace(tmp_path_factory.mktemp("table") / "w", rendered, trained).root


def test_the_table_stands_beside_that_of_other_data_with_the_same_intervals(root: Path, other: Path) -> None:
    result = run(root, "--device", "cpu", "table5", *ASKED, *OSNET, "--test-on", str(other))
    lines = {line["row"]: line for line in result["other"]["elsewhere"]}
    own = {line["row"]: line for line in result["table"]}
    for row, line in lines.items():
        for seed, figure in line["by_seed"].items():
            cell = f"osnet_x0_25-demo-{row}-p0.4-updates-plain-s{seed}"
            assert run(root, "--device", "cpu", "reid-eval", cell, "--on", str(other))["mAP"] == pytest.approx(figure)
            assert run(root, "--device", "cpu", "reid-eval", cell)["mAP"] == pytest.approx(own[row]["by_seed"][seed])
    none, repeat = lines["none"]["by_seed"], lines["repeat"]["by_seed"]
    gains = [repeat[seed] - none[seed] for seed in ("0", "1")]
    half = T_OF_TWO * stdev(gains) / 2**0.5
    assert lines["repeat"]["gain_mean"] == pytest.approx(fmean(gains))
    assert lines["repeat"]["gain_low"] == pytest.approx(fmean(gains) - half, rel=1e-4)
    assert lines["repeat"]["gain_high"] == pytest.approx(fmean(gains) + half, rel=1e-4)
    assert lines["repeat"]["by_seed"] != own["repeat"]["by_seed"]
    table = (root / "tables" / "table5" / "other.md").read_text()
    assert f"{fmean(gains):+.1f} [" in table
    assert "mAP, own data" in table
    assert "Tested on other data" in render_report(Workspace.find(root)).read_text()
    csv = pd.read_csv(root / "tables" / "table5" / "table5.csv")
    assert list(csv.columns[: len(SUMMARY)]) == SUMMARY
    written = {line["row"]: line for line in csv.to_dict("records")}
    for name in ("seeds", "mAP_mean", "mAP_std", "rank1_mean", "gain_mean", "gain_low", "gain_high"):
        assert written["repeat"][f"{name}_elsewhere"] == pytest.approx(lines["repeat"][name], abs=1e-4)
        assert written["repeat"][name] == pytest.approx(own["repeat"][name], abs=1e-4)
    assert pd.isna(written["none"]["gain_mean_elsewhere"])
    assert [float(gain) for gain in written["repeat"]["gains_elsewhere"].lstrip("'").split()] == pytest.approx(
        gains, abs=1e-4
    )
    tex = (root / "tables" / "table5" / "table5.tex").read_text()
    assert r"\shortstack[r]{minus None,\\elsewhere}" in tex
    assert f"{fmean(gains):+.1f} [".replace("-", "$-$") in tex
    assert tex.count(r"\begin{table*}") == tex.count(r"\end{table*}") == 3


def test_no_more_is_said_of_other_data_than_is_known(root: Path, other: Path, tmp_path: Path) -> None:
    run(root, "--device", "cpu", "table5", *ASKED, *OSNET, "--test-on", str(other))
    count = ranked(other)
    new = (
        f"elsewhere: none of its {count} query and gallery images is, byte for byte, a training image of this workspace"
    )
    table = root / "tables" / "table5"
    texts = [(table / "other.md").read_text(), (table / "table5.tex").read_text()]
    assert all(new in text and "no model has seen" not in text for text in texts)
    data = shutil.copytree(Workspace.find(other).data, tmp_path / "mixed" / "data", symlinks=True)
    for number, path in enumerate(sorted((Workspace.find(root).data / "bounding_box_train").iterdir())[:3]):
        shutil.copyfile(path, data / "bounding_box_test" / f"0000_c1s1_{number:06d}_00.jpg")  # under another name
    mixed = Workspace.create(tmp_path / "mixed" / "w", {"data": str(data), "size": [128, 64], "seed": 0}).root
    seen = f"w: 3 of its {count + 3} query and gallery images are training images of this workspace, byte for byte"
    words = ("--device", "cpu", "reid-eval", "osnet_x0_25-demo-none-p0.4-updates-plain-s0", "--on", str(mixed))
    assert seen in invoke_text(root, *words)
    asked = ("--device", "cpu", "table5", *ASKED, *OSNET, "--test-on", str(mixed))
    assert seen in invoke_text(root, *asked)
    assert seen in render_report(Workspace.find(root)).read_text()
    shutil.rmtree(table / "other" / "w")


def test_a_model_is_tested_once_on_a_data_set(root: Path, other: Path) -> None:
    arguments = ("--device", "cpu", "table5", *ASKED, *OSNET, "--test-on", str(other))
    first = run(root, *arguments)
    records = sorted((root / "tables" / "table5" / "other").rglob("run.json"))
    before = [path.stat().st_mtime_ns for path in records]
    assert run(root, *arguments) == first
    assert [path.stat().st_mtime_ns for path in records] == before
    assert len(before) == 4


def test_what_was_tested_otherwise_leaves_the_table(root: Path, other: Path) -> None:
    run(root, "--device", "cpu", "table5", *ASKED, *OSNET, "--test-on", str(other))
    folder = root / "tables" / "table5"
    (folder / "other").rename(folder / "gone")
    run(root, "report")
    columns = pd.read_csv(folder / "table5.csv").columns
    assert list(columns) == SUMMARY
    assert "elsewhere" not in (folder / "table5.tex").read_text()
    assert not (folder / "other.json").exists()
    (folder / "gone").rename(folder / "other")


def test_a_dry_run_lists_the_tests_and_what_they_take(
    root: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_calls(monkeypatch)
    asked = ("--device", "cpu", "table5", *ASKED, *OSNET, "--test-on", str(other))
    run(root, *asked)
    done = run(root, *asked, "--dry-run")
    tests = [line for line in done["stages"] if line["name"].startswith("test ")]
    assert [line["state"] for line in tests] == ["finished"] * 4
    fresh = shutil.copytree(root, tmp_path / "w", symlinks=True)
    (record,) = (fresh / "tables" / "table5" / "other" / "elsewhere").glob("*none*s1/run.json")
    record.unlink()
    others = (fresh / "tables" / "table5" / "other").rglob("run.json")
    took = [json.loads(path.read_text())["seconds"] for path in others]
    left = run(fresh, *asked, "--dry-run")
    (line,) = [line for line in left["stages"] if line["state"] != "finished"]
    assert line["name"] == "test osnet_x0_25-demo-none-p0.4-updates-plain-s1 on elsewhere"
    assert line["seconds"] == left["seconds"] == left["elapsed"] == median(took)
    again = run(fresh, *asked, "--dry-run", "--force", "--only", "osnet_x0_25-demo-none-p0.4-updates-plain-s0")
    model, test = again["stages"]
    assert test["needs"] == [model["name"]]
    assert again["elapsed"] == pytest.approx(model["seconds"] + test["seconds"])
    shutil.rmtree(fresh / "tables" / "table5" / "other")
    text = invoke_text(fresh, *asked, "--dry-run")
    assert "4 of 4 cells are finished. 0 of 4 tests on other data are finished." in text
    assert not (fresh / "tables" / "table5" / "other").exists()


def test_the_time_of_a_first_test_goes_by_the_images(root: Path, other: Path, tmp_path: Path) -> None:
    fresh = shutil.copytree(root, tmp_path / "w", symlinks=True)
    run(fresh, "--device", "cpu", "table5", *ASKED, *OSNET)
    shutil.rmtree(fresh / "tables" / "table5" / "other", ignore_errors=True)
    records = [json.loads(path.read_text()) for path in (fresh / "reid").glob("*/run.json")]
    once = median(record["seconds"] - record["result"]["train_seconds"] for record in records)
    here, there = (ranked(found) for found in (fresh, other))
    said = run(fresh, "--device", "cpu", "table5", *ASKED, *OSNET, "--test-on", str(other), "--dry-run", "--no-probe")
    seconds = [line["seconds"] for line in said["stages"] if line["name"].startswith("test ")]
    assert seconds == pytest.approx([once * there / here] * 4)
    assert there < here


def ranked(root: Path) -> int:
    """How many query and gallery images of identities and distractors a workspace has, by their names."""
    data = Workspace.find(root).data
    return sum(
        not path.name.startswith("-1") for part in ("query", "bounding_box_test") for path in (data / part).iterdir()
    )


def invoke_text(root: Path, *arguments: str) -> str:
    result = CliRunner().invoke(augment, ["--quiet", "--workspace", str(root), *arguments])
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("ROOT", "is this workspace"),
        ("OTHER,OTHER", "is given twice"),
        ("OTHER/away", "there is no such folder"),
        ("OTHER/../data", "make a workspace with"),
    ],
)
def test_what_cannot_be_tested_on_is_one_sentence(root: Path, other: Path, asked: str, sentence: str) -> None:
    folders = asked.replace("ROOT", str(root)).replace("OTHER", str(other))
    result = invoke(root, "table5", *ASKED, *OSNET, "--test-on", folders)
    assert result.exit_code == (2 if "twice" in sentence else 1)
    assert sentence in result.stderr


def test_two_data_sets_of_one_name_are_refused(root: Path, other: Path, tmp_path: Path) -> None:
    namesake = shutil.copytree(other, tmp_path / other.name)
    result = invoke(root, "table5", *ASKED, *OSNET, "--test-on", f"{other},{namesake}")
    assert result.exit_code == 1
    assert f"is named as {other}; rename one of the folders" in result.stderr
