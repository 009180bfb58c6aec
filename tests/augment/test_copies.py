"""Pictures that stand in a data set twice: found by bytes and by looks, and told from others that are like them."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from augment.datasets import copies as module
from augment.datasets.copies import NEAR, copies_said, inspect_copies
from tests.augment.tables import Row, image_table


def scene(seed: int) -> Image.Image:
    """A smooth random picture, 64 x 128."""
    small = np.random.default_rng(seed).integers(0, 256, (8, 5, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((64, 128), Image.Resampling.BICUBIC)


def write(folder: Path, rows: dict[str, tuple[int, str, Image.Image]], quality: int = 75) -> pd.DataFrame:
    """The table of some pictures, written as their names say; `quality` is that of JPEGs."""
    given: list[Row] = [(name, pid, 1, split) for name, (pid, split, _) in rows.items()]
    table = image_table(given, folder)
    for path, (_, _, picture) in zip(map(Path, table["path"]), rows.values(), strict=True):
        path.parent.mkdir(exist_ok=True)
        picture.save(path, quality=quality)
    return table


def test_other_formats_qualities_and_sizes_of_a_picture_are_copies_of_it(tmp_path: Path) -> None:
    one = scene(0)
    table = write(
        tmp_path,
        {
            "a.png": (1, "train", one),
            "b.jpg": (2, "train", one),
            "c.png": (3, "train", one.resize((128, 256), Image.Resampling.BICUBIC)),
            "d.png": (4, "train", scene(1)),
        },
        quality=60,
    )
    assert inspect_copies(table, 2) == {"identities": [["train/a.png", "train/b.jpg", "train/c.png"]], "parts": []}


def test_copies_count_under_two_identities_or_in_both_parts_alone(tmp_path: Path) -> None:
    table = write(
        tmp_path,
        {
            "a.png": (1, "train", scene(0)),
            "b.png": (1, "train", scene(0)),  # of one identity, in one part
            "c.png": (2, "query", scene(1)),
            "d.png": (2, "gallery", scene(1)),  # of one identity, both in the test part
            "e.png": (3, "train", scene(2)),
            "f.png": (3, "gallery", scene(2)),  # of one identity, in both parts
            "g.png": (4, "gallery", scene(3)),
            "h.png": (0, "gallery", scene(3)),  # a distractor is nobody
            "i.png": (-1, "gallery", scene(4)),
            "j.png": (5, "train", scene(4)),  # junk is nobody, and in the other part
        },
    )
    found = inspect_copies(table, 1)
    assert found["identities"] == []
    assert found["parts"] == [["gallery/f.png", "train/e.png"], ["gallery/i.png", "train/j.png"]]


def test_flat_pictures_are_copies_by_their_bytes_alone(tmp_path: Path) -> None:
    grey, black = (Image.new("RGB", (64, 128), (level,) * 3) for level in (128, 0))
    pictures = {"a.png": (1, "train", grey), "b.png": (2, "train", grey), "c.png": (3, "train", black)}
    found = inspect_copies(write(tmp_path, pictures), 1)
    assert found["identities"] == [["train/a.png", "train/b.png"]]


def test_files_that_cannot_be_read_are_copies_of_nothing(tmp_path: Path) -> None:
    table = write(tmp_path, {"a.png": (1, "train", scene(0)), "b.png": (2, "train", scene(1))})
    for path in table["path"]:
        Path(path).write_bytes(b"no picture")
    assert inspect_copies(table, 1) == {"identities": [], "parts": []}
    assert inspect_copies(table[:0], 1) == {"identities": [], "parts": []}


def looks(changes: list[set[int]]) -> list[bytes]:
    """128 bits of which some are changed."""
    bits = np.random.default_rng(3).random((1, 128)) < 0.5
    rows = np.repeat(bits, len(changes), axis=0)
    for row, places in zip(rows, changes, strict=True):
        row[list(places)] ^= True
    return [row.tobytes() for row in np.packbits(rows, axis=1)]


def components(marks: list[tuple[int, bytes]]) -> set[frozenset[int]]:
    """Files of one picture: by trying all pairs, and pairs of pairs."""
    groups = [{index} for index in range(len(marks))]

    def near(one: int, other: int) -> bool:
        (bytes_one, look_one), (bytes_other, look_other) = marks[one], marks[other]
        differing = int.from_bytes(look_one, "big") ^ int.from_bytes(look_other, "big")
        return bytes_one == bytes_other or (bool(look_one and look_other) and differing.bit_count() <= NEAR)

    for one, other in combinations(range(len(marks)), 2):
        if near(one, other):
            first, second = (next(group for group in groups if member in group) for member in (one, other))
            if first is not second:
                groups.remove(second)
                first |= second
    return {frozenset(group) for group in groups}


def pictures(monkeypatch: pytest.MonkeyPatch, marks: list[tuple[int, bytes]]) -> set[frozenset[int]]:
    """The groups that `inspect_copies` finds among files of these marks, single ones too."""
    monkeypatch.setattr(module, "_mark", lambda path: marks[int(path)])
    count = len(marks)
    table = pd.DataFrame(
        {"name": map(str, range(count)), "path": map(str, range(count)), "pid": range(1, count + 1), "split": "train"}
    )
    groups = inspect_copies(table, 1)["identities"]
    found = {frozenset(int(image.removeprefix("train/")) for image in group) for group in groups}
    return found | {frozenset([index]) for index in range(count) if not any(index in group for group in found)}


def test_six_changed_bits_are_near_seven_are_not_and_nearness_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    spread = list(range(0, 96, 16))  # one in each band but two
    marks = list(enumerate(looks([set(), set(spread), {0, *range(40, 46)}]), start=1))
    assert pictures(monkeypatch, [marks[0], marks[1]]) == {frozenset([0, 1])}
    assert pictures(monkeypatch, [marks[0], marks[2]]) == {frozenset([0]), frozenset([1])}
    assert pictures(monkeypatch, marks) == {frozenset([0, 1]), frozenset([2])}
    passed_on = list(enumerate(looks([set(), set(spread), {*spread, 7, 8}]), start=1))
    assert pictures(monkeypatch, passed_on) == {frozenset([0, 1, 2])}


@settings(max_examples=15)
@given(
    st.lists(st.sets(st.integers(0, 127), max_size=5), min_size=1, max_size=12),
    st.lists(st.integers(1, 4), min_size=12, max_size=12),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_groups_are_those_of_comparing_all_pairs(changes: list[set[int]], files: list[int], flat: list[bool]) -> None:
    """Few files, so that some are equal; some without a look."""
    own = [b"" if none else look for look, none in zip(looks(changes), flat, strict=False)]
    by_file = dict(zip(files, own, strict=False))
    marks = [
        (file, by_file[file]) if index % 2 else (100 + index, look)
        for index, (file, look) in enumerate(zip(files, own, strict=False))
    ]
    with pytest.MonkeyPatch.context() as patch:
        assert pictures(patch, marks) == components(marks)


def test_the_first_and_the_last_of_many_pictures_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """130 pictures that are alike in two bands only; two of them, the first and the last by their bits, are near."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (130, 16), dtype=np.uint8)
    rows[:, 0] = rng.integers(1, 128, 130)
    rows[:, 12:] = 77
    rows[40, 0] = 0
    rows[90] = rows[40] ^ np.array([128, 0] * 6 + [0] * 4, dtype=np.uint8)
    marks = [(number, row.tobytes()) for number, row in enumerate(rows, start=1)]
    single = {frozenset([index]) for index in range(130) if index not in (40, 90)}
    assert pictures(monkeypatch, marks) == {frozenset([40, 90]), *single}


def test_sentences_name_five_of_each_and_count_the_rest() -> None:
    assert copies_said({"identities": [], "parts": []}) == []
    assert copies_said({"identities": [["a", "b"]], "parts": []}) == [
        "1 picture is under two identities or more: a and b; remove what is wrong"
    ]
    (said,) = copies_said({"parts": [[str(index) for index in range(8)], *([["x", "y"]] * 6)]})
    assert said.startswith(
        "7 pictures are in both the training and the test part: 0 and 1 and 2 and 3 and 4 and 3 more;"
    )
    assert said.count("x and y") == 4
    assert "; and 2 more (--json lists all)" in said
