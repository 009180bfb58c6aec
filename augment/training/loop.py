"""The one loop that trains everything: a visible `for`, a step that is a function of (seed, step), exact resuming.

No step waits for the device: losses are read where they are logged and where a checkpoint is saved.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TextIO

from tqdm import tqdm

from augment import AugmentError
from numerics.files import naming, replacing
from numerics.seeds import Stream, stream_seed

if TYPE_CHECKING:
    import torch

LAST = "last.safetensors"
METRICS = "metrics.jsonl"


class Objective(Protocol):
    """What a library offers to be trained: networks, optimisers and a step; it touches no file."""

    networks: dict[str, torch.nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]
    steps: int
    noise: Stream
    """What seeds torch's global generator before each step."""

    def batch(self, step: int) -> dict[str, torch.Tensor]:
        """The step's batch, a function of the objective's seed and the step alone.

        Args:
            step: from 0.
        """

    def step(self, batch: dict[str, torch.Tensor], step: int) -> dict[str, torch.Tensor]:
        """Set the learning rate, update the networks once, return the losses.

        Args:
            batch: of this step.
            step: from 0.
        """

    def extra_state(self) -> dict[str, torch.Tensor]:
        """State beyond weights and optimisers (image pools)."""

    def load_extra_state(self, state: dict[str, torch.Tensor]) -> None:
        """Take back what `extra_state` gave.

        Args:
            state: tensors by the same names.
        """


def train(
    objective: Objective,
    folder: Path,
    *,
    seed: int,
    save_every: int = 500,
    log_every: int = 50,
    sample_every: int = 0,
    draw: Callable[[Path], None] | None = None,
    label: str = "train",
    progress: bool = True,
) -> float:
    """Train to the objective's last step, resuming from `last.safetensors`.

    A killed run continues with the result of an unbroken one, on a CPU to the byte; a GPU's default kernels add up in
    an order of their own.

    Args:
        objective: what is trained.
        folder: holds `last.safetensors` and `metrics.jsonl`; has to be there.
        seed: of dropout.
        save_every: steps between checkpoints.
        log_every: steps between records of metrics.jsonl.
        sample_every: steps between sample sheets, 0 for none.
        draw: writes a sample sheet to the path it is given.
        label: stands before the bar.
        progress: show a bar.

    Returns:
        The seconds spent in this process.

    Raises:
        AugmentError: where a loss that is logged or precedes a checkpoint, or a weight that would be saved, is not
            finite; names the steps since losses were last read and the last checkpoint, which stays.
    """
    import torch

    first = checked = load_state(objective, folder / LAST)
    _cut_metrics(folder / METRICS, first)
    for network in objective.networks.values():
        network.train()
    started = time.perf_counter()
    bar = tqdm(total=objective.steps, initial=first, desc=label, unit="step", disable=None if progress else True)
    with bar, naming(folder / METRICS), (folder / METRICS).open("a", encoding="utf-8") as metrics:
        for step in range(first, objective.steps):
            torch.manual_seed(stream_seed(seed, objective.noise, step))  # dropout has no generator of its own
            losses = objective.step(objective.batch(step), step)
            bar.update()
            done = step + 1
            logged, saved = (done % every == 0 or done == objective.steps for every in (log_every, save_every))
            if logged or saved:
                record, checked = _read(losses, checked, done, folder), done
            if logged:
                _log(metrics, {"step": done, **record, "seconds": _elapsed(started)})
                bar.set_postfix({name: f"{value:.3f}" for name, value in list(record.items())[:3]}, refresh=False)
            if draw is not None and sample_every and (done % sample_every == 0 or done == objective.steps):
                draw(folder / "samples" / f"{done:06d}.png")
            if saved:  # last: all that came before the checkpoint is there
                save_state(objective, folder / LAST, done)
    return time.perf_counter() - started


def _log(metrics: TextIO, record: Mapping[str, float]) -> None:
    metrics.write(json.dumps(record) + "\n")
    metrics.flush()


def _elapsed(started: float) -> float:
    return round(time.perf_counter() - started, 3)


def _read(losses: Mapping[str, torch.Tensor], checked: int, step: int, folder: Path) -> dict[str, float]:
    """The losses of a step, which waits for the device; AugmentError for one that is not finite."""
    record = {name: float(value) for name, value in losses.items()}
    for name, value in record.items():
        if not isfinite(value):
            _refuse(name, checked, step, folder)
    return record


