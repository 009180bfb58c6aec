"""The small data set of rendered pedestrians that the tests share, made once a run."""

import gc
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from filelock import FileLock
from hypothesis import HealthCheck, settings

from augment.cli import augment
from augment.inference import generators
from augment.workspace import Workspace

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    """One thread a process, and none that spins while it waits: tests that ask for more threads share the cores."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # both are read when torch is loaded


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what was imported: a million objects, at every full collection."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Give it all back: libraries that count what is left at the end would print a complaint."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def plotted_once() -> Iterator[None]:
    """Let the same figures be plotted once a run: a plot takes a tenth of a second, and a report has several."""
    from pipelines.report import glance, sections
    from pipelines.table5 import outputs
    from pipelines.table5.plots import portion_plot

    plotted: dict[tuple[str, str, str], bytes] = {}

    def remembered(summary: pd.DataFrame, form: str = "png", whole: pd.DataFrame | None = None) -> bytes:
        asked = (summary.to_csv(), form, "" if whole is None else whole.to_csv())
        if asked not in plotted:
            plotted[asked] = portion_plot(summary, form, whole)
        return plotted[asked]

    with pytest.MonkeyPatch.context() as patch:
        for module in (glance, sections, outputs):
            patch.setattr(module, "portion_plot", remembered)
        yield


@pytest.fixture(scope="session", autouse=True)
def counted_once() -> Iterator[None]:
    """Let the weights and operations of the same generator be counted once a run; all of them take seconds."""
    from patn import complexity
    from pipelines.tables import table2

    counted: dict[tuple[str, ...], Any] = {}

    def once(name: str) -> Callable[..., Any]:
        count = getattr(complexity, name)

        def remembered(generator: str, options: Mapping[str, Any], size: tuple[int, int]) -> Any:
            asked = (name, generator, json.dumps(options, sort_keys=True), str(size))
            if asked not in counted:
                counted[asked] = count(generator, options, size)
            return counted[asked]

        return remembered

    with pytest.MonkeyPatch.context() as patch:
        for name in ("complexity", "published_count"):
            counts = once(name)
            for module in (complexity, table2):
                patch.setattr(module, name, counts)
        yield


SMALL = {
    "train_identities": 8,
    "test_identities": 5,
    "images_per_identity": 6,
    "queries_per_identity": 2,
    "cameras": 3,
    "distractors": 4,
    "junk": 2,
}


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder of the whole run that the first of its workers to ask for it makes; nothing writes to it afterwards."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    with FileLock(f"{folder}.lock"):
        if not folder.with_suffix(".made").exists():
            make(folder)
            folder.with_suffix(".made").touch()
    return folder


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Market-1501 folder of 8 training and 5 test identities, 6 images each."""
    from augment.pedestrians import Pedestrians, render

    def make(folder: Path) -> None:
        render(folder / "data", Pedestrians(**SMALL), jobs=1, progress=False)

    return once(tmp_path_factory, "rendered", make) / "data"


@pytest.fixture
def people(rendered: Path, tmp_path: Path) -> Path:
    """A fresh workspace on the shared data."""
    return Workspace.create(tmp_path / "people", {"data": str(rendered), "size": [128, 64], "seed": 0}).root


@pytest.fixture(scope="session")
def trained(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator.safetensors trained for a few steps on the shared data."""

    def make(folder: Path) -> None:
        root = Workspace.create(folder / "w", {"data": str(rendered)}).root
        run(root, "patn-train", "--preset", "demo", "--steps", "4", "--batch", "4", "--perceptual", "none")

    return once(tmp_path_factory, "trained", make) / "w" / "patn" / "patn" / "generator.safetensors"


@pytest.fixture
def no_builtin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation without a built-in generator; returns the empty place where it would be."""
    folder = tmp_path / "installed" / "builtin"
    folder.mkdir(parents=True)
    monkeypatch.setattr(generators, "BUILTIN_FOLDER", folder)
    return folder


@pytest.fixture
def builtin(no_builtin: Path, trained: Path) -> Path:
    """An installation whose built-in generator is the trained one of the tests; returns its file."""
    return Path(shutil.copy(trained, no_builtin / "patn-64x32.safetensors"))


def run(root: Path, *arguments: str) -> dict[str, Any]:
    """Run `augment --json ...` in a workspace and return its result; fails the test where the command fails."""
    result = invoke(root, *arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def invoke(root: Path, *arguments: str) -> Result:
    """Run `augment --json ...` in a workspace on one thread."""
    import torch

    torch.set_num_threads(1)
    return CliRunner().invoke(augment, ["--json", "--quiet", "--workspace", str(root), *arguments])
