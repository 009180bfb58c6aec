"""Size and speed of generators: every one that can be trained, and those of a workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from augment import AugmentError
from augment.columns import aligned
from augment.results import Result
from augment.runtime import Runtime
from augment.workers import worker_pool
from augment.workspace import Workspace

if TYPE_CHECKING:
    import torch
    from torch import nn

SIZES = ((128, 64), (256, 176))
RECIPES = {(128, 64): "market", (256, 176): "deepfashion"}
COLUMNS = {
    "generator": "generator",
    "size": "size",
    "parameters": "weights",
    "transfer_parameters": "used to generate",
    "paper_parameters": "as the paper counts",
    "gflop": "GFLOP/image",
    "images_per_second": "images/s",
    "gflop_per_second": "GFLOP/s",
    "peak_mib": "peak MiB",
}
FOOTNOTE = (
    "GFLOP counts a multiply-add as two operations, as torch.utils.flop_counter does.  The paper's Table 2 counts "
    "PATN and Deform bare, of PG2 and VUNet whole training checkpoints; see `augment table2`."
)


@dataclass(frozen=True)
class Speed(Result):
    """How fast a generator is.

    Attributes:
        images_per_second: in batches.
        peak_mib: the most memory it takes; None where the system does not tell.
    """

    images_per_second: float
    peak_mib: int | None


@dataclass(frozen=True)
class Benchmark(Result):
    """Size and speed of a generator.

    Attributes:
        generator: what it is called.
        size: `HxW`, of the images in pixels.
        parameters: all weights.
        transfer_parameters: those that a transfer uses.
        paper_parameters: those that the paper counts.
        gflop: operations of an image, in billions.
        images_per_second: None where it was not timed.
        peak_mib: the most memory, in MiB; None where it was not timed and where the system does not tell.
        gflop_per_second: operations a second, in billions; None where it was not timed.
    """

    generator: str
    size: str
    parameters: int
    transfer_parameters: int
    paper_parameters: int
    gflop: float
    images_per_second: float | None = None
    peak_mib: int | None = None
    gflop_per_second: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object; a generator that was timed has its memory, null where the system does not tell."""
        found = super().as_dict()
        if self.images_per_second is None:
            return found
        speed = {"images_per_second": self.images_per_second, "peak_mib": self.peak_mib}
        return {**found, **speed, "gflop_per_second": self.gflop_per_second}


@dataclass(frozen=True)
class Candidate:
    """A generator to be measured at one (height, width): its name and options in `GENERATORS`, or its file."""

    label: str
    name: str
    options: Mapping[str, Any]
    size: tuple[int, int]
    checkpoint: Path | None = None


def candidates(
    generators: Sequence[str], sizes: Sequence[tuple[int, int]], workspace: Workspace | None
) -> list[Candidate]:
    """The generators to be measured.

    At 256 x 176 one by name is DeepFashion's, else Market-1501's.

    Args:
        generators: names or files; empty for all of `GENERATORS` and the trained ones of the workspace.
        sizes: (height, width) to measure at; a trained one is measured at its own where none is given.
        workspace: where trained ones are.

    Raises:
        AugmentError: for a name that is neither, and for a file that is no generator.
    """
    from patn.generators import GENERATORS  # loads torch

    found: list[Candidate] = []
    for name in generators or GENERATORS:
        if name in GENERATORS:
            found += [Candidate(name, name, recipe_options(name, size), size) for size in sizes or SIZES]
        else:
            found += _trained(name, _file(name, workspace), sizes)
    if not generators and workspace is not None:
        for path in workspace.generators():
            found += _trained(path.parent.name, path, sizes)
    return found


def recipe_options(name: str, size: tuple[int, int]) -> Mapping[str, Any]:
    """The constructor's arguments of a generator in the released configuration for a size.

    Args:
        name: of `patn.generators.GENERATORS`.
        size: (height, width) in pixels.
    """
    from patn.generators import kind_of  # loads torch

    training = kind_of(name).preset(RECIPES.get(size, "market"))
    if size != (training.height, training.width_px):
        training = replace(training, height=size[0], width_px=size[1])
    return training.generator_options()


def _file(name: str, workspace: Workspace | None) -> Path:
    inside = [workspace.generator_file(name)] if workspace is not None else []
    for path in (*inside, Path(name)):
        if path.is_file():
            return path
    from patn.generators import GENERATORS  # loads torch

    known = ", ".join(sorted(GENERATORS))
    raise AugmentError(
        f"⟨generators --generator⟩ {name}: neither one of {known} nor a trained generator nor a file of one"
    )


