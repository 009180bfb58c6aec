"""What the commands of tables, demo, figures and report hand to the functions behind them, which do not run here."""

from pathlib import Path
from typing import Any

import pytest

from augment.runtime import Runtime
from pipelines.demo.presets import PRESETS
from pipelines.grid.pools import Placement
from pipelines.report.figures import Figure
from pipelines.report.page import Pictures
from pipelines.table5.cells import Cell
from pipelines.tables.methods import Methods
from tests.handing import enter_empty_workspace, handed

QUIET = Runtime(device="cpu", progress=False)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace without images, of seed 4, as the current folder."""
    return enter_empty_workspace(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("--rows none --seeds 2 --lengths updates", [Cell("none", seed=seed) for seed in (0, 1)]),
        (
            "--rows none,self --seeds 1 --lengths updates --portions 0.3",
            [Cell("none", portion=0.3), Cell("self", portion=0.3)],
        ),
        ("--rows none --seeds 1", [Cell("none", length="epochs"), Cell("none")]),
        ("--rows self --seeds 1", [Cell("self")]),  # as many updates either way
        ("--rows none --seeds 1 --lengths updates --erasing-jitter", [Cell("none", ordinary=True)]),
        ("--rows none --seeds 1 --lengths updates --each-augmentation", [Cell("none"), Cell("none", ordinary=True)]),
        (
            "--rows none --seeds 1 --lengths updates --backbones resnet50 --from-scratch",
            [Cell("none", "resnet50", preset="open-reid", scratch=True)],
        ),
        (
            "--rows none --seeds 1 --lengths updates --portions 1 --preset strong",
            [Cell("none", portion=1.0, preset="strong")],
        ),
    ],
)
def test_table5_asks_for_each_training_once(
    root: Path, monkeypatch: pytest.MonkeyPatch, line: str, cells: list[Cell]
) -> None:
    found = handed(monkeypatch, "pipelines.table5.run.run_table5", f"table5 {line}")
    assert found.places[1] == cells
    assert found.names["part"] == cells
    assert (found.names["generator"], found.names["weights"], found.names["runtime"]) == (None, {}, QUIET)


def test_table5_starts_from_the_global_seed_and_places_the_work(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "--seed 7 table5 --rows none --seeds 2 --lengths updates --jobs 3 --threads 2 --shard 2/2 --force"
    found = handed(monkeypatch, "pipelines.table5.run.run_table5", line)
    assert [cell.seed for cell in found.places[1]] == [7, 8]
    assert [cell.seed for cell in found.names["part"]] == [8]
    assert found.names["placement"] == Placement(3, 2, None, 1.0)
    assert found.names["runtime"] == Runtime(device="cpu", progress=False, force=True)


def test_table5_takes_a_file_for_a_backbone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "w.pth").touch()
    monkeypatch.setattr("pipelines.table5.requirements.refuse_unknown", lambda *_: None)
    line = "table5 --rows none --seeds 1 --backbones osnet_x0_25 --weights osnet_x0_25=w.pth"
    found = handed(monkeypatch, "pipelines.table5.run.run_table5", line)
    assert found.names["weights"] == {"osnet_x0_25": root / "w.pth"}


@pytest.mark.parametrize(
    ("line", "named", "methods"),
    [
        ("", (), None),
        ("--generators a,b", ("a", "b"), None),
        ("--train paper", (), Methods(("paper",), seed=4)),
        ("--train pg2,patn --preset demo --steps 9 --batch 2", (), Methods(("pg2", "patn"), "demo", 9, 2, 4)),
    ],
)
def test_table1(
    root: Path, monkeypatch: pytest.MonkeyPatch, line: str, named: tuple[str, ...], methods: Methods | None
) -> None:
    found = handed(monkeypatch, "pipelines.tables.table1.run_table1", f"table1 --jobs 2 {line}")
    workspace, table, runtime = found.places
    assert (workspace.root, runtime) == (root, QUIET)
    assert (table.generators, table.methods, table.jobs, table.seed) == (named, methods, 2, 0)


def test_table4(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = handed(
        monkeypatch, "pipelines.tables.table4.run_table4", "table4 --preset demo --rows patn5,no-cat --jobs 1"
    )
    table = found.places[1]
    assert (table.preset, tuple(table.rows), table.seed, table.jobs) == ("demo", ("patn5", "no-cat"), 4, 1)
    assert (table.data, found.places[2]) == ("market", QUIET)


@pytest.mark.parametrize(
    ("line", "figure", "out"),
    [
        ("", Figure(), None),
        ("--generators methods,mine --pairs 3", Figure(("methods", "mine"), 3), None),
        (
            "--worst --candidates 50 --reid-model m -o x.png",
            Figure(worst=True, candidates=50, reid_model="m"),
            Path("x.png"),
        ),
    ],
)
def test_figures(root: Path, monkeypatch: pytest.MonkeyPatch, line: str, figure: Figure, out: Path | None) -> None:
    found = handed(monkeypatch, "pipelines.report.figures.make_figure", f"figures {line}")
    assert found.places[1:] == (figure, out, QUIET)


@pytest.mark.parametrize(
    ("line", "pictures"),
    [
        ("report", Pictures(True, 12, 4)),
        ("--seed 1 report --identities 5", Pictures(True, 5, 1)),
        ("report --people 5", Pictures(True, 5, 4)),  # as it was called
        ("report --no-galleries --no-generators", Pictures(False, 0, 4)),
    ],
)
def test_report(root: Path, monkeypatch: pytest.MonkeyPatch, line: str, pictures: Pictures) -> None:
    found = handed(monkeypatch, "pipelines.report.page.write_report", line)
    assert found.names == {"runtime": QUIET, "pictures": pictures}


def test_demo_renders_people_by_its_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [
        ("demo {} --jobs 2", {"seed": 0, "jobs": 2, "runtime": QUIET}),
        ("--seed 3 demo {} --preset toy --jobs 1", {"seed": 3, "jobs": 1, "runtime": QUIET}),
    ]
    for (line, names), preset in zip(asked, ("demo", "toy"), strict=True):
        found = handed(monkeypatch, "pipelines.demo.run.run_demo", line.format(tmp_path / "d"))
        assert (found.places, found.names) == ((tmp_path / "d", PRESETS[preset]), names)


def test_demo_takes_the_preset_real_where_data_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.demo.real.RealData.workspace", lambda *_, **given: given)
    (tmp_path / "photos").mkdir()
    line = f"--seed 2 demo {tmp_path / 'd'} --data {tmp_path / 'photos'} --jobs 2"
    found = handed(monkeypatch, "pipelines.demo.real.run_real", line)
    assert found.places[:2] == ({"seed": 2, "jobs": 2, "progress": False}, "real")
    assert found.names["command"] == "augment demo d --preset real --data photos --jobs 2"
