import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from safetensors import safe_open

from augment.cli import augment
from augment.runtime import Runtime
from augment.training.loop import read_metrics
from augment.training.reid import train_reid
from augment.training.reid_data import TrainingSet
from augment.workspace import Workspace
from patn.checkpoints import load_generator, read_metadata
from reid.checkpoints import load_model
from reid.objective import ReidObjective
from reid.training import preset
from tests.conftest import invoke, run
from tests.forks import fork

TINY = ("patn-train", "--preset", "demo", "--steps", "12", "--batch", "2", "--perceptual", "none")
REID = ("reid-train", "--preset", "demo", "--epochs", "2", "--batch", "8")
KILLED = """
import os, signal
import torch
from augment.cli import augment
from augment.training import loop

def save_and_die(*what):
    save(*what)
    os.kill(os.getpid(), signal.SIGKILL)

torch.set_num_threads(1)
save, loop.save_state = loop.save_state, save_and_die
augment()
"""


def test_a_generator_killed_in_training_ends_with_the_bytes_of_an_unbroken_run(people: Path, rendered: Path) -> None:
    whole = Workspace.create(people.parent / "whole", {"data": str(rendered), "size": [128, 64], "seed": 0}).root
    run(whole, *TINY)
    with fork(["-c", KILLED, "-q", "--workspace", str(people), *TINY]) as process:
        assert process.wait() == -signal.SIGKILL
    assert (people / "patn" / "patn" / "last.safetensors").exists()
    assert not (people / "patn" / "patn" / "run.json").exists()
    result = run(people, *TINY)
    files = [root / "patn" / "patn" / "generator.safetensors" for root in (whole, people)]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert result["steps"] == 12
    assert run(people, *TINY) == result  # finished work is skipped


def test_a_generators_folder_says_how_it_was_made(trained: Path) -> None:
    record = json.loads((trained.parent / "run.json").read_text())
    assert record["seed"] == 0
    assert record["options"]["steps"] == 4
    assert record["options"]["constant_steps"] == 2
    assert record["result"]["perceptual"].startswith("none")
    assert set(record["inputs"]) == {"images", "keypoints"}
    assert read_metadata(trained).extra["size"] == [64, 32]
    assert not load_generator(trained).training
    assert [line["step"] for line in read_metrics(trained.parent)] == [4]
    sheets = sorted((trained.parent / "samples").glob("*.png"))
    with Image.open(sheets[-1]) as sheet:
        assert np.asarray(sheet).std() > 10


def test_a_generator_can_be_trained_inside_the_reduced_set(people: Path) -> None:
    result = run(people, *TINY, "--portion", "0.5")
    assert result["folder"] == "patn/patn-p0.5-s0"
    assert result["images"] <= 24
    made = run(people, "generate", "--portion", "0.5", "--generator-data", "reduced")
    assert made["folder"] == "generated/ours-reduced-data-p0.5-s0"


def test_a_generator_that_saw_removed_images_is_not_taken_for_one_of_the_reduced_set(people: Path) -> None:
    run(people, *TINY, "--name", "patn-p0.5-s0")
    asked = ("generate", "--portion", "0.5", "--generator-data", "reduced")
    refused = invoke(people, *asked)
    assert refused.exit_code == 1
    assert (
        "patn/patn-p0.5-s0: was trained on images that --portion 0.5 removes; run `augment patn-train" in refused.stderr
    )
    assert "--portion 0.5 --force`, or leave --generator-data reduced out" in refused.stderr
    refused = invoke(people, *asked, "--generator", "builtin")
    assert refused.exit_code == 2
    assert "--generator builtin: was not trained inside M^R_p" in refused.stderr
    run(people, *TINY, "--portion", "0.5", "--force")
    assert run(people, *asked)["generator"] == "patn/patn-p0.5-s0/generator.safetensors"


def test_no_pair_to_train_on_is_one_sentence(people: Path) -> None:
    result = invoke(people, *TINY, "--portion", "0.01")
    assert result.exit_code == 1
    assert "no identity has two training images with a pose" in result.stderr


