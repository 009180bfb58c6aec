import json
from dataclasses import replace
from typing import Any

import pytest

from patn import DataError
from patn.generators import GENERATORS, build_generator, kind_of
from patn.models.patn import Patn
from patn.models.resnet import Resnet
from patn.training.configuration import PRESETS, PatnTraining


@pytest.mark.parametrize(
    ("preset", "epoch_steps", "constant", "falling"), [("market", 125, 500, 200), ("deepfashion", 572, 500, 200)]
)
def test_released_presets_fall_once_an_epoch_by_the_released_rule(
    preset: str, epoch_steps: int, constant: int, falling: int
) -> None:
    training = PRESETS[preset]
    assert training.steps == (constant + falling) * epoch_steps
    for epoch in range(1, constant + falling + 1):  # counted from 1; the scheduler's count is one less
        factor = 1 - max(0, (epoch - 1) + 2 - constant) / (falling + 1)
        for step in ((epoch - 1) * epoch_steps, epoch * epoch_steps - 1):
            assert training.learning_rate(step) == pytest.approx(2e-4 * factor, abs=1e-15)


@pytest.mark.parametrize(("epoch", "factor"), [(1, 1), (499, 1), (500, 200 / 201), (501, 199 / 201), (700, 0)])
def test_the_last_constant_epoch_is_a_little_slower_and_the_last_one_stands_still(epoch: int, factor: float) -> None:
    assert PRESETS["market"].learning_rate((epoch - 1) * 125) == pytest.approx(2e-4 * factor, abs=1e-15)


@pytest.mark.parametrize(("step", "factor"), [(0, 1), (59_999, 1), (60_000, 1), (75_000, 0.5), (89_999, 1 / 30_000)])
def test_another_number_of_steps_falls_step_by_step(step: int, factor: float) -> None:
    training = PRESETS["market"].of_steps(90_000, 60_000)
    assert training.learning_rate(step) == pytest.approx(2e-4 * factor)


@pytest.mark.parametrize("kind", sorted(GENERATORS))
def test_a_preset_of_half_the_size_sees_joints_as_large_on_a_person(kind: str) -> None:
    market = kind_of(kind).preset("market")
    half = market.of_size(64, 32)
    changed = {name: value for name, value in half.as_dict().items() if value != market.as_dict()[name]}
    lengths = {"pg2": {"radius": 2.0}, "vunet": {}}.get(kind, {"sigma": 3.0})
    assert changed == {"height": 64, "width_px": 32, **lengths}


def test_another_number_of_steps_keeps_the_share_before_the_fall() -> None:
    assert PRESETS["market"].of_steps(700).constant_steps == 500
    assert PRESETS["demo"].of_steps(10).constant_steps == 5


@pytest.mark.parametrize("preset", ["demo", "study"])
def test_short_presets_are_constant_for_half_of_the_steps(preset: str) -> None:
    training = PRESETS[preset]
    assert training.learning_rate(training.steps // 2 - 1) == training.lr
    assert training.learning_rate(training.steps * 3 // 4) == pytest.approx(training.lr / 2)


def test_a_training_without_fall_keeps_its_learning_rate() -> None:
    training = PatnTraining(steps=10, constant_steps=10)
    assert [training.learning_rate(step) for step in range(10)] == [2e-4] * 10


def test_presets_are_the_released_commands() -> None:
    market, fashion = PRESETS["market"], PRESETS["deepfashion"]
    assert (market.lambda_gan, market.lambda_l1, market.lambda_perceptual) == (2.5, 10, 10)
    assert (fashion.lambda_gan, fashion.lambda_l1, fashion.lambda_perceptual) == (2.5, 1, 1)
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
        ("generator", "nobody"),
        ("d_head", "softmax"),
        ("d_leaky", -0.1),
        ("perceptual_loss", "cosine"),
        ("pose_reduction", "third"),
        ("epoch_steps", 1_000),
    ],
)
def test_a_field_without_sense_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(DataError, match="images of" if field in ("height", "width_px") else field):
        replace(PRESETS["demo"], **{field: value})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"generator": "resnet", "add": False}, "add is an option of generator 'patn'"),
        ({"generator": "resnet", "pose_reduction": "first"}, "pose_reduction is an option of generator 'patn'"),
        ({"fusion": "two_streams"}, "fusion is an option of generator 'resnet'"),
    ],
)
def test_an_option_of_another_generator_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        PatnTraining(**fields)


def test_options_reach_the_networks() -> None:
    training = PatnTraining(
        cat=False, pose_reduction="first", d_blocks=0, d_head="patch1", d_leaky=0.2, d_dropout=False
    )
    generator = build_generator(training.generator, {**training.generator_options(), "width": 2, "blocks": 1})
    assert isinstance(generator, Patn)
    assert (generator.options["cat"], generator.options["pose_reduction"]) == (False, "first")
    options = {"blocks": 0, "head": "patch1", "leaky": 0.2, "dropout": False, "norm": "batch", "width": 64}
    assert training.discriminator_options() == options
    resnet = replace(PRESETS["demo"], generator="resnet", fusion="two_streams", width=2)
    generator = build_generator("resnet", resnet.generator_options())
    assert isinstance(generator, Resnet)
    assert generator.options["fusion"] == "two_streams"


def test_fields_round_trip_through_json() -> None:
    training = PRESETS["demo"]
    loaded = json.loads(json.dumps(training.as_dict()))
    assert PatnTraining(**{**loaded, "betas": tuple(loaded["betas"])}) == training
