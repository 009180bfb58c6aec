"""Rows by name: the table's own, with a number, ready-made folders, generators."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from augment import AugmentError
from augment.artefacts.artefact import artefact
from augment.cli import augment
from augment.training.reid_data import TrainingSet
from augment.workspace import Workspace
from pipelines.table5.cells import Cell
from pipelines.table5.row_generators import generator_of_ours, own_generator
from pipelines.table5.rows import ROWS, row_of, row_order
from pipelines.table5.run import Table5
from tests.conftest import invoke


def test_rows_take_a_number() -> None:
    assert row_of("filtered").filtered == 0.2
    assert row_of("filtered:0.4").filtered == 0.4
    assert row_of("smoothed:1").smoothing == 1.0
    assert row_of("weighted:0.25").weight == 0.25
    assert row_of("filled:8").per_identity == 8
    for wrong in ("filtered:much", "filled:2.5", "weighted:1"):
        with pytest.raises(AugmentError, match="number"):
            row_of(wrong)


def test_a_row_that_trains_as_another_one_does_is_refused_before_any_work(people: Path, trained: Path) -> None:
    asked = ("table5", "--portions", "0.5", "--seeds", "1", "--generator", str(trained), "--rows")
    for more in ((), ("--dry-run",)):
        refused = invoke(people, *asked, "ours,smoothed:0.1", "--preset", "demo", "--backbones", "small", *more)
        assert refused.exit_code == 2
        said = "--rows smoothed:0.1: --preset demo smooths the labels of all images by 0.1, so that this is the row"
        assert said in " ".join(click.unstyle(refused.stderr).split())
    assert not (people / "reid").exists()


def test_rows_that_differ_in_training_alone_share_their_images() -> None:
    assert {row_of(name).images for name in ("ours", "smoothed", "weighted:0.1")} == {"ours"}
    others = [
        row_of(name).images for name in ("ours", "ours*", "filtered", "filtered:0.4", "reduced", "unseen", "vunet")
    ]
    assert len(set(others)) == len(others)


def test_ours_random_is_a_spelling_of_the_papers_name_that_shells_leave_alone(people: Path) -> None:
    workspace = Workspace.find(people)
    assert row_of("ours-random") is row_of("ours*")
    assert Cell("ours-random", portion=0.4) == Cell("ours*", portion=0.4)
    assert Table5(rows=("none", "ours-random")).cells() == Table5(rows=("none", "ours*")).cells()
    assert workspace.generated_dir("ours-random", 0.4, 0) == workspace.generated_dir("ours*", 0.4, 0)
    assert workspace.generated_dir("ours-randomly", 0.4, 0).name == "ours-randomly-p0.4-s0"
    both = [TrainingSet(0.4, name).as_dict() for name in ("ours-random", "ours*")]
    assert both[0] == both[1]


def test_help_and_the_error_of_an_unknown_row_name_every_form(people: Path) -> None:
    helped = CliRunner().invoke(augment, ["table5", "--help"], terminal_width=9999, max_content_width=9999)
    refused = invoke(people, "table5", "--rows", "none,oors", "--dry-run")
    assert (helped.exit_code, refused.exit_code) == (0, 1)
    forms = [row for row in ROWS if row != "ours*"]
    forms += ["ours-random", "filtered:SHARE", "smoothed:S", "weighted:W", "filled:N", "NAME=FOLDER", "ROW+scenes"]
    for text in (helped.output, refused.stderr):
        words = text.replace(",", " ").split()
        assert [form for form in forms if form not in words] == []


def test_any_generator_and_any_folder_is_a_row() -> None:
    assert row_of("deform").generator == "deform"
    row = row_of("DG-Net=/sets/{p}/seed{s}")
    assert (row.title, row.folder_of(0.1, 2)) == ("DG-Net", Path("/sets/0.1/seed2"))


def test_rows_are_read_in_their_order() -> None:
    asked = ["vunet", "filtered:0.4", "ours", "smoothed", "none", "filtered:0.1"]
    assert sorted(asked, key=row_order) == ["none", "ours", "filtered:0.1", "filtered:0.4", "smoothed", "vunet"]
    assert sorted(ROWS, key=row_order) == list(ROWS)


def test_the_workspaces_own_generator_was_trained_on_all_images(people: Path) -> None:
    workspace = Workspace.find(people)
    for name, portion in (("mine", None), ("mine-p0.3-s0", 0.3), ("unseen", None)):
        with artefact(workspace.patn_dir(name), "generator", {"portion": portion}, seed=0) as run:
            run.finish({})
    assert own_generator(workspace) == "mine"
    (workspace.patn_dir("mine") / "run.json").unlink()
    with pytest.raises(
        AugmentError, match=r"no generator trained on all images \(there is mine-p0.3-s0, unseen\); run `augment"
    ):
        own_generator(workspace)


def test_ours_is_drawn_by_the_only_generator_that_no_row_names(people: Path) -> None:
    workspace = Workspace.find(people)
    for name in ("mine", "vunet", "deform"):
        with artefact(workspace.patn_dir(name), "generator", {"portion": None}, seed=0) as run:
            run.finish({})
    assert generator_of_ours(workspace, ["none", "vunet", "deform", "ours", "ours*"]) == "mine"
    assert generator_of_ours(workspace, ["none", "vunet", "ours"]) is None  # mine, or deform
    assert generator_of_ours(workspace, ["none", "ours"]) is None
    with pytest.raises(AugmentError, match="holds deform, mine, vunet; say which"):
        own_generator(workspace)
