"""What is finished outlives a --force that fails, until the new one is finished; asked for again, it needs no lock."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from augment.artefacts.artefact import artefact
from augment.artefacts.records import read_run
from augment.cli import augment
from tests.conftest import invoke
from tests.hostile.shortages import Step, as_nobody, file_size, forbid, nothing, permit
from tests.torture.contents import contents
from tests.torture.processes import Process

SET, GENERATE = Path("generated", "ours-p0.5-s0"), ("generate", "--portion", "0.5", "--generator", "g")
KEPT = SET.with_name(f".{SET.name}.before")


def starved(root: Path, words: tuple[str, ...], limit: Step) -> tuple[int, str]:
    """Run a command in a fork that lacks something; its status and what it says, which no limit on files cuts off."""
    reading, writing = os.pipe()

    def work() -> None:
        sys.stdout = sys.stderr = os.fdopen(writing, "w")
        limit(root)
        augment.main(["--device", "cpu", "--workspace", str(root), *words], prog_name="augment")

    with tempfile.TemporaryDirectory() as log, os.fdopen(reading) as saying:
        status = Process(work, Path(log) / "log.txt").end().status
        os.close(writing)
        return status, saying.read()


def test_a_full_disk_at_the_start_of_force_leaves_what_was_there(root: Path) -> None:
    assert invoke(root, *GENERATE).exit_code == 0
    before = contents(root)
    status, said = starved(root, (*GENERATE, "--scenes", "--name", "ours", "--force"), file_size(100))
    assert status == 1
    assert "File too large" in said
    assert contents(root) == before
    assert invoke(root, *GENERATE).exit_code == 0


def test_a_full_disk_later_keeps_what_was_there_until_the_new_one_is_finished(root: Path) -> None:
    assert invoke(root, *GENERATE).exit_code == 0
    before, other = contents(root / SET), (*GENERATE, "--scenes", "--name", "ours")
    status, said = starved(root, (*other, "--force"), file_size(900))  # room for the record and links, not for an image
    assert status == 1
    assert f"what was there before is kept in {root / KEPT / SET.name}" in said
    assert contents(root / KEPT / SET.name) == before
    refused = invoke(root, *GENERATE)
    assert refused.exit_code == 1
    assert f"what was there before is in {root / KEPT / SET.name}" in refused.stderr
    assert invoke(root, *other).exit_code == 0
    assert not (root / KEPT).exists()
    assert contents(root / SET) != before


def test_what_was_there_before_is_in_no_list(root: Path) -> None:
    place = root / "patn"
    (place / ".g.before").mkdir()
    shutil.copytree(place / "g", place / ".g.before" / "g")
    assert invoke(root, *GENERATE[:-2]).exit_code == 0, "the only generator is taken"


def make(folder: Path, steps: int, *, force: bool = False) -> None:
    """An artefact of two files."""
    with artefact(folder, "demo", {"steps": steps}, force=force) as run:
        if not run.finished:
            for name in "ab":
                (folder / name).write_text(str(steps))
            run.finish({})


def whole(folder: Path) -> str | None:
    """The steps of a finished artefact, None where there is none."""
    if not folder.is_dir() or read_run(folder) is None:
        return None
    a, b = ((folder / name).read_text() for name in "ab")
    assert a == b
    return a


def test_a_kill_at_any_moment_of_force_leaves_the_old_or_the_new_one(tmp_path: Path) -> None:
    last = 0
    for moment in range(1, 100):
        folder = tmp_path / str(moment) / "thing"
        kept = folder.with_name(".thing.before") / "thing"
        make(folder, 1)
        process = Process(partial(make, folder, 2, force=True), tmp_path / "said.txt", die_at=moment)
        if process.end().status == 0:
            break
        last = moment
        assert whole(folder) in ("1", "2") or whole(kept) == "1"
        with contextlib.suppress(Exception):
            make(folder, 2)
        if whole(folder) != "2":  # the old one was put back, and is refused by its options
            assert whole(folder) == "1"
            make(folder, 2, force=True)
        assert whole(folder) == "2"
        assert not kept.parent.exists()
    assert last > 8


def work_and_fail(folder: Path) -> None:
    """Write a file, and fail to write it again."""
    for _ in range(2):
        (folder / "work").touch(exist_ok=False)


def test_force_on_what_is_unfinished_keeps_what_was_finished_before(tmp_path: Path) -> None:
    folder = tmp_path / "thing"
    make(folder, 1)
    for steps in (2, 3):
        with pytest.raises(FileExistsError), artefact(folder, "demo", {"steps": steps}, force=True):
            work_and_fail(folder)
    assert whole(tmp_path / ".thing.before" / "thing") == "1"
    make(folder, 3)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["thing"]


def test_a_folder_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "thing").symlink_to("elsewhere")
    make(tmp_path / "thing", 1)
    make(tmp_path / "thing", 2, force=True)
    assert (tmp_path / "thing").is_symlink()
    assert whole(tmp_path / "elsewhere") == "2"


@pytest.fixture
def fixed(root: Path) -> Iterator[Path]:
    """A workspace with a finished set, to which nothing can be written."""
    assert invoke(root, *GENERATE).exit_code == 0
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        place = Path(folder) / "room" / "w"
        shutil.copytree(root, place, symlinks=True)
        (place / "patn" / "g" / "generator.safetensors").chmod(0o644)
        forbid(place)
        yield place
        permit(place)


def test_a_finished_set_may_be_asked_for_where_nothing_can_be_written(fixed: Path) -> None:
    status, said = starved(fixed, GENERATE, as_nobody)
    assert status == 0, said
    assert "6 real and 6 generated images" in said
    for words, sentence in (
        ((*GENERATE, "--force"), "Permission denied"),
        ((*GENERATE, "--name", "other"), "cannot be made (Permission denied)"),
        ((*GENERATE, "--name", "ours", "--scenes"), "was made with scenes False, not True"),
    ):
        status, said = starved(fixed, words, as_nobody)
        assert status == 1
        assert sentence in said
    assert starved(fixed, GENERATE, nothing)[0] == 0


def test_a_workspace_may_be_asked_for_again_where_nothing_can_be_written(fixed: Path) -> None:
    photographs = fixed.parent / "photographs"
    shutil.copytree(fixed / "data" / "bounding_box_train", photographs / "bounding_box_train")
    place, data = fixed.parent / "other", ("--data", str(photographs))
    (photographs / "bounding_box_train" / "notes.txt").write_text("passed over")
    made = invoke(fixed, "init", str(place), *data)
    assert made.exit_code == 0, made.output
    forbid(place)
    status, said = starved(fixed, ("init", str(place), *data), as_nobody)
    assert status == 0, said
    assert "12 of 13 files were taken" in said
    status, said = starved(fixed, ("init", str(fixed.parent / "new"), *data), as_nobody)
    assert status == 1
    assert "Permission denied" in said
