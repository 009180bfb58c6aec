"""Tasks on Ray: Ray places them on the machines of a cluster and starts those again whose worker died."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from augment import AugmentError, Misuse
from augment.runtime import Runtime
from augment.workers import available_cores
from pipelines.grid.pools import Placement, Pool

logger = logging.getLogger(__name__)
LOCAL = "local"
RETRIES, STARTS, ANSWER = 3, 3, 10.0
STORE = 100 * 2**20
SILENT = {"logging_level": logging.ERROR, "log_to_driver": False}
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # the name is Ray's; it does so on every system


@dataclass(frozen=True)
class Share:
    """What a task is given.

    Attributes:
        cpus: and as many threads.
        gpus: a fraction where several tasks share one.
    """

    cpus: int
    gpus: float


@contextmanager
def ray_tasks(placement: Placement, runtime: Runtime) -> Iterator[Pool]:
    """The pool of a Ray cluster, which sees to the number of tasks at a time; a task whose worker died is tried again.

    All machines must have this tool installed and the workspace in the same folder.

    Args:
        placement: the cluster's address, and what a task asks for.
        runtime: that the work is given.

    Yields:
        A pool without a limit.

    Raises:
        AugmentError: where Ray is not installed, no cluster answers, or no machine has what a task asks for.
    """
    address = placement.ray or LOCAL
    os.environ.update(QUIET)
    if address == LOCAL:  # it listens to 127.0.0.1 alone, and there to no other user
        os.environ.update({**LOOPBACK, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)})
    try:
        import ray
    except ImportError:
        raise AugmentError("⟨ray⟩: Ray is not installed; pip install 'augment-reid[ray]', or use ⟨jobs⟩") from None
    _start_here(ray, placement) if address == LOCAL else _join(ray, address)
    try:
        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        share = share_of(machines, placement, runtime.device)
        logger.info(
            "Ray at %s: %d machine(s); a task has %d CPUs and %g GPUs; all machines must see the workspace's folder.",
            address,
            len(machines),
            share.cpus,
            share.gpus,
        )
        task = ray.remote(num_cpus=share.cpus, num_gpus=share.gpus, max_retries=RETRIES)(_call)
        where = replace(runtime, threads=share.cpus, device="cuda" if share.gpus else "cpu")
        yield Pool(lambda *call: _future(task.remote(os.getcwd(), *call)), sys.maxsize, where)
    finally:
        ray.shutdown()


def _call(folder: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """A task: a call in the folder in which the command was given, which relative paths start from."""
    os.chdir(folder)
    return function(*arguments)


def _start_here(ray: Any, placement: Placement) -> None:
    """Start Ray on this machine alone; raises AugmentError where it does not start."""
    cores = max(available_cores(), placement.jobs * placement.share)
    for start in range(STARTS):
        try:
            ray.init(
                address=LOCAL,
                num_cpus=cores,
                include_dashboard=False,
                object_store_memory=STORE,
                _node_ip_address="127.0.0.1",
                **SILENT,
            )
            return
        except Exception as error:  # Ray's own are of no narrower class where a busy machine starts it too slowly
            ray.shutdown()
            if start == STARTS - 1:
                raise AugmentError(f"⟨ray⟩ local: Ray did not start ({_first(error)}); try again, or ⟨jobs⟩") from error


def _join(ray: Any, address: str) -> None:
    """Join a cluster; raises AugmentError where none answers."""
    try:
        if ":" in address:  # Ray itself tries for minutes
            host, _, port = address.removeprefix("ray://").rpartition(":")
            socket.create_connection((host, int(port)), timeout=ANSWER).close()
        ray.init(address=address, **SILENT)
    except (OSError, RuntimeError, ValueError) as error:
        raise AugmentError(
            f"⟨ray⟩ {address}: no Ray cluster answers ({_first(error)}); start one with `ray start --head`, give all "
            "machines its token, or use ⟨ray⟩ local"
        ) from error


def _first(error: Exception) -> str:
    """The first sentence of an error."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).partition(". ")[0]


def share_of(machines: Sequence[Mapping[str, float]], placement: Placement, device: str) -> Share:
    """What each task gets.

    Args:
        machines: what Ray says that each machine has ("CPU", "GPU").
        placement: CPUs are its `threads`, else the smallest machine's, shared by as many tasks as its GPUs take, or
            without GPUs by `jobs`.
        device: auto uses GPUs where the cluster has any, and only the machines with GPUs.

    Raises:
        AugmentError: where no machine has so much.
    """
    with_gpu = [machine for machine in machines if machine.get("GPU", 0) > 0]
    if device not in ("auto", "cpu", "cuda"):
        raise Misuse(f"⟨device⟩ {device}: Ray chooses the GPU; give ⟨device⟩ cuda, cpu or auto with ⟨ray⟩")
    if device == "cuda" and not with_gpu:
        raise AugmentError("⟨device⟩ cuda: no machine of the Ray cluster has a GPU; use ⟨device⟩ cpu or auto")
    gpus = placement.gpus_per_cell if with_gpu and device != "cpu" else 0.0
    usable = with_gpu if gpus else machines
    shares = [
        machine.get("CPU", 0) // (max(1, machine["GPU"] // gpus) if gpus else placement.jobs) for machine in usable
    ]
    cpus = placement.threads or max(1, int(min(shares)))
    most = max(machine.get("CPU", 0) for machine in usable)
    if cpus > most:
        raise AugmentError(f"⟨threads⟩ {cpus}: no machine of the Ray cluster has more than {most:g} CPUs")
    return Share(cpus, gpus)


def _future(reference: Any) -> Future[Any]:
    """A future with the task's result or its own error; BrokenExecutor where its worker died once too often."""
    future: Future[Any] = Future()

    def settle(raw: Future[Any]) -> None:
        error = raw.exception()
        if error is None:
            future.set_result(raw.result())
        else:
            cause = getattr(error, "cause", None)
            future.set_exception(cause if isinstance(cause, Exception) else BrokenExecutor(str(error)))

    reference.future().add_done_callback(settle)
    return future
