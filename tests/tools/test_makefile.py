"""`make` takes the newest Python that runs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def made(folder: Path, *arguments: str, **pythons: int) -> subprocess.CompletedProcess[str]:
    """`make -n` of an environment, where these Pythons (python3_13 for python3.13) end with that exit status."""
    for name, status in pythons.items():
        program = folder / name.replace("_", ".")
        program.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
        program.chmod(0o755)
    make = shutil.which("make")
    assert make is not None
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHON", "MAKEFLAGS", "MAKELEVEL")}
    command = [make, "--dry-run", "--no-print-directory", "test-newest", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**variables, "PATH": str(folder)}, capture_output=True, text=True, check=False
    )


def test_the_newest_python_that_runs_is_taken(tmp_path: Path) -> None:
    assert made(tmp_path, python3_13=127, python3_12=0, python3_11=0).stdout.startswith("python3.12 -m venv")
    assert made(tmp_path, python3_13=0).stdout.startswith("python3.13 -m venv")


def test_a_python_can_be_named(tmp_path: Path) -> None:
    assert made(tmp_path, "PYTHON=python3.11", python3_13=0).stdout.startswith("python3.11 -m venv")


def test_without_a_python_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    result = made(tmp_path, python3_13=127)
    assert result.returncode != 0
    assert "no Python 3.11, 3.12 or 3.13 runs here" in result.stderr
