"""LPIPS, a learned perceptual distance of two images (Zhang et al. 2018), on AlexNet, version 0.1."""

import importlib.util
from pathlib import Path

import torch
from torch import Tensor, nn

from patn import WeightsError
from patn.state_dict import load_frozen, read_state

CHANNELS = (64, 192, 384, 256, 256)
_ENDS = (2, 5, 8, 10, 12)  # in torchvision's AlexNet, after each of the five ReLUs
_LINEAR = Path("functional", "image", "lpips_models", "alex.pth")


class Lpips(nn.Module):
    """LPIPS: `lpips(a, b)`, the distance of each pair of images.

    Args:
        trunk: torchvision's AlexNet for ImageNet.
        linear: the five trained weightings of its channels, which torchmetrics has in its package.

    Raises:
        WeightsError: for other files.
    """

    def __init__(self, trunk: Path, linear: Path) -> None:
        super().__init__()
        from torchvision.models import alexnet

        with torch.random.fork_rng(devices=[]):  # the constructor's random weights are replaced at once
            network = alexnet(weights=None)
        load_frozen(network, read_state(trunk), trunk)
        starts = (0, *_ENDS[:-1])
        self.stages = nn.ModuleList(network.features[start:end] for start, end in zip(starts, _ENDS, strict=True))
        state = read_state(linear)
        try:
            weights = [state[f"lin{layer}.model.1.weight"].view(count) for layer, count in enumerate(CHANNELS)]
        except (KeyError, RuntimeError) as error:
            raise WeightsError(
                f"{linear} does not hold LPIPS's weights for AlexNet; install torchmetrics again"
            ) from error
        self.weights = nn.ParameterList(weights)
        self.shift: Tensor
        self.scale: Tensor
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).view(3, 1, 1))
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).view(3, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """The distance of each pair.

        Args:
            a: B x 3 x H x W in [-1, 1].
            b: as `a`.

        Returns:
            B values, at least 0, 0 for equal images.
        """
        first, second = (a - self.shift) / self.scale, (b - self.shift) / self.scale
        total = a.new_zeros(len(a))
        for stage, weight in zip(self.stages, self.weights, strict=True):
            first, second = stage(first), stage(second)
            difference = (_unit(first) - _unit(second)).square()
            total = total + torch.einsum("bchw,c->b", difference, weight) / difference[0, 0].numel()
        return total


def find_linear() -> Path | None:
    """The file of trained weightings inside the installed torchmetrics package, which is not imported; or None."""
    package = importlib.util.find_spec("torchmetrics")
    for folder in (package.submodule_search_locations or []) if package else []:
        if (path := Path(folder) / _LINEAR).is_file():
            return path
    return None


def _unit(features: Tensor) -> Tensor:
    """Features as unit vectors over the channels."""
    return features / (features.square().sum(dim=1, keepdim=True) + 1e-8).sqrt()
