"""Every variant of the generator trains through the one loop, resumes exactly and fills a set."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from augment.commands.patn_train import command, training_of
from augment.commands.sections import SectionOption
from augment.training.loop import train
from patn import DataError
from patn.checkpoints import load_generator, read_metadata
from patn.training.configuration import PRESETS, PatnTraining
from patn.training.objective import PatnObjective
from tests.conftest import invoke, run

TINY = replace(
    PRESETS["demo"].of_steps(4), blocks=2, width=2, d_width=2, height=16, width_px=8, batch=2, g_dropout=True, pool=3
)
SHORT = ("patn-train", "--preset", "demo", "--steps", "2", "--batch", "2", "--perceptual", "none", "--blocks", "1")


def objective(**fields: object) -> PatnObjective:
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (6, 3, 16, 8), dtype=np.uint8))
    keypoints = torch.from_numpy(rng.uniform(0, (15, 7), (6, 18, 2)).astype(np.float32))
    pairs = torch.from_numpy(rng.integers(0, 6, (9, 2)))
    return PatnObjective(replace(TINY, **fields), images, keypoints, pairs, seed=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields", [{"generator": "resnet"}, {"cat": False, "d_blocks": 0, "d_head": "patch1"}], ids=str
)
def test_two_and_two_steps_are_the_bytes_of_four(fields: dict[str, object], tmp_path: Path) -> None:
    settings = {"seed": 1, "save_every": 2, "progress": False}
    train(objective(**fields), folder_in(tmp_path, "whole"), **settings)  # type: ignore[arg-type]
    halved = objective(**fields)
    halved.steps = 2
    train(halved, folder_in(tmp_path, "halves"), **settings)  # type: ignore[arg-type]
    train(objective(**fields), folder_in(tmp_path, "halves"), **settings)  # type: ignore[arg-type]
    first, second = (tmp_path / name / "last.safetensors" for name in ("whole", "halves"))
    assert first.read_bytes() == second.read_bytes()


def folder_in(folder: Path, name: str) -> Path:
    (folder / name).mkdir(exist_ok=True)
    return folder / name


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--generator", "resnet", "--fusion", "two_streams"), {"blocks": 1, "fusion": "two_streams"}),
        (("--no-cat", "--no-add", "--no-discriminator-residuals"), {"blocks": 1, "add": False, "cat": False}),
        (("--pose-reduction", "first", "--pose-maps", "onehot", "--norm", "instance"), {"pose_reduction": "first"}),
    ],
)
def test_a_variant_trains_and_fills_a_set(people: Path, options: tuple[str, ...], expected: dict[str, object]) -> None:
    result = run(people, *SHORT, *options, "--name", "variant")
    checkpoint = people / result["folder"] / "generator.safetensors"
    about = read_metadata(checkpoint)
    assert about.generator == ("resnet" if "resnet" in options else "patn")
    assert expected.items() <= about.options.items()
    assert sum(weights.numel() for weights in load_generator(checkpoint).parameters()) == result["parameters"]
    made = run(people, "generate", "--portion", "0.5", "--generator", "variant")
    assert made["generated"] + made["copied"] == 24


def test_a_generator_is_named_after_its_kind(people: Path) -> None:
    assert run(people, *SHORT, "--generator", "resnet", "--lambda-gan", "0")["folder"] == "patn/resnet"


def test_options_that_do_not_go_together_are_one_sentence(people: Path) -> None:
    result = invoke(people, *SHORT, "--generator", "resnet", "--no-cat")
    assert result.exit_code == 2
    assert "cat is an option of generator 'patn'" in result.stderr


def test_nothing_given_is_the_preset() -> None:
    nothing = {"steps": None, "gan": None, "no_add": False, "no_cat": False, "no_discriminator_residuals": False}
    for name, preset in PRESETS.items():
        assert training_of(name, nothing) == preset


def test_given_options_change_their_fields_only() -> None:
    given = {"gan": "lsgan", "d_leaky": 0.2, "d_dropout": False, "d_init": True, "perceptual_loss": "mse", "batch": 8}
    assert training_of("market", given) == replace(PRESETS["market"], **given)  # type: ignore[arg-type]


def patn_training(preset: str, given: dict[str, Any]) -> PatnTraining:
    training = training_of(preset, given)
    assert isinstance(training, PatnTraining)
    return training


def test_the_papers_text_can_be_trained() -> None:
    text = {
        "d_head": "patch1",
        "d_leaky": 0.2,
        "d_dropout": False,
        "pose_reduction": "first",
        "lambda_gan": 5.0,
        "lambda_l1": 1.0,
        "lambda_perceptual": 1.0,
        "steps": 90_000,
        "constant_steps": 60_000,
    }
    training = patn_training("market", text)
    assert (training.lambda_gan, training.lambda_l1, training.lambda_perceptual) == (5, 1, 1)
    assert training.learning_rate(59_999) == 2e-4
    assert training.learning_rate(75_000) == pytest.approx(1e-4)


def test_discriminators_without_residual_blocks_get_a_head_unless_told_otherwise() -> None:
    flag = {"no_discriminator_residuals": True}
    assert (patn_training("demo", flag).d_blocks, patn_training("demo", flag).d_head) == (0, "patch1")
    assert patn_training("demo", {**flag, "d_head": "maps"}).d_head == "maps"


def test_released_epochs_need_the_released_length() -> None:
    with pytest.raises(DataError, match="divisible"):
        replace(PRESETS["market"], steps=1_001)
    assert patn_training("market", {"steps": 1_000}).epoch_steps == 0


def test_the_page_on_deviations_lists_every_option_of_the_recipe() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "explanation" / "deviations.md").read_text(encoding="utf-8")
    table = text.partition("<!-- configuration -->")[2].partition("<!-- end configuration -->")[0]
    named = set(re.findall(r"--[a-z][a-z0-9-]+", table))
    options = [option for option in command.params if isinstance(option, SectionOption)]
    recipe = [option for option in options if option.section.startswith("Configuration")]
    assert len(recipe) >= 14
    assert all(named & {*option.opts, *option.secondary_opts} for option in recipe)
    assert named <= {name for option in options for name in (*option.opts, *option.secondary_opts)}
