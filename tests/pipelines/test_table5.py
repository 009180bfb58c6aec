"""Table 5 is the same however it is run: at once, in shards, on Ray, and however often it is killed."""

import contextlib
import io
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from safetensors import safe_open

from augment import AugmentError
from augment.cli import augment
from augment.runtime import Runtime
from augment.workers import available_cores
from augment.workspace import Workspace
from pipelines.grid.pools import Placement
from pipelines.grid.ray_tasks import Share, _start_here, ray_tasks, share_of
from pipelines.table5.run import Table5, chosen, one_a_set
from tests.children import child
from tests.conftest import invoke, run
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


def start(root: Path, *arguments: str, **environment: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """`python -m pipelines.table5 ...` in a process of its own, as a batch script has it; it ends with the block."""
    return child(
        [sys.executable, "-m", "pipelines.table5", *ASKED, *arguments],
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "OMP_NUM_THREADS": "1",
            "AUGMENT_DEVICE": "cpu",
            "AUGMENT_QUIET": "1",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
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


def kill_in_the_middle(process: subprocess.Popen[str], root: Path, killed: str, updates: int) -> list[int]:
    """SIGKILL the driver or one of the processes called `killed` after some updates; returns the driver's processes."""
    enough = progress(root) + updates
    assert until(lambda: progress(root) >= enough or process.poll() is not None, 120)
    assert killed == "driver" or until(lambda: bool(descendants(process.pid, running=killed)))
    children = descendants(process.pid)
    victims = [process.pid] if killed == "driver" else descendants(process.pid, running=killed)
    os.kill(random.Random(updates).choice(victims), signal.SIGKILL)
    return children


def test_killed_at_random_and_started_again_it_is_the_same_table(whole: Path, root: Path) -> None:
    moments = random.Random(1)
    for killed in ("driver", "spawn_main"):
        with start(root, "--jobs", "2") as process:
            children = kill_in_the_middle(process, root, killed, moments.randrange(1, 8))
            _, said = process.communicate(timeout=60)
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


def test_a_ray_cluster_that_does_not_answer_is_one_sentence() -> None:
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    sentence = rf"--ray {address}: no Ray cluster answers .*; start one with `ray start --head`"
    with pytest.raises(AugmentError, match=sentence):
        ray_tasks(Placement(ray=address), Runtime("cpu")).__enter__()


class Sluggish:
    """A Ray that starts at the given attempt only."""

    def __init__(self, starts_at: int) -> None:
        self.left, self.started_with = starts_at, dict[str, object]()

    def init(self, **options: object) -> None:
        self.left -= 1
        if self.left:
            raise Exception("The current node timed out during startup. This could happen because of load.")
        self.started_with = options

    def shutdown(self) -> None:
        self.started_with = {}


def test_ray_that_starts_too_slowly_is_started_again_and_in_the_end_said() -> None:
    slow = Sluggish(3)
    _start_here(slow, Placement(jobs=3, threads=7))
    assert slow.started_with["num_cpus"] == max(21, available_cores())
    with pytest.raises(AugmentError, match=r"Ray did not start \(The current node timed out during startup\)"):
        _start_here(Sluggish(4), Placement())


BIG, SMALL = {"CPU": 64.0, "GPU": 8.0}, {"CPU": 16.0, "GPU": 1.0}


@pytest.mark.parametrize(
    ("machines", "placement", "device", "share"),
    [
        ([{"CPU": 8.0}, {"CPU": 4.0}], Placement(jobs=2), "auto", Share(2, 0.0)),
        ([{"CPU": 8.0}], Placement(threads=3), "cpu", Share(3, 0.0)),
        ([BIG, SMALL, {"CPU": 2.0}], Placement(), "auto", Share(8, 1.0)),
        ([SMALL], Placement(gpus_per_cell=0.25), "cuda", Share(4, 0.25)),
        ([SMALL, {"CPU": 2.0}], Placement(), "cpu", Share(2, 0.0)),
        ([{"CPU": 1.0}], Placement(jobs=4), "auto", Share(1, 0.0)),
    ],
)
def test_a_task_gets_the_smallest_machines_share(
    machines: list[dict[str, float]], placement: Placement, device: str, share: Share
) -> None:
    assert share_of(machines, placement, device) == share


@pytest.mark.parametrize(
    ("placement", "device", "sentence"),
    [
        (Placement(), "cuda", "no machine of the Ray cluster has a GPU"),
        (Placement(), "cuda:1", "Ray chooses the GPU"),
        (Placement(threads=9), "cpu", "no machine of the Ray cluster has more than 8 CPUs"),
    ],
)
def test_what_no_machine_has_is_said(placement: Placement, device: str, sentence: str) -> None:
    with pytest.raises(AugmentError, match=sentence):
        share_of([{"CPU": 8.0}], placement, device)


def test_shards_part_the_cells() -> None:
    cells = Table5(portions=(0.1, 0.5), rows=("none", "ours"), seeds=3).cells()
    shards = [chosen(cells, shard=(number, 4)) for number in range(1, 5)]
    assert sorted(cell.name for shard in shards for cell in shard) == sorted(cell.name for cell in cells)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    assert chosen(cells, only=[cells[3].name, cells[1].name], shard=(2, 2)) == [cells[1]]


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/0"])
def test_a_shard_that_is_none_is_wrong_usage(root: Path, shard: str) -> None:
    result = invoke(root, "table5", *ASKED, "--shard", shard)
    assert result.exit_code == 2
    assert "is no shard; give I/N with I from 1 to N" in result.stderr


def test_a_cell_that_was_not_asked_for_is_named(root: Path) -> None:
    result = invoke(root, "table5", *ASKED, "--only", "small-none")
    assert result.exit_code == 1
    assert "--only small-none: is none of the 3 cells that are asked for" in result.stderr


def test_portions_of_one_set_are_one_result_and_said(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """8 identities of 6 images: 0.1 and 0.15 both keep the one image that every identity keeps, 0.99 keeps all."""
    cells = Table5(portions=(0.1, 0.15, 0.4, 0.99, 1), rows=("none", "ours"), seeds=1, lengths=("updates",)).cells()
    with caplog.at_level("WARNING"):
        kept = one_a_set(Workspace.find(root), cells)
    assert [(cell.row, cell.portion) for cell in kept] == [
        ("none", 0.15),
        ("ours", 0.15),
        ("none", 0.4),
        ("ours", 0.4),
        ("none", 1.0),
    ]
    assert "p = 0.1 keeps 16.7 % of the training images, the same as p = 0.15: it is not another result" in caplog.text
    assert "p = 0.99 keeps 100 %" in caplog.text


def said(root: Path, *arguments: str) -> tuple[int, str]:
    """The exit status of `augment table5 ... --dry-run`, and what it says on stderr."""
    result = CliRunner().invoke(
        augment, ["--workspace", str(root), "table5", *arguments, "--seeds", "1", "--dry-run", "--no-probe"]
    )
    return result.exit_code, " ".join(result.stderr.split())


def test_rows_that_generate_nothing_at_p_1_are_said(root: Path) -> None:
    code, words = said(root, "--portions", "0.4,1", "--rows", "none,ours,self")
    assert (code, words) == (0, "At p = 1 nothing is removed, so nothing is generated: None stands for ours, self.")
    assert said(root, "--portions", "0.4,1", "--rows", "none,filled:8") == (0, "")
    assert said(root, "--portions", "1", "--rows", "none", "--ratios", "1,2") == (0, "")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--portions", "1", "--rows", "ours"), "nothing is removed at --portions 1"),
        (("--portions", "0.999", "--rows", "ours,repeat"), "nothing is removed at --portions 1"),
        (("--portions", "1", "--rows", "none", "--ratios", "2"), "--ratios above 1 are of generated sets"),
    ],
)
def test_a_table_without_any_row_that_was_asked_for_is_refused(
    root: Path, arguments: tuple[str, ...], why: str
) -> None:
    code, words = said(root, *arguments)
    assert code == 1
    assert why in words
    assert "no cell of these rows is left; give a smaller --portions" in words
