"""The report's first figure and the demo's: which line they show, and what they say of it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from augment.artefacts.files import write_json
from augment.workspace import Workspace
from pipelines.demo import run as demo
from pipelines.demo.text import finding_lines
from pipelines.report import glance as module
from pipelines.report.glance import Card, glance
from pipelines.table5.findings import findings
from pipelines.table5.outputs import FILE
from pipelines.table5.spread import spread
from pipelines.table5.text import summary_json
from tests.pipelines.summaries import Line, results, summary

NONE: Line = ("none", [20.0, 22.0, 24.0], {})
PLACE = "patn/own/generator.safetensors"
FULL: Line = ("none", [60.0, 62.0, 64.0], {"portion": 1.0})


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the cards of a table that holds some lines; nothing is plotted."""
    monkeypatch.setattr(module, "portion_plot", lambda *_: b"")
    monkeypatch.setattr(module, "svg", lambda _: "plot")
    workspace = Workspace.create(tmp_path, {"data": "data"})

    def made(*lines: Line) -> list[Card]:
        write_json(workspace.table_dir("table5") / FILE, {"lines": summary_json(summary(*lines))})
        section = glance(workspace)
        assert section is not None
        assert section.context["plot"] == "plot"
        found: list[Card] = section.context["cards"]
        return found

    return made


def test_the_card_holds_the_paired_difference_its_interval_and_the_gap(cards: Any) -> None:
    (card,) = cards(NONE, FULL, ("ours", [30.0, 33.0, 37.0], {}))
    expected = spread([10.0, 11.0, 13.0])
    assert card.figure == "+11.3"
    assert card.interval == f"[{expected.low:+.1f}, {expected.high:+.1f}]"
    assert (card.contains_zero, card.seeds, card.row, card.kept) == (False, 3, "Ours", "p\u00a0=\u00a00.1")
    assert card.share == pytest.approx((10 + 11 + 13) / 40 / 3)
    assert card.gap.startswith("28 ±")
    assert (card.length, card.others) == ("equal updates", [])


def test_ours_goes_before_other_rows_small_p_before_large_and_updates_before_epochs(cards: Any) -> None:
    others = [("none", [30.0], {"portion": 0.5}), ("ours", [99.0], {"portion": 0.5}), ("self", [88.0], {})]
    (card,) = cards(NONE, *others, ("ours", [30.0], {}))
    assert (card.row, card.figure, card.kept) == ("Ours", "+10.0", "p\u00a0=\u00a00.1")
    (card,) = cards(NONE, ("none", [1.0], {"length": "epochs"}), ("self", [33.0], {}), ("repeat", [77.0], {}))
    assert (card.row, card.figure, card.length) == ("Self", "+13.0", "equal updates")
    assert card.others == [("equal epochs", "+32.0 (1)")]


def test_repeated_images_are_no_gain_to_show(cards: Any) -> None:
    assert cards(NONE, ("repeat", [77.0], {})) == []


def test_one_seed_has_no_interval_and_proves_nothing(cards: Any) -> None:
    (card,) = cards(NONE, ("ours", [90.0], {}))
    assert (card.figure, card.interval, card.contains_zero, card.seeds) == ("+70.0", "", True, 1)
    assert card.gap == "-"


@pytest.mark.parametrize(("row", "saw"), [("ours", True), ("ours*", True), ("reduced", False), ("unseen", False)])
def test_it_says_whether_the_generator_saw_the_removed_images(cards: Any, row: str, saw: bool) -> None:
    (card,) = cards(NONE, (row, [30.0], {}))
    assert card.saw_removed is saw


def record(folder: Path, options: dict[str, Any], images: str, generator: str = "") -> None:
    """The run.json of a finished generator or generated set."""
    folder.mkdir(parents=True)
    parts = {"kind": "any", "seed": 0, "versions": {}, "started": 0.0, "seconds": 1.0}
    inputs, result = {"images": images}, {"generator": generator}
    write_json(folder / "run.json", {**parts, "options": options, "inputs": inputs, "result": result})