def test_missing_perceptual_weights_are_named(people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    result = invoke(people, *TINY[:-1], "vgg19")
    assert result.exit_code == 1
    assert "vgg19-dcbb9e9d.pth" in result.stderr


def test_reid_trains_on_real_and_on_generated_sets_and_is_evaluated_the_same_again(people: Path, trained: Path) -> None:
    none = run(people, *REID, "--portion", "0.5")
    assert (none["images"], none["real"], none["identities"]) == (24, 24, 8)
    run(people, "generate", "--portion", "0.5", "--generator", str(trained))
    ours = run(people, *REID, "--portion", "0.5", "--augmentation", "ours")
    assert (ours["images"], ours["real"]) == (48, 24)
    assert ours["folder"] == "reid/small-ours-p0.5-s0"
    again = run(people, "reid-eval", "small-ours-p0.5-s0", "--show", "3", "-o", str(people / "ranked.png"))
    figures = [key for key in ours if key.startswith(("mAP", "rank", "queries"))]
    assert len(figures) >= 10
    assert {key: again[key] for key in figures} == {key: ours[key] for key in figures}
    assert (people / "ranked.png").stat().st_size > 1000
    assert 0 < ours["mAP_trapezoid"] <= ours["mAP"] <= 100
    _, metadata = load_model(people / "reid" / "small-ours-p0.5-s0" / "model.safetensors")
    assert metadata["pids"] == list(range(1, 9))


@pytest.mark.parametrize(("length", "epoch"), [("epochs", 3), ("updates", 6)])
def test_a_reid_training_that_dies_loses_at_most_an_epoch(
    people: Path, monkeypatch: pytest.MonkeyPatch, length: str, epoch: int
) -> None:
    dies_at, step = 2 * epoch + epoch - 1, ReidObjective.step

    def mortal(self: ReidObjective, batch: dict[str, torch.Tensor], number: int) -> dict[str, torch.Tensor]:
        if number == dies_at:
            raise KeyboardInterrupt
        return step(self, batch, number)

    monkeypatch.setattr(ReidObjective, "step", mortal)
    training = replace(preset("demo"), batch=8, epochs=4)
    with pytest.raises(KeyboardInterrupt):
        train_reid(
            Workspace.find(people),
            training,
            TrainingSet(0.5, length=length),
            name="m",
            runtime=Runtime("cpu", threads=1, progress=False),
        )
    with safe_open(people / "reid" / "m" / "last.safetensors", framework="pt") as file:
        assert int(file.metadata()["step"]) == 2 * epoch


def test_equal_updates_are_those_of_the_full_set(people: Path) -> None:
    assert run(people, *REID, "--portion", "0.2")["updates"] == 2 * 1
    assert run(people, *REID, "--portion", "0.2", "--length", "updates")["updates"] == 2 * (48 // 8)


def test_training_on_a_set_that_is_not_there_says_what_to_run(people: Path) -> None:
    result = invoke(people, *REID, "--portion", "0.2", "--augmentation", "ours*")
    assert result.exit_code == 1
    assert "no finished generated set; run `augment generate --portion 0.2 --target-poses reduced`" in result.stderr


def test_imagenet_weights_that_are_missing_are_named_with_the_way_without(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    result = invoke(people, "reid-train", "--backbone", "resnet50")
    assert result.exit_code == 1
    assert "resnet50-0676ba61.pth" in result.stderr
    assert "--from-scratch" in result.stderr


def test_an_unknown_model_names_the_known(people: Path) -> None:
    run(people, *REID, "--portion", "0.2")
    result = invoke(people, "reid-eval", "nothing")
    assert result.exit_code == 1
    assert "small-none-p0.2-s0" in result.stderr


def test_a_device_that_is_not_there_is_one_sentence(people: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    result = CliRunner().invoke(augment, ["--workspace", str(people), "--device", "cuda", *REID])
    assert result.exit_code == 1
    assert "no CUDA device is visible; use --device cpu or auto" in result.stderr
