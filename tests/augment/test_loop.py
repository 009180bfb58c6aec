import json
from pathlib import Path

import pytest
import torch
from torch import nn

from augment import AugmentError
from augment.training.loop import load_state, read_metrics, save_state, train
from numerics.seeds import Stream


class Toy:
    """An objective with dropout, batch norm, momentum, channels-last weights and a state of its own."""

    noise = Stream.REID_NOISE

    def __init__(self, steps: int = 8, stop_at: int | None = None, nan_at: int | None = None) -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten(), nn.LazyLinear(2))
        model(torch.zeros(2, 3, 6, 6))
        self.networks: dict[str, nn.Module] = {"model": model.to(memory_format=torch.channels_last)}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "model": torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
        }
        self.steps, self.stop_at, self.nan_at = steps, stop_at, nan_at
        self.seen = torch.zeros(1)

    def batch(self, step: int) -> dict[str, torch.Tensor]:
        return {"x": torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(step))}

    def step(self, batch: dict[str, torch.Tensor], step: int) -> dict[str, torch.Tensor]:
        if step == self.stop_at:
            raise KeyboardInterrupt
        loss = self.networks["model"](batch["x"]).square().mean()
        self.optimizers["model"].zero_grad()
        loss.backward()
        self.optimizers["model"].step()
        self.seen += loss.detach()
        return {"loss": loss.detach() * (float("nan") if step == self.nan_at else 1)}

    def extra_state(self) -> dict[str, torch.Tensor]:
        return {"seen": self.seen}

    def load_extra_state(self, state: dict[str, torch.Tensor]) -> None:
        self.seen = state["seen"]


def test_a_killed_run_ends_with_the_bytes_of_an_unbroken_one(tmp_path: Path) -> None:
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    train(Toy(), tmp_path / "whole", seed=3, save_every=2, log_every=1, progress=False)
    for stop_at in (3, 7):
        with pytest.raises(KeyboardInterrupt):
            train(Toy(stop_at=stop_at), tmp_path / "broken", seed=3, save_every=2, log_every=1, progress=False)
    train(Toy(), tmp_path / "broken", seed=3, save_every=2, log_every=1, progress=False)
    last = [(tmp_path / name / "last.safetensors").read_bytes() for name in ("whole", "broken")]
    assert last[0] == last[1]
    losses = [[(line["step"], line["loss"]) for line in read_metrics(tmp_path / name)] for name in ("whole", "broken")]
    assert losses[0] == losses[1]
    assert [step for step, _ in losses[0]] == list(range(1, 9))


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    train(Toy(), tmp_path / "a", seed=0, progress=False)
    train(Toy(), tmp_path / "b", seed=1, progress=False)  # dropout differs, batches of the toy do not
    assert (tmp_path / "a" / "last.safetensors").read_bytes() != (tmp_path / "b" / "last.safetensors").read_bytes()


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match="loss is not finite at step 6"):
        train(Toy(nan_at=5), tmp_path, seed=0, save_every=4, log_every=1, progress=False)
    assert (tmp_path / "last.safetensors").exists()
    assert train(Toy(), tmp_path, seed=0, progress=False) > 0


def test_weights_that_are_not_finite_are_never_saved(tmp_path: Path) -> None:
    with pytest.raises(
        AugmentError, match=r"loss is not finite at one of the steps 3 to 4; last\.safetensors holds step 2"
    ):
        train(Toy(nan_at=3), tmp_path, seed=0, save_every=2, log_every=100, progress=False)
    assert load_state(Toy(), tmp_path / "last.safetensors") == 2


@pytest.mark.parametrize("line", ['{"step": 6, "lo', "3", "null", "{}"])
def test_half_a_line_of_metrics_is_forgotten(tmp_path: Path, line: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(Toy(stop_at=5), tmp_path, seed=0, save_every=4, log_every=1, progress=False)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write(line)
    train(Toy(), tmp_path, seed=0, save_every=4, log_every=1, progress=False)
    steps = [json.loads(line)["step"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert steps == list(range(1, 9))


def test_a_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "last.safetensors").write_bytes(b"PK\x03\x04 a pickle")
    with pytest.raises(AugmentError, match="not a checkpoint of this tool"):
        train(Toy(), tmp_path, seed=0, progress=False)
    other = Toy()
    other.networks = {"model": nn.Linear(2, 2)}
    other.optimizers = {}
    save_state(other, tmp_path / "last.safetensors", 1)
    with pytest.raises(AugmentError, match="holds other networks"):
        train(Toy(), tmp_path, seed=0, progress=False)


def test_samples_are_drawn_at_their_steps(tmp_path: Path) -> None:
    drawn: list[str] = []
    train(Toy(), tmp_path, seed=0, sample_every=3, draw=lambda path: drawn.append(path.name), progress=False)
    assert drawn == ["000003.png", "000006.png", "000008.png"]


def test_a_sample_is_there_before_the_checkpoint_of_its_step(tmp_path: Path) -> None:
    def draw(path: Path) -> None:
        if path.stem == "000006":
            raise KeyboardInterrupt  # a kill between the two: the resumed run draws it again

    with pytest.raises(KeyboardInterrupt):
        train(Toy(), tmp_path, seed=0, save_every=3, sample_every=3, draw=draw, progress=False)
    assert load_state(Toy(), tmp_path / "last.safetensors") == 3
