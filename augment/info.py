"""What this machine offers: versions, devices, cores, number formats, weight files."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from augment.runtime import Runtime
from augment.versions import versions
from augment.weights import weights_lines, weights_report
from augment.workers import available_cores


def info(runtime: Runtime, weights_dir: Path | None = None) -> dict[str, Any]:
    """Versions, platform, cores, cpu (bf16 computed natively or not), gpus, device and precision in use, weights."""
    import torch

    from patn.training.perceptual import find_mobilenet

    mobilenet = find_mobilenet()
    gpus = [
        {
            "name": torch.cuda.get_device_name(index),
            "gib": round(torch.cuda.get_device_properties(index).total_memory / 2**30, 1),
        }
        for index in range(torch.cuda.device_count())
    ]
    return {
        "versions": versions(),
        "platform": platform.platform(),
        "cores": available_cores(),
        "cpu": {"capability": torch.backends.cpu.get_cpu_capability(), "bf16": _cpu_bf16()},
        "gpus": gpus,
        "device": str(runtime.torch_device()),
        "precision": runtime.precision_name(),
        "weights": weights_report(weights_dir),
        "mobilenet": str(mobilenet) if mobilenet else None,
    }


def _cpu_bf16() -> bool:
    """Whether the processor computes bf16 natively, by the rule that training goes by."""
    return Runtime(device="cpu").precision_name() == "bf16"


def info_text(report: dict[str, Any]) -> str:
    """A report of `info`, in words."""
    cpu = report["cpu"]
    lines = [f"{name} {version}" for name, version in report["versions"].items()]
    lines += [
        report["platform"],
        f"{report['cores']} cores, {cpu['capability']}, bf16 {'native' if cpu['bf16'] else 'not native'}",
        *(f"GPU {index}: {gpu['name']}, {gpu['gib']} GiB" for index, gpu in enumerate(report["gpus"])),
        f"device in use: {report['device']}, training in {report['precision']}",
        *(f"weights: {line}" for line in weights_lines(report["weights"])),
        f"weights: MobileNetV2 for the perceptual loss: {report['mobilenet']}"
        if report["mobilenet"]
        else "weights: missing: MobileNetV2 for the perceptual loss; pip install augment-reid[perceptual]",
    ]
    return "\n".join(lines)
