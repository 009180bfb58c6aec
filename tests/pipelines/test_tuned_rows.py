"""Rows by the built-in generator: as it is, trained further on M^R_p alone, and on all images."""

import json
from pathlib import Path

import pytest

from augment.artefacts.artefact import fingerprint
from augment.datasets.reduced_set import reduced_set
from augment.runtime import Runtime
from augment.training import initial
from augment.workspace import Workspace
from pipelines.grid.pools import Placement
from pipelines.grid.scheduler import in_order
from pipelines.table5.cells import Cell
from pipelines.table5.forecast import forecast
from pipelines.table5.generators import TunedGenerator
from pipelines.table5.stages import GeneratedSet, Model, make
from tests.conftest import invoke, run
from tests.pipelines.toy import few_calls, few_epochs

QUIET = Runtime("cpu", threads=1, progress=False, wait=False)
ROWS = ("ours-builtin", "ours-tuned-reduced", "ours-identity", "ours-tuned")
ASKED = ("table5", "--portions", "0.5", "--seeds", "1", "--lengths", "updates")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training further takes two updates, a re-ID model two epochs."""
    monkeypatch.setattr(initial, "TUNING_STEPS", 2)
    few_epochs(monkeypatch)
    few_calls(monkeypatch)


def test_each_p_and_seed_has_a_generator_of_its_own_and_all_images_have_one() -> None:
    rows = ("ours-builtin", "ours-tuned-reduced", "ours-tuned")
    cells = [Cell(row, portion=p, seed=s) for row in rows for p in (0.3, 0.5) for s in (0, 1)]
    stages = in_order([Model(cell) for cell in cells])
    reduced = [TunedGenerator(p, s) for p in (0.3, 0.5) for s in (0, 1)]
    assert [stage for stage in stages if isinstance(stage, TunedGenerator)] == [*reduced, TunedGenerator()]
    assert {need for row in ROWS[:1] for need in GeneratedSet(row, 0.3, 1, 0).needs} == set()


def test_tuned_on_the_reduced_set_it_sees_no_removed_image(people: Path, builtin: Path) -> None:
    workspace = Workspace.find(people)
    (drawn,) = Model(Cell("ours-tuned-reduced", portion=0.5, seed=1)).needs
    (generator,) = drawn.needs
    make(workspace.root, generator, QUIET)
    made = json.loads((generator.folder(workspace) / "run.json").read_text())["result"]
    assert made["initial"] == "builtin"
    assert made["images"] <= len(reduced_set(workspace.images(), 0.5, 1))
    record = json.loads((generator.folder(workspace) / "run.json").read_text())
    assert (record["options"]["portion"], record["seed"]) == (0.5, 1)
    assert record["inputs"]["initial"] == fingerprint(builtin)
    make(workspace.root, drawn, QUIET)
    used = json.loads((drawn.folder(workspace) / "run.json").read_text())["inputs"]["generator"]
    assert used == fingerprint(generator.folder(workspace) / "generator.safetensors")


def test_the_identity_term_is_by_the_model_of_none_which_is_trained_first(people: Path, builtin: Path) -> None:
    workspace = Workspace.find(people)
    none, ours = (Model(Cell(row, portion=0.5)) for row in ("none", "ours-identity"))
    plain, generator, drawn, goal = in_order([none, ours, Model(Cell("none", portion=0.3))])[:4]
    assert (plain, drawn.trained, goal) == (none, generator, ours)
    said = {
        line["name"]: line["needs"] for line in run(people, *ASKED, "--rows", "ours-identity", "--dry-run")["stages"]
    }
    assert said[generator.name] == [none.name]
    run(people, *ASKED, "--rows", "none,ours-identity")
    record = json.loads((generator.folder(workspace) / "run.json").read_text())
    assert record["options"]["identity_model"] == none.cell.name
    assert record["inputs"]["identity_model"] == fingerprint(workspace.model_file(none.cell.name))
    assert record["result"]["images"] <= len(reduced_set(workspace.images(), 0.5, 0))
    used = json.loads((drawn.folder(workspace) / "run.json").read_text())["inputs"]["generator"]
    assert used == fingerprint(generator.folder(workspace) / "generator.safetensors")


def test_a_dry_run_lists_what_table5_then_makes(people: Path, builtin: Path) -> None:
    asked = (*ASKED, "--rows", "ours-builtin,ours-tuned")
    said = run(people, *asked, "--dry-run")
    assert [line["name"] for line in said["stages"][:3]] == [
        "set ours-builtin p0.5 s0",
        "generator builtin tuned",
        "set ours-tuned p0.5 s0",
    ]
    assert said["unknown"] == 0
    assert all(line["seconds"] > 0 for line in said["stages"])
    table = run(people, *asked)["table"]
    assert {line["row"] for line in table} >= {"ours-builtin", "ours-tuned"}
    workspace = Workspace.find(people)
    sets = [workspace.generated_dir(row, 0.5, 0) / "run.json" for row in ("ours-builtin", "ours-tuned")]
    marks = [json.loads(path.read_text())["inputs"]["generator"] for path in sets]
    assert marks[0] == fingerprint(builtin)
    assert marks[1] == fingerprint(workspace.patn_dir("table5/tuned") / "generator.safetensors")
    lines = forecast(workspace, [Model(Cell("ours-tuned-reduced", portion=0.5))], Placement(), QUIET, probe=False)
    assert lines[0].source == "measured"  # by the one that was trained


def test_without_a_built_in_generator_its_rows_are_one_sentence(people: Path, no_builtin: Path) -> None:
    for row in ROWS:
        result = invoke(people, *ASKED, "--rows", row)
        assert result.exit_code == 1
        assert "this installation has no built-in generator" in result.stderr
