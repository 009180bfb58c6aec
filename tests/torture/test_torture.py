"""The short form of `make torture`, and that what it compares by would find a fault."""

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forks import fork
from tests.torture.contents import contents, differences
from tests.torture.killing import Blow, faults
from tests.torture.processes import Ended, Process
from tests.torture.record import PAGE, RECORD, Record, page, publish
from tests.torture.sharing import Shared
from tests.torture.verbs import VERBS


def test_killed_stopped_and_shared_it_ends_as_if_nothing_had_been() -> None:
    with fork(["-m", "tests.torture", "--short"]) as tortured:
        out, err = tortured.communicate()
    assert out, err
    found = json.loads(out)
    assert found["wrong"] == []
    assert tortured.returncode == 0
    hits = {name: sum(found[name].values()) for name in ("kills", "stops")}
    assert sum(hits.values()) == 2 * len(VERBS)  # a blow that comes too late is made good in a second round
    assert min(hits.values()) >= 3
    assert {*found["kills"], *found["stops"]} == {*VERBS}
    assert found["shared"] == dict.fromkeys(VERBS, 1)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder of what workspaces hold."""
    root = tmp_path / "w"
    (root / "reid" / "m").mkdir(parents=True)
    (root / "reid" / "m" / "model.safetensors").write_bytes(bytes(100))
    (root / "reid" / "m" / "run.json").write_text('{"seed": 0, "seconds": 1.5, "result": {"mAP": 50.0}}')
    (root / "reid" / "m" / "metrics.jsonl").write_text('{"step": 1, "loss": 0.5, "seconds": 1.0}\n')
    (root / "table5.csv").write_text("row,mAP_mean,seconds_mean\nnone,50.0,1.5\n")
    (root / "link").symlink_to("table5.csv")
    return root


def change(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda root: (root / "reid/m/model.safetensors").write_bytes(bytes(99) + b"\1"), "reid/m/model.safetensors"),
        (lambda root: change(root / "reid/m/run.json", "50.0", "50.1"), "reid/m/run.json"),
        (lambda root: change(root / "reid/m/metrics.jsonl", "0.5", "0.6"), "reid/m/metrics.jsonl"),
        (lambda root: change(root / "table5.csv", "50.0", "50.1"), "table5.csv"),
        (lambda root: (root / "table5.csv").unlink(), "table5.csv"),
        (lambda root: (root / "more.txt").write_text(""), "more.txt"),
        (lambda root: (root / "reid/m/pending.json").write_text("{}"), "reid/m/pending.json"),
        (lambda root: (root / "reid" / "parts").mkdir(), "reid/parts"),
        (lambda root: ((root / "link").unlink(), (root / "link").symlink_to("reid")), "link"),
    ],
)
def test_a_difference_is_found(workspace: Path, spoil: Callable[[Path], object], name: str) -> None:
    before = contents(workspace)
    spoil(workspace)
    assert differences(workspace, before) == [name]


def test_times_and_locks_are_no_difference(workspace: Path) -> None:
    before = contents(workspace)
    for name in ("reid/m/run.json", "table5.csv"):
        change(workspace / name, "1.5", "2.5")
    change(workspace / "reid/m/metrics.jsonl", "1.0", "2.0")
    (workspace / "reid" / ".m.lock").touch()
    assert differences(workspace, before) == []


def careless(root: Path) -> None:
    """Two files, of which the second is never made where the first process was killed in between."""
    if not root.exists():
        root.mkdir()
        (root / "a.txt").write_text("a")
        (root / "b.txt").write_text("b")


@pytest.mark.parametrize(("die_at", "found"), [(1, []), (2, ["a.txt", "b.txt"]), (3, ["b.txt"])])
def test_work_that_does_not_survive_a_kill_is_found(tmp_path: Path, die_at: int, found: list[str]) -> None:
    careless(tmp_path / "whole")
    root = tmp_path / "w"
    killed = Process(lambda: careless(root), tmp_path / "said.txt", die_at=die_at).end()
    again = Process(lambda: careless(root), tmp_path / "said.txt").end()
    assert (killed.status, killed.files, again.status) == (-signal.SIGKILL, die_at, 0)
    assert differences(root, contents(tmp_path / "whole")) == found


def test_a_stop_that_is_slow_or_silent_or_of_another_status_is_a_fault() -> None:
    said = "Stopped; nothing is lost. The same command resumes:\n  augment --quiet poses --csv a.csv\n"
    stopped = Blow(2, "poses", "stop", 0.1, 0.5, 0.2, 0.3)
    assert faults(Ended(130, said, 1.0, 0), stopped) == []
    assert faults(Ended(1, said, 1.0, 0), stopped) == [f"Ctrl-C gave status 1: {said}"]
    assert faults(Ended(130, "Aborted!", 1.0, 0), stopped) == ["Ctrl-C said 'Aborted!'"]
    assert faults(Ended(130, said, 1.0, 0), replace(stopped, cpu=2.5)) == ["Ctrl-C took 2.5 s"]
    assert faults(Ended(1, "Error: x", 1.0, 0), None) == ["ended with 1: Error: x"]


EVENT = Blow(1, "init", "work", 0.5, 0.25)
RECORDED = Record(
    "abc1234",
    "a processor",
    90.0,
    {"images": 7},
    [EVENT, EVENT],
    [Blow(2, "poses", "stop", 0.1, 0.5, 0.2, 0.3)],
    [Shared(3, "generate", 0.1, True, ("check",))],
)


def test_a_record_is_read_as_it_was_written_and_its_page_says_what_was_wrong(tmp_path: Path) -> None:
    RECORDED.write(tmp_path / "record.json")
    assert Record.read(tmp_path / "record.json") == RECORDED
    text = page(RECORDED)
    assert "Nothing was wrong" in text
    assert "| init | 2 | 0 | 2 | 0 | 0.25, 0.25, 0.25 |" in text
    assert "| poses | 1 |  | 0.20 s | 0.30 s |" in text
    spoilt = Record(**{**vars(RECORDED), "wrong": ["seed 1: poses/train.csv differs"]})
    assert "- WRONG: seed 1: poses/train.csv differs" in page(spoilt)
    assert "Nothing was wrong" not in page(spoilt)


def test_what_others_wrote_on_the_page_stays(tmp_path: Path) -> None:
    path = tmp_path / "reliability.md"
    publish(RECORDED, path)
    path.write_text(path.read_text() + "\n## Starved\n\nOther words.\n")
    publish(RECORDED, path)
    assert path.read_text().count("## Killed") == 1
    assert path.read_text().endswith("\n## Starved\n\nOther words.\n")


def test_the_page_is_of_the_record() -> None:
    assert page(Record.read(RECORD)) in PAGE.read_text(encoding="utf-8")
