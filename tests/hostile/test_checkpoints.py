"""Weight files that are none, of something else, damaged, or that would run code."""

import json
import os
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from augment import AugmentError
from augment.training.loop import LAST, load_state, save_state, train
from numerics.seeds import Stream
from tests.hostile.cases import Case, each, meet

GENERATOR, MODEL = Path("patn/g/generator.safetensors"), Path("reid/m/model.safetensors")
GENERATE = ("generate", "--portion", "0.5")
EVALUATE = ("reid-eval", "m")
IMPORT = ("patn-import", "ROOT/given.pth")


class Bomb:
    """A pickle of it makes a file when it is loaded."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch executed",)


def instead(path: Path, content: bytes) -> Callable[[Path], object]:
    return lambda root: (root / path).write_bytes(content)


def cut(path: Path, share: float) -> Callable[[Path], object]:
    def spoil(root: Path) -> None:
        content = (root / path).read_bytes()
        (root / path).write_bytes(content[: int(len(content) * share)])

    return spoil


def changed(path: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], object]:
    """The same file with other tensors."""

    def spoil(root: Path) -> None:
        tensors = load_file(root / path)
        change(tensors)
        save_file(tensors, root / path, metadata=metadata(root / path))

    return spoil


def described(path: Path, change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """The same tensors with another description."""

    def spoil(root: Path) -> None:
        ((key, text),) = metadata(root / path).items()
        about = json.loads(text)
        change(about)
        save_file(load_file(root / path), root / path, metadata={key: json.dumps(about)})

    return spoil


def metadata(path: Path) -> dict[str, str]:
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    found: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return found


def other(path: Path, source: Path) -> Callable[[Path], object]:
    return lambda root: (root / path).write_bytes((root / source).read_bytes())


def nan(tensors: dict[str, torch.Tensor]) -> None:
    next(value for value in tensors.values() if value.is_floating_point()).view(-1)[0] = float("nan")


def reshaped(tensors: dict[str, torch.Tensor]) -> None:
    name = next(iter(tensors))
    tensors[name] = torch.zeros(7, 7)


def torch_file(value: object) -> Callable[[Path], object]:
    return lambda root: torch.save(value, root / "given.pth")


def archive(root: Path) -> None:
    with tarfile.open(root / "given.pth", "w") as tar:
        tar.add(root / "augment.toml")


NO_PLAIN = "given.pth is not a file of plain weights .*, and nothing in it was run"
GENERATORS = {
    "a pickle that runs code": (instead(GENERATOR, pickle.dumps(Bomb())), "nothing in it was run"),
    "empty": (instead(GENERATOR, b""), "is not a file of plain weights"),
    "text": (instead(GENERATOR, b"weights"), "is not a file of plain weights"),
    "truncated": (cut(GENERATOR, 0.5), "is not a file of plain weights"),
    "a header cut": (cut(GENERATOR, 0.001), "is not a file of plain weights"),
    "other shapes": (changed(GENERATOR, reshaped), "holds a generator that this version cannot build"),
    "NaN": (changed(GENERATOR, nan), "is damaged, .* is not finite; train it again"),
    "a re-ID model": (other(GENERATOR, MODEL), "is not a generator that this program saved"),
    "more blocks": (described(GENERATOR, lambda about: about["options"].update(blocks=3)), "cannot build"),
    "no blocks": (described(GENERATOR, lambda about: about["options"].update(blocks=-1)), "cannot build"),
    "words for numbers": (described(GENERATOR, lambda about: about["options"].update(width="x")), "cannot build"),
    "an unknown network": (described(GENERATOR, lambda about: about.update(generator="os.system")), "cannot build"),
    "no options": (described(GENERATOR, lambda about: about.update(options=None)), "cannot build"),
    "no description": (described(GENERATOR, lambda about: about.clear()), "is not a generator that this program saved"),
}
MODELS = {
    "a pickle that runs code": (instead(MODEL, pickle.dumps(Bomb())), "is no safetensors file"),
    "empty": (instead(MODEL, b""), "is no safetensors file"),
    "truncated": (cut(MODEL, 0.5), "is no safetensors file"),
    "other shapes": (changed(MODEL, reshaped), "does not hold the model it describes"),
    "NaN": (changed(MODEL, nan), "is damaged, .* is not finite"),
    "a generator": (other(MODEL, GENERATOR), "is no re-ID model of this program"),
    "other classes": (described(MODEL, lambda about: about["model"].update(classes=9)), "does not hold the model"),
    "no classes": (described(MODEL, lambda about: about["model"].update(classes=-1)), "does not hold the model"),
    "an unknown backbone": (described(MODEL, lambda about: about["model"].update(name="x")), "does not hold the model"),
    "an unknown feature": (
        described(MODEL, lambda about: about["metadata"].clear()),
        "does not say how it was trained",
    ),
}
IMPORTS = {
    "a pickle that runs code": (instead(Path("given.pth"), pickle.dumps(Bomb())), NO_PLAIN),
    "a torch file that runs code": (torch_file(Bomb()), NO_PLAIN),
    "a list": (torch_file([1, 2]), "given.pth holds no state dict"),
    "no tensors": (torch_file({"a": 1}), "given.pth holds other things than named tensors"),
    "NaN": (torch_file({"model.1.weight": torch.full((4,), float("nan"))}), "is damaged, model.1.weight is not finite"),
    "another network": (torch_file({"fc.weight": torch.zeros(2, 2)}), "is neither a generator nor a discriminator"),
    "a tar file": (archive, "tar format of PyTorch before 0.1.10, which cannot be read safely"),
    "empty": (instead(Path("given.pth"), b""), NO_PLAIN),
}


@each(
    [Case(f"generator: {name}", spoil, GENERATE, sentence) for name, (spoil, sentence) in GENERATORS.items()]
    + [Case(f"re-ID model: {name}", spoil, EVALUATE, sentence) for name, (spoil, sentence) in MODELS.items()]
    + [Case(f"import: {name}", spoil, IMPORT, sentence) for name, (spoil, sentence) in IMPORTS.items()]
)
def test_a_malformed_weight_file_is_refused_and_not_run(
    root: Path, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    meet(root, case)
    assert not (tmp_path / "executed").exists()


class Line:
    """An objective that draws a line through a point; from step `worse` on its loss or its weights are no numbers."""

    noise = Stream.GENERATOR_NOISE

    def __init__(self, steps: int, worse: int = 99, where: str = "loss") -> None:
        self.network, self.steps, self.worse, self.where = torch.nn.Linear(1, 1), steps, worse, where
        self.networks: dict[str, torch.nn.Module] = {"line": self.network}
        self.optimizers: dict[str, torch.optim.Optimizer] = {"line": torch.optim.Adam(self.network.parameters())}

    def batch(self, step: int) -> dict[str, torch.Tensor]:
        return {"x": torch.ones(1, 1)}

    def step(self, batch: dict[str, torch.Tensor], step: int) -> dict[str, torch.Tensor]:
        self.optimizers["line"].zero_grad()
        loss = (self.network(batch["x"]) - 1).square().mean()
        loss.backward()
        self.optimizers["line"].step()
        if step + 1 == self.worse:
            if self.where == "loss":
                return {"fine": loss.detach(), "loss": loss.detach() * float("inf")}
            torch.nn.init.constant_(self.network.weight, float("nan"))
        return {"loss": loss.detach()}

    def extra_state(self) -> dict[str, torch.Tensor]:
        return {}

    def load_extra_state(self, state: dict[str, torch.Tensor]) -> None:
        return


@pytest.mark.parametrize(
    ("worse", "where", "steps"),
    [
        (5, "loss", "step 5"),  # where losses are logged
        (4, "loss", "one of the steps 1 to 4"),  # where a checkpoint is due
        (4, "weights", "step 4"),
        (8, "weights", "step 8"),
        (6, "weights", "one of the steps 6 to 8"),
        (1, "weights", "one of the steps 1 to 4"),
    ],
)
def test_a_number_that_is_none_stops_where_it_is_read_and_the_last_good_checkpoint_stays(
    tmp_path: Path, worse: int, where: str, steps: str
) -> None:
    sentence = f"is not finite at {steps}; " + ("last.safetensors holds step 4" if worse > 4 else "nothing was")
    with pytest.raises(AugmentError, match=sentence):
        train(Line(20, worse, where), tmp_path, seed=0, save_every=4, log_every=5, progress=False)
    fresh = Line(20)
    assert load_state(fresh, tmp_path / LAST) == (4 if worse > 4 else 0)
    assert fresh.network.weight.isfinite().all()
    assert not list(tmp_path.glob("*partial*"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "not a checkpoint of this tool"), (pickle.dumps(Bomb()), "not a checkpoint of this tool")],
)
def test_a_checkpoint_to_resume_from_that_is_none_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / LAST).write_bytes(content)
    with pytest.raises(AugmentError, match=f"{LAST}: {sentence}; delete the folder to start again"):
        load_state(Line(3), tmp_path / LAST)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda tensors: tensors.pop("network.line.bias"), "holds other networks"),
        (lambda tensors: tensors.update({"optimizer.line.x.step": torch.ones(1)}), "holds other networks"),
        (lambda tensors: tensors["network.line.bias"].fill_(float("nan")), "network.line.bias is not finite"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(
    tmp_path: Path, change: Callable[[dict[str, torch.Tensor]], object], sentence: str
) -> None:
    objective = Line(3)
    objective.step(objective.batch(0), 0)
    save_state(objective, tmp_path / LAST, 1)
    tensors = load_file(tmp_path / LAST)
    change(tensors)
    save_file(tensors, tmp_path / LAST, metadata={"step": "1"})
    with pytest.raises(AugmentError, match=sentence):
        load_state(Line(3), tmp_path / LAST)
