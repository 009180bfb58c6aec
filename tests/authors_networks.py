"""PATN as the authors' files know it: plain `Sequential`s under their names, written from the layer list."""

from collections import OrderedDict

import torch
from torch import Tensor, nn


def norm_of(norm: str, channels: int) -> nn.Module:
    """Batch norm, or instance norm without parameters."""
    return nn.BatchNorm2d(channels) if norm == "batch" else nn.InstanceNorm2d(channels)


def down(inputs: int, width: int, norm: str) -> list[nn.Module]:
    """Positions 0 to 9: convolutions at 1, 4, 7 and norms at 2, 5, 8."""
    bias = norm == "instance"
    return [
        nn.ReflectionPad2d(3),
        nn.Conv2d(inputs, width, 7, bias=bias),
        norm_of(norm, width),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, 2, 1, bias=bias),
        norm_of(norm, 2 * width),
        nn.ReLU(),
        nn.Conv2d(2 * width, 4 * width, 3, 2, 1, bias=bias),
        norm_of(norm, 4 * width),
        nn.ReLU(),
    ]


def pair(inputs: int, outputs: int, norm: str, dropout: bool, last: bool) -> nn.Sequential:
    """Convolutions at 1 and 6 with dropout, at 1 and 5 without."""
    bias = norm == "instance"
    layers = [nn.ReflectionPad2d(1), nn.Conv2d(inputs, inputs, 3, bias=bias), norm_of(norm, inputs), nn.ReLU()]
    layers += [nn.Dropout(0.5)] * dropout + [nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3, bias=bias)]
    return nn.Sequential(*layers, *[norm_of(norm, outputs)] * last)


class Block(nn.Module):
    """One PATB; the second stream's code is doubled from the second block on."""

    def __init__(self, width: int, pose_width: int, norm: str, dropout: bool) -> None:
        super().__init__()
        self.conv_block_stream1 = pair(width, width, norm, dropout, last=True)
        self.conv_block_stream2 = pair(pose_width, width, norm, dropout, last=False)

    def forward(self, image: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        """Image code and pose code of the next block."""
        raw = self.conv_block_stream2(pose)
        image = image + self.conv_block_stream1(image) * torch.sigmoid(raw)
        return image, torch.cat([raw, image], dim=1)


class Generator(nn.Module):
    """Images and stacked pose maps to images."""

    def __init__(self, norm: str, blocks: int, dropout: bool, width: int) -> None:
        super().__init__()
        bias, code = norm == "instance", 4 * width
        self.stream1_down = nn.Sequential(*down(3, width, norm))
        self.stream2_down = nn.Sequential(*down(36, width, norm))
        self.att = nn.ModuleList(Block(code, code * (1 + (k > 0)), norm, dropout) for k in range(blocks))
        self.stream1_up = nn.Sequential(
            nn.ConvTranspose2d(code, code // 2, 3, 2, 1, 1, bias=bias),
            norm_of(norm, code // 2),
            nn.ReLU(),
            nn.ConvTranspose2d(code // 2, width, 3, 2, 1, 1, bias=bias),
            norm_of(norm, width),
            nn.ReLU(),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, 3, 7),
            nn.Tanh(),
        )

    def forward(self, image: Tensor, maps: Tensor) -> Tensor:
        """B x 3 x H x W in [-1, 1]."""
        image, pose = self.stream1_down(image), self.stream2_down(maps)
        for block in self.att:
            image, pose = block(image, pose)
        image_made: Tensor = self.stream1_up(image)
        return image_made


class Residual(nn.Module):
    """Two convolutions plus the identity."""

    def __init__(self, width: int, norm: str, dropout: bool) -> None:
        super().__init__()
        self.conv_block = pair(width, width, norm, dropout, last=True)

    def forward(self, code: Tensor) -> Tensor:
        """The same shape."""
        result: Tensor = code + self.conv_block(code)
        return result


def discriminator(inputs: int, norm: str, dropout: bool, width: int, blocks: int = 3) -> nn.Sequential:
    """Positions 0 to 9 as the encoders, then residual blocks; without the sigmoid."""
    return nn.Sequential(*down(inputs, width, norm), *(Residual(4 * width, norm, dropout) for _ in range(blocks)))


def seasoned(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network in eval mode with random weights and running statistics, as if it had been trained."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        fan = parameter[0].numel() if parameter.ndim > 1 else 4
        parameter.data.normal_(0, (1.5 / fan) ** 0.5, generator=generator)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.add_(1)
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3, generator=generator)
            module.running_var.uniform_(0.3, 2, generator=generator)
    return network.eval()


def old_state(network: nn.Module) -> "OrderedDict[str, Tensor]":
    """What PyTorch 0.3.1 saved of `network`: keys below `model.`, no count of batches, and running statistics that an
    instance norm has but does not use.
    """
    state: OrderedDict[str, Tensor] = OrderedDict()
    for key, value in network.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            state[f"model.{key}"] = value
    for name, module in network.named_modules():
        if isinstance(module, nn.InstanceNorm2d):
            state[f"model.{name}.running_mean"] = torch.full((module.num_features,), 7.0)
            state[f"model.{name}.running_var"] = torch.full((module.num_features,), 9.0)
    return state
