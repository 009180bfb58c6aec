"""A malformed input: how it comes about, which command meets it, the sentence that it must give."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from tests.conftest import invoke

TRAIN_FOLDER = Path("data") / "bounding_box_train"


@dataclass(frozen=True)
class Case:
    """`spoil` changes a workspace; then `command` says `sentence` (a regular expression) and exits with `status`."""

    name: str
    spoil: Callable[[Path], object]
    command: tuple[str, ...]
    sentence: str
    status: int = 1


def each(cases: list[Case]) -> pytest.MarkDecorator:
    """Run a test for every case, by its name."""
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


def meet(root: Path, case: Case) -> None:
    """Spoil the workspace, run the command, and look at what it says and leaves."""
    case.spoil(root)
    before = results(root)
    outcome = invoke(root, *(argument.replace("ROOT", str(root)) for argument in case.command))
    said = click.unstyle(outcome.output)
    assert re.search(case.sentence, said), said
    assert outcome.exit_code == case.status, said
    assert "Traceback" not in said
    assert "this should not happen" not in said
    assert not isinstance(outcome.exception, Exception)
    if case.status:
        assert results(root) == before, "a result was left behind"
        if case.status == 1 and not said.startswith("{"):
            assert len(said.strip().splitlines()) == 1, said


def results(root: Path) -> set[Path]:
    """Files that say that something is finished, and half-written ones."""
    return {path for path in root.rglob("*") if path.name in ("run.json", "manifest.csv") or "partial" in path.name}


def first_image(root: Path) -> Path:
    """The image that the cases spoil."""
    return min((root / TRAIN_FOLDER).iterdir())
