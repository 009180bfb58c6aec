"""Generators as files: one safetensors file with weights, and in its metadata what rebuilds the network."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from patn import DataError, WeightsError
from patn.generators import build_generator

FORMAT = "patn generator 1"


def save_generator(path: Path, generator: nn.Module, name: str, extra: Mapping[str, Any] | None = None) -> None:
    """Writes `generator` to `path` by rename.

    name: its name in `patn.generators.GENERATORS`; the network's `.options` are stored with it.
    extra: anything JSON can hold (training numbers, data, seed), to be read by `read_metadata`.
    """
    tensors = {key: value.detach().cpu().contiguous() for key, value in generator.state_dict().items()}
    about = {"generator": name, "options": generator.options, "extra": dict(extra or {})}
    metadata = {FORMAT: json.dumps(about, sort_keys=True)}  # one key: safetensors writes several in random order
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save_file(tensors, partial, metadata=metadata)
    partial.replace(path)


def read_metadata(path: Path) -> dict[str, Any]:
    """{"generator": name, "options": {...}, "extra": {...}} of a file that `save_generator` wrote.

    Raises WeightsError if the file is missing or is something else.
    """
    if not Path(path).is_file():
        raise WeightsError(f"{path} is missing; train a generator or name another file")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[FORMAT])
        return {name: about[name] for name in ("generator", "options", "extra")}
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise WeightsError(f"{path} is not a generator that this program saved; name another file") from error


def load_generator(path: Path, device: torch.device | str = "cpu") -> nn.Module:
    """The saved generator on `device`, in eval mode.  Raises WeightsError if the file is not one."""
    metadata = read_metadata(path)
    try:
        with torch.random.fork_rng(devices=[]):  # the weights that the constructor draws are replaced at once
            generator = build_generator(metadata["generator"], metadata["options"])
        generator.load_state_dict(load_file(path, device="cpu"))
    except (DataError, RuntimeError) as error:
        raise WeightsError(f"{path} holds a generator that this version cannot build; train it again") from error
    generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return generator.eval()
