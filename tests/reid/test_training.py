"""Presets name the protocol's numbers; impossible recipes are refused."""

from dataclasses import replace
from typing import Any

import pytest

from reid import DataError
from reid.training import PRESETS, ReidTraining, preset, with_erasing_and_jitter


def test_open_reid_is_the_softmax_recipe_for_one_device() -> None:
    resnet50, inception = preset("open-reid"), preset("open-reid", "inception")
    assert resnet50 == PRESETS["open-reid"] == preset("open-reid", "resnet50")
    assert (resnet50.size, resnet50.epochs, resnet50.decay_every) == ((256, 128), 50, 40)
    assert (inception.size, inception.epochs, inception.decay_every) == ((144, 56), 70, 60)
    for training in (resnet50, inception):
        assert (training.batch, training.learning_rate, training.weight_decay) == (64, 0.025, 5e-4)
        assert (training.optimizer, training.momentum, training.nesterov) == ("sgd", 0.9, True)
        assert (training.features, training.dropout, training.label_smoothing) == (128, 0.5, 0)
        assert (training.crop, training.flip, training.erasing, training.jitter) == ("random-area", True, 0, 0)
        assert training.feature == "logits"
    assert (resnet50.trunk_factor, inception.trunk_factor) == (0.1, 1.0)
    assert preset("open-reid", pretrained=False).trunk_factor == 1.0


def test_open_reid_for_four_gpus_differs_in_batch_and_rate_alone() -> None:
    for backbone in ("resnet50", "inception"):
        four = preset("open-reid-256", backbone)
        assert (four.batch, four.ghost_batch, four.learning_rate) == (256, 64, 0.1)
        assert replace(four, batch=64, ghost_batch=None, learning_rate=0.025) == preset("open-reid", backbone)


def test_erasing_and_jitter_changes_nothing_else() -> None:
    plain = preset("demo")
    changed = with_erasing_and_jitter(plain)
    assert (changed.erasing, changed.jitter) == (0.5, 0.15)
    assert replace(changed, erasing=0.0, jitter=0.0) == plain


def test_erasing_and_jitter_on_top_of_a_preset_that_erases_adds_the_jitter_alone() -> None:
    strong = preset("strong")
    assert replace(with_erasing_and_jitter(strong), jitter=0.0) == strong
    more = replace(strong, erasing=0.8, jitter=0.4)
    assert with_erasing_and_jitter(more) == more


def test_strong_is_the_strong_baseline() -> None:
    strong = preset("strong")
    assert strong == PRESETS["strong"] == preset("strong", pretrained=False)
    assert (strong.size, strong.epochs, strong.batch, strong.instances) == ((256, 128), 120, 64, 4)
    assert (strong.optimizer, strong.learning_rate, strong.weight_decay) == ("adam", 3.5e-4, 5e-4)
    assert (strong.warmup, strong.decay_at, strong.trunk_factor) == (10, (40, 70), 1.0)
    assert (strong.label_smoothing, strong.triplet_margin, strong.erasing) == (0.1, 0.3, 0.5)
    assert (strong.bnneck, strong.last_stride, strong.feature, strong.distance) == (True, 1, "neck", "cosine")
    for backbone, size, rate in (("inception", (144, 56), 3.5e-4), ("small", (64, 32), 3.5e-3)):
        other = preset("strong", backbone)
        assert (other.size, other.last_stride, other.epochs, other.learning_rate) == (size, None, 120, rate)


def test_demo_takes_any_backbone_at_64_by_32() -> None:
    for backbone in ("small", "resnet50", "inception"):
        training = preset("demo", backbone)
        assert (training.backbone, training.size, training.epochs) == (backbone, (64, 32), 14)


@pytest.mark.parametrize(
    "change",
    [
        {"backbone": "vgg"},
        {"crop": "centre"},
        {"batch": 1},
        {"epochs": 0},
        {"updates": 0},
        {"learning_rate": 0},
        {"erasing": 1.5},
        {"jitter": 1},
        {"dropout": -0.1},
        {"generated_smoothing": 1.1},
        {"ghost_batch": 48},
        {"model": "first"},
        {"instances": 5},
        {"instances": 4, "batch": 12, "ghost_batch": 6},
        {"triplet_margin": 0.3},
        {"triplet_margin": -1, "instances": 4},
        {"bnneck": True},
        {"warmup": 5, "schedule": "one-cycle"},
        {"generated_weight": 0},
        {"generated_weight": float("inf")},
    ],
)
def test_impossible_numbers_are_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=next(iter(change))):
        ReidTraining(**change)


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(DataError, match="open-reid, open-reid-256, open-reid-standard, strong, demo"):
        preset("market")
    with pytest.raises(DataError, match="resnet50, inception, small"):
        preset("demo", "vgg")
