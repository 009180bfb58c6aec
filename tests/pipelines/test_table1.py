"""Table 1: the paper's rows, ours beside them, and what is said where a figure is missing."""

from pathlib import Path

import pandas as pd
import pytest

from augment import AugmentError
from augment.evaluation.image_quality import ImageQuality, as_in_the_paper
from augment.workspace import Workspace
from pipelines.paper import TABLE1, TABLE4, table1
from pipelines.tables.figures import figures_of
from pipelines.tables.methods import Methods
from pipelines.tables.table1 import Table1, table_rows
from tests.conftest import invoke, run


def result(generator: str, **rows: dict[str, float]) -> ImageQuality:
    """An evaluation's result."""
    named = {name.replace("_", " "): values for name, values in rows.items()}
    return ImageQuality("", generator, "paper", "test", 9, (128, 64), named, {}, {}, None)


def test_paper_rows_sum_to_the_printed_ones() -> None:
    sums = {row: round(sum(value for value in values if value is not None), 3) for row, values in TABLE1.items()}
    assert list(sums.values()) == [11.792, 11.529, 13.657, 14.802, 15.519, 15.318, 15.816, 18.357]
    assert TABLE1["Ours"] == TABLE4["patn9"]


def test_paper_figures_are_those_of_the_data() -> None:
    assert table1("Siarohin et al. (Deform)", "market")["DS"] == 0.72
    assert "PCKh" not in table1("Siarohin et al. (Deform)", "market")
    assert table1("Real data", "deepfashion") == {"SSIM": 1.0, "IS": 4.053, "DS": 0.968, "PCKh": 1.0}


def test_trivial_and_real_rows_stand_once_and_last() -> None:
    first = result("one", generated={"ssim": 0.3}, copy={"ssim": 0.2}, real={"is": 3.9})
    second = result("two", generated={"ssim": 0.4, "is": 3.1}, copy={"ssim": 0.2}, mean_image={"ssim": 0.25})
    rows, figures = table_rows([first, second], ["SSIM", "IS"], "market")
    ours = {title: figures_of(figures, title) for title in rows if not title.startswith("paper")}
    assert ours["two (here)"] == {"SSIM": 0.4, "IS": 3.1}
    assert ours["real data (here)"] == {"IS": 3.9}
    assert next(iter(ours)) == "one (here)"
    assert list(ours)[-2:] == ["copy of the condition image (here)", "mean training image (here)"]


def test_ssim_of_deepfashion_is_the_padded_one() -> None:
    assert as_in_the_paper({"ssim": 0.6, "ssim_256_padded": 0.7}) == {"ssim": 0.7, "ssim_256_padded": 0.7}
    assert as_in_the_paper({"is": 3.0}) == {"is": 3.0}


def test_every_generator_of_the_workspace_is_measured_once(people: Path, trained: Path) -> None:
    for name in ("patn", "other"):
        (people / "patn" / name).mkdir(parents=True)
        (people / "patn" / name / trained.name).write_bytes(trained.read_bytes())
    arguments = ("table1", "--pairs", "3", "--metrics", "SSIM,mask-SSIM")
    made = run(people, *arguments)
    assert made["columns"] == ["SSIM", "mask-SSIM"]
    assert made["rows"]["patn (here)"] == made["rows"]["other (here)"]
    times = [path.stat().st_mtime_ns for path in people.glob("patn/*/eval-*/run.json")]
    assert run(people, *arguments) == made
    assert [path.stat().st_mtime_ns for path in people.glob("patn/*/eval-*/run.json")] == times
    folder = Workspace.find(people).table_dir("table1")
    text = (folder / "table1.md").read_text()
    lines = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("| ")}
    for title, figures in made["rows"].items():
        shown = [f"{figures[name]:.3f}" if name in figures else "-" for name in made["columns"]]
        assert lines[title].endswith(f" | {' | '.join(shown)} |")
    assert all(note in text for note in made["notes"])
    table = pd.read_csv(folder / "table1.csv").set_index("model")
    assert table.loc["paper: Ours", "SSIM"] == 0.311
    assert table.loc["patn (here)", "SSIM"] == made["rows"]["patn (here)"]["SSIM"]
    assert made["seen"]["patn (here)"] == {"updates": 4, "images": 16}
    assert table.loc["patn (here)", "images"] == 16
    assert "| patn (here) | 4 | 16 |" in (folder / "table1.md").read_text()


def test_methods_are_trained_for_as_many_updates_each_or_by_their_own_schedules(people: Path) -> None:
    own = run(people, "table1", "--train", "paper", "--dry-run")["methods"]
    assert {record["method"]: (record["updates"], record["images"]) for record in own} == {
        "pg2": (36_000, 576_000),
        "deform": (90_000, 360_000),
        "vunet": (100_000, 1_600_000),
        "patn": (87_500, 2_800_000),
    }
    equal = ("table1", "--train", "deform,resnet", "--preset", "demo", "--steps", "2", "--batch", "2")
    planned = run(people, *equal, "--dry-run")["methods"]
    assert [(record["updates"], record["images"], record["trained"]) for record in planned] == [(2, 4, False)] * 2
    made = run(people, *equal, "--pairs", "3", "--metrics", "SSIM")
    titles = [f"table1/{name}-demo-2x2-s0 (here)" for name in ("deform", "resnet")]
    assert [made["seen"][title] for title in titles] == [{"updates": 2, "images": 4}] * 2
    assert all(made["rows"][title]["SSIM"] > 0 for title in titles)
    assert all(record["trained"] for record in run(people, *equal, "--dry-run")["methods"])
    with pytest.raises(AugmentError, match=r"^names nobody: no such method; choose from paper, patn"):
        Methods(("nobody",))


def test_without_a_generator_or_with_another_metric_it_is_one_sentence(people: Path) -> None:
    assert "no trained generator; run `augment patn-train`" in invoke(people, "table1").output
    with pytest.raises(AugmentError, match="not in Table 1; choose from all, SSIM, IS, DS, PCKh"):
        Table1(metrics=("mask-SSIM",)).columns("deepfashion")
