"""Writes requirements.lock: what is installed, each pinned by the SHA-256 of the file that pip would fetch for it.

`python -m tests.lock`; `make lock` runs it.  The hashes are of the files for this Python and this kind of machine.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
OURS = ("pip", "augment-reid")
HEADER = "# Of Python 3.11 on Linux x86-64, by `make lock`; installed with --require-hashes.\n"


def pip(*arguments: str) -> str:
    """What pip prints."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def lock_text(pins: Sequence[str], report: Mapping[str, Any]) -> str:
    """The lock file of pins (name==version) and pip's installation report; raises KeyError for a pin without a hash."""
    hashes = {}
    for item in report["install"]:
        about = item["metadata"]
        hashes[f"{about['name']}=={about['version']}"] = item["download_info"]["archive_info"]["hashes"]["sha256"]
    known = {_same(pin): digest for pin, digest in hashes.items()}
    return HEADER + "".join(f"{pin} \\\n    --hash=sha256:{known[_same(pin)]}\n" for pin in pins)


def _same(pin: str) -> str:
    """Names that pip takes for one are one."""
    return pin.lower().replace("_", "-").replace(".", "-")


def main() -> None:
    """Write the lock file of this environment."""
    left_out = [option for name in OURS for option in ("--exclude", name)]
    pins = pip("freeze", "--all", "--exclude-editable", *left_out).split()
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "pins.txt"
        wanted.write_text("\n".join(pins), encoding="utf-8")
        dry = ("install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-")
        report = json.loads(pip(*dry, "--requirement", str(wanted)))
    LOCK.write_text(lock_text(pins, report), encoding="utf-8")


if __name__ == "__main__":
    main()
