"""The methods of Table 1 and their trainings, the sizes of Table 2, and a workspace's generators in reading order."""

import json
from pathlib import Path

import pandas as pd
import pytest

from augment import AugmentError
from augment.artefacts.files import write_json
from augment.workspace import Workspace
from patn.checkpoints import save_generator
from patn.generators import GENERATORS, build_generator
from pipelines.report.figures import GROUPS, Figure, Sheet, chosen, figure_text
from pipelines.report.generators import trained
from pipelines.tables import table2
from pipelines.tables.methods import Methods, Planned, Seen, plan, plan_text, seen
from pipelines.tables.table2 import FOOTNOTE, Size

RUN = {"seed": 0, "options": {}, "inputs": {}, "versions": {}, "result": {}}
SIZES = [
    Size("pg2", "PG2", 437.09, 437_090_123, 134_800_000, 134_799_302, 10.36, 12.345),
    Size("patn", "PATN", 41.36, 41_358_019, 41_358_019, 41_358_019, 60.61, None),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path, {"data": "data"})


def finish(workspace: Workspace, *names: str) -> None:
    """Generators that say of themselves that they are finished."""
    for name in names:
        write_json(workspace.patn_dir(name) / "run.json", RUN)
        workspace.generator_file(name).touch()


def test_the_papers_methods_are_four_and_every_method_counts_once() -> None:
    assert Methods(("paper",)).names == ("pg2", "deform", "vunet", "patn")
    assert Methods(("patn", "paper", "resnet", "patn")).names == ("patn", "pg2", "deform", "vunet", "resnet")
    with pytest.raises(AugmentError, match=r"⟨?names.* pg3: no such method; choose from paper, patn"):
        Methods(("pg2", "pg3"))


@pytest.mark.parametrize("name", list(GENERATORS))
def test_a_method_is_trained_by_its_preset_but_for_what_was_asked(name: str) -> None:
    usual, asked = Methods((name,), preset="demo"), Methods((name,), preset="demo", steps=120, batch=3)
    own, changed = usual.training(name), asked.training(name)
    assert own == GENERATORS[name].preset("demo")
    assert (changed.generator, changed.steps, changed.batch) == (name, 120, 3)


def test_a_methods_generator_is_named_for_all_that_its_training_was_asked() -> None:
    asked = [
        Methods(("pg2",)),
        Methods(("pg2",), preset="demo"),
        Methods(("pg2",), steps=120),
        Methods(("pg2",), batch=8),
        Methods(("pg2",), seed=2),
    ]
    assert [methods.generator("pg2") for methods in asked] == [
        "table1/pg2-market-own-s0",
        "table1/pg2-demo-own-s0",
        "table1/pg2-market-120-s0",
        "table1/pg2-market-ownx8-s0",
        "table1/pg2-market-own-s2",
    ]


def test_the_plan_says_what_is_trained_and_how_many_images_it_sees(workspace: Workspace) -> None:
    methods = Methods(("pg2", "patn"), preset="demo", steps=1200, batch=4)
    finish(workspace, methods.generator("patn"))
    planned = plan(workspace, methods)
    assert planned == [
        Planned("pg2", "table1/pg2-demo-1200x4-s0", 1200, 4800, trained=False),
        Planned("patn", "table1/patn-demo-1200x4-s0", 1200, 4800, trained=True),
    ]
    rows = [line.split() for line in plan_text(planned).splitlines()]
    assert rows[1] == ["pg2", "1,200", "4,800", "to", "do", "table1/pg2-demo-1200x4-s0"]
    assert rows[2] == ["patn", "1,200", "4,800", "trained", "table1/patn-demo-1200x4-s0"]


@pytest.mark.parametrize(
    ("said", "length"),
    [
        ({"training": {"steps": 50, "batch": 8}}, Seen(50, 400)),
        ({"training": {"steps": 50}}, Seen()),
        ({}, Seen()),
    ],
)
def test_a_generators_file_tells_how_long_it_was_trained(
    workspace: Workspace, said: dict[str, dict[str, int]], length: Seen
) -> None:
    network = build_generator("resnet", {"blocks": 1, "width": 4})
    save_generator(workspace.generator_file("mine"), network, "resnet", said)
    assert seen(workspace, "mine") == length
    assert set(length.as_dict()) == ({"updates", "images"} if said.get("training", {}).get("batch") else set())


