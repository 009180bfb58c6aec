"""Weight files of others, as torchvision, torchreid and timm-like projects save them, read into a network."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from numerics.weight_files import read_weight_file
from reid import WeightsError

NESTED, WRAPPERS = ("state_dict", "model"), ("module", "_orig_mod")
CLASSIFIERS = ("classifier", "fc", "fc_fusion", "last_linear", "output")
"""First parts of the names that layers behind the pool have; what does not fit there is left out of a file."""
OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")
"""torchvision's densenet files are of a time when a module's name could hold a dot."""


def read_weights(path: Path, network: str) -> dict[str, Tensor]:
    """The tensors of a `.pth` file by name, without what `DataParallel` and `torch.compile` add to the names.

    Nothing in the file is run.

    Args:
        path: the file.
        network: what it should hold, for messages.

    Returns:
        Tensors on the CPU.

    Raises:
        WeightsError: if the file is missing or is none.
    """
    try:
        state = read_weight_file(path)
        if not isinstance(state, dict):
            raise TypeError(f"a {type(state).__name__} is no state dict")
        return {name: tensor for name, tensor in _unwrapped(state).items() if isinstance(tensor, Tensor)}
    except FileNotFoundError:
        raise WeightsError(f"{path} does not exist; put {network} weights there") from None
    except Exception as error:  # an unpickler raises almost anything on a foreign file
        raise WeightsError(f"{path} is no weight file of {network}; take a .pth file of its weights") from error


def load_weights(module: nn.Module, path: Path, network: str) -> None:
    """Fill a network with the weights of a file; classifiers, and embeddings that do not fit, are left out.

    Args:
        module: whose names the file has; changed in place.
        path: the file.
        network: what it should hold, for messages.

    Raises:
        WeightsError: if the file is missing, or holds weights of another network.
    """
    own = module.state_dict()
    tensors = read_weights(path, network)
    fitting = {name: tensor for name, tensor in tensors.items() if name in own and own[name].shape == tensor.shape}
    others = [name for name in tensors if name not in fitting and not _of_classifier(name)]
    lacking = [name for name in own if name not in fitting and not _of_classifier(name)]
    if others or any(not name.endswith("num_batches_tracked") for name in lacking):  # old files lack the counters
        raise WeightsError(f"{path} holds another network's weights; take weights of {network}")
    module.load_state_dict(fitting, strict=False)


def _of_classifier(name: str) -> bool:
    return name.partition(".")[0] in CLASSIFIERS


def _unwrapped(state: Mapping[str, object]) -> dict[str, object]:
    """A state dict out of a checkpoint's entry, its names without wrappers."""
    for name in NESTED:
        nested = state.get(name)
        if isinstance(nested, dict):
            return _unwrapped(nested)
    plain = {".".join(part for part in key.split(".") if part not in WRAPPERS): value for key, value in state.items()}
    return {OLD_DENSENET.sub(r"\1\2", key): value for key, value in plain.items()}
