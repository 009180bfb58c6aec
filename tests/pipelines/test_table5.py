"""Table 5 is the same however it is run: at once, in shards, on Ray, and however often it is killed."""

import contextlib
import io
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

import pandas as pd
import pytest
from safetensors import safe_open

from pipelines.table5.run import Table5
from tests.conftest import invoke, run
from tests.forks import Forked, fork
from tests.pipelines.processes import LOOPBACK, alive, descendants, listening, until
from tests.pipelines.toy import toy_workspace

ASKED = ("--portions", "0.4,1", "--rows", "none,ours", "--seeds", "1", "--lengths", "updates", "--threads", "1")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, rendered: Path, trained: Path) -> Path:
    """The table run at once, in one process."""
    root = toy_workspace(tmp_path_factory.mktemp("whole") / "w", rendered, trained).root
    run(root, "--device", "cpu", "table5", *ASKED)
    return root


@pytest.fixture
def root(tmp_path: Path, rendered: Path, trained: Path) -> Path:
    return toy_workspace(tmp_path / "w", rendered, trained).root


def start(root: Path, *arguments: str, **environment: str) -> AbstractContextManager[Forked]:
    """`python -m pipelines.table5 ...` in a process of its own, as a batch script has it; it ends with the block."""
    return fork(
        ["-m", "pipelines.table5", *ASKED, *arguments],
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "OMP_NUM_THREADS": "1",
            "AUGMENT_DEVICE": "cpu",
            "AUGMENT_QUIET": "1",
            **environment,
        },
    )


def finish(process: Forked) -> str:
    """Its stdout; it must succeed."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def made(root: Path) -> dict[str, object]:
    """The table's files, the models and the generated images, without the times."""
    table = root / "tables" / "table5"
    figures = pd.read_csv(io.StringIO((table / "table5.csv").read_text())).drop(columns="seconds_mean")
    content: dict[str, object] = {"table5.csv": figures.to_csv()}
    written = [table / f"table5.{suffix}" for suffix in ("md", "tex", "png")]
    models, images = root.glob("reid/*/model.safetensors"), root.glob("generated/*/bounding_box_train/*_gen*")
    for path in [*written, *models, *images]:
        content[str(path.relative_to(root))] = path.read_bytes()
    for path in root.glob("reid/*/run.json"):
        result = json.loads(path.read_text())["result"]
        content[str(path.relative_to(root))] = {key: result[key] for key in result if key != "train_seconds"}
    return content


def test_the_reference_holds_all_cells_and_one_generated_set(whole: Path) -> None:
    content = made(whole)
    assert sum(name.endswith("model.safetensors") for name in content) == 3
    assert [folder.name for folder in (whole / "generated").iterdir() if folder.is_dir()] == ["ours-p0.4-s0"]
    assert sum("_gen" in name for name in content) == 48 - 19


def test_shards_that_run_side_by_side_make_the_same_table(whole: Path, root: Path) -> None:
    with start(root, "--shard", "1/2") as other:
        run(root, "--device", "cpu", "table5", *ASKED, "--shard", "2/2")
        finish(other)
    assert made(root) == made(whole)


def test_cells_asked_for_one_by_one_make_the_same_table(whole: Path, root: Path) -> None:
    cells = Table5(portions=(0.4, 1), rows=("none", "ours"), seeds=1, lengths=("updates",)).cells()
    names = [cell.name for cell in cells]
    run(root, "--device", "cpu", "table5", *ASKED, "--only", names[1])
    assert [path.parent.name for path in root.glob("reid/*/run.json")] == [names[1]]
    run(root, "--device", "cpu", "table5", *ASKED, "--only", names[2], "--only", names[0])
    assert made(root) == made(whole)


def refused(root: Path, *arguments: str) -> str:
    """What table5 says when it refuses; nothing may be made."""
    before = {path: path.stat().st_mtime_ns for path in root.glob("reid/*/run.json")}
    result = invoke(root, "--device", "cpu", *arguments, "table5", *ASKED)
    assert result.exit_code == 1
    assert {path: path.stat().st_mtime_ns for path in root.glob("reid/*/run.json")} == before
    return " ".join(result.stderr.split())


