"""Table 5's networks from files of weights."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from augment.artefacts.artefact import fingerprint
from augment.cli import augment
from augment.workspace import Workspace
from pipelines.table5.cells import Cell
from pipelines.table5.stages import Model
from reid.checkpoints import load_model
from reid.models.backbones import build_model
from reid.training import PRESETS
from tests.conftest import invoke, run

ASKED = ("--device", "cpu", "table5", "--portions", "0.3", "--rows", "none", "--seeds", "1", "--threads", "1")
OSNET = (*ASKED, "--lengths", "epochs", "--backbones", "osnet_x0_25")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_osnet(tmp_path_factory.mktemp("weights") / "osnet.pth")


def save_osnet(path: Path) -> Path:
    """A file of random weights of the network."""
    network = build_model("osnet_x0_25", classes=3).trunk.network
    assert isinstance(network, torch.nn.Module)
    torch.save(network.state_dict(), path)
    return path


def test_a_cell_is_trained_from_the_file_as_reid_train_does(
    people: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRESETS, "open-reid", replace(PRESETS["open-reid"], epochs=1, batch=8))
    (line,) = run(people, *OSNET, "--weights", f"osnet_x0_25={file}")["table"]
    cell = "osnet_x0_25-open-reid-none-p0.3-epochs-plain-s0"
    record = json.loads((people / "reid" / cell / "run.json").read_text())
    assert record["options"]["weights"] == "osnet.pth"
    assert record["inputs"]["weights"] == fingerprint(file)
    asked = ("--preset", "open-reid", "--backbone", "osnet_x0_25", "--portion", "0.3", "--length", "epochs")
    alone = run(people, "--device", "cpu", "reid-train", *asked, "--weights", str(file), "--name", "alone")
    assert line["mAP_mean"] == alone["mAP"]
    models = [load_model(people / "reid" / name / "model.safetensors", "cpu")[0] for name in (cell, "alone")]
    states = [model.state_dict() for model in models]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])
    (people / "other").mkdir()
    save_osnet(people / "other" / "osnet.pth")
    given: tuple[tuple[str, ...], ...] = ((), ("--weights", f"osnet_x0_25={people / 'other' / 'osnet.pth'}"))
    for weights, more in product(given, ((), ("--dry-run", "--no-probe"))):
        refused = invoke(people, *OSNET, *weights, *more)
        assert refused.exit_code == 1
        assert f"cell {cell}: " in refused.stderr
    assert "was made from other input: weights" in refused.stderr


def test_a_model_that_scores_images_starts_from_the_same_file(file: Path) -> None:
    model = Model(Cell("filtered:0.2", "osnet_x0_25"), "patn", file)
    (made,) = model.needs
    assert made.judge is not None
    assert made.judge.weights == file
    assert made.judge.cell.row == "none"


@pytest.mark.parametrize(
    ("given", "status", "sentence"),
    [
        (("--weights", "osnet_x0_25=FILE"), 2, "--weights osnet_x0_25=...: is none of --backbones small"),
        (
            ("--weights", "small=FILE"),
            2,
            "small is trained from scratch always and starts from no file; leave --weights",
        ),
        (
            ("--weights", "osnet_x0_25=FILE", "--backbones", "osnet_x0_25", "--preset", "demo"),
            2,
            "osnet_x0_25 is trained from scratch here and starts from no file; leave --weights out",
        ),
        (
            ("--weights", "osnet_x0_25=FILE", "--weights", "osnet_x0_25=FILE", "--backbones", "osnet_x0_25"),
            2,
            "--weights osnet_x0_25=...: is given twice; a backbone starts from one file",
        ),
        (("--weights", "FILE"), 2, "is no BACKBONE=FILE"),
        (("--weights", "osnet_x0_25=FILE.gone"), 2, "there is no such file"),
        (
            ("--weights", "osnet_x0_25=TEXT", "--backbones", "osnet_x0_25"),
            1,
            "notes.txt is no weight file of osnet_x0_25",
        ),
        (
            ("--weights", "osnet_x0_5=FILE", "--backbones", "osnet_x0_5"),
            1,
            "osnet.pth holds another network's weights; take weights of osnet_x0_5",
        ),
    ],
)
@pytest.mark.parametrize("more", [(), ("--dry-run", "--no-probe")])
def test_weights_that_nothing_starts_from_are_refused_in_a_plan_too(
    people: Path, file: Path, given: tuple[str, ...], status: int, sentence: str, more: tuple[str, ...]
) -> None:
    text = people / "notes.txt"
    text.write_text("no weights\n")
    words = (*ASKED, *given, *more)
    arguments = [word.replace("FILE", str(file)).replace("TEXT", str(text)) for word in words]
    result = CliRunner().invoke(augment, ["--workspace", str(people), *arguments])
    assert result.exit_code == status, result.output
    assert sentence in " ".join(result.stderr.split())
    assert not Workspace.find(people).table_dir("table5").exists()
    assert not (people / "reid").exists()


@pytest.mark.parametrize("more", [(), ("--dry-run", "--no-probe")])
def test_a_device_that_is_not_there_is_said_before_any_work(
    people: Path, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused = invoke(people, "--device", "cuda", *ASKED[2:], *more)
    assert refused.exit_code == 1
    assert "--device cuda: no CUDA device is visible" in refused.stderr
    assert not (people / "reid").exists()


def test_missing_imagenet_weights_are_said_before_images_are_generated(
    people: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    asked = [word.replace("none", "ours-builtin") for word in ASKED]
    refused = invoke(people, *asked, "--backbones", "resnet50")
    assert refused.exit_code == 1
    assert "resnet50-0676ba61.pth" in refused.stderr
    assert not (people / "generated").exists()
