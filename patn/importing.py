"""The authors' checkpoints (`latest_net_netG.pth`, `..._netD_PP.pth`, `..._netD_PB.pth`) as networks of this package.

Their files are plain state dicts whose keys start with `model.` and count positions in `Sequential`s; what other
programs put around them is taken away. What a file holds
is read off its keys and shapes; no code in it is ever run. Source: the released code and files.
"""

import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from numerics.weight_files import read_weight_file
from patn import DataError, WeightsError
from patn.generators import build_generator
from patn.models.discriminator import Discriminator
from patn.models.layers import Norm
from patn.state_dict import unwrapped

GENERATOR, APPEARANCE, POSE = "generator", "d_pp", "d_pb"
DISCRIMINATORS = {3 + 3: APPEARANCE, 3 + 18: POSE}
"""Role of a discriminator by its input channels: candidate image, then condition image or target maps."""

RELEASED = {Norm.BATCH: ("gaussian", (128, 64)), Norm.INSTANCE: ("onehot", (256, 176))}
"""Pose maps and (height, width) of the two released models: Market-1501 has batch norm, DeepFashion instance norm.

The DeepFashion maps were stored as bytes, which leaves one pixel of each Gaussian.
"""

_SEQUENTIALS = {"stream1_down": "image_encoder", "stream2_down": "pose_encoder", "stream1_up": "decoder"}
_PATHS = {"1": "image_path", "2": "pose_path"}
_BLOCK = re.compile(r"att\.(\d+)\.conv_block_stream([12])\.(\d+)\.(\w+)")
_RESIDUAL = re.compile(r"(\d+)\.conv_block\.(\d+)\.(\w+)")
_LAYER = re.compile(r"(?:(stream\w+)\.)?(\d+)\.(\w+)")
_FINE = re.compile(r"model\.stream1_(down|up)\.\d+\.\d+\.")
_STATISTICS = (".running_mean", ".running_var", ".num_batches_tracked")


@dataclass(frozen=True)
class Imported:
    """One of the authors' networks under this package's names.

    Attributes:
        role: "generator", "d_pp" or "d_pb".
        options: constructor arguments of `Patn` or `Discriminator`.
        size: (height, width) in pixels that the released model of this norm was trained for.
        tensors: a state dict that the network built from `options` takes strictly.
    """

    role: str
    options: dict[str, Any]
    size: tuple[int, int]
    tensors: dict[str, Tensor]

    def build(self) -> nn.Module:
        """The network with its weights, in eval mode on the processor; torch's global generator stays as it was."""
        with torch.random.fork_rng(devices=[]):
            network = _build(self.role, self.options)
        network.load_state_dict(self.tensors)
        return network.eval()


def read_authors(path: Path) -> Imported:
    """What an authors' `.pth` file holds; no code in it is run.

    Args:
        path: the file.

    Returns:
        The network's role, options and weights.

    Raises:
        WeightsError: in one sentence, for `PATN_Fine` files and for anything that is not exactly such a network.
    """
    path = Path(path)
    state = _state_dict(path)
    if any(_FINE.match(key) for key in state):
        raise WeightsError(f"{path} is a PATN_Fine generator, another network than PATN; import a file of PATN instead")
    inner = {key.removeprefix("model."): value for key, value in state.items() if key.startswith("model.")}
    if len(inner) != len(state) or not {"stream1_down.1.weight", "1.weight"} & set(inner):
        raise WeightsError(
            f"{path} is neither a generator nor a discriminator of PATN; import a file such as latest_net_netG.pth"
        )
    if "stream1_down.1.weight" in inner:
        return _recognise(path, GENERATOR, inner, "stream1_down.", "att.0.conv_block_stream1.5.weight")
    channels = sum(inner["1.weight"].shape[1:2])
    if channels not in DISCRIMINATORS:
        raise WeightsError(
            f"{path} is a discriminator of {channels} input channels, not of 6 (D_PP) or 21 (D_PB); import another file"
        )
    return _recognise(path, DISCRIMINATORS[channels], inner, "", "10.conv_block.5.weight")


