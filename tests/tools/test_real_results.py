"""docs/results/market1501.json is the one source of the figures of real people: page, README, the demo's sentence."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augment.workspace import Workspace
from pipelines.table5.cells import Cell
from tests.pipelines.summaries import summary
from tests.tools.conftest import CAVEAT
from tools.real_results import (
    PAGE,
    RESULTS,
    beside_rendered,
    larger_portions,
    other_networks,
    publish,
    read_results,
    summary_of,
)
from tools.real_workspace import gathered, missing_rows

ROOT = Path(__file__).resolve().parents[2]


def test_page_and_readme_are_made_from_the_results(documents: Path) -> None:
    publish(documents)
    page, readme = (documents / PAGE).read_text(), (documents / "README.md").read_text()
    for text in (page, readme):
        assert "| Ours | 12.5 (1) | 17.0 (1) |" in text
        assert "| Ours - None [95 % interval] | +2.5 (1) | +7.0 (1) |" in text
        assert CAVEAT in text
    assert "## Not run, for want of time\n\n- p = 0.3, small, equal updates: Ours\\*\n" in page
    assert (documents / "docs/results/market1501-table5.png").read_bytes().startswith(b"\x89PNG")
    assert readme.startswith("Above.\n")
    assert readme.endswith("<!-- end -->\nBelow.\n<!-- end -->\n")
    assert "old" not in readme


def test_the_demos_sentence_has_both_gains(documents: Path) -> None:
    results = read_results(documents)
    sentence = beside_rendered(summary_of(results), results)
    assert sentence.count("+2.5 (1) plain and +7.0 (1) with erasing + jitter") == 2


def test_what_is_committed_is_what_the_results_say(tmp_path: Path) -> None:
    for path in (RESULTS, Path("README.md")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    publish(tmp_path)
    for path in (PAGE, Path("README.md")):
        assert (tmp_path / path).read_text() == (ROOT / path).read_text(), "run `python -m tools.real_results`"
    gain = beside_rendered(summary_of(read_results()), read_results()).partition("re-ID training gives")[2]
    assert gain
    assert gain in (ROOT / "docs/results/demo.md").read_text(), "run `python -m tools.demo_results`"


def test_what_is_missing_of_a_row_with_figures_is_named() -> None:
    both = [replace(cell, ordinary=ordinary) for ordinary in (False, True) for cell in seeds("ours") + seeds("self")]
    asked = [*seeds("none"), *both, *seeds("none", portion=1.0)]
    finished = [*seeds("none"), *seeds("ours"), seeds("none", portion=1.0)[0]]
    assert missing_rows(asked, finished) == [
        "Self, p = 0.1, small, equal updates",
        "Ours (with erasing + jitter), p = 0.1, small, equal updates",
        "None (more seeds), p = 1, small, equal updates",
    ]


def seeds(row: str, portion: float = 0.1) -> list[Cell]:
    """A row's cells of three seeds, plain."""
    return [Cell(row, portion=portion, seed=seed) for seed in range(3)]


def test_an_unmeasured_workspace_is_refused(people: Path) -> None:
    with pytest.raises(SystemExit, match="holds no measurement; run `augment demo"):
        gathered(Workspace.find(people))


def test_larger_shares_and_other_networks_are_told_as_they_are() -> None:
    other: dict[str, Any] = {"backbone": "osnet_x0_25"}
    table = summary(
        ("none", (8.0, 9.0), {}),
        ("ours", (10.0, 11.5), {}),
        ("none", (20.0, 21.0), {"portion": 0.3}),
        ("ours", (15.0, 17.0), {"portion": 0.3}),
        ("none", (24.0,), {"portion": 0.5}),
        ("none", (5.0, 5.5), other),
        ("ours", (8.0, 9.5), other),
    )
    larger, others = larger_portions(table), other_networks(table)
    assert "At p = 0.3, None has 20.5 ± 0.7 (2) with flip + crop and -" in larger
    assert "Ours adds -4.5 [" in larger
    assert "0.5" not in larger.replace("20.5", "").replace("-4.5", "")
    assert others.startswith("With `osnet_x0_25` in place of `small` and flip + crop, None has 5.2")
    assert "Ours adds +3.5 [" in others
    assert other_networks(table[table["backbone"] == "small"]) == ""
