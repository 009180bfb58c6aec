"""Results of a measurement on real people, as the documentation keeps them."""

import json
from pathlib import Path

import pytest

from pipelines.table5.cells import Cell
from tools.real_results import RESULTS

CAVEAT = "Figures of nobody."


def line(row: str, ordinary: bool, by_seed: dict[str, float], none: dict[str, float]) -> dict[str, object]:
    """A line of table5.json with the columns that the pages read."""
    gains = [figure - none[seed] for seed, figure in by_seed.items()] if row != "none" else []
    figures = list(by_seed.values())
    cell = Cell(row, ordinary=ordinary).as_dict()
    del cell["seed"]
    return {
        **cell,
        "seeds": len(figures),
        "mAP_mean": sum(figures) / len(figures),
        "by_seed": by_seed,
        "gains": gains,
        "gain_mean": sum(gains) / len(gains) if gains else None,
        "gaps": [],
    }


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder like the repository's root, with results of one seed."""
    none = {"0": 10.0}
    lines = [
        line(row, ordinary, {"0": figure}, none)
        for row, ordinary, figure in (
            ("none", False, 10.0),
            ("ours", False, 12.5),
            ("none", True, 10.0),
            ("ours", True, 17.0),
        )
    ]
    results = {"caveat": CAVEAT, "missing": ["Ours*, p = 0.3, small, equal updates"], "lines": lines}
    (tmp_path / RESULTS).parent.mkdir(parents=True)
    (tmp_path / RESULTS).write_text(json.dumps(results))
    (tmp_path / "README.md").write_text(
        "Above.\n<!-- market1501 results -->\nold\n<!-- end -->\nBelow.\n<!-- end -->\n"
    )
    return tmp_path
