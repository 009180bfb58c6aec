"""Key point files that are none, or of other images, and those that only look odd."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from patn.keypoints import read_keypoints
from tests.hostile.cases import Case, each, meet
from tests.hostile.conftest import TRAIN

POSES = ("poses", "--csv", "ROOT/given.csv")
HEADER = "name:keypoints_y:keypoints_x"
NAME = TRAIN[0]
Y, X = [40] * 18, [20] * 18


def line(name: object = NAME, y: object = Y, x: object = X) -> str:
    return f"{name}: {y}: {x}"


def file(*lines: str, header: str = HEADER, end: str = "\n", encoding: str = "utf-8") -> Callable[[Path], object]:
    text = end.join([header, *lines, ""])
    return lambda root: (root / "given.csv").write_bytes(text.encode(encoding))


def all_images(y: Iterable[int], x: Iterable[int]) -> list[str]:
    return [line(name, list(y), list(x)) for name in TRAIN]


BROKEN = {
    "no column for x": (file(f"{NAME}: {Y}", header="name:keypoints_y"), "line 1: the header is not name:keypoints_y"),
    "x before y": (file(line(), header="name:keypoints_x:keypoints_y"), "line 1: the header is not name:keypoints_y"),
    "no header": (file(line(), header=line("other.jpg")), "line 1: the header is not name:keypoints_y:keypoints_x"),
    "commas": (file(f"{NAME},{Y},{X}"), "line 2: not `name:.18 y.:.18 x.`; write one image a line with two `:`"),
    "a header of commas": (file(line(), header="name,keypoints_y,keypoints_x"), "line 1: the header is not"),
    "an empty file": (lambda root: (root / "given.csv").touch(), "line 1: the header is not"),
    "a header alone": (file(), "no row is of an image of this workspace"),
    "17 joints": (file(line(y=Y[:17], x=X[:17])), "line 2: 17 y values where 18 are expected .COCO's joints"),
    "25 joints": (file(line(y=[1] * 25, x=[1] * 25)), "line 2: 25 y values where 18 are expected .OpenPose's BODY_25"),
    "strings": (file(line().replace("40", '"40"')), "line 2: the y values are not a list of numbers; write pixels"),
    "Windows-1252": (file(line(name="Stra\xdfe.jpg"), encoding="cp1252"), "not UTF-8.; give an annotation CSV"),
    "17 x for 18 y": (file(line(x=X[:17])), "line 2: 17 x values where 18 are expected"),
    "NaN": (file(line(y=[float("nan"), *Y[1:]])), "line 2: the y values are not a list of numbers"),
    "NaN in JSON's spelling": (file(line().replace("40", "NaN", 1)), "line 2: the y values are not a list of numbers"),
    "infinity": (file(line().replace("20", "Infinity", 1)), "line 2: the x values are not a list of numbers"),
    "a number beyond all": (file(line().replace("20", "1e400", 1)), "line 2: the x values are not a list of numbers"),
    "words": (file(line().replace("20", '"a"', 1)), "line 2: the x values are not a list of numbers"),
    "lists in lists": (file(line(y="[" * 100_000)), "line 2: the y values are not a list of numbers"),
    "no list": (file(line(y=3)), "line 2: the y values are not a list of numbers"),
    "half a line": (file(line(), f"{TRAIN[1]}: [1, 2"), "line 3: not `name:"),
    "a name twice": (file(line(), line()), f"line 3: {NAME} was already given in line 2; keep one of the two"),
    "no name": (file(line(name="")), "line 2: not `name:"),
    "other images": (file(line(name="x" * 300 + ".jpg")), "no row is of an image of this workspace"),
    "a path": (file(line(name=f"../{NAME}")), "no row is of an image of this workspace"),
    "UTF-16": (file(line(), encoding="utf-16"), "key points cannot be read .*; give an annotation CSV file"),
    "zeros": (lambda root: (root / "given.csv").write_bytes(bytes(5000)), "line 1: the header is not"),
    "y and x changed over": (file(*all_images(X, range(20, 56, 2))), "lie outside 64 x 32 pixels.*--csv-size"),
}


@each([Case(name, spoil, POSES, rf"given.csv.*{sentence}") for name, (spoil, sentence) in BROKEN.items()])
def test_a_malformed_file_is_named_with_its_line(root: Path, case: Case) -> None:
    meet(root, case)
    assert not (root / "poses" / "train.csv").exists()


@each(
    [
        Case("missing", lambda root: None, POSES, "given.csv' does not exist", 2),
        Case("a folder", lambda root: (root / "given.csv").mkdir(), POSES, "given.csv' is a directory", 2),
        Case("another size", file(*all_images(Y, X)), (*POSES, "--csv-size", "0", "32"), "0 is not in the range", 2),
    ]
)
def test_a_file_that_is_not_there_is_wrong_usage(root: Path, case: Case) -> None:
    meet(root, case)


@pytest.mark.parametrize(
    "odd", [file(line(), end="\r\n"), file(line(), encoding="utf-8-sig"), file("", line(), ""), file(f"  {line()}  ")]
)
def test_line_ends_byte_order_marks_and_blanks_do_not_matter(tmp_path: Path, odd: Callable[[Path], object]) -> None:
    odd(tmp_path)
    table = read_keypoints(tmp_path / "given.csv")
    assert table.index.tolist() == [NAME]
    assert table.iloc[0].tolist() == [*Y, *X]
