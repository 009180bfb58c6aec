"""How long `augment --help` takes."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.conftest import Scale
from benchmarks.results import Row

AUGMENT = Path(sys.executable).with_name("augment")


def seconds(*command: str) -> float:
    """How long a program runs."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def test_help_starts_at_once(benchmark: Any, scale: Scale, record: Any) -> None:
    times: dict[str, list[float]] = {"help": [], "empty": []}

    def one_round() -> None:
        times["help"].append(seconds(str(AUGMENT), "--help"))
        times["empty"].append(seconds(sys.executable, "-c", "import click"))

    rounds = scale.rounds(9)
    benchmark.pedantic(one_round, rounds=rounds, warmup_rounds=1, iterations=1)
    loaded = "import sys; from augment.cli import augment; augment(['--help'], standalone_mode=False); "
    check = subprocess.run([sys.executable, "-c", loaded + "assert 'torch' not in sys.modules"], capture_output=True)
    assert check.returncode == 0, "augment --help imports torch"
    taken, least = (median(values[-rounds:]) for values in times.values())
    record(
        "start", [Row("augment --help, without importing torch", f"{taken:.2f} s", "", taken, "s", 0.3, least, True)]
    )
