import json
from dataclasses import replace

import pytest

from patn import DataError
from patn.training import PRESETS, PatnTraining


@pytest.mark.parametrize(
    ("preset", "step", "factor"),
    [
        ("market", 0, 1),
        ("market", 62_499, 1),
        ("market", 62_500, 1),
        ("market", 75_000, 0.5),
        ("market", 87_499, 1 / 25_000),
        ("market", 87_500, 0),
        ("deepfashion", 285_999, 1),
        ("deepfashion", 343_200, 0.5),
    ],
)
def test_learning_rate_is_constant_then_falls_to_zero(preset, step, factor):
    assert PRESETS[preset].learning_rate(step) == pytest.approx(2e-4 * factor)


@pytest.mark.parametrize("preset", ["demo", "study"])
def test_short_presets_are_constant_for_half_of_the_steps(preset):
    training = PRESETS[preset]
    assert training.learning_rate(training.steps // 2 - 1) == 1e-3
    assert training.learning_rate(training.steps * 3 // 4) == pytest.approx(5e-4)


def test_a_training_without_fall_keeps_its_learning_rate():
    training = PatnTraining(steps=10, constant_steps=10)
    assert [training.learning_rate(step) for step in range(10)] == [2e-4] * 10


def test_presets_are_the_released_commands():
    market, fashion = PRESETS["market"], PRESETS["deepfashion"]
    assert (market.lambda_gan, market.lambda_l1, market.lambda_perceptual) == (5, 10, 10)
    assert (fashion.lambda_gan, fashion.lambda_l1, fashion.lambda_perceptual) == (5, 1, 1)
    assert (market.gan, market.norm, market.batch, market.pool) == ("bce", "batch", 32, 50)
    assert (fashion.gan, fashion.norm, fashion.batch, fashion.pool) == ("lsgan", "instance", 7, 0)
    assert fashion.pose_maps == "onehot"
    assert all(preset.betas == (0.5, 0.999) for preset in PRESETS.values())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("blocks", 0),
        ("batch", 0),
        ("norm", "layer"),
        ("gan", "hinge"),
        ("pose_maps", "lines"),
        ("lr", 0.0),
        ("lr", float("nan")),
        ("lambda_gan", -1.0),
        ("pool", -1),
        ("height", 30),
        ("width_px", 4),
        ("betas", (0.5, 1.0)),
    ],
)
def test_a_field_without_sense_is_refused_by_name(field, value):
    with pytest.raises(DataError, match="images of" if field in ("height", "width_px") else field):
        replace(PRESETS["demo"], **{field: value})


def test_fields_round_trip_through_json():
    training = PRESETS["demo"]
    loaded = json.loads(json.dumps(training.as_dict()))
    assert PatnTraining(**{**loaded, "betas": tuple(loaded["betas"])}) == training
