"""The calls of a notebook hand on what was asked, with the names and defaults of the commands."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import augment
from augment import AugmentError
from augment.api import generators, rankings
from augment.evaluation.reid import Ranking, Rankings
from augment.generation.prepared_set import SetRequest
from augment.runtime import Runtime
from augment.training.reid_data import TrainingSet
from augment.workspace import Workspace
from patn.generators import kind_of
from reid import training as recipes

SLOW = Runtime(device="cpu", threads=1)
STANDARD, OPEN = Ranking(40.0, 41.0, 50.0, 60.0, 70.0, 12), Ranking(1.0, 2.0, 3.0, 4.0, 5.0, 99)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path, {"data": "data", "seed": 4})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the functions behind the calls were asked, filled as they are called; none of them works."""
    found: dict[str, Any] = {}

    def generator(_: Workspace, training: object, **others: object) -> None:
        found.update(others, training=training)

    def model(_: Workspace, training: object, data: object, **others: object) -> SimpleNamespace:
        found.update(others, training=training, data=data)
        return SimpleNamespace(rankings=Rankings(STANDARD, OPEN), folder=f"reid/{others['name']}")

    def made(request: SetRequest, runtime: Runtime) -> SimpleNamespace:
        found.update(vars(request), runtime=runtime)
        return SimpleNamespace(folder="generated/x")

    monkeypatch.setattr(generators, "train", generator)
    monkeypatch.setattr(generators, "find", lambda _, name: Path(name))
    monkeypatch.setattr(generators, "prepare_set", lambda _, request: request)
    monkeypatch.setattr(generators, "generate", made)
    monkeypatch.setattr(rankings, "train", model)
    monkeypatch.setattr(rankings, "choose_weights", lambda *given: found.update(weights_of=given))
    return found


def test_a_generator_is_trained_as_the_command_would(workspace: Workspace, asked: dict[str, Any]) -> None:
    assert augment.train_generator(workspace) == Path("patn")
    assert asked["training"] == kind_of("patn").preset("market")
    assert (asked["name"], asked["portion"], asked["seed"], asked["perceptual"]) == ("patn", None, 4, "auto")
    assert asked["runtime"] == Runtime()
    assert (asked["initial"], asked["identity"], asked["weights_dir"]) == (None, None, None)
    augment.train_generator(workspace, weights_dir=Path("x"))
    assert asked["weights_dir"] == Path("x")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "patn"),
        ({"portion": 0.3}, "patn-p0.3-s4"),
        ({"portion": 0.3, "seed": 0}, "patn-p0.3-s0"),
        ({"generator": "resnet", "seed": 7}, "resnet"),
        ({"generator": "pg2", "portion": 0.1, "seed": 7}, "pg2-p0.1-s7"),
        ({"portion": 0.3, "name": "mine"}, "mine"),
    ],
)
def test_a_generator_is_named_for_its_kind_portion_and_seed(
    workspace: Workspace, asked: dict[str, Any], options: Mapping[str, Any], name: str
) -> None:
    assert augment.train_generator(workspace, "demo", **options) == Path(name)
    assert asked["name"] == name
    assert (asked["portion"], asked["seed"]) == (options.get("portion"), options.get("seed", 4))


def test_a_training_of_ones_own_is_taken_as_it_is_but_for_its_steps(
    workspace: Workspace, asked: dict[str, Any]
) -> None:
    own = replace(kind_of("resnet").preset("demo"), batch=3)
    augment.train_generator(workspace, own)
    assert (asked["training"], asked["name"]) == (own, "resnet")
    augment.train_generator(workspace, own, steps=3, runtime=SLOW)
    assert asked["training"] == own.of_steps(3)
    assert (asked["training"].steps, asked["runtime"]) == (3, SLOW)


