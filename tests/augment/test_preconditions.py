"""What cannot be trained or evaluated is said before the work, with what to do; odd batches are said and go on."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from augment.cli import augment
from augment.workspace import Workspace
from tests.conftest import invoke, run

REID = ("reid-train", "--preset", "demo", "--epochs", "1", "--batch", "8")
GENERATOR = ("patn-train", "--preset", "demo", "--steps", "1", "--batch", "2", "--perceptual", "none")
TABLE = ("table5", "--rows", "none,ours", "--portions", "0.5", "--seeds", "1", "--lengths", "updates")
Data = Callable[..., Path]


@pytest.fixture
def data(rendered: Path, trained: Path, tmp_path: Path) -> Data:
    """Makes a workspace on a copy of the shared data of which images of these patterns are taken away."""

    def make(*patterns: str, keep: str = "") -> Path:
        root = tmp_path / "w"
        Workspace.create(root, {"data": "data", "size": [128, 64], "seed": 0})
        shutil.copytree(rendered, root / "data")
        shutil.copytree(trained.parent, root / "patn" / "patn")
        for path in [path for pattern in patterns for path in (root / "data").glob(pattern)]:
            if not keep or not path.name.startswith(keep):
                path.unlink()
        return root

    return make


def refused(root: Path, *arguments: str) -> str:
    """What is said of a refused command, which may have made nothing."""
    before = {path for path in root.rglob("*") if path.suffix in (".safetensors", ".jpg", ".png")}
    result = invoke(root, *arguments)
    assert result.exit_code == 1, result.output
    assert {path for path in root.rglob("*") if path.suffix in (".safetensors", ".jpg", ".png")} == before
    return " ".join(result.stderr.split())


@pytest.mark.parametrize("command", [REID, TABLE], ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("gone", "keep", "said"),
    [
        (("query/*.jpg",), "", "data/query: no query image"),
        (("bounding_box_test/*.jpg",), "", "data/bounding_box_test: no gallery image"),
        (
            ("bounding_box_test/*_c2s*.jpg", "bounding_box_test/*_c3s*.jpg", "query/*_c2s*.jpg", "query/*_c3s*.jpg"),
            "",
            "no query image has a gallery image of the same identity from another camera",
        ),
        (("bounding_box_test/*.jpg", "query/*.jpg"), "0009_", "data/bounding_box_test: shows one identity only"),
        (("bounding_box_train/*.jpg",), "0001_", "data/bounding_box_train: shows one training identity only"),
    ],
    ids=["no query", "no gallery", "one camera", "one test identity", "one training identity"],
)
def test_what_cannot_be_ranked_or_learned_is_said_first(
    data: Data, command: tuple[str, ...], gone: tuple[str, ...], keep: str, said: str
) -> None:
    sentence = refused(data(*gone, keep=keep), *command)
    assert said in sentence
    assert "; " in sentence  # and what to do


def test_the_best_epoch_needs_two_cameras(data: Data) -> None:
    root = data("bounding_box_train/*_c2s*.jpg", "bounding_box_train/*_c3s*.jpg")
    assert "no training identity is seen by two cameras" in refused(root, *REID, "--model", "best")
    run(root, *REID, "--model", "last")


def test_one_image_an_identity_gives_no_pairs(data: Data) -> None:
    root = data()
    sentence = refused(root, *GENERATOR, "--portion", "0.05")
    assert "no identity has two training images with a pose among the images that --portion 0.05 keeps" in sentence
    assert "give a larger --portion" in sentence
    table = ("table5", "--rows", "none,reduced", "--portions", "0.1", "--seeds", "1", "--lengths", "updates")
    assert "no identity has two training images" in refused(root, *table)
    assert "no identity has two training images" in str(run(root, *table, "--dry-run", "--no-probe")["stages"])


@pytest.mark.parametrize("table", ["table1", "table4"])
def test_no_test_pair_is_said_before_generators_are_trained(data: Data, table: str) -> None:
    root = data("bounding_box_test/0*.jpg")
    options = ("--train", "patn") if table == "table1" else ("--rows", "patn5")
    assert "no test identity has two images with a pose" in refused(root, table, *options)


def test_nothing_is_generated_from_images_without_a_pose(data: Data) -> None:
    root = data()
    path = root / "data/keypoints/train.csv"
    head, *rows = path.read_text().splitlines()
    nowhere = f"{[-1] * 18}: {[-1] * 18}"
    path.write_text("\n".join([head, *(f"{row.split(':')[0]}: {nowhere}" for row in rows)]) + "\n")
    for command in (("generate", "--portion", "0.5"), TABLE):
        assert "train.csv: none of the training images that --portion 0.5 keeps has" in refused(root, *command)


@pytest.mark.parametrize("portion", ["1.0", "0.99"])
def test_a_portion_that_takes_nothing_away_generates_nothing(data: Data, portion: str) -> None:
    sentence = refused(data(), "generate", "--portion", portion)
    assert "there is nothing to generate, 48 of 48 images are kept" in sentence
    assert "--ratio 2" in sentence


def test_batches_that_repeat_images_are_said(data: Data) -> None:
    command = ["--workspace", str(data()), *REID[:-2], "--batch", "64", "--portion", "0.5"]
    result = CliRunner().invoke(augment, command)
    assert result.exit_code == 0
    assert "A batch of 64 images is more than the 24" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--portion", "1"), "there is nothing to generate"),
        (("--portion", "0.5", "--generator", "nobody"), "nobody: no trained generator there; run `augment"),
        (("--portion", "0.5", "--filter", "0.2", "--filter-by", "identity"), "no model to judge by; run `augment"),
    ],
)
def test_a_plan_is_refused_where_the_set_is(people: Path, options: tuple[str, ...], said: str) -> None:
    asked = ("generate", *options)
    plan = refused(people, *asked, "--dry-run")
    assert said in plan
    assert plan == refused(people, *asked)
