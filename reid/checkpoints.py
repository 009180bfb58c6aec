"""Trained re-ID models as one safetensors file: weights, and in its metadata what rebuilds the model."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from numerics.files import replacing
from reid import DataError, WeightsError
from reid.models.backbones import ReidModel, build_model

FORMAT = "reid-model-1"


def save_model(path: Path, model: ReidModel, metadata: dict[str, Any] | None = None) -> None:
    """Write a model's weights and what rebuilds it to one file, which appears by rename.

    Args:
        path: the safetensors file; its folder is made.
        model: its options are stored beside its weights.
        metadata: anything JSON can hold, returned by `load_model`.

    Raises:
        OSError: that names `path`, where it cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    about = {"model": model.options, "metadata": metadata or {}}
    header = {FORMAT: json.dumps(about, sort_keys=True)}  # one key: safetensors writes several in random order
    with replacing(path) as partial:
        save_file(tensors, partial, metadata=header)


def load_model(path: Path, device: torch.device | str = "cpu") -> tuple[ReidModel, dict[str, Any]]:
    """A trained model in evaluation mode, and the metadata it was saved with.

    Args:
        path: a file that `save_model` wrote.
        device: where the model is put.

    Returns:
        The model, and the metadata.

    Raises:
        WeightsError: for a file that is missing, damaged or was not written by `save_model`.
    """
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (safe_open is no dict)
    except FileNotFoundError:
        raise WeightsError(f"{path} does not exist; train the model with `augment reid-train`") from None
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is no safetensors file; train the model again with `augment reid-train`") from error
    if FORMAT not in header:
        raise WeightsError(f"{path} is no re-ID model of this program; give a model written by `augment reid-train`")
    try:
        about = json.loads(header[FORMAT])
        model = build_model(**about["model"])
        model.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError, MemoryError, DataError) as error:
        raise WeightsError(f"{path} does not hold the model it describes; train it again") from error
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise WeightsError(f"{path} is damaged, {name} is not finite; train it again")
    return model.to(device).eval(), about["metadata"]
