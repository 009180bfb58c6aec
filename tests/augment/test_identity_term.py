"""Generators that are trained with an identity term: by which re-ID models, what is recorded, how they resume."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import augment
from augment.artefacts.artefact import fingerprint
from augment.cli import augment as command_line
from augment.runtime import Runtime
from augment.training.identity import IdentityModel
from augment.training.initial import InitialWeights, starting_training
from augment.workspace import Workspace
from pipelines.table5.generators import ReducedGenerator
from reid.checkpoints import load_model
from reid.features import extract_features
from tests.augment.interrupting import interrupt_after
from tests.conftest import invoke, run

LINE = ("patn-train", "--generator", "correspondence", "--preset", "demo", "--batch", "2", "--perceptual", "none")
ALL = (*LINE, "--steps", "1", "--identity-model")
INSIDE = (*LINE, "--steps", "1", "--portion", "0.5", "--identity-model")


def train_reid(root: Path, name: str, *options: str, seed: int = 0) -> None:
    """Train a re-ID model for an epoch."""
    line = ("reid-train", "--preset", "demo", "--backbone", "small", "--epochs", "1")
    run(root, "--seed", str(seed), *line, "--name", name, *options)


@pytest.fixture(scope="session")
def models(rendered: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of re-ID models on the shared data, named for what they were trained on."""
    root = Workspace.create(tmp_path_factory.mktemp("models") / "w", {"data": str(rendered), "seed": 0}).root
    run(root, "generate", "--portion", "0.5", "--generator", str(trained))
    train_reid(root, "all", "--portion", "1")
    train_reid(root, "half", "--portion", "0.5")
    train_reid(root, "third", "--portion", "0.3")
    train_reid(root, "other-half", "--portion", "0.5", seed=1)
    train_reid(root, "augmented-half", "--portion", "0.5", "--augmentation", "ours")
    train_reid(root, "folder", "--augmentation", str(shutil.copytree(rendered / "bounding_box_train", root / "theirs")))
    other = Workspace.create(root.parent / "other", {"data": str(exchanged(rendered, root.parent)), "seed": 0}).root
    train_reid(other, "test-half", "--portion", "1")
    shutil.copytree(other / "reid" / "test-half", root / "reid" / "test-half")
    return root / "reid"


def exchanged(rendered: Path, folder: Path) -> Path:
    """The shared data with the test images for training, and the training images for testing."""
    data, (train, test) = folder / "exchanged", (rendered / f"bounding_box_{part}" for part in ("train", "test"))
    shutil.copytree(test, data / "bounding_box_train")
    shutil.copytree(train, data / "bounding_box_test")
    (data / "query").mkdir()
    for path in sorted(train.glob("*.jpg"))[::6]:
        shutil.copy(path, data / "query")
    return data


@pytest.fixture
def place(people: Path, models: Path) -> Path:
    """A fresh workspace on the shared data that has those models."""
    shutil.copytree(models, people / "reid")
    return people


def record(root: Path, name: str) -> dict[str, dict[str, object]]:
    """What run.json says of a generator."""
    found: dict[str, dict[str, object]] = json.loads((root / "patn" / name / "run.json").read_text())
    return found


def test_it_compares_what_the_models_own_evaluation_compares(place: Path) -> None:
    shown, wanted = torch.randint(0, 256, (2, 5, 3, 128, 64), dtype=torch.uint8)
    model, about = load_model(place / "reid" / "half" / "model.safetensors")
    feature = about["training"]["feature"]
    one, other = (extract_features(model, each, size=(64, 32), feature=feature).double() for each in (shown, wanted))
    cosines = (one * other).sum(1) / (one.norm(dim=1) * other.norm(dim=1))
    term = IdentityModel.find(Workspace.find(place), "half").term()
    value = term(shown / 127.5 - 1, wanted / 127.5 - 1)
    assert float(value) == pytest.approx(1 - float(cosines.mean()), abs=1e-5)


def test_the_record_names_the_model_and_a_model_that_is_trained_again_makes_another_generator(place: Path) -> None:
    made = run(place, *INSIDE, "half", "--name", "with")
    assert made["identity_model"] == "half"
    assert made["losses"]["identity"] > 0
    said = record(place, "with")
    assert (said["options"]["identity_model"], said["options"]["lambda_identity"]) == ("half", 1.0)
    assert said["inputs"]["identity_model"] == fingerprint(place / "reid" / "half" / "model.safetensors")
    assert run(place, *INSIDE, "half", "--name", "with") == made
    assert run(place, "info")["identity_models"] == {"with": "half"}
    in_words = CliRunner().invoke(command_line, ["--workspace", str(place), "info"]).stdout
    assert "generator with: identity term by half" in in_words.splitlines()
    train_reid(place, "half", "--portion", "0.5", "--learning-rate", "0.001", "--force")
    result = invoke(place, *INSIDE, "half", "--name", "with")
    assert result.exit_code == 1
    assert "was made from other input: identity_model" in result.stderr
    assert "half/model.safetensors has changed since" in result.stderr


