"""Models of Table 5 on data sets that they were not trained on."""

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, stdev

import pytest

from augment.workspace import Workspace
from pipelines.report.page import render_report
from tests.conftest import invoke, run
from tests.pipelines.toy import few_epochs, toy_workspace

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


def test_a_model_is_tested_once_on_a_data_set(root: Path, other: Path) -> None:
    arguments = ("--device", "cpu", "table5", *ASKED, *OSNET, "--test-on", str(other))
    first = run(root, *arguments)
    records = sorted((root / "tables" / "table5" / "other").rglob("run.json"))
    before = [path.stat().st_mtime_ns for path in records]
    assert run(root, *arguments) == first
    assert [path.stat().st_mtime_ns for path in records] == before
    assert len(before) == 4


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("ROOT", "is this workspace"),
        ("OTHER,OTHER", "is named as"),
        ("OTHER/away", "there is no such folder"),
        ("OTHER/../data", "make a workspace with"),
    ],
)
def test_what_cannot_be_tested_on_is_one_sentence(root: Path, other: Path, asked: str, sentence: str) -> None:
    folders = asked.replace("ROOT", str(root)).replace("OTHER", str(other))
    result = invoke(root, "table5", *ASKED, *OSNET, "--test-on", folders)
    assert result.exit_code == 1
    assert sentence in result.stderr
