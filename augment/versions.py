"""What a result was made with: versions of Python, of this tool and of the packages it depends on."""

import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

VERSIONED = (
    "augment-reid",
    "torch",
    "torchvision",
    "torchreid",
    "numpy",
    "pandas",
    "pillow",
    "ai-edge-litert",
    "mediapipe",
)


def versions() -> dict[str, str]:
    """Versions of Python, of this tool and of the packages a result depends on; what is not installed is left out."""
    return dict(_versions())


def processor() -> str:
    """The processor's name, family and model where the system tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    about = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    family = f" (family {about['cpu family']}, model {about['model']})" if "cpu family" in about else ""
    return f"{about.get('model name', platform.machine())}{family}"


@cache
def _versions() -> dict[str, str]:
    """What `versions` says, read once a process: every finished artefact asks."""
    found = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    found["commit"] = _commit()
    return {name: version for name, version in found.items() if version}


def _commit() -> str:
    """The checkout's commit, when first asked for, where the tool runs from one, else an empty string."""
    here = Path(__file__).resolve().parent.parent
    if not (here / ".git").exists():
        return ""
    try:
        command = ["git", "-C", str(here), "describe", "--always", "--dirty"]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