def test_without_the_term_nothing_is_said_of_it_and_its_weight_counts(place: Path) -> None:
    made = run(place, *LINE, "--steps", "2", "--name", "without")
    said = record(place, "without")
    assert not [name for part in ("options", "inputs", "result") for name in said[part] if "identity" in name]
    assert "identity" not in made["losses"]
    losses = {}
    for weight in ("0.5", "2"):
        line = (*LINE, "--steps", "2", "--identity-model", "all", "--lambda-identity", weight, "--name", f"by-{weight}")
        losses[weight] = run(place, *line)["losses"]
    assert losses["0.5"]["identity"] != losses["2"]["identity"]  # after one update
    files = [place / "patn" / name / "generator.safetensors" for name in ("without", "by-0.5", "by-2")]
    assert len({fingerprint(file) for file in files}) == 3


@pytest.mark.parametrize(("line", "model"), [(INSIDE, "third"), (ALL, "all"), (ALL, "augmented-half")])
def test_a_model_that_saw_no_other_images_is_taken(line: tuple[str, ...], model: str, place: Path) -> None:
    assert run(place, *line, model)["identity_model"] == model


@pytest.mark.parametrize(
    ("line", "model", "sentence"),
    [
        (INSIDE, "all", "was trained with portion 1.0 and seed 0 on 24 images that M^R_p does not keep, such as 0"),
        (INSIDE, "other-half", "was trained with portion 0.5 and seed 1 on"),
        (INSIDE, "augmented-half", "was trained on generated images too (ours)"),
        (INSIDE, "folder", "was trained on the folder theirs/"),
        (ALL, "folder", "was trained on the folder theirs/"),
        (INSIDE, "test-half", "was trained in a workspace of other training images"),
        (ALL, "test-half", "was trained in a workspace of other training images"),
        (ALL, "nobody", "no finished re-ID model; finished ones: all, augmented-half, folder"),
    ],
)
def test_a_model_that_saw_images_which_the_generator_must_not_see_is_refused(
    line: tuple[str, ...], model: str, sentence: str, place: Path
) -> None:
    result = invoke(place, *line, model)
    assert result.exit_code == 1
    assert str(place / "reid" / model) in result.stderr
    assert sentence in result.stderr
    assert not (place / "patn").exists()


def test_a_model_whose_training_did_not_finish_is_refused(place: Path) -> None:
    (place / "reid" / "half" / "run.json").unlink()
    assert "half: no finished re-ID model" in invoke(place, *INSIDE, "half").stderr


def test_a_broken_off_training_ends_with_the_bytes_of_an_unbroken_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = (*LINE, "--steps", "4", "--portion", "0.5", "--identity-model", "half")
    run(place, *line, "--name", "whole")
    interrupt_after(monkeypatch, 2)
    assert invoke(place, *line, "--name", "halves").exit_code == 130
    monkeypatch.undo()
    assert "identity_model" in invoke(place, *LINE, "--steps", "4", "--portion", "0.5", "--name", "halves").stderr
    run(place, *line, "--name", "halves")
    files = [place / "patn" / name / "generator.safetensors" for name in ("whole", "halves")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_training_that_goes_on_from_such_a_generator_has_no_term_of_its_own_accord(place: Path) -> None:
    run(place, *ALL, "all", "--name", "with")
    workspace = Workspace.find(place)
    assert starting_training(None, None, InitialWeights.find(workspace, "with")).lambda_identity == 0
    with pytest.raises(augment.AugmentError, match="there is none like it inside"):
        ReducedGenerator("with", 0.5, 0).recipe(workspace)


@pytest.mark.parametrize(
    ("line", "status", "sentence"),
    [
        ((*ALL, "all", "--generator", "pg2"), 2, "--identity-model has no effect on generator pg2"),
        ((*LINE, "--lambda-identity", "1"), 2, "--lambda-identity has no effect without --identity-model"),
        ((*ALL, "all", "--lambda-identity", "0"), 2, "--identity-model has no effect with --lambda-identity 0"),
    ],
)
def test_what_would_have_no_effect_is_said(line: tuple[str, ...], status: int, sentence: str, place: Path) -> None:
    result = invoke(place, *line)
    assert result.exit_code == status
    assert sentence in result.stderr


def test_python_callers_name_the_model(place: Path) -> None:
    workspace = augment.open_workspace(place)
    runtime = Runtime("cpu", threads=1, progress=False)
    file = augment.train_generator(
        workspace,
        "demo",
        generator="correspondence",
        steps=1,
        portion=0.5,
        identity_model="half",
        perceptual="none",
        runtime=runtime,
    )
    assert record(place, file.parent.name)["options"]["lambda_identity"] == 1.0
