"""What holds for every generator and for what trains it."""

import json
import math
from pathlib import Path

import pytest
import torch

from patn import DataError
from patn.checkpoints import load_generator, save_generator
from patn.generators import GENERATORS, build_generator, recorded_training
from patn.inference import for_inference
from tests.patn.kinds import SIZE, features, objective, options, people, steps, tiny

PRESETS = ("market", "deepfashion", "demo", "study")


@pytest.mark.parametrize("name", GENERATORS)
def test_every_generator_is_one_call(name: str) -> None:
    torch.manual_seed(0)
    generator = build_generator(name, options(name)).eval()
    image, keypoints, _ = people(2)
    image = image / 127.5 - 1
    with torch.inference_mode():
        generated = generator(image, keypoints, keypoints.flip(0))
        alone = generator(image[:1], keypoints[:1], keypoints[1:])
    assert generated.shape == image.shape
    assert generated.abs().max() <= 1
    torch.testing.assert_close(generated[:1], alone, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(generated, image)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_file_gives_the_same_images(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    generator = build_generator(name, options(name)).eval()
    save_generator(tmp_path / "g.safetensors", generator, name)
    loaded = load_generator(tmp_path / "g.safetensors")
    image, keypoints, _ = people(2)
    inputs = (image / 127.5 - 1, keypoints, keypoints.flip(0))
    with torch.inference_mode():
        assert torch.equal(loaded(*inputs), load_generator(tmp_path / "g.safetensors")(*inputs))
        torch.testing.assert_close(loaded(*inputs), generator(*inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", GENERATORS)
def test_weights_in_bfloat16_draw_nearly_the_same(name: str) -> None:
    torch.manual_seed(0)
    generator = build_generator(name, options(name))
    image, keypoints, _ = people(4)
    inputs = (image / 127.5 - 1, keypoints, keypoints.flip(0))
    with torch.no_grad():
        generator(*inputs)  # running statistics
        expected = generator.eval()(*inputs)
        generated = for_inference(generator, bfloat16=True)(*inputs)
    assert (generated.float() - expected).abs().mean() < 0.03


@pytest.mark.parametrize("loss", ["features", "pixels"])
@pytest.mark.parametrize("name", GENERATORS)
def test_steps_on_one_batch_lower_its_loss(name: str, loss: str) -> None:
    alone = {"lambda_gan": 0.0} if "lambda_gan" in tiny(name).as_dict() else {}
    made = objective(tiny(name, steps=15, lr=3e-3, **alone), perceptual=features() if loss == "features" else None)
    first = steps(made, range(1), batch=0)
    last = steps(made, range(1, 15), batch=0)
    assert last["loss_g"] < 0.9 * first["loss_g"]


@pytest.mark.parametrize("name", GENERATORS)
def test_a_step_in_bfloat16_is_near_one_in_float32(name: str) -> None:
    losses = [
        steps(
            objective(
                tiny(name, g_dropout=0) if "g_dropout" in tiny(name).as_dict() else tiny(name),
                perceptual=features(),
                autocast=dtype,
            ),
            range(1),
        )
        for dtype in (None, torch.bfloat16)
    ]
    assert losses[0].keys() == losses[1].keys()
    for term, value in losses[0].items():
        assert math.isfinite(losses[1][term])
        assert losses[1][term] == pytest.approx(value, rel=0.1, abs=0.02)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_step_is_a_function_of_seed_and_step(name: str) -> None:
    first, second = (objective(tiny(name), perceptual=features()) for _ in range(2))
    torch.manual_seed(99)  # what else was sampled does not matter
    assert steps(first, range(2)) == steps(second, range(2))
    weights = [made.networks["generator"].state_dict() for made in (first, second)]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
    other = objective(tiny(name), seed=2, perceptual=features())
    assert steps(other, range(2)) != steps(first, range(2))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", GENERATORS)
def test_every_preset_is_whole(name: str, preset: str) -> None:
    training = GENERATORS[name].preset(preset)
    assert training.generator == name
    again = recorded_training(json.loads(json.dumps({**training.as_dict(), "perceptual": "none", "portion": None})))
    assert again == training
    with torch.device("meta"):
        generator = build_generator(name, training.generator_options())
        pose = torch.zeros(1, 18, 2)
        generated = generator.eval()(torch.zeros(1, 3, training.height, training.width_px), pose, pose)
    assert generated.shape[-2:] == (training.height, training.width_px)
    half = training.of_steps(training.steps // 2)
    assert half.steps == training.steps // 2


def test_unknown_names_are_refused_with_the_known() -> None:
    with pytest.raises(DataError, match=r"no generator 'nobody'; use one of correspondence, deform, .*patn"):
        build_generator("nobody", {})
    for name in GENERATORS:
        with pytest.raises(DataError, match="no preset 'huge'"):
            GENERATORS[name].preset("huge")
        with pytest.raises(DataError, match="cannot be built"):
            build_generator(name, {"depth": 3})


def test_tiny_images_are_what_these_tests_think() -> None:
    images, keypoints, _ = people()
    assert images.shape[-2:] == SIZE
    assert (keypoints == -1).any()