def _state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.pth` file, read without running what a pickle may ask for; zip and pre-1.6 format alike."""
    if not path.is_file():
        raise WeightsError(f"{path} is missing; name another file")
    if tarfile.is_tarfile(path):
        raise WeightsError(
            f"{path} is in the tar format of PyTorch before 0.1.10, which cannot be read safely; save it again "
            "with a newer PyTorch"
        )
    try:
        state = read_weight_file(path)
    except Exception as error:  # a damaged or hostile stream makes the reader raise anything
        raise WeightsError(
            f"{path} is not a file of plain weights as torch.save writes a state dict, and nothing in it was run; "
            "name another file"
        ) from error
    state = unwrapped(state)
    if not isinstance(state, dict) or not state:
        raise WeightsError(f"{path} holds no state dict; name another file")
    for key, value in state.items():
        if not (isinstance(key, str) and isinstance(value, Tensor) and _is_plain(value)):
            raise WeightsError(f"{path} holds other things than named tensors ({key!r}); save the state dict alone")
        if not value.isfinite().all():
            raise WeightsError(f"{path} is damaged, {key} is not finite; copy it again")
    return state


def _is_plain(tensor: Tensor) -> bool:
    return tensor.layout == torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized


def _recognise(path: Path, role: str, state: Mapping[str, Tensor], first: str, bare_second: str) -> Imported:
    """Norm, width, dropout layout and depth of a network; its tensors renamed and checked.

    first: prefix of the first convolution's group.  bare_second: the key that the second convolution of a block has
    only where no dropout layer stands before it.
    """
    batch, bias = f"{first}2.weight" in state, f"{first}1.bias" in state
    if batch == bias:
        raise WeightsError(f"{path} has neither batch norm nor instance norm without parameters; import another file")
    norm = Norm.BATCH if batch else Norm.INSTANCE
    dropout = bare_second not in state
    pattern = _BLOCK if role == GENERATOR else _RESIDUAL
    blocks = len({found[1] for key in state if (found := pattern.fullmatch(key))})
    options: dict[str, Any] = {
        "width": sum(state[f"{first}1.weight"].shape[:1]),
        "blocks": blocks,
        "norm": norm.value,
        "dropout": dropout,
    }
    maps, size = RELEASED[norm]
    if role == GENERATOR:
        options["pose_maps"] = maps
    else:
        options["in_channels"] = next(channels for channels, name in DISCRIMINATORS.items() if name == role)
    try:
        with torch.device("meta"):
            network = _build(role, options)
    except DataError as error:
        raise WeightsError(f"{path} cannot be a network of PATN ({error})") from error
    if role == GENERATOR:
        options = dict(getattr(network, "options", options))
    renamed = {_rename(key, dropout): value for key, value in state.items()}
    return Imported(role, options, size, _fitted(path, renamed, network, norm))


def _build(role: str, options: Mapping[str, Any]) -> nn.Module:
    return build_generator("patn", options) if role == GENERATOR else Discriminator(**options)


def _rename(key: str, dropout: bool) -> str:
    """This package's name of an authors' key (without `model.`); a key of another form stays as it is.

    Positions are the same but for blocks trained without dropout: the authors have no layer in its place, we have.
    """
    if found := _BLOCK.fullmatch(key):
        block, stream, position, suffix = found.groups()
        return f"blocks.{block}.{_PATHS[stream]}.{_position(position, dropout)}.{suffix}"
    if found := _RESIDUAL.fullmatch(key):
        layer, position, suffix = found.groups()
        return f"layers.{layer}.path.{_position(position, dropout)}.{suffix}"
    if (found := _LAYER.fullmatch(key)) and (found[1] is None or found[1] in _SEQUENTIALS):
        return f"{_SEQUENTIALS[found[1]] if found[1] else 'layers'}.{found[2]}.{found[3]}"
    return key


def _position(position: str, dropout: bool) -> int:
    return int(position) + (0 if dropout or int(position) < 4 else 1)


def _fitted(path: Path, state: Mapping[str, Tensor], network: nn.Module, norm: Norm) -> dict[str, Tensor]:
    """The tensors that `network` has, in its order and number format.

    Instance norm's running statistics go: PyTorch 0.3.1 stored and never used them. Batch norm's count of batches,
    which that version did not have, is zero where it is missing.
    Raises WeightsError naming the first tensor that is missing, too many or of another shape.
    """
    if norm is Norm.INSTANCE:
        state = {key: value for key, value in state.items() if not key.endswith(_STATISTICS)}
    fitted = {}
    for key, expected in network.state_dict().items():
        value = state.get(key)
        if value is None and key.endswith(".num_batches_tracked"):
            value = torch.zeros((), dtype=torch.int64)
        if value is None or value.shape != expected.shape:
            found = "missing" if value is None else f"of shape {tuple(value.shape)}"
            raise WeightsError(
                f"{path} is not a network of PATN as released: {key} is {found}, expected {tuple(expected.shape)}; "
                "import another file"
            )
        fitted[key] = value.to(expected.dtype).contiguous()
    if extra := sorted(set(state) - set(fitted)):
        raise WeightsError(
            f"{path} is not a network of PATN as released: {extra[0]} belongs to no layer of it; import another file"
        )
    return fitted
