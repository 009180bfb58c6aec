"""Weights of others' networks, read from `.pth` files without running anything that is in them."""

from pathlib import Path

import torch
from torch import Tensor, nn

from patn import WeightsError


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a state dict by name, on the CPU.

    Raises WeightsError for a file that is missing, damaged, needs unpickling of more than tensors or holds more.
    """
    if not Path(path).is_file():
        raise WeightsError(f"{path} is missing; put the weight file there or name its place")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged or hostile stream makes the reader raise anything
        raise WeightsError(f"{path} is not a file of weights that can be read safely; fetch it again") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{path} holds something else than a state dict; fetch it again")
    return state


def load_frozen(network: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    """Load a state dict, evaluation mode, no gradients; WeightsError where names or shapes differ."""
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(f"{path} holds weights of another network; fetch the file of that name again") from error
    network.eval().requires_grad_(False)
