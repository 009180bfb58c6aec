"""Records of artefacts, written files, cells as text and sentences of failures, each by hand."""

import errno
import json
import logging
import math
import os
import platform
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.artefacts.files import write_bytes, write_csv, write_image, write_json
from augment.artefacts.records import Origin, read_pending, read_record, read_run
from augment.columns import aligned, csv_text, markdown_table
from augment.failures import Lines, interrupts, marked, nearest, sentence
from augment.fields import as_fields, as_options
from patn import KeypointError

ORIGIN: dict[str, Any] = {"kind": "generator", "seed": 3, "options": {"steps": 4}, "inputs": {"images": "f00d"}}


def write(folder: Path, name: str, record: object) -> Path:
    (folder / name).write_text(json.dumps(record))
    return folder


def test_a_finished_record_says_all_that_is_in_it(tmp_path: Path) -> None:
    whole = {**ORIGIN, "versions": {"augment": "1"}, "started": 7, "seconds": 2.5, "result": {"mAP": 0.5}}
    run = read_run(write(tmp_path, "run.json", whole))
    assert run is not None
    assert run.origin == Origin("generator", 3, {"steps": 4}, {"images": "f00d"})
    assert (run.seed, run.options, run.inputs) == (3, {"steps": 4}, {"images": "f00d"})
    assert (run.versions, run.started, run.seconds, run.result) == ({"augment": "1"}, 7.0, 2.5, {"mAP": 0.5})


def test_what_an_older_record_leaves_out_is_nothing_or_not_known(tmp_path: Path) -> None:
    bare: dict[str, Any] = {
        "seed": None,
        "options": {},
        "inputs": {},
        "result": {},
        "versions": "one",
        "seconds": "long",
    }
    run = read_run(write(tmp_path, "run.json", bare))
    assert run is not None
    assert (run.origin.kind, run.seed, run.versions, run.started) == ("", None, {}, 0.0)
    assert math.isnan(run.seconds)


def test_where_no_record_is_there_is_none(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None
    assert read_pending(tmp_path / "no folder") is None


def test_an_unfinished_record_says_what_it_is_made_from(tmp_path: Path) -> None:
    pending = read_pending(write(tmp_path, "pending.json", ORIGIN))
    assert pending == Origin("generator", 3, {"steps": 4}, {"images": "f00d"})
    with pytest.raises(AugmentError, match=r"run\.json: not a record of this tool; delete the folder and run again"):
        read_run(write(tmp_path, "run.json", ORIGIN))  # without a result


@pytest.mark.parametrize(
    "record",
    [[], "text", 3, {}, {"options": {}}, {"seed": 1}, {"seed": 1, "options": []}, {"seed": 1, "options": None}],
)
def test_json_of_something_else_is_no_record(tmp_path: Path, record: object) -> None:
    write(tmp_path, "x.json", record)
    with pytest.raises(AugmentError, match=r"x\.json: not a record of this tool"):
        read_record(tmp_path / "x.json", {"options": dict})


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_not_readable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(AugmentError, match=r"x\.json: not a readable record \("):
        read_record(tmp_path / "x.json", {})


@pytest.mark.parametrize(
    ("change", "differs"),
    [({}, False), ({"kind": "set"}, False), ({"seed": 4}, True), ({"options": {}}, True), ({"inputs": {}}, True)],
)
def test_origins_differ_in_seed_options_or_inputs(change: dict[str, Any], differs: bool) -> None:
    assert Origin(**ORIGIN).differs(Origin(**{**ORIGIN, **change})) is differs


def test_a_table_is_written_without_formulas_by_rename(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "ä.csv"
    table = pd.DataFrame(
        {"name": ["=1+1", "-3.5", "-x", "@a", "plain, with comma", "a\rb"], "number": [-1, 2, 3, 4, 5, 6]}
    )
    write_csv(table, path)
    assert path.read_text(encoding="utf-8").splitlines() == [
        "name,number",
        "'=1+1,-1",
        "-3.5,2",
        "'-x,3",
        "'@a,4",
        '"plain, with comma",5',
        "a\\rb,6",
    ]
    assert table["name"][0] == "=1+1"
    assert [each.name for each in path.parent.iterdir()] == ["ä.csv"]
    assert csv_text(pd.DataFrame(columns=["a"])) == "a\n"


def test_json_keeps_its_order_and_ends_with_a_line(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"z": 1, "a": [None, "ü"]})
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == {"z": 1, "a": [None, "ü"]}
    assert text.index('"z"') < text.index('"a"')
    assert text.startswith('{\n  "z": 1,')
    assert text.endswith("}\n")


def test_what_dead_processes_of_this_machine_left_is_taken_away(tmp_path: Path) -> None:
    here = platform.node()
    gone = 2**22 + 1  # more than any process is numbered
    left = [f"a.json.{here}-{gone}.0a1b.partial"]
    kept = [
        f"a.json.{here}-{os.getpid()}.0a1b.partial",
        f"a.json.elsewhere-{gone}.0a1b.partial",
        f"b.json.{here}-{gone}.0a1b.partial",
        f"a.json.{here}-x.0a1b.partial",
    ]
    for name in (*left, *kept):
        (tmp_path / name).touch()
    write_bytes(tmp_path / "a.json", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a.json", *kept])
    assert (tmp_path / "a.json").read_bytes() == b"new"


def test_what_another_users_process_is_writing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(process: int, number: int) -> None:
        assert number == 0  # which asks and does nothing
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "kill", kill)
    theirs = tmp_path / f"a.json.{platform.node()}-1.0a1b.partial"
    theirs.touch()
    write_bytes(tmp_path / "a.json", b"new")
    assert theirs.exists()


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("JPEG", {"quality": 95, "subsampling": 0})])
def test_an_image_is_of_the_kind_that_is_asked_for_whatever_its_name(
    tmp_path: Path, kind: str, options: dict[str, int]
) -> None:
    pixels = np.full((8, 4, 3), (200, 100, 50), np.uint8)
    write_image(Image.fromarray(pixels), tmp_path / "a.dat", kind, **options)
    with Image.open(tmp_path / "a.dat") as image:
        assert image.format == kind
        assert np.abs(np.asarray(image).astype(int) - pixels).max() <= 2
    with pytest.raises(OSError, match="No such file") as caught:
        write_image(Image.fromarray(pixels), tmp_path / "no folder" / "a.png", kind)
    assert "no folder" in str(caught.value)


