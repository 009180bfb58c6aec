"""The files below a folder of images: their order, which of them are looked at, and why others are not."""

import os
from pathlib import Path

import pandas as pd
import pytest

from augment import AugmentError
from augment.layouts.inventory import (
    PASSED_OVER,
    Inventory,
    Reason,
    files_below,
    folders_below,
    is_hidden,
    own_reason,
    printable,
    take_stock,
)


def touch(folder: Path, *files: str) -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return folder


def test_files_are_listed_folder_by_folder_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    touch(tmp_path, "10/a.jpg", "2/frame10.jpg", "2/frame2.jpg", "2/deep er/ä.png", ".hidden", "top.txt")
    assert files_below(tmp_path) == [
        "2/deep er/ä.png",
        "2/frame2.jpg",
        "2/frame10.jpg",
        "10/a.jpg",
        ".hidden",
        "top.txt",
    ]


def test_an_empty_folder_has_no_files(tmp_path: Path) -> None:
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    assert files_below(tmp_path) == []


def test_a_linked_folder_is_read_once_a_link_and_a_circle_is_not_followed(tmp_path: Path) -> None:
    elsewhere = touch(tmp_path / "elsewhere", "a.jpg")
    folder = touch(tmp_path / "folder", "own/b.jpg")
    (folder / "one").symlink_to(elsewhere)
    (folder / "two").symlink_to(elsewhere)
    (folder / "own" / "up").symlink_to(folder)
    (elsewhere / "itself").symlink_to(elsewhere)
    assert files_below(folder) == ["one/a.jpg", "own/b.jpg", "two/a.jpg"]


def test_a_link_to_no_file_is_listed_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert files_below(tmp_path) == ["gone.jpg"]
    assert own_reason(tmp_path, "gone.jpg") is Reason.NO_FILE


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match=r"missing: cannot be read \(No such file or directory\)"):
        files_below(tmp_path / "missing")


def test_folders_are_found_level_by_level_down_to_the_depth_without_hidden_ones(tmp_path: Path) -> None:
    touch(tmp_path, "b10/x/y/z/f", "b2/f", ".git/f", "__MACOSX/f", "b2/@eaDir/f")
    (tmp_path / "b2" / "around").symlink_to(tmp_path)
    (tmp_path / "c").symlink_to(tmp_path / "b10")

    def found(depth: int) -> list[str]:
        return [path.relative_to(tmp_path).as_posix() for path in folders_below(tmp_path, depth)]

    assert found(0) == []
    assert found(1) == ["b2", "b10", "c"]
    assert found(2) == ["b2", "b10", "c", "b10/x", "c/x"]
    assert found(3) == [*found(2), "b10/x/y", "c/x/y"]


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("a/b.jpg", False),
        (".a/b.jpg", True),
        ("a/.b.jpg", True),
        ("a/__MACOSX/b.jpg", True),
        ("Lost+Found/b.jpg", True),
        ("a/Thumbs.db", True),
        ("a/desktop.INI", True),
        ("thumbs.db/b.jpg", False),  # a folder of that name is none of the system's
        ("a.b/c..jpg", False),
    ],
)
def test_hidden_is_what_begins_with_a_dot_or_is_the_systems(path: str, hidden: bool) -> None:
    assert is_hidden(path) is hidden


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Jürgen Groß/1.jpg", "Jürgen Groß/1.jpg"),
        ("two\nlines\t.jpg", "two\\nlines\\t.jpg"),
        (os.fsdecode(b"b\xfcro.jpg"), "b\\udcfcro.jpg"),
        ("bell\x07", "bell\\x07"),
    ],
)
def test_what_no_terminal_shows_becomes_an_escape(path: str, text: str) -> None:
    assert printable(path) == text


def test_every_file_is_taken_or_has_the_first_reason_that_holds(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "a/2.jpg", "a/.3.jpg", "a/notes.txt", "Thumbs.db")
    (tmp_path / "a" / "4.jpg").symlink_to(tmp_path / "nowhere")
    stock = take_stock(tmp_path, {"a/1.jpg"}, lambda file: Reason.DEEPER if file == "a/2.jpg" else Reason.LOOSE)
    assert stock.taken == 1
    assert dict(stock.passed) == {
        "Thumbs.db": Reason.HIDDEN,
        "a/.3.jpg": Reason.HIDDEN,
        "a/2.jpg": Reason.DEEPER,
        "a/4.jpg": Reason.NO_FILE,
        "a/notes.txt": Reason.TYPE,
    }


def test_the_list_of_what_was_passed_over_goes_where_nothing_is(tmp_path: Path) -> None:
    Inventory(1, {"b, c.txt": Reason.TYPE, "ä.jpg": Reason.LOOSE}).write(tmp_path)
    written = pd.read_csv(tmp_path / PASSED_OVER)
    assert written.to_numpy().tolist() == [["b, c.txt", Reason.TYPE.value], ["ä.jpg", Reason.LOOSE.value]]
    assert list(written) == ["file", "reason"]
    Inventory(3, {}).write(tmp_path)
    assert list(tmp_path.iterdir()) == []
    Inventory(3, {}).write(tmp_path)  # where none was, either
    assert Inventory(3, {}).sentences() == []


def test_reasons_are_counted_the_most_frequent_first_with_an_example_each() -> None:
    passed = {"a.txt": Reason.TYPE, "1.jpg": Reason.LOOSE, "b.txt": Reason.TYPE, "2.jpg": Reason.TYPE}
    stock = Inventory(1_234, passed)
    assert list(stock.counts().items()) == [(Reason.TYPE.value, 3), (Reason.LOOSE.value, 1)]
    assert stock.sentences() == [
        f"1,234 of 1,238 files were taken; {PASSED_OVER} lists the others",
        f"3 files passed over: {Reason.TYPE.value}, such as a.txt",
        f"1 file passed over: {Reason.LOOSE.value}, such as 1.jpg",
    ]
