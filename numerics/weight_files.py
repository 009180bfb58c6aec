"""Weight files as `torch.save` writes them, read without running what they may ask for."""

import warnings
from pathlib import Path

import torch


def read_weight_file(path: Path) -> object:
    """What a file of `torch.save` holds, on the CPU; no code in it is run.

    torch warns of a pickle protocol that it does not write before it reads or refuses the file: whoever calls this
    says in one sentence what is wrong, so the warning is left out.

    Args:
        path: the file.

    Returns:
        Tensors, numbers, names and containers of them.

    Raises:
        FileNotFoundError: where there is no such file.
        Exception: whatever reading a damaged or hostile file ends with.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
        return torch.load(path, map_location="cpu", weights_only=True)