@pytest.mark.parametrize(
    ("row", "generator", "options", "images", "saw"),
    [
        ("ours", PLACE, {"portion": None}, "these", True),
        ("ours", PLACE, {"portion": 0.1}, "these", False),
        ("ours", PLACE, {"portion": None}, "others", False),
        ("ours", PLACE, {}, "these", False),
        ("ours", "builtin", {"portion": None}, "these", False),
        ("own", PLACE, {"portion": None}, "these", True),
    ],
    ids=["on all", "inside M^R_p", "on other images", "imported", "built-in", "a row of its own"],
)
def test_the_record_of_the_images_says_what_their_generator_saw(
    cards: Any, tmp_path: Path, row: str, generator: str, options: dict[str, Any], images: str, saw: bool
) -> None:
    record(tmp_path / "patn" / "own", options, images)
    record(tmp_path / "generated" / f"{row}-p0.1-s0", {}, "these", generator)
    (card,) = cards(NONE, (row, [30.0], {}))
    assert (card.saw_removed, card.one_generator) == (saw, True)


def test_it_says_where_every_seed_has_a_generator_of_its_own_and_where_there_is_none(cards: Any) -> None:
    assert [cards(NONE, (row, [30.0], {}))[0].one_generator for row in ("reduced", "other=folder")] == [False, None]


def test_each_augmentation_has_a_card(cards: Any) -> None:
    ordinary = {"ordinary": True}
    both = cards(NONE, ("ours", [30.0], {}), ("none", [50.0], ordinary), ("ours", [49.0], ordinary))
    assert [(card.figure, "jitter" in card.block) for card in both] == [("+10.0", False), ("-1.0", True)]


def test_without_a_table_there_is_nothing_at_a_glance(tmp_path: Path) -> None:
    assert glance(Workspace.create(tmp_path, {"data": "data"})) is None


def demo_gains(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, row: str, *lines: Line) -> demo.Gains:
    """The gains of a demo whose cells came to some figures."""
    found: pd.DataFrame = results(*lines)
    monkeypatch.setattr(demo, "declared", lambda workspace: [])
    monkeypatch.setattr(demo, "collect", lambda workspace, cells: found)
    return demo.gains(Workspace.create(tmp_path, {"data": "data"}), row)


def test_the_demos_gain_is_that_at_the_smallest_p_and_equal_updates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary, epochs, half = {"ordinary": True}, {"length": "epochs"}, {"portion": 0.5}
    lines: list[Line] = [
        *(NONE, ("none", [1.0, 1.0, 1.0], epochs), ("none", [50.0, 50.0], ordinary), ("none", [2.0], half)),
        *(("ours", [21.0, 24.0, 24.1236], {}), ("ours", [49.0, 52.0], ordinary), ("ours", [99.0], half)),
        ("self", [90.0, 90.0], {}),
    ]
    found = demo_gains(monkeypatch, tmp_path, "ours", *lines)
    assert found == demo.Gains(plain=[1.0, 2.0, 0.124], augmented=[-1.0, 2.0])
    assert demo_gains(monkeypatch, tmp_path / "b", "ours-scenes", *lines) == demo.Gains(plain=[], augmented=[])


def test_findings_stand_under_their_headings_once_and_in_order() -> None:
    table = summary(
        NONE, ("ours", [30.0, 32.0, 37.0], {}), ("none", [1.0], {"portion": 0.5}), ("ours", [2.0], {"portion": 0.5})
    )
    found = finding_lines(table)
    headings = [line for line in found if not line.startswith("  - ")]
    expected = findings(table)
    assert headings == list(dict.fromkeys(f"{each.about}:" for each in expected))
    assert len(headings) == 2
    assert [line.removeprefix("  - ") for line in found if line.startswith("  - ")] == [each.text for each in expected]
    assert found[0] == headings[0]
