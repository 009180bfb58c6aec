"""Weights of others' networks, read from `.pth` files without running anything that is in them."""

from pathlib import Path

from torch import Tensor, nn

from numerics.weight_files import read_weight_file
from patn import WeightsError

NESTED = ("state_dict", "model_state_dict", "model", "network", "netG", "generator", "params", "weights")
"""Names under which training programs keep a state dict beside the epoch and the optimiser."""
WRAPPERS = ("module", "_orig_mod")
"""What `DataParallel` and `torch.compile` write into the name of every tensor."""
OWNERS = ("netG.", "generator.", "network.", "net.")
"""What the names of a network begin with where it was a part of another module."""


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a state dict by name, on the CPU; no code in the file is run.

    Args:
        path: a `.pth` file.

    Returns:
        The tensors.

    Raises:
        WeightsError: for a file that is missing, damaged, needs unpickling of more than tensors or holds more.
    """
    if not Path(path).is_file():
        raise WeightsError(f"{path} is missing; put the weight file there or name its place")
    try:
        state = read_weight_file(path)
    except Exception as error:  # a damaged or hostile stream makes the reader raise anything
        raise WeightsError(f"{path} is not a file of weights that can be read safely; fetch it again") from error
    state = unwrapped(state)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{path} holds something else than a state dict; fetch it again")
    return state


def unwrapped(state: object) -> object:
    """A state dict as the network itself would save it, from what other programs write.

    Taken out of the one entry of NESTED that holds a dict; without the names that wrappers add to every tensor's.

    Args:
        state: what a file holds.

    Returns:
        The state dict; anything else as it is.
    """
    if not isinstance(state, dict):
        return state
    inner = [state[name] for name in NESTED if isinstance(state.get(name), dict)]
    if len(inner) == 1:
        return unwrapped(inner[0])
    if not state or not all(isinstance(key, str) for key in state):
        return state
    names = [".".join(part for part in key.split(".") if part not in WRAPPERS) for key in state]
    for owner in OWNERS:
        if all(name.startswith(owner) for name in names):
            names = [name.removeprefix(owner) for name in names]
    return dict(zip(names, state.values(), strict=True)) if len(set(names)) == len(names) else state


def load_frozen(network: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    """Load a state dict into a network, set to evaluation mode and without gradients.

    Args:
        network: changed in place.
        state: its tensors by name.
        path: the file they come from, for the error.

    Raises:
        WeightsError: where names or shapes differ.
    """
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(f"{path} holds weights of another network; fetch the file of that name again") from error
    network.eval().requires_grad_(False)
