"""One core, one thread, and the table at the end."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest

from benchmarks.results import Book, publish, terminal
from benchmarks.sides import Sides

BOOK = pytest.StashKey[Book]()
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Scale:
    """How much is measured; `tiny` shows that it runs, and requires and writes nothing."""

    tiny: bool

    def rounds(self, count: int) -> int:
        """`count`, or one."""
        return 1 if self.tiny else count


def pytest_addoption(parser: pytest.Parser) -> None:
    """--tiny, --torchreid."""
    parser.addoption("--tiny", action="store_true", help="Smallest networks, one round; nothing required or written.")
    parser.addoption("--torchreid", metavar="FOLDER", help="Checkout of torchreid in which its rank_cy is built.")


def pytest_configure(config: pytest.Config) -> None:
    """Everything that follows, and every process started from here, computes on one thread and stays on one core."""
    config.stash[BOOK] = Book()
    for name in THREADS:
        os.environ[name] = "1"
    if hasattr(os, "sched_setaffinity") and not config.getoption("tiny"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


@pytest.fixture
def scale(pytestconfig: pytest.Config) -> Scale:
    """Full size, or tiny."""
    return Scale(pytestconfig.getoption("tiny"))


@pytest.fixture
def sides(scale: Scale) -> Iterator[Sides]:
    """Opens sides; closes them after the test."""
    with Sides(here=scale.tiny) as opened:
        yield opened


@pytest.fixture
def record(pytestconfig: pytest.Config, scale: Scale) -> Any:
    """`record(group, rows, remarks)`: note rows, then fail where one is not what is required."""

    def note(group: str, rows: list[Any], remarks: tuple[str, ...] = ()) -> None:
        pytestconfig.stash[BOOK].add(group, rows, remarks)
        exact = [
            row for row in rows if not scale.tiny or row.unit in ("", "bits")
        ]  # tiny networks are too small to be fast
        missed = [" | ".join(row.cells()) for row in exact if not row.met]
        assert not missed, "\n".join(missed)

    return note


@pytest.fixture
def torchreid_compiled(pytestconfig: pytest.Config) -> Path | None:
    """torchreid's compiled ranking in the folder of --torchreid; None without that option."""
    folder = pytestconfig.getoption("torchreid")
    if folder is None:
        return None
    found = sorted(Path(folder).rglob(f"rank_cy*{EXTENSION_SUFFIXES[0]}"))
    assert found, f"--torchreid {folder}: no rank_cy*{EXTENSION_SUFFIXES[0]}; run torchreid's rank_cylib/setup.py"
    return found[0]


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Market-1501 folder of rendered pedestrians with exact key points."""
    from augment.pedestrians import Pedestrians, render

    folder = tmp_path_factory.mktemp("people") / "data"
    settings = Pedestrians(
        train_identities=8, test_identities=3, images_per_identity=6, queries_per_identity=1, distractors=0, junk=0
    )
    render(folder, settings, jobs=1, progress=False)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table; without --tiny also results.json and docs/results/benchmarks.md."""
    book = config.stash[BOOK]
    if not book.groups:
        return
    if not config.getoption("tiny"):
        book.write()
        publish()
    terminalreporter.write_line("")
    terminalreporter.write_line(terminal(book))