def _refuse(bad: str, checked: int, step: int, folder: Path) -> NoReturn:
    """Raise AugmentError: what is not finite, at which steps it may have begun, the last checkpoint, the remedy."""
    steps = f"step {step}" if checked + 1 == step else f"one of the steps {checked + 1} to {step}"
    kept = _saved_step(folder / LAST)
    said = f"{LAST} holds step {kept}, the last good one" if kept else "nothing was saved yet"
    raise AugmentError(
        f"{folder}: {bad} is not finite at {steps}; {said}; lower the learning rate or use fp32, with ⟨force⟩"
    )


def _saved_step(path: Path) -> int:
    """The steps that a checkpoint has done, 0 where there is none."""
    from safetensors import safe_open

    if not path.exists():
        return 0
    with safe_open(path, framework="pt") as file:
        return int(file.metadata()["step"])


def _cut_metrics(path: Path, step: int) -> None:
    """Drop records of steps after the checkpoint that is resumed from, and a half-written last line."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
            done = record["step"]
        except (ValueError, KeyError, TypeError):
            break
        if done <= step:
            kept.append(line + "\n")
    with replacing(path) as partial:
        partial.write_text("".join(kept), encoding="utf-8")


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The records of a training, one a logged step; none where nothing was logged.

    Args:
        folder: of the training.
    """
    path = folder / METRICS
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def save_state(objective: Objective, path: Path, step: int) -> None:
    """Write weights, optimiser tensors, further state and the step as one safetensors file, by rename.

    Args:
        objective: whose state it is.
        path: of the file.
        step: how many steps are done.

    Raises:
        AugmentError: where a tensor is not finite; the file before stays.
    """
    from safetensors.torch import save_file

    tensors = {}
    for name, network in objective.networks.items():
        for key, value in network.state_dict().items():
            tensors[f"network.{name}.{key}"] = value
    for name, optimizer in objective.optimizers.items():
        for index, state in optimizer.state_dict()["state"].items():
            for key, value in state.items():
                if value is not None:
                    tensors[f"optimizer.{name}.{index}.{key}"] = value
    for key, value in objective.extra_state().items():
        tensors[f"extra.{key}"] = value
    contiguous = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    for key, value in contiguous.items():
        if not value.isfinite().all():
            _refuse(key, step - 1, step, path.parent)
    with replacing(path) as partial:
        save_file(contiguous, partial, metadata={"step": str(step)})


def load_state(objective: Objective, path: Path) -> int:
    """Take back what `save_state` wrote.

    Args:
        objective: built as the one that was saved.
        path: of the file.

    Returns:
        The steps already done, 0 where there is no file.

    Raises:
        AugmentError: for a file of other networks, and for one with a tensor that is not finite.
    """
    if not path.exists():
        return 0
    step, tensors = _read_state(path)
    try:
        _take_back(objective, tensors)
    except (RuntimeError, ValueError, KeyError, IndexError) as error:
        raise AugmentError(f"{path}: holds other networks; delete the folder to start again") from error
    return step


def read_networks(path: Path) -> dict[str, dict[str, torch.Tensor]]:
    """The weights of every network, by its name.

    Args:
        path: of a checkpoint that `save_state` wrote.

    Raises:
        AugmentError: for another file.
    """
    tensors = _under(_read_state(path)[1], "network.")
    return {name: _under(tensors, f"{name}.") for name in dict.fromkeys(key.split(".", 1)[0] for key in tensors)}


def _read_state(path: Path) -> tuple[int, dict[str, torch.Tensor]]:
    """The steps done and the tensors of a checkpoint; AugmentError for another file or a tensor that is not finite."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            step = int(file.metadata()["step"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise AugmentError(f"{path}: not a checkpoint of this tool; delete the folder to start again") from error
    bad = [key for key, value in tensors.items() if not value.isfinite().all()]
    if bad:
        raise AugmentError(f"{path}: {bad[0]} is not finite; delete the folder to start again")
    return step, tensors


def _take_back(objective: Objective, tensors: Mapping[str, torch.Tensor]) -> None:
    """Hand a checkpoint's tensors to the networks and optimisers they are of."""
    import torch

    for name, network in objective.networks.items():
        network.load_state_dict(_under(tensors, f"network.{name}."))
    for name, optimizer in objective.optimizers.items():
        states: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in _under(tensors, f"optimizer.{name}.").items():
            index, part = key.split(".", 1)
            states.setdefault(int(index), {})[part] = value
        optimizer.load_state_dict({"state": states, "param_groups": optimizer.state_dict()["param_groups"]})
        for parameter, state in optimizer.state.items():
            for part, value in state.items():  # fused optimisers walk memory: moments must lie as their weights do
                if value.shape == parameter.shape:
                    state[part] = torch.empty_like(parameter).copy_(value)
    objective.load_extra_state(_under(tensors, "extra."))


def _under(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
