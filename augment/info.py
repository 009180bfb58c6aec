"""What this machine offers: versions, devices, cores, number formats, weight files."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from augment.results import Result
from augment.runtime import Runtime
from augment.versions import versions
from augment.weights import FoundWeights, weights_lines, weights_report
from augment.workers import available_cores


@dataclass(frozen=True)
class Processor(Result):
    """What torch uses of the processor.

    Attributes:
        capability: the instructions.
        bf16: whether it computes bf16 natively.
    """

    capability: str
    bf16: bool


@dataclass(frozen=True)
class Gpu(Result):
    """A graphics card.

    Attributes:
        name: as its driver says.
        gib: its memory in GiB.
    """

    name: str
    gib: float


@dataclass(frozen=True)
class Info(Result):
    """What a machine offers.

    Attributes:
        versions: of Python, of this tool and of the packages it depends on.
        platform: the operating system.
        cores: that this process may use.
        cpu: the processor.
        gpus: the graphics cards.
        device: that a command would run on.
        precision: that it would train in, fp32 or bf16.
        weights: the weight files that were found, and those that are missing.
        mobilenet: the weights of MobileNetV2, None where they are missing.
        identity_models: the re-ID model of the identity term that a generator of the workspace was trained with, by
            generator.
    """

    versions: Mapping[str, str]
    platform: str
    cores: int
    cpu: Processor
    gpus: tuple[Gpu, ...]
    device: str
    precision: str
    weights: tuple[FoundWeights, ...]
    mobilenet: str | None
    identity_models: Mapping[str, str]


def info(
    runtime: Runtime, weights_dir: Path | None = None, identity_models: Mapping[str, str] = MappingProxyType({})
) -> Info:
    """What this machine offers to a command.

    Args:
        runtime: how the command would run.
        weights_dir: a folder searched for files of weights before the hub's cache.
        identity_models: of the workspace's generators, as of `augment.training.identity.identity_models`.
    """
    import torch

    from patn.training.perceptual import find_mobilenet  # loads torch

    mobilenet = find_mobilenet()
    gpus = [
        Gpu(torch.cuda.get_device_name(index), round(torch.cuda.get_device_properties(index).total_memory / 2**30, 1))
        for index in range(torch.cuda.device_count())
    ]
    return Info(
        versions(),
        platform.platform(),
        available_cores(),
        Processor(torch.backends.cpu.get_cpu_capability(), _cpu_bf16()),
        tuple(gpus),
        str(runtime.torch_device()),
        runtime.precision_name(),
        weights_report(weights_dir),
        str(mobilenet) if mobilenet else None,
        dict(identity_models),
    )


def _cpu_bf16() -> bool:
    """Whether the processor computes bf16 natively, by the rule that training goes by."""
    return Runtime(device="cpu").precision_name() == "bf16"


def info_text(report: Info) -> str:
    """A report in words.

    Args:
        report: as `info` returns it.
    """
    lines = [f"{name} {version}" for name, version in report.versions.items()]
    lines += [
        report.platform,
        f"{report.cores} cores, {report.cpu.capability}, bf16 {'native' if report.cpu.bf16 else 'not native'}",
        *(f"GPU {index}: {gpu.name}, {gpu.gib} GiB" for index, gpu in enumerate(report.gpus)),
        f"device in use: {report.device}, training in {report.precision}",
        *(f"weights: {line}" for line in weights_lines(report.weights)),
        f"weights: MobileNetV2 for the perceptual loss: {report.mobilenet}"
        if report.mobilenet
        else "weights: missing: MobileNetV2 for the perceptual loss; pip install augment-reid[perceptual]",
        *(f"generator {name}: identity term by {model}" for name, model in report.identity_models.items()),
    ]
    return "\n".join(lines)