def test_a_set_is_generated_with_the_sampling_asked_for(workspace: Workspace, asked: dict[str, Any]) -> None:
    folder = augment.generate_set(workspace, 0.3, target_poses="own", scenes=True, generator="mine")
    assert folder == workspace.root / "generated/x"
    assert (asked["portion"], asked["seed"], asked["generator"], asked["name"]) == (0.3, 4, "mine", None)
    assert (asked["sampling"].target_poses, asked["sampling"].ratio, asked["sampling"].scenes) == ("own", 1, True)
    augment.generate_set(workspace, 1.0, ratio=3, seed=0, runtime=SLOW)
    assert (asked["sampling"].ratio, asked["seed"], asked["runtime"]) == (3, 0, SLOW)
    with pytest.raises(AugmentError, match="target poses 'mine'"):
        augment.generate_set(workspace, 0.3, target_poses="mine")


@pytest.mark.parametrize(
    ("options", "data"),
    [
        ({}, TrainingSet(1.0, "none", 1, 4, "epochs")),
        ({"portion": 0.3, "images": "ours", "seed": 2}, TrainingSet(0.3, "ours", 1, 2, "epochs")),
        ({"images": "ours", "ratio": 2, "equal_updates": True}, TrainingSet(1.0, "ours", 2, 4, "updates")),
    ],
)
def test_a_model_is_trained_on_the_images_asked_for_and_named_for_them(
    workspace: Workspace, asked: dict[str, Any], options: Mapping[str, Any], data: TrainingSet
) -> None:
    found = augment.train_reid(workspace, "demo", **options)
    assert asked["data"] == data
    assert asked["name"] == data.name("small")
    assert found.folder == workspace.root / "reid" / asked["name"]
    augment.train_reid(workspace, "demo", erasing_and_jitter=True, name=None, **options)
    assert asked["name"] == f"{data.name('small')}-ordinary"
    assert asked["training"] == recipes.with_erasing_and_jitter(recipes.preset("demo"))


def test_the_figures_are_those_of_the_standard_queries(workspace: Workspace, asked: dict[str, Any]) -> None:
    found = augment.train_reid(workspace, "demo", name="x")
    assert (found.mAP, found.rank1, found.rank5, found.rank10, found.queries) == (40, 50, 60, 70, 12)


def test_a_preset_from_scratch_and_a_backbone_of_ones_own_choose_their_weights(
    workspace: Workspace, asked: dict[str, Any]
) -> None:
    for preset, options, weights_of in (
        ("demo", {}, ("small", True, None, None)),
        ("open-reid", {}, ("resnet50", False, None, None)),
        ("open-reid", {"from_scratch": True}, ("resnet50", True, None, None)),
        ("open-reid", {"backbone": "inception", "weights": Path("x.pth")}, ("inception", False, Path("x.pth"), None)),
        ("open-reid", {"weights_dir": Path("x")}, ("resnet50", False, None, Path("x"))),
    ):
        augment.train_reid(workspace, preset, **options)
        assert asked["weights_of"] == weights_of
        assert asked["training"].backbone == weights_of[0]
    own = replace(recipes.preset("demo"), epochs=7)
    augment.train_reid(workspace, own)
    assert asked["training"] == own
    augment.train_reid(workspace, own, backbone="inception")
    assert asked["training"] == replace(own, backbone="inception")


def test_workspaces_are_found_from_folders_inside_of_them(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "generated" / "x").mkdir(parents=True)
    for folder in (tmp_path, str(tmp_path), tmp_path / "generated" / "x"):
        assert augment.open_workspace(folder).root == workspace.root
    with pytest.raises(AugmentError, match="there is no such folder"):
        augment.open_workspace(tmp_path / "gone")


def test_features_are_a_row_for_each_test_image(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    monkeypatch.setattr(rankings, "test_images", lambda _: [1, 2, 3])
    for shape in ((2, 8), (4, 8), (3,), (3, 8, 1)):
        with pytest.raises(AugmentError, match="give 3 rows, one a test image"):
            augment.rank_features(workspace, np.zeros(shape))
