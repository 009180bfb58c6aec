"""The groups of layers that the generator and the discriminators share.

Positions in the `Sequential`s count padding, activation and dropout as in the authors' released code, so importing one
of their checkpoints is a renaming of prefixes. Bias rule of that code: a convolution has a bias if and only if the norm
is instance norm, also where no norm follows it.
"""

from torch import nn

from patn import DataError

NORMS = ("batch", "instance")


def norm_layer(norm: str, channels: int) -> nn.Module:
    """Batch norm with running statistics, or instance norm without parameters (as released for DeepFashion)."""
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    if norm == "instance":
        return nn.InstanceNorm2d(channels)
    raise DataError(f"norm is {norm!r}; it must be one of {', '.join(NORMS)}")


def encoder(channels: int, width: int, norm: str) -> list[nn.Module]:
    """Ten layers from `channels` x H x W to `4 * width` x H/4 x W/4: one 7x7 group, two down-samplings."""
    bias = norm == "instance"
    layers: list[nn.Module] = [
        nn.ReflectionPad2d(3),
        nn.Conv2d(channels, width, 7, bias=bias),
        norm_layer(norm, width),
        nn.ReLU(inplace=True),
    ]
    for inputs in (width, 2 * width):
        layers += [
            nn.Conv2d(inputs, 2 * inputs, 3, stride=2, padding=1, bias=bias),
            norm_layer(norm, 2 * inputs),
            nn.ReLU(inplace=True),
        ]
    return layers


def two_convolutions(inputs: int, outputs: int, norm: str, *, dropout: bool, last_norm: bool) -> nn.Sequential:
    """Two 3x3 convolutions with reflection padding, `inputs` -> `inputs` -> `outputs` channels at the same size.

    Norm, ReLU and (if `dropout`) elementwise dropout of one half stand between them, a norm after them if `last_norm`.
    """
    bias = norm == "instance"
    layers: list[nn.Module] = [
        nn.ReflectionPad2d(1),
        nn.Conv2d(inputs, inputs, 3, bias=bias),
        norm_layer(norm, inputs),
        nn.ReLU(inplace=True),
        nn.Dropout(0.5) if dropout else nn.Identity(),
        nn.ReflectionPad2d(1),
        nn.Conv2d(inputs, outputs, 3, bias=bias),
    ]
    if last_norm:
        layers.append(norm_layer(norm, outputs))
    return nn.Sequential(*layers)


def initialise(network: nn.Module) -> None:
    """Draw weights as the released code does: convolutions N(0, 0.02), batch norm N(1, 0.02) with bias 0.

    Biases of convolutions keep PyTorch's default.  Uses torch's global generator.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
