"""Batch norm over parts of a batch ("ghost batch norm", Hoffer et al. 2017), as several GPUs have it."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def running_statistics(network: nn.Module, *, updated: bool) -> Iterator[None]:
    """Say whether batch norms in training mode update their running statistics inside the block.

    They normalise the same either way. torch's DataParallel, which Open-ReID's four GPUs are under, keeps what its
    first replica saw and forgets the others'; so only the first part of a batch is run with `updated`.

    Args:
        network: the network whose batch norms are meant.
        updated: whether they update.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    for norm in norms:
        norm.track_running_stats = updated
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True
