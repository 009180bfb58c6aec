"""Tables 1 and 4 of invented measurements: their lines, notes and files' records, and what is asked of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augment import AugmentError
from augment.columns import markdown_table as as_markdown
from augment.evaluation.image_quality import ImageQuality
from augment.evaluation.protocol import Evaluation
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.paper import TABLE1, table1
from pipelines.tables import table4
from pipelines.tables.ablations import Table4
from pipelines.tables.methods import Seen
from pipelines.tables.table1 import (
    HERE,
    PAPER,
    Line,
    Quality,
    Table1,
    data_of,
    markdown,
    notes,
    table_lines,
    table_rows,
    terminal,
)

FIRST = ImageQuality(
    folder="patn/one/eval",
    generator="one",
    protocol="paper",
    split="test",
    pairs=12,
    size=(128, 64),
    rows={"generated": {"ssim": 0.31234, "is": 3.0}, "real": {"is": 3.9}},
    missing={"ds": "no file; get it", "mask-is": "no network"},
    notes={"pckh": "by MoveNet", "is": "ten splits"},
    identity_model=None,
)
SECOND = replace(
    FIRST,
    generator="two",
    rows={"generated": {"ssim": 0.5}},
    missing={"is": "no network", "ssim": "unasked for, too"},
    notes={"pckh": "by another"},
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w", {"data": "data", "size": [128, 64], "seed": 0})


@pytest.fixture
def made() -> Quality:
    rows, figures = table_rows([FIRST, SECOND], ["SSIM", "IS", "DS"], "market")
    lengths = {f"one{HERE}": Seen(1_000, 32_000), f"two{HERE}": Seen()}
    return Quality(rows, figures, lengths, ["SSIM", "IS", "DS"], ["a note", "another"], "tables/table1")


def test_the_papers_rows_stand_first_then_ours_with_the_length_of_their_training(made: Quality) -> None:
    lines = table_lines(made)
    assert lines[0] == ["model", "updates", "images seen", "SSIM", "IS", "DS"]
    assert [line[0] for line in lines[1 : 1 + len(TABLE1)]] == [PAPER + title for title in TABLE1]
    assert [PAPER + "Ours", "-", "-", "0.311", "3.323", "0.740"] in lines
    assert lines[-3:] == [
        ["one (here)", "1,000", "32,000", "0.312", "3.000", "-"],
        ["real data (here)", "-", "-", "-", "3.900", "-"],
        ["two (here)", "-", "-", "0.500", "-", "-"],
    ]


def test_every_figure_of_the_table_is_the_papers_or_was_measured(made: Quality) -> None:
    told = made.as_dict()
    assert told["rows"][PAPER + "Ours"] == {name: table1("Ours", "market")[name] for name in ("SSIM", "IS", "DS")}
    assert told["rows"]["one (here)"] == {"SSIM": 0.31234, "IS": 3.0}
    assert told["seen"] == {"one (here)": {"updates": 1000, "images": 32_000}, "two (here)": {}}
    assert (told["columns"], told["notes"]) == (["SSIM", "IS", "DS"], ["a note", "another"])
    assert told["folder"] == "tables/table1"


def test_a_record_of_the_file_has_what_is_known(made: Quality) -> None:
    records = [line.as_record() for line in made.lines()]
    assert records[-3] == {"model": "one (here)", "updates": 1000, "images": 32_000, "SSIM": 0.31234, "IS": 3.0}
    assert records[-1] == {"model": "two (here)", "SSIM": 0.5}
    assert Line("x", Seen(), {}).as_record() == {"model": "x"}


def test_the_document_and_the_terminal_hold_table_and_notes(made: Quality) -> None:
    assert markdown(made) == f"# Table 1: image quality\n\n{as_markdown(table_lines(made))}\n\na note\n\nanother\n"
    lines = terminal(made).splitlines()
    assert lines[-3:] == ["", "a note", "another"]
    assert len(lines) == len(table_lines(made)) + 3
    starts = {line.index("  ") for line in lines[1:3]}
    assert max(starts) < lines[0].index("updates")


def test_notes_say_what_was_measured_and_once_what_is_missing() -> None:
    said = notes([FIRST, SECOND], ["SSIM", "IS", "DS", "mask-IS", "PCKh"], "deepfashion")
    assert said[0].startswith("Here: 12 test pairs at 128 x 64 pixels, the paper's protocol. ")
    assert "of DeepFashion: " in said[0]
    assert said[3:] == [
        "IS: ten splits.",
        "PCKh: by another.",
        "SSIM: not measured; unasked for, too",
        "IS, mask-IS: not measured; no network",
        "DS: not measured; no file; get it",
    ]
    assert notes([FIRST], ["SSIM"], "market")[3:] == []


@pytest.mark.parametrize(
    ("asked", "columns"),
    [
        (("all",), ["SSIM", "IS", "mask-SSIM", "mask-IS", "DS", "PCKh"]),
        (("pckh", "ssim"), ["SSIM", "PCKh"]),
        (("Mask-IS",), ["mask-IS"]),
        (("ds", "all"), ["SSIM", "IS", "mask-SSIM", "mask-IS", "DS", "PCKh"]),
    ],
)
def test_metrics_are_asked_for_in_any_case_and_order(asked: tuple[str, ...], columns: list[str]) -> None:
    assert Table1(metrics=asked).columns("market") == columns


def test_a_metric_of_the_other_data_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(AugmentError, match="metrics mask-SSIM: not in Table 1; choose from all, SSIM, IS, DS, PCKh"):
        Table1(metrics=("SSIM", "mask-SSIM")).columns("deepfashion")


def test_generators_are_those_named_else_all_that_are_there(workspace: Workspace) -> None:
    assert data_of(workspace) == "market"
    assert Table1(generators=("b", "a")).named(workspace) == ["b", "a"]
    for name in ("one", "two"):
        workspace.patn_dir(name).mkdir(parents=True)
        (workspace.patn_dir(name) / "generator.safetensors").touch()
    assert sorted(Table1().named(workspace)) == ["one", "two"]


@pytest.mark.parametrize(
    ("preset", "pairs", "measured"), [("demo", None, 400), ("market", None, None), ("demo", 7, 7), ("market", 7, 7)]
)
def test_ablations_of_small_presets_are_measured_on_fewer_pairs(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace, preset: str, pairs: int | None, measured: int | None
) -> None:
    asked: list[Evaluation] = []

    def evaluate(_: Workspace, evaluation: Evaluation, **others: Any) -> ImageQuality:
        asked.append(evaluation)
        assert others["generator"] == "patn9"
        return replace(FIRST, rows={"generated": {"ssim": 0.3, "l1": 0.1}, "real": {"is": 3.9}})

    monkeypatch.setattr(table4, "evaluate_generator", evaluate)
    table = Table4(rows=("patn9",), preset=preset, pairs=pairs, metrics=("SSIM", "IS", "DS"))
    figures, missing = table4.measure(workspace, table, "patn9", Runtime())
    assert (asked[0].pairs, asked[0].metrics) == (measured, ("ssim", "is", "ds"))
    assert figures == {"SSIM": 0.3}
    assert missing == {"DS": "no file; get it"}
