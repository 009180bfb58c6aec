"""docs/how-to/cluster.md is true: its SLURM script parts the cells, its commands are ones that the tools know."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from augment.cli import augment
from pipelines.table5.run import Table5
from tests.forks import fork
from tests.test_docs import ROOT

PAGE = (ROOT / "docs" / "how-to" / "cluster.md").read_text(encoding="utf-8")
TENTHS = tuple(round(0.1 * tenth, 1) for tenth in range(1, 11))
PAPER = Table5(TENTHS, ("resnet50", "inception"), ("none", "ours", "ours*"), ratios=(1, 2, 3))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def said_python(tmp_path: Path) -> Path:
    """A folder with a `python` that says where it is and which words it is given, one a line."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$PWD" "$@"\n')
    python.chmod(0o755)
    return python.parent


def test_the_slurm_script_runs_every_cell_of_the_paper_once(people: Path, said_python: Path) -> None:
    (script,) = blocks("bash")
    listed = []
    for task in ("1", "2"):
        slurm = {"SUBMIT_DIR": str(people), "CPUS_PER_TASK": "8", "ARRAY_TASK_ID": task, "ARRAY_TASK_COUNT": "2"}
        done = subprocess.run(
            ["bash", "-eu", "-c", script],
            env={
                **{f"SLURM_{name}": value for name, value in slurm.items()},
                "PATH": f"{said_python}:{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        folder, *words = done.stdout.splitlines()
        with fork([*words, "--dry-run", "--no-probe"], Path(folder)) as job:
            out, err = job.communicate()
        assert job.returncode == 0, err
        listed += re.findall(r"cell (\S+)", out)
    assert sorted(listed) == sorted(cell.name for cell in PAPER.cells())


def shell_commands(program: str) -> list[list[str]]:
    """The arguments of a program's commands on the page, without comments."""
    lines = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    return [words[1:] for line in lines if (words := shlex.split(line, comments=True)) and words[0] == program]


def test_the_commands_are_ones_that_augment_and_ray_know() -> None:
    scripts = pytest.importorskip("ray.scripts.scripts")
    asked = {"augment": (augment, shell_commands("augment")), "ray": (scripts.cli, shell_commands("ray"))}
    assert [len(commands) for _, commands in asked.values()] == [2, 3]
    for group, commands in asked.values():
        for verb, *options in commands:
            command = group.get_command(click.Context(group), verb)
            assert command is not None, f"there is no command {verb}"
            command.make_context(verb, options)  # parses; raises a usage error for what it does not know


def test_the_hours_are_asked_for_as_the_page_says(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (dry,) = [words for words in shell_commands("augment") if "--dry-run" in words]
    monkeypatch.chdir(people)
    result = CliRunner().invoke(augment, ["--quiet", *dry, "--no-probe"])
    assert result.exit_code == 0, result.output
    assert f"0 of {len(PAPER.cells())} cells are finished." in result.stdout
