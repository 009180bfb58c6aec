"""Networks as files: one safetensors file with weights, and in its metadata what rebuilds the network.

Readers take the authors' `.pth` files as well.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from numerics.files import replacing
from patn import DataError, WeightsError
from patn.generators import build_generator
from patn.importing import GENERATOR, Imported, read_authors
from patn.models.discriminator import Discriminator

FORMAT = "patn generator 1"
DISCRIMINATOR_FORMAT = "patn discriminator 1"


@dataclass(frozen=True)
class Metadata:
    """What a generator's file says of it.

    Attributes:
        generator: its name in `patn.generators.GENERATORS`.
        options: the constructor arguments that rebuild it.
        extra: what was stored beside them, such as "size" and "training".
    """

    generator: str
    options: Mapping[str, Any]
    extra: Mapping[str, Any]


def save_generator(path: Path, generator: nn.Module, name: str, extra: Mapping[str, Any] | None = None) -> None:
    """Write a generator's weights and what rebuilds it to one file, which appears by rename.

    Args:
        path: the safetensors file; its folder is made.
        generator: its `.options` are stored beside its weights.
        name: its name in `patn.generators.GENERATORS`.
        extra: anything JSON can hold (configuration, data, seed), to be read by `read_metadata`.

    Raises:
        OSError: that names `path`, where it cannot be written.
    """
    about = {"generator": name, "options": generator.options, "extra": dict(extra or {})}
    _save(path, generator, FORMAT, about)


def save_discriminator(
    path: Path, discriminator: nn.Module, role: str, options: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> None:
    """Write a discriminator's weights and what rebuilds it to one file, which appears by rename.

    Args:
        path: the safetensors file; its folder is made.
        discriminator: a `Discriminator` built from `options`.
        role: "d_pp" (appearance) or "d_pb" (pose).
        options: its constructor's arguments.
        extra: anything JSON can hold.

    Raises:
        OSError: that names `path`, where it cannot be written.
    """
    about = {"role": role, "options": dict(options), "extra": dict(extra or {})}
    _save(path, discriminator, DISCRIMINATOR_FORMAT, about)


def _save(path: Path, network: nn.Module, key: str, about: Mapping[str, Any]) -> None:
    tensors = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    metadata = {key: json.dumps(about, sort_keys=True)}  # one key: safetensors writes several in random order
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        save_file(tensors, partial, metadata=metadata)


def read_metadata(path: Path) -> Metadata:
    """What a generator's file says of it.

    Args:
        path: a file of `save_generator` or the authors' `.pth`.

    Raises:
        WeightsError: if the file is missing or is something else.
    """
    if not _is_safetensors(path):
        network = _authors_generator(path)
        return Metadata("patn", network.options, {"size": list(network.size)})
    about = _about(path, FORMAT, ("generator", "options", "extra"))
    if about is None:
        raise WeightsError(f"{path} is not a generator that this program saved; name another file")
    return Metadata(**about)


def load_generator(path: Path, device: torch.device | str = "cpu") -> nn.Module:
    """The generator in a file of ours or in the authors' `latest_net_netG.pth`, in eval mode.

    It is one call: `generator(image, source_keypoints, target_keypoints)`. No code that a `.pth` file may hold is run.

    Args:
        path: the file.
        device: where the generator is put.

    Returns:
        The generator.

    Raises:
        WeightsError: if the file is neither.
    """
    if _is_safetensors(path):
        metadata = read_metadata(path)
        try:
            with torch.random.fork_rng(devices=[]):  # the constructor's random weights are replaced at once
                generator = build_generator(metadata.generator, metadata.options)
            generator.load_state_dict(_finite(path, load_file(path, device="cpu")))
        except WeightsError:
            raise
        except (DataError, TypeError, ValueError, RuntimeError, AttributeError, MemoryError) as error:
            raise WeightsError(f"{path} holds a generator that this version cannot build; train it again") from error
    else:
        generator = _authors_generator(path).build()
    generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return generator.eval()


def load_discriminator(path: Path, device: torch.device | str = "cpu") -> nn.Module:
    """The discriminator in a file of ours or in the authors' `.._netD_PP.pth` or `.._netD_PB.pth`, in eval mode.

    Args:
        path: the file.
        device: where the discriminator is put.

    Returns:
        The discriminator.

    Raises:
        WeightsError: if the file is neither.
    """
    if _is_safetensors(path):
        about = _about(path, DISCRIMINATOR_FORMAT, ("role", "options", "extra"))
        if about is None:
            raise WeightsError(f"{path} is not a discriminator that this program saved; name another file")
        try:
            with torch.random.fork_rng(devices=[]):
                network: nn.Module = Discriminator(**about["options"])
            network.load_state_dict(_finite(path, load_file(path, device="cpu")))
        except WeightsError:
            raise
        except (DataError, TypeError, ValueError, RuntimeError, MemoryError) as error:
            raise WeightsError(
                f"{path} holds a discriminator that this version cannot build; import it again"
            ) from error
    else:
        imported = read_authors(path)
        if imported.role == GENERATOR:
            raise WeightsError(f"{path} is a generator, not a discriminator; name a file of netD_PP or netD_PB")
        network = imported.build()
    return network.to(device).eval()


def _finite(path: Path, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state dict itself.  Raises WeightsError naming the first tensor with NaN or infinity in it."""
    for key, value in state.items():
        if not value.isfinite().all():
            raise WeightsError(f"{path} is damaged, {key} is not finite; train it again")
    return state


def _authors_generator(path: Path) -> Imported:
    imported = read_authors(path)
    if imported.role != GENERATOR:
        raise WeightsError(f"{path} is the discriminator {imported.role}, not a generator; name the file of netG")
    return imported


def _is_safetensors(path: Path) -> bool:
    """Whether the file opens as safetensors, whatever it holds.  Raises WeightsError if it is missing."""
    if not Path(path).is_file():
        raise WeightsError(f"{path} is missing; train a generator or name another file")
    try:
        with safe_open(path, framework="pt"):
            return True
    except SafetensorError:
        return False


def _about(path: Path, key: str, names: tuple[str, ...]) -> dict[str, Any] | None:
    """The JSON metadata under `key` of a safetensors file with all these names, or None."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[key])
        return {name: about[name] for name in names}
    except (KeyError, json.JSONDecodeError):
        return None
