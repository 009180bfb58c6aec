import json
import resource
import signal
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from augment import AugmentError, Busy
from augment.artefacts.artefact import artefact, fingerprint, is_busy
from augment.artefacts.files import write_text
from augment.artefacts.locks import locked
from augment.artefacts.records import read_run
from tests.torture.processes import Process


def test_work_is_done_once_and_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "thing"
    with artefact(folder, "demo", {"steps": 3}, inputs={"data": "abc"}, seed=1) as run:
        assert not run.finished
        run.finish({"answer": 42})
    with artefact(folder, "demo", {"steps": 3}, inputs={"data": "abc"}, seed=1) as run:
        assert run.finished
        assert run.result == {"answer": 42}
    record = read_run(folder)
    assert record is not None
    assert record.options == {"steps": 3}
    assert record.seed == 1
    assert {"python", "torch", "numpy"} <= set(record.versions)


def test_work_that_was_not_finished_is_open_to_the_same_command(tmp_path: Path) -> None:
    folder = tmp_path / "thing"
    with artefact(folder, "demo", {"steps": 3}):
        (folder / "half").write_text("x")
    assert read_run(folder) is None
    with artefact(folder, "demo", {"steps": 3}) as run:
        assert not run.finished
        assert (folder / "half").exists()


def test_what_a_kill_right_after_the_end_leaves_is_taken_away(tmp_path: Path) -> None:
    with artefact(tmp_path / "thing", "demo", {}) as run:
        left = (run.folder / "pending.json").read_text()
        run.finish({})
    (tmp_path / "thing" / "pending.json").write_text(left)
    with artefact(tmp_path / "thing", "demo", {}) as run:
        assert run.finished
    assert [path.name for path in (tmp_path / "thing").iterdir()] == ["run.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".thing.lock", "thing"]


def _killed_while_saving(path: Path) -> None:
    """Save four megabytes of tensors, and be killed at the first."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
    save_file({"weights": torch.zeros(1 << 20)}, path)


def test_what_a_kill_in_the_midst_of_saving_tensors_leaves_is_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "thing"
    with artefact(folder, "demo", {}):
        saving = Process(lambda: _killed_while_saving(folder / "last.safetensors"), tmp_path / "said.txt").end()
        assert saving.status == -signal.SIGXFSZ, saving.said
        found = [path.name for path in folder.iterdir() if path.name != "pending.json"]
    assert found
    assert found != ["last.safetensors"]  # or safetensors has another way now
    with artefact(folder, "demo", {}):
        assert [path.name for path in folder.iterdir()] == ["pending.json"]


@pytest.mark.parametrize("finished", [True, False])
def test_other_options_are_refused_by_name(tmp_path: Path, finished: bool) -> None:
    folder = tmp_path / "thing"
    with artefact(folder, "demo", {"steps": 3, "rate": 0.1}) as run:
        if finished:
            run.finish({})
    with (
        pytest.raises(AugmentError, match=r"thing: was made with steps 3, not 4; .*or force to make it again"),
        artefact(folder, "demo", {"steps": 4, "rate": 0.1}),
    ):
        pass


def test_another_seed_and_other_input_are_refused(tmp_path: Path) -> None:
    with artefact(tmp_path / "thing", "demo", {}, inputs={"images": "1"}, seed=0) as run:
        run.finish({})
    with pytest.raises(AugmentError, match="seed 0, not 1"), artefact(tmp_path / "thing", "demo", {}, seed=1):
        pass
    with (
        pytest.raises(AugmentError, match="other input: images 1, not 2"),
        artefact(tmp_path / "thing", "demo", {}, inputs={"images": "2"}, seed=0),
    ):
        pass


def test_input_that_changed_since_a_run_began_is_named(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jpg", tmp_path / "two.jpg"
    one.write_text("1")
    two.write_text("2")
    with artefact(tmp_path / "thing", "demo", {}, inputs={"images": fingerprint([one, two])}):
        (tmp_path / "thing" / "work").touch()
    time.sleep(0.05)
    two.write_text("3")
    sentence = r"from other input: images \w+, not \w+ \(.*two.jpg has changed since\); .*or force to make it again"
    with (
        pytest.raises(AugmentError, match=sentence),
        artefact(tmp_path / "thing", "demo", {}, inputs={"images": fingerprint([one, two])}),
    ):
        pytest.fail("work from other input must not go on")


def test_input_that_changes_during_a_run_spoils_it(tmp_path: Path) -> None:
    one = tmp_path / "one.jpg"
    one.write_text("1")
    with artefact(tmp_path / "thing", "demo", {}, inputs={"images": fingerprint(one)}) as run:
        one.write_text("12")
        with pytest.raises(AugmentError, match=r"one.jpg: changed while .*thing was made from it; put it back"):
            run.finish({})
    assert read_run(tmp_path / "thing") is None


def test_force_clears_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "thing"
    with artefact(folder, "demo", {"steps": 3}) as run:
        (folder / "old").mkdir()
        run.finish({})
    with artefact(folder, "demo", {"steps": 4}, force=True) as run:
        assert not run.finished
        assert not (folder / "old").exists()


def _hold(folder: Path, ready: Path) -> None:
    with artefact(folder, "demo", {}):
        ready.write_text("held")
        time.sleep(60)


def test_the_lock_falls_with_its_owner(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    with Process(lambda: _hold(tmp_path / "thing", ready), tmp_path / "said.txt") as process:
        assert process.until(ready.exists)
        assert is_busy(tmp_path / "thing")
        with pytest.raises(Busy, match=f"thing: process {process.pid} on .* is at work there"):
            artefact(tmp_path / "thing", "demo", {}, wait=False).__enter__()
        process.kill()
    assert not is_busy(tmp_path / "thing")
    with artefact(tmp_path / "thing", "demo", {}, wait=False) as run:
        assert not run.finished


def test_a_folder_nobody_works_at_is_free_and_stays_untouched(tmp_path: Path) -> None:
    assert not is_busy(tmp_path / "nothing")
    assert not list(tmp_path.iterdir())
    with locked(tmp_path / "table"), pytest.raises(Busy), locked(tmp_path / "table", wait=False):
        pytest.fail("the lock was given twice")


@pytest.mark.parametrize("file", ["run.json", "pending.json"])
@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", "{}", '{"seed": 0, "options": [], "inputs": {}}', "[" * 100_000]
)
def test_a_broken_record_is_named(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    sentence = rf"{file}: not a .*record.*; delete the folder and run again"
    with pytest.raises(AugmentError, match=sentence), artefact(tmp_path, "demo", {}):
        pytest.fail("a damaged folder must not be worked in")
    assert (tmp_path / file).read_text() == text


def test_a_record_without_a_result_is_not_finished(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"seed": 0, "options": {}, "inputs": {}}')
    with pytest.raises(AugmentError, match="not a record of this tool"):
        read_run(tmp_path)


def test_a_damaged_folder_is_made_again_with_force(tmp_path: Path) -> None:
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "run.json").write_text("{")
    with artefact(tmp_path / "thing", "demo", {}, force=True) as run:
        assert not run.finished


def work_and_fail(folder: Path) -> None:
    for _ in range(2):
        (folder / "work").touch(exist_ok=False)


def test_a_failure_before_any_work_does_not_bind_the_next_run(tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match="no such estimator"), artefact(tmp_path, "poses", {"estimator": "x"}):
        raise AugmentError("no such estimator")
    with pytest.raises(FileExistsError), artefact(tmp_path, "poses", {"estimator": "csv"}):
        work_and_fail(tmp_path)
    with pytest.raises(AugmentError, match="was made with estimator csv"), artefact(tmp_path, "poses", {}):
        pytest.fail("work of other options must not go on")


def test_files_appear_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    write_text(path, json.dumps([1, 2]))
    assert json.loads(path.read_text()) == [1, 2]
    assert [file.name for file in path.parent.iterdir()] == ["file.json"]


def test_fingerprints_follow_the_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"same")
    two.write_bytes(b"same")
    assert fingerprint(one) == fingerprint(two)
    two.write_bytes(b"other")
    assert fingerprint(one) != fingerprint(two)
    with pytest.raises(AugmentError, match="three"):
        fingerprint(tmp_path / "three")


def _fail_after_some_work(folder: Path) -> None:
    (folder / "work").touch()
    raise ZeroDivisionError
