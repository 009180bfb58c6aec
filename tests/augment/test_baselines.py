"""Every generator goes through the same verbs: trained, resumed, used, timed; and a new one is one dict entry."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from augment.commands.patn_train import KINDS, command
from augment.training.loop import train
from patn.baselines.deform.objective import DeformObjective
from patn.baselines.training import BaselineTraining
from patn.checkpoints import load_generator, read_metadata
from patn.generators import GENERATORS, Kind
from patn.training.generator_objective import GeneratorObjective
from patn.training.updates import descend
from reid.data.market1501 import torchreid_dataset
from tests.conftest import invoke, run
from tests.patn.kinds import features, objective, tiny

BASELINES = [name for name in GENERATORS if name not in ("patn", "resnet")]  # those are in test_patn_variants
SHORT = ("patn-train", "--preset", "demo", "--steps", "2", "--batch", "2", "--perceptual", "none")


@pytest.mark.parametrize("name", BASELINES)
def test_stopped_after_any_step_it_ends_with_the_same_bytes(name: str, tmp_path: Path) -> None:
    def trained(folder: str, steps: int) -> bytes:
        made = objective(tiny(name), perceptual=features())
        made.steps = steps
        (tmp_path / folder).mkdir(exist_ok=True)
        train(made, tmp_path / folder, seed=1, save_every=2, progress=False)
        return (tmp_path / folder / "last.safetensors").read_bytes()

    whole = trained("whole", 4)
    for stop in (1, 2, 3):  # in PG2's first stage, between the two, in the second
        assert trained(f"stopped {stop}", stop) != whole
        assert trained(f"stopped {stop}", 4) == whole


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_trains_and_fills_a_set(people: Path, name: str) -> None:
    result = run(people, *SHORT, "--generator", name)
    assert result["folder"] == f"patn/{name}"
    checkpoint = people / result["folder"] / "generator.safetensors"
    assert read_metadata(checkpoint).generator == name
    assert result["parameters"] == sum(weights.numel() for weights in load_generator(checkpoint).parameters())
    assert len(list((checkpoint.parent / "samples").glob("*.png"))) == 2
    made = run(people, "generate", "--portion", "0.5")
    assert made["generated"] + made["copied"] == 24
    assert made["generated"] > 0
    data = torchreid_dataset(people / made["folder"])
    assert (len(data.train), len(data.query)) == (48, 10)
    assert len({pid for _, pid, *_ in data.train}) == 8


def test_an_option_of_another_generator_is_one_sentence(people: Path) -> None:
    result = invoke(people, *SHORT, "--generator", "deform", "--blocks", "3")
    assert result.exit_code == 2
    assert "--blocks has no effect on generator deform; leave it out" in result.stderr
    result = invoke(people, *SHORT, "--generator", "nobody")
    assert result.exit_code == 2
    assert "there is no generator 'nobody'; use one of correspondence, deform, " in result.stderr


def test_the_help_names_every_generator() -> None:
    named = [name.strip() for part in KINDS.split(";") for name in part.partition(":")[0].split(",")]
    assert sorted(named) == sorted(GENERATORS)
    (option,) = (option for option in command.params if option.name == "generator")
    assert KINDS in str(option.to_info_dict()["help"])


@dataclass(frozen=True)
class BlendTraining(BaselineTraining):
    """A training without a discriminator."""

    generator: str = "blend"

    def generator_options(self) -> dict[str, Any]:
        return {}


class Blend(nn.Module):
    """One convolution over the image, which is no pose transfer."""

    def __init__(self) -> None:
        super().__init__()
        self.options: dict[str, Any] = {}
        self.layer = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> Tensor:
        made: Tensor = self.layer(image)
        return made.tanh()


class BlendObjective(GeneratorObjective):
    """L1 alone."""

    def build(self) -> dict[str, nn.Module]:
        return {"generator": Blend()}

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        self.set_rates(step)
        drawn = self.networks["generator"](batch["image"], batch["image_keypoints"], batch["target_keypoints"])
        loss = (drawn - batch["target"]).abs().mean()
        descend(self.optimizers["generator"], loss)
        return {"loss_g": loss.detach()}


def test_a_generator_is_added_by_one_entry(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = Kind(Blend, lambda preset: BlendTraining(steps=8, height=64, width_px=32), BlendObjective)
    monkeypatch.setitem(GENERATORS, "blend", kind)
    assert run(people, *SHORT, "--generator", "blend")["parameters"] == 84
    assert run(people, "generate", "--portion", "0.5")["generated"] > 0
    (record,) = run(people, "patn-bench", "--no-speed", "--generator", "blend", "--size", "64", "32")["generators"]
    assert record["parameters"] == record["paper_parameters"] == 84
    measured = run(people, "patn-eval", "--generator", "blend", "--pairs", "3", "--metrics", "ssim")
    assert 0 < measured["rows"]["generated"]["ssim"] < 1


def test_the_discriminator_learns_on_its_own_image() -> None:
    made = objective(tiny("deform"))
    assert isinstance(made, DeformObjective)
    before = {key: value.clone() for key, value in made.networks["d"].state_dict().items()}
    torch.manual_seed(0)
    losses = made.step(made.batch(0), 0)
    assert any(not torch.equal(before[key], value) for key, value in made.networks["d"].state_dict().items())
    assert losses["d"] > 0