REMEDY = "; put that back, or delete the folder to have it made again"


def test_finished_cells_made_otherwise_or_from_other_input_are_refused(whole: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(whole, tmp_path / "w", symlinks=True))
    run(root, "--device", "cpu", "table5", *ASKED)  # all as it was
    assert f"was made with precision auto, not fp32{REMEDY}" in refused(root, "--precision", "fp32")
    drawn = next((root / "generated" / "ours-p0.4-s0" / "bounding_box_train").glob("*_gen.jpg"))
    for path, what in (
        (drawn, r"\S+: its images or its manifest.csv were changed after they were made"),
        (
            root / "patn" / "patn" / "generator.safetensors",
            r"\S+ was made from other input: generator .+, not .+ \(.* has changed since\)",
        ),
    ):
        content = path.read_bytes()
        path.write_bytes(content + b"0")
        assert re.fullmatch(rf"Error: set ours p0.4 s0: {what}{REMEDY}", refused(root))
        path.write_bytes(content)


def test_what_finished_cells_were_made_from_may_be_gone(whole: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(whole, tmp_path / "w", symlinks=True))
    shutil.rmtree(root / "generated")
    run(root, "--device", "cpu", "table5", *ASKED)
    assert not (root / "generated").exists()


def progress(root: Path) -> int:
    """Generated images and updates of re-ID models so far."""
    images = len([*root.glob("generated/*/bounding_box_train/*_gen.jpg")])
    steps = 14 * len([*root.glob("reid/*/run.json")])
    for path in root.glob("reid/*/last.safetensors"):
        with contextlib.suppress(FileNotFoundError), safe_open(path, framework="pt") as file:
            steps += int(file.metadata()["step"])
    return images + steps


def kill_in_the_middle(process: Forked, root: Path, killed: str, updates: int) -> list[int]:
    """SIGKILL the driver or one of the processes called `killed` after some updates; returns the driver's processes."""
    enough = progress(root) + updates
    assert until(lambda: progress(root) >= enough or process.poll() is not None)
    assert killed == "driver" or until(lambda: bool(descendants(process.pid, running=killed)))
    children = descendants(process.pid)
    victims = [process.pid] if killed == "driver" else descendants(process.pid, running=killed)
    os.kill(random.Random(updates).choice(victims), signal.SIGKILL)
    return children


def test_killed_at_random_and_started_again_it_is_the_same_table(whole: Path, root: Path) -> None:
    moments = random.Random(1)
    for killed, jobs in (("driver", "1"), ("spawn_main", "2")):  # a driver's workers die with it: see test_grid
        with start(root, "--jobs", jobs) as process:
            children = kill_in_the_middle(process, root, killed, moments.randrange(1, 8))
            _, said = process.communicate(timeout=180)
            assert process.returncode != 0
            assert killed == "driver" or "run the same command again" in said
            assert until(lambda: not any(map(alive, children)))  # noqa: B023
    run(root, "--device", "cpu", "table5", *ASKED)
    assert made(root) == made(whole)


def test_two_ray_workers_make_the_same_table_although_one_is_killed(whole: Path, root: Path) -> None:
    pytest.importorskip("ray")
    with (
        tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as short,  # Ray's sockets have long names
        start(root, "--ray", "local", "--jobs", "2", RAY_TMPDIR=short) as process,
    ):
        children = kill_in_the_middle(process, root, "ray::_call", 3)
        addresses = listening([process.pid, *children])
        finish(process)
        assert until(lambda: not any(map(alive, children)))
    assert addresses
    assert addresses <= LOOPBACK
    assert made(root) == made(whole)


def test_ray_that_is_not_installed_is_one_sentence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    result = invoke(root, "table5", *ASKED, "--ray", "local")
    assert result.exit_code == 1
    assert "Ray is not installed; pip install 'augment-reid[ray]', or use --jobs" in result.stderr
