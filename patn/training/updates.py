"""What every objective does around its losses: fresh networks, precision, one optimizer's update, learning rates."""

import contextlib
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from numerics.seeds import Stream, stream_seed


def seeded(seed: int, build: Callable[[], Mapping[str, nn.Module]], device: torch.device | str) -> dict[str, nn.Module]:
    """Fresh networks, a function of `seed`, on the device in training mode.

    torch's global generator is left as it was.

    Args:
        seed: of the weights.
        build: called once; initialises from torch's global generator.
        device: where the networks are put.

    Returns:
        What `build` returned.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(seed, Stream.GENERATOR_WEIGHTS))
        networks = build()
    return {name: placed(network, device).train() for name, network in networks.items()}


def placed(network: nn.Module, device: torch.device | str) -> nn.Module:
    """The network on the device, its convolutions laid out with channels last.

    Args:
        network: changed in place.
        device: where it is put.

    Returns:
        `network`.
    """
    network.to(device)
    network.to(memory_format=torch.channels_last)
    return network


def adam(network: nn.Module, lr: float, betas: tuple[float, float]) -> Optimizer:
    """Adam over all weights of a network.

    Args:
        network: whose weights learn.
        lr: learning rate.
        betas: decay rates.

    Returns:
        The optimizer.
    """
    return Adam(network.parameters(), lr=lr, betas=betas, fused=True)


def descend(optimizer: Optimizer, loss: Tensor) -> None:
    """One update of the optimizer's weights down the gradient of `loss`, a scalar."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """The learning rate of the next update."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def precision(device: torch.device, dtype: torch.dtype | None) -> contextlib.AbstractContextManager[object]:
    """A context in which networks run in mixed precision.

    Args:
        device: where they run.
        dtype: of autocast; None is float32.

    Returns:
        The context.
    """
    if dtype is None:
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=dtype)
