"""Looks up among the known vulnerabilities what requirements.lock pins for this Python: `make audit`, needs internet.

`python -m tools.audit PIP_AUDIT` takes the path of the program pip-audit, which lives in an environment of its own.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"


def verdict(report: Mapping[str, Any]) -> tuple[int, str]:
    """Exit status and words for pip-audit's JSON report: 1 for a vulnerable pin, 2 where any was not looked up.

    pip-audit itself calls packages that it could not look up none with a vulnerability.
    """
    packages = report["dependencies"]
    lines = [
        f"{package['name']} {package['version']}: {found['id']}, fixed in {' or '.join(found['fix_versions'])}"
        for package in packages
        for found in package.get("vulns", [])
    ]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped:
        lines.append(
            f"{len(skipped)} of {len(packages)} packages were not found in the database ({skipped[0]}); "
            "the audit says nothing of them, run it where the database can be reached"
        )
        return 2, "\n".join(lines)
    return (1, "\n".join(lines)) if lines else (0, f"{len(packages)} packages without a known vulnerability")


def main() -> None:
    """Audit the lock file and print the verdict."""
    command = [sys.argv[1], "--format", "json", "--disable-pip", "--requirement", str(LOCK)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        status, said = verdict(json.loads(done.stdout))
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        status, said = 2, f"pip-audit did not reach its database ({last}); run it where it can"
    print(said)
    sys.exit(status)


if __name__ == "__main__":
    main()
