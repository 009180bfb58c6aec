"""No step of a training waits for the device: values are read where losses are logged and checkpoints are saved."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from augment.training.loop import train
from patn.generators import GENERATORS
from patn.training.identity import IdentityTerm
from pipelines.tables.ablations import ROWS
from reid.features import Features
from reid.models.backbones import build_model
from reid.objective import ReidObjective
from reid.training import PRESETS
from tests.patn.kinds import features, objective, tiny

STEPS, EVERY = 4, 2
aten = torch.ops.aten
READS = {
    aten._local_scalar_dense,
    aten.item,
    aten.is_nonzero,
    aten.equal,
    aten.nonzero,
    aten.masked_select,
    aten._unique2,
    aten.unique_dim,
    aten.repeat_interleave,
}
METHODS = {"item", "tolist", "cpu", "numpy", "__array__", "__bool__", "__int__", "__float__", "__index__"}


class Operators(TorchDispatchMode):
    """Notes operators whose result, or whose size, the caller has to wait for; a mask as an index is one of them."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__()
        self.note = note

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        masks = args[1] if func.overloadpacket is aten.index else ()
        if func.overloadpacket in READS or any(mask is not None and mask.dtype == torch.bool for mask in masks):
            self.note(str(func))
        return func(*args, **(kwargs or {}))


class Methods(TorchFunctionMode):
    """Notes methods that bring a tensor to the host: on a CPU they run no operator."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__()
        self.note = note

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.__name__ in METHODS:
            self.note(func.__name__)
        return func(*args, **(kwargs or {}))


class Watched:
    """An objective, and what was read in each of its steps."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.reads, self.now = inner, dict[int, list[str]](), 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def note(self, what: str) -> None:
        self.reads.setdefault(self.now, []).append(what)

    def batch(self, step: int) -> dict[str, torch.Tensor]:
        """The inner one's; samples are on the host, where methods wait for nothing."""
        self.now = step + 1
        with torch._C.DisableTorchFunction():
            batch: dict[str, torch.Tensor] = self.inner.batch(step)
        return batch

    def step(self, batch: dict[str, torch.Tensor], step: int) -> dict[str, torch.Tensor]:
        losses: dict[str, torch.Tensor] = self.inner.step(batch, step)
        return losses

    @contextmanager
    def watched(self) -> Iterator[None]:
        with Operators(self.note), Methods(self.note):
            yield


def reads(inner: Any, folder: Path) -> dict[int, list[str]]:
    """What was read in which step, counted from 1, of a training that logs and saves every EVERY steps."""
    subject = Watched(inner)
    with subject.watched():
        train(subject, folder, seed=0, log_every=EVERY, save_every=EVERY, progress=False)
    return subject.reads


@pytest.mark.parametrize("loss", ["features", "pixels"])
@pytest.mark.parametrize("name", GENERATORS)
def test_no_generators_step_reads_from_the_device(name: str, loss: str, tmp_path: Path) -> None:
    made = objective(tiny(name, steps=STEPS), perceptual=features() if loss == "features" else None)
    assert set(reads(made, tmp_path)) == {EVERY, 2 * EVERY}


@pytest.mark.parametrize("name", ["patn", "correspondence"])
def test_no_step_with_an_identity_term_reads_from_the_device(name: str, tmp_path: Path) -> None:
    model = build_model("small", classes=3, features=0)
    term = IdentityTerm(Features(model, size=(64, 32), feature="pooled"))  # not the size of the images
    made = objective(tiny(name, steps=STEPS, lambda_identity=1.0), perceptual=features(), identity=term)
    assert set(reads(made, tmp_path)) == {EVERY, 2 * EVERY}


FURTHER: dict[str, dict[str, Any]] = {
    "no discriminators": {"lambda_gan": 0.0},
    "least squares": {"gan": "lsgan"},
    "instance norm": {"norm": "instance"},
    "no pool": {"pool": 0},
}
SHORT = {name: {**row.fields, "blocks": 1} for name, row in ROWS.items() if row.fields["blocks"] == 9}


@pytest.mark.parametrize("fields", [*SHORT.values(), *FURTHER.values()], ids=[*SHORT, *FURTHER])
def test_no_ablations_step_reads_from_the_device(fields: dict[str, Any], tmp_path: Path) -> None:
    own = dict(fields)
    made = objective(tiny(own.pop("generator", "patn"), steps=STEPS, **own))
    assert set(reads(made, tmp_path)) == {EVERY, 2 * EVERY}


def reid(preset: str, **fields: Any) -> ReidObjective:
    """40 random images of five identities and two cameras, half of them generated."""
    draws = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (40, 3, 32, 16), dtype=torch.uint8, generator=draws)
    own: dict[str, Any] = {"backbone": "small", "height": 32, "width": 16, "batch": 8, "updates": STEPS}
    own |= {"features": 0, "last_stride": None, "feature": "neck" if PRESETS[preset].bnneck else "pooled"}
    return ReidObjective(
        replace(PRESETS[preset], **own | fields),
        images,
        torch.arange(5).repeat(8),
        classes=5,
        seed=0,
        generated=torch.arange(40) < 20,
        cameras=torch.arange(2).repeat(20),
    )


@pytest.mark.parametrize(
    "made",
    [
        lambda: reid("demo", erasing=0.5, jitter=0.2, generated_weight=0.5, generated_smoothing=1.0),
        lambda: reid("open-reid"),
        lambda: reid("open-reid-256", ghost_batch=4),
        lambda: reid("strong"),  # triplets
    ],
    ids=["demo", "open-reid", "ghost", "strong"],
)
def test_no_re_id_step_reads_from_the_device(made: Callable[[], ReidObjective], tmp_path: Path) -> None:
    assert set(reads(made(), tmp_path)) == {EVERY, 2 * EVERY}


def test_the_choice_of_the_best_epoch_reads_once_an_epoch(tmp_path: Path) -> None:
    found = reads(reid("demo", model="best", updates=6), tmp_path)  # five steps an epoch
    assert set(found) == {EVERY, 2 * EVERY, 5, 3 * EVERY}


@pytest.mark.parametrize(
    "read",
    [
        lambda loss: float(loss),
        lambda loss: loss.item(),
        lambda loss: loss.tolist(),
        lambda loss: loss.cpu(),
        lambda loss: bool(loss > 0),
        lambda loss: loss.detach().numpy(),
        lambda loss: loss[loss > 0],
        lambda loss: torch.equal(loss, loss),
    ],
)
def test_a_step_that_reads_is_found(read: Callable[[torch.Tensor], object], tmp_path: Path) -> None:
    class Reading(ReidObjective):
        def step(self, batch: dict[str, torch.Tensor], step: int) -> dict[str, torch.Tensor]:
            losses = super().step(batch, step)
            read(losses["loss"])
            return losses

    made = reid("demo")
    made.__class__ = Reading
    assert set(reads(made, tmp_path)) == set(range(1, STEPS + 1))