def test_sizes_are_written_as_figures_and_shown_in_millions(workspace: Workspace) -> None:
    assert table2.write(SIZES, " One core.", workspace) == str(workspace.table_dir("table2"))
    table = pd.read_csv(workspace.table_dir("table2") / "table2.csv")
    assert table["generator"].tolist() == [134_800_000, 41_358_019]
    assert table["images_per_second"].isna().tolist() == [False, True]
    text = (workspace.table_dir("table2") / "table2.md").read_text()
    assert "| PG2 | 437.09 | 437.09 | 134.80 | 134.80 | 10.36 | 12.35 |" in text
    assert "| PATN | 41.36 | 41.36 | 41.36 | 41.36 | 60.61 | - |" in text
    shown = table2.terminal(SIZES, " One core.")
    assert shown.endswith(f"{FOOTNOTE} One core.")
    assert shown.splitlines()[1].split() == ["PG2", "437.09", "437.09", "134.80", "134.80", "10.36", "12.35"]


def test_generators_are_read_own_first_then_in_the_order_of_their_tables(workspace: Workspace) -> None:
    finish(
        workspace,
        *("mine", "alone", "pg2"),
        *(f"table1/{name}-demo-own-s0" for name in ("patn", "resnet", "pg2")),
        *(f"table4/{name}-demo-12x4-s1" for name in ("no-cat", "patn5")),
    )
    workspace.patn_dir("begun").mkdir()
    workspace.generator_file("begun").touch()
    found = trained(workspace)
    assert [(each.title, each.table) for each in found] == [
        ("alone", ""),
        ("mine", ""),
        ("pg2", ""),  # the whole name, since two have this title
        ("table1/pg2-demo-own-s0", "table1"),
        ("patn", "table1"),
        ("resnet", "table1"),
        ("patn5", "table4"),
        ("no-cat", "table4"),
    ]
    assert all(each.checkpoint(workspace) == workspace.generator_file(each.name) for each in found)
    assert [each.name for each in chosen(workspace, ["ablations", "mine"])] == [
        *("mine", "table4/patn5-demo-12x4-s1", "table4/no-cat-demo-12x4-s1")
    ]
    assert chosen(workspace, ["all"]) == found
    assert [each.table for each in chosen(workspace, ["methods"])] == [""] * 3 + ["table1"] * 3


def test_generators_that_are_not_there_are_named_with_those_that_are(workspace: Workspace) -> None:
    finish(workspace, "mine")
    with pytest.raises(AugmentError, match="theirs: no finished generator of that name; choose from all, methods"):
        chosen(workspace, ["mine", "theirs"])
    with pytest.raises(AugmentError, match=r"no finished generator among ablations; run `augment patn-train`"):
        chosen(workspace, ["ablations"])
    assert set(GROUPS) == {"all", "methods", "ablations"}


def test_options_of_the_worst_pairs_need_them_and_enough_candidates() -> None:
    assert Figure(worst=True, candidates=8, pairs=8).candidates == 8
    for wrong in ({"candidates": 9}, {"reid_model": "judge"}):
        with pytest.raises(AugmentError, match="choose the worst pairs; give"):
            Figure(**wrong)
    with pytest.raises(AugmentError, match=r"⟨?candidates⟩? 7: fewer than the 8"):
        Figure(worst=True, candidates=7, pairs=8)


def test_a_figures_text_names_its_columns_and_the_worst_pairs_scores() -> None:
    names = {"mine": "mine", "table1/pg2-demo-own-s0": "pg2"}
    plain = Sheet("x.png", names, [{"from": "a.jpg", "to": "b.jpg"}])
    assert figure_text(plain) == "x.png: 1 test pair by mine, pg2 (table1/pg2-demo-own-s0)"
    scored = [{"from": "a.jpg", "to": "b.jpg", "mine": 0.1, "pg2": 0.3, "mean identity score": 0.2}]
    head, _, line = figure_text(Sheet("x.png", names, scored)).splitlines()
    assert head == figure_text(plain)
    assert line.split() == ["0.200", "a.jpg", "b.jpg"]
    assert json.loads(json.dumps(plain.as_dict())) == {"file": "x.png", "generators": names, "pairs": [*plain.pairs]}
