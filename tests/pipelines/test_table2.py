"""`augment table2`: the paper's numbers follow from the weights counted as it counted them."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from augment.cli import augment
from augment.inference.benchmark import Candidate, Speed
from augment.runtime import Runtime
from pipelines.tables.table2 import table2
from tests.conftest import run


def test_every_published_size_is_explained() -> None:
    records = table2(Runtime("cpu"), speed=False)
    assert [record.method for record in records] == ["pg2", "deform", "vunet", "patn"]
    for record in records:
        assert f"{record.as_in_the_paper / 1e6:.2f}" == f"{record.paper_millions:.2f}"
        assert record.transfer <= record.generator <= record.as_in_the_paper
    ratios = {record.method: record.generator / records[-1].generator for record in records}
    assert {name: round(ratio, 2) for name, ratio in ratios.items()} == {
        "pg2": 3.26,
        "deform": 1.98,
        "vunet": 1.14,
        "patn": 1.0,
    }


def test_every_method_is_timed_at_the_size_of_deepfashion(monkeypatch: pytest.MonkeyPatch) -> None:
    timed = []

    def measure(candidate: Candidate, *_: object, **__: object) -> Speed:
        timed.append((candidate.name, candidate.size))
        return Speed(float(len(timed)), peak_mib=None)

    monkeypatch.setattr("pipelines.tables.table2.measure", measure)
    records = table2(Runtime("cpu"))
    assert timed == [(name, (256, 176)) for name in ("pg2", "deform", "vunet", "patn")]
    assert [record.images_per_second for record in records] == [1.0, 2.0, 3.0, 4.0]


def test_weights_that_redraw_are_the_published_ones() -> None:
    transfer = {record.method: record.transfer for record in table2(Runtime("cpu"), speed=False)}
    assert transfer == {"pg2": 134_799_302, "deform": 82_080_611, "vunet": 12_308_998, "patn": 41_358_019}


def test_it_is_written_inside_a_workspace(people: Path) -> None:
    result = run(people, "table2", "--no-speed")
    table = pd.read_csv(people / "tables" / "table2" / "table2.csv", index_col="method")
    assert table.at["patn", "transfer"] == result["rows"][-1]["transfer"] == 41_358_019
    assert "| PG2 (Ma et al.) | 437.09 | 437.09 | 134.80 |" in (people / "tables/table2/table2.md").read_text()


def test_it_needs_no_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(augment, ["--json", "table2", "--no-speed"])
    assert json.loads(result.stdout)["folder"] is None
    text = CliRunner().invoke(augment, ["table2", "--no-speed"]).stdout
    assert "Titan Xp" in text
    assert not list(tmp_path.iterdir())