def _trained(label: str, path: Path, sizes: Sequence[tuple[int, int]]) -> list[Candidate]:
    from patn.checkpoints import read_metadata  # loads torch

    about = read_metadata(path)
    height, width = about.extra.get("size") or SIZES[0]
    own = ((int(height), int(width)),)
    return [Candidate(label, about.generator, about.options, size, path) for size in sizes or own]


def bench(
    found: Sequence[Candidate], runtime: Runtime, *, speed: bool = True, batch: int = 8, seconds: float = 3.0
) -> list[Benchmark]:
    """Counts of each candidate, and images/s, GFLOP/s and peak memory, each in a new process.

    Args:
        found: as `candidates` returns them.
        runtime: its precision "bf16" generates with bfloat16 weights, anything else in fp32.
        speed: measure more than the counts.
        batch: images at a time.
        seconds: how long each is timed at least, after one batch of warming up.
    """
    from patn.complexity import complexity, published_count  # loads torch

    made = []
    for candidate in found:
        counts = complexity(candidate.name, candidate.options, candidate.size)
        timed = measure(candidate, runtime, batch, seconds) if speed else None
        made.append(
            Benchmark(
                generator=candidate.label,
                size=f"{candidate.size[0]}x{candidate.size[1]}",
                parameters=counts.parameters,
                transfer_parameters=counts.transfer_parameters,
                paper_parameters=published_count(candidate.name, candidate.options, candidate.size).as_in_the_paper,
                gflop=round(counts.gflop, 3),
                images_per_second=timed.images_per_second if timed else None,
                peak_mib=timed.peak_mib if timed else None,
                gflop_per_second=round(counts.gflop * timed.images_per_second, 1) if timed else None,
            )
        )
    return made


def measure(candidate: Candidate, runtime: Runtime, batch: int, seconds: float) -> Speed:
    """Speed and memory of a generator, in a process of its own.

    Args:
        candidate: the generator.
        runtime: device, threads and precision, and whether finished work is made again.
        batch: images at a time.
        seconds: how long it is timed at least.
    """
    with worker_pool(1, "measuring speed") as pool:
        return pool.submit(_measure, candidate, runtime, batch, seconds).result()


def _measure(candidate: Candidate, runtime: Runtime, batch: int, seconds: float) -> Speed:
    from patn.checkpoints import load_generator  # loads torch
    from patn.generators import build_generator  # loads torch
    from patn.inference import for_inference  # loads torch

    runtime.prepare()
    device = runtime.torch_device()
    if candidate.checkpoint is not None:
        network = load_generator(candidate.checkpoint, device)
    else:
        network = build_generator(candidate.name, candidate.options).to(device).eval()
    network = for_inference(network, bfloat16=runtime.generates_bf16)
    speed = images_per_second(network, candidate.size, device, batch=batch, seconds=seconds)
    return Speed(round(speed, 2), _peak_mib(device.type))


def images_per_second(
    network: nn.Module,
    size: tuple[int, int],
    device: torch.device,
    *,
    batch: int,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Images of noise that a generator makes a second; of the median call, the first left out.

    Args:
        network: ready to generate, on the device.
        size: (height, width) of the images.
        device: where they are.
        batch: images at a time.
        seconds: how long is timed at least, in four calls at least.
        clock: what tells the time, in seconds.
    """
    import torch

    images = torch.rand(batch, 3, *size).mul_(2).sub_(1).to(device, memory_format=torch.channels_last)
    poses = torch.rand(2, batch, 18, 2, device=device) * torch.tensor(size, device=device)
    times: list[float] = []
    with torch.inference_mode():
        while len(times) < 4 or sum(times[1:]) < seconds:
            start = clock()
            network(images, *poses).float().mean().item()  # on a GPU, waits for it
            times.append(clock() - start)
    return batch / median(times[1:])


def _peak_mib(kind: str) -> int | None:
    """The most memory so far: of the process, or on a GPU of its tensors."""
    if kind == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() >> 20
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) >> 10
    except (OSError, StopIteration):
        return None


def bench_text(found: Sequence[Benchmark], how: str) -> str:
    """The table for the terminal.

    Args:
        found: as of `bench`.
        how: what was run where, empty without speed.
    """
    records = [each.as_dict() for each in found]
    keys = [key for key in COLUMNS if any(key in record for record in records)]
    lines = [[COLUMNS[key] for key in keys], *([_cell(record.get(key)) for key in keys] for record in records)]
    return "\n".join([aligned(lines), "", *([how] if how else []), FOOTNOTE])


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
