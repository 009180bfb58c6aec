"""The groups of layers that the generator and the discriminators share.

Positions in the `Sequential`s count padding, activation and dropout as in the authors' released code, so importing one
of their checkpoints is a renaming of prefixes. Bias rule of that code: a convolution has a bias if and only if the norm
is instance norm, also where no norm follows it.
"""

from enum import StrEnum

from torch import Tensor, nn

from patn import DataError


class Norm(StrEnum):
    """The norms of a network."""

    BATCH = "batch"
    INSTANCE = "instance"

    @property
    def bias(self) -> bool:
        """Whether convolutions before it have a bias: instance norm has no parameters of its own, as released."""
        return self is Norm.INSTANCE


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions plus the identity, no activation after the sum: the block of the released discriminators.

    Args:
        channels: of input and output.
        norm: "batch" or "instance".
        dropout: whether there is dropout of one half between the convolutions.
        leaky: slope of the activation below 0; 0 is ReLU.
    """

    def __init__(self, *, channels: int, norm: str, dropout: bool, leaky: float = 0.0) -> None:
        super().__init__()
        self.path = two_convolutions(channels, channels, norm, dropout=dropout, last_norm=True, leaky=leaky)

    def forward(self, code: Tensor) -> Tensor:
        """B x channels x H x W to the same shape."""
        result: Tensor = code + self.path(code)
        return result


def activation(leaky: float = 0.0) -> nn.Module:
    """ReLU in place, or LeakyReLU with that slope below 0."""
    return nn.LeakyReLU(leaky, inplace=True) if leaky else nn.ReLU(inplace=True)


def norm_layer(norm: str, channels: int) -> nn.Module:
    """Batch norm with running statistics, or instance norm without parameters (as released for DeepFashion).

    Args:
        norm: "batch" or "instance".
        channels: of the code.

    Returns:
        The layer.

    Raises:
        DataError: for another norm.
    """
    kind = norm_of(norm)
    return nn.BatchNorm2d(channels) if kind is Norm.BATCH else nn.InstanceNorm2d(channels)


def norm_of(norm: str) -> Norm:
    """The norm of that name.

    Args:
        norm: "batch" or "instance".

    Returns:
        The norm.

    Raises:
        DataError: for another name.
    """
    if norm not in set(Norm):
        raise DataError(f"norm is {norm!r}; it must be one of {', '.join(Norm)}")
    return Norm(norm)


def encoder(channels: int, width: int, norm: str, *, leaky: float = 0.0) -> list[nn.Module]:
    """Ten layers: one 7x7 group, two down-samplings.

    Args:
        channels: of the input.
        width: channels at full resolution.
        norm: "batch" or "instance".
        leaky: slope of the activations below 0; 0 is ReLU.

    Returns:
        Layers that take `channels` x H x W to `4 * width` x H/4 x W/4.
    """
    bias = norm_of(norm).bias
    layers: list[nn.Module] = [
        nn.ReflectionPad2d(3),
        nn.Conv2d(channels, width, 7, bias=bias),
        norm_layer(norm, width),
        activation(leaky),
    ]
    for inputs in (width, 2 * width):
        layers += [
            nn.Conv2d(inputs, 2 * inputs, 3, stride=2, padding=1, bias=bias),
            norm_layer(norm, 2 * inputs),
            activation(leaky),
        ]
    return layers


def decoder(channels: int, width: int, norm: str) -> list[nn.Module]:
    """Nine layers back to an image; the last convolution has a bias always.

    Args:
        channels: of the code.
        width: channels at full resolution.
        norm: "batch" or "instance".

    Returns:
        Layers that take `channels` x H/4 x W/4 to 3 x H x W in [-1, 1].
    """
    layers: list[nn.Module] = []
    for inputs, outputs in ((channels, 2 * width), (2 * width, width)):
        layers += [
            nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=norm_of(norm).bias),
            norm_layer(norm, outputs),
            nn.ReLU(inplace=True),
        ]
    return [*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]


def two_convolutions(
    inputs: int,
    outputs: int,
    norm: str,
    *,
    dropout: bool,
    last_norm: bool,
    middle: int | None = None,
    leaky: float = 0.0,
) -> nn.Sequential:
    """Two 3x3 convolutions with reflection padding at the same size.

    Norm, ReLU (or leaky ReLU) and, if `dropout`, elementwise dropout of one half stand between them.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        norm: "batch" or "instance".
        dropout: whether there is dropout.
        last_norm: whether a norm follows them.
        middle: channels between them; None is as many as `inputs`.
        leaky: slope of the activation below 0; 0 is ReLU.

    Returns:
        The layers.
    """
    bias = norm_of(norm).bias
    middle = inputs if middle is None else middle
    layers: list[nn.Module] = [
        nn.ReflectionPad2d(1),
        nn.Conv2d(inputs, middle, 3, bias=bias),
        norm_layer(norm, middle),
        activation(leaky),
        nn.Dropout(0.5) if dropout else nn.Identity(),
        nn.ReflectionPad2d(1),
        nn.Conv2d(middle, outputs, 3, bias=bias),
    ]
    if last_norm:
        layers.append(norm_layer(norm, outputs))
    return nn.Sequential(*layers)


def initialise(network: nn.Module) -> None:
    """Initialise weights as the released code does: convolutions N(0, 0.02), batch norm N(1, 0.02) with bias 0.

    Biases of convolutions keep PyTorch's default. Uses torch's global generator.

    Args:
        network: changed in place.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