def test_lines_of_cells_are_aligned_or_a_markdown_table() -> None:
    lines = [["row", "mAP"], ["Größer", "1"], ["", "-"]]
    assert aligned(lines).splitlines() == ["row     mAP", "Größer  1", "        -"]
    assert markdown_table(lines).splitlines() == ["| row | mAP |", "| --- | --- |", "| Größer | 1 |", "|  | - |"]
    assert aligned([["a"]]) == "a"


def test_the_nearest_word_is_asked_for() -> None:
    assert nearest("portoin", ["ratio", "portion", "seed"]) == " Did you mean 'portion'?"
    assert nearest("xyz", ["ratio", "portion"]) == ""
    assert nearest("portion", []) == ""


def test_fields_are_names_for_callers_and_options_on_a_terminal() -> None:
    text = "⟨target_poses⟩ file, ⟨folder --data⟩ x, ⟨not a field⟩ ⟨Upper⟩"
    assert as_fields(text) == "target_poses file, folder x, ⟨not a field⟩ ⟨Upper⟩"
    assert as_options(text) == "--target-poses file, --data x, ⟨not a field⟩ ⟨Upper⟩"
    error = AugmentError("⟨seed⟩ -1: is none")
    assert (str(error), marked(error), sentence(error)) == (
        "seed -1: is none",
        "⟨seed⟩ -1: is none",
        "--seed -1: is none",
    )
    assert marked(KeypointError("k")) == "k"


def test_signs_that_would_tear_a_terminal_apart_are_shown_as_escapes() -> None:
    assert sentence(AugmentError("a\nb\x1b[31m: is odd")) == "a\\nb\\x1b[31m: is odd"
    assert sentence(OSError(errno.EROFS, "Read-only", "x\ty")).startswith("x\\ty: Read-only; give yourself the right")
    assert sentence(OSError(errno.EIO, "Input/output error")).startswith("a file: Input/output error; correct that")


def test_ctrl_c_is_counted_and_still_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with interrupts() as seen:
            assert seen == []
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            assert seen == [signal.SIGINT]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with interrupts() as seen:
            signal.raise_signal(signal.SIGINT)
        assert seen == []
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_signals_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    found: list[object] = []

    def work() -> None:
        with interrupts() as seen:
            found.extend([list(seen), signal.getsignal(signal.SIGINT)])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [[], before]


@pytest.mark.parametrize(
    ("message", "arguments", "line"),
    [
        ("plain", (), "plain"),
        ("%s: %d", ("a", 2), "a: 2"),
        ("%s is left out: %s", ("x", AugmentError("⟨seed⟩ 1")), "x is left out: --seed 1"),
    ],
)
def test_a_log_line_is_the_message_with_options(message: str, arguments: tuple[object, ...], line: str) -> None:
    record = logging.LogRecord("augment", logging.WARNING, __file__, 1, message, arguments, None)
    assert Lines().format(record) == line
