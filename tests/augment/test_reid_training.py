"""Options of the protocol at the command line: what is tested, compared and printed first."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
import torch
from click.testing import CliRunner

from augment.cli import augment
from augment.commands import reid_train
from augment.training.loop import read_metrics, train
from reid.models.backbones import build_model
from reid.training import PRESETS
from tests.conftest import invoke, run
from tests.reid.test_objective import objective

REID = ("reid-train", "--preset", "demo", "--batch", "8", "--portion", "0.5")


def text(root: Path, *arguments: str) -> str:
    result = CliRunner().invoke(augment, ["-q", "--workspace", str(root), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_preset_can_be_asked_for() -> None:
    (option,) = [parameter for parameter in reid_train.command.params if parameter.name == "preset"]
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(PRESETS)


def test_the_best_epoch_is_the_same_after_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = replace(PRESETS["demo"], height=32, width=16, batch=8, epochs=6, model="best", learning_rate=0.02)

    def trained(folder: Path, stops: tuple[int, ...] = ()) -> tuple[bytes, int, list[dict[str, Any]]]:
        folder.mkdir(exist_ok=True)
        for stop in (*stops, None):
            subject = objective(training, cameras=torch.arange(40) % 3)
            step = subject.step

            def killed(batch: Any, number: int, step: Any = step, stop: int | None = stop) -> Any:
                if number == stop:
                    raise KeyboardInterrupt
                return step(batch, number)

            monkeypatch.setattr(subject, "step", killed)
            try:
                train(subject, folder, seed=0, save_every=4, log_every=2, progress=False)
            except KeyboardInterrupt:
                continue
        records = [{key: value for key, value in line.items() if key != "seconds"} for line in read_metrics(folder)]
        assert subject.selection
        return (folder / "last.safetensors").read_bytes(), subject.selection.epoch, records

    assert trained(tmp_path / "whole") == trained(tmp_path / "broken", (6, 13, 22))
    assert "validation" in read_metrics(tmp_path / "whole")[-1]


def test_the_tested_epoch_is_in_the_result(people: Path) -> None:
    result = run(people, *REID, "--epochs", "3", "--model", "best")
    assert 1 <= result["epoch"] <= 3
    assert 0 <= result["validation"] <= 100


def test_the_figures_that_are_asked_for_come_first(people: Path) -> None:
    result = run(people, *REID, "--epochs", "1", "--name", "model")
    heads = {
        ("standard", "rectangle"): ("mAP", "rank1", "queries"),
        ("standard", "trapezoid"): ("mAP_trapezoid", "rank1", "queries"),
        ("open-reid", "trapezoid"): ("mAP_trapezoid_open_reid", "rank1_open_reid", "queries_open_reid"),
    }
    for (queries, ap), keys in heads.items():
        lines = text(people, "reid-eval", "model", "--queries", queries, "--ap", ap).splitlines()
        measure, rank1, count = (result[key] for key in keys)
        assert f"mAP {measure:.1f}, rank-1 {rank1:.1f}," in lines[0]
        assert f"({count} queries)" in lines[0]
        for key in ("mAP", "mAP_trapezoid"):
            assert f"{result[key]:.1f} by" in lines[1]
            assert f"{result[key + '_open_reid']:.1f} by" in lines[2]
    assert result["queries_open_reid"] > result["queries"]


def test_a_model_is_evaluated_by_its_own_feature_or_another(people: Path) -> None:
    pooled = run(people, *REID, "--epochs", "1", "--name", "pooled")
    logits = run(people, *REID, "--epochs", "1", "--name", "logits", "--feature", "logits")
    record = json.loads((people / "reid" / "logits" / "run.json").read_text())
    assert record["options"]["feature"] == "logits"
    assert pooled["mAP"] != logits["mAP"]
    for own, name, other in ((pooled, "pooled", "logits"), (logits, "logits", "pooled")):
        assert run(people, "reid-eval", name)["mAP"] == own["mAP"]
        assert run(people, "reid-eval", name, "--feature", other)["mAP"] == pytest.approx(
            (logits if own is pooled else pooled)["mAP"]
        )


def test_strong_is_trained_and_evaluated_the_same_again(people: Path) -> None:
    strong = ("reid-train", "--preset", "strong", "--backbone", "small", "--batch", "8", "--epochs", "2")
    result = run(people, *strong, "--portion", "0.5", "--name", "strong")
    record = json.loads((people / "reid" / "strong" / "run.json").read_text())
    assert record["options"]["decay_at"] == [40, 70]
    assert record["options"]["weights"] is None
    again = run(people, "reid-eval", "strong")
    figures = [key for key in again if key != "folder"]
    assert {key: again[key] for key in figures} == {key: result[key] for key in figures}
    assert run(people, *strong, "--portion", "0.5", "--name", "strong") == result
    (line, *_) = read_metrics(people / "reid" / "strong")
    assert line["loss"] == pytest.approx(line["identity"] + line["triplet"], rel=1e-5)
    other = run(people, "reid-eval", "strong", "--distance", "euclidean")
    assert other["mAP"] != again["mAP"]


def test_a_network_of_torchreids_is_trained_from_a_file_and_evaluated(people: Path, tmp_path: Path) -> None:
    asked = ("reid-train", "--preset", "strong", "--batch", "8", "--epochs", "1", "--portion", "0.3")
    file = tmp_path / "osnet.pth"
    torch.save(build_model("osnet_x0_25", classes=3).trunk.get_submodule("network").state_dict(), file)
    name = ("--backbone", "osnet_x0_25")
    result = run(people, *asked, *name, "--weights", str(file))
    record = json.loads((people / result["folder"] / "run.json").read_text())
    assert (record["options"]["backbone"], record["options"]["weights"]) == ("osnet_x0_25", "osnet.pth")
    assert run(people, "reid-eval", Path(result["folder"]).name)["mAP"] == result["mAP"]
    for wrong, sentence in (("hacnn", "two branches"), ("osnet", "there is no backbone 'osnet'")):
        refused = CliRunner().invoke(augment, ["--workspace", str(people), *asked, "--backbone", wrong])
        assert refused.exit_code == 2
        assert sentence in refused.stderr


@pytest.mark.parametrize("preset", ["strong", "open-reid-256"])
def test_weights_that_are_missing_are_named_with_the_way_without(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preset: str
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    result = CliRunner().invoke(augment, ["--workspace", str(people), "reid-train", "--preset", preset])
    assert result.exit_code == 1
    assert "resnet50-0676ba61.pth" in result.stderr
    assert "--from-scratch" in result.stderr


def test_a_weight_file_that_would_not_be_used_is_refused(people: Path, tmp_path: Path) -> None:
    file = tmp_path / "resnet50.pth"
    file.write_bytes(b"weights")
    for arguments in (REID, ("reid-train", "--from-scratch"), ("reid-train", "--backbone", "inception")):
        result = CliRunner().invoke(augment, ["--workspace", str(people), *arguments, "--weights", str(file)])
        assert result.exit_code == 2
        assert "leave --weights out" in result.stderr


def test_a_trained_model_is_not_given_up_for_weights_that_cannot_be_used(people: Path, tmp_path: Path) -> None:
    run(people, "reid-train", "--preset", "demo", "--backbone", "small", "--epochs", "1", "--name", "m")
    before = (people / "reid" / "m" / "model.safetensors").read_bytes()
    (tmp_path / "notes.pth").write_text("no weights")
    other = ("--preset", "open-reid", "--backbone", "osnet_x0_25", "--weights", str(tmp_path / "notes.pth"))
    refused = invoke(people, "reid-train", *other, "--name", "m", "--force")
    assert refused.exit_code == 1
    assert "notes.pth is no weight file of osnet_x0_25" in refused.stderr
    assert (people / "reid" / "m" / "model.safetensors").read_bytes() == before


def test_a_ghost_batch_that_does_not_divide_the_batch_is_one_sentence(people: Path) -> None:
    result = CliRunner().invoke(augment, ["--workspace", str(people), *REID, "--ghost-batch", "3"])
    assert result.exit_code == 2
    assert "ghost_batch is 3; it must divide batch 8" in result.stderr
