"""Workspace files and records that are damaged, or say what no option has."""

from collections.abc import Callable
from pathlib import Path

from tests.hostile.cases import Case, each, meet

CHECK = ("check",)


def settings(text: str) -> Callable[[Path], object]:
    return lambda root: (root / "augment.toml").write_text(text)


def more(text: str) -> Callable[[Path], object]:
    return lambda root: (root / "augment.toml").write_text((root / "augment.toml").read_text() + text)


def record(path: str, text: str) -> Callable[[Path], object]:
    def spoil(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    return spoil


CASES = [
    Case("broken TOML", settings("data = "), CHECK, "augment.toml: not readable as TOML .*; correct or remove it"),
    Case("binary", lambda root: (root / "augment.toml").write_bytes(bytes(range(256))), CHECK, "not readable as TOML"),
    Case(
        "a byte order mark",
        lambda root: (root / "augment.toml").write_text('data = "data"\r\nsize = [64, 32]\r\n', "utf-8-sig"),
        ("generate", "--portion", "0.5", "--dry-run"),
        "plan",
        0,
    ),
    Case(
        "Windows-1252",
        lambda root: (root / "augment.toml").write_text('data = "Stra\xdfe"', "cp1252"),
        CHECK,
        "augment.toml: not readable as TOML, it is not UTF-8",
    ),
    Case("empty", settings(""), CHECK, "does not say where images are; add a line data ="),
    Case("an unknown key", settings('data = "data"\nsede = 1\n'), CHECK, "no setting 'sede'. Did you mean 'seed'?"),
    Case("another version", settings('data = "data"\nversion = 9\n'), CHECK, "augment.toml: no setting 'version'"),
    Case("an unknown verb", more("[generat]\nportion = 0.1\n"), CHECK, "no command .generat.. Did you mean 'generate'"),
    Case("an unknown option", more("[generate]\nportoin = 0.1\n"), CHECK, "has no 'portoin'. Did you mean 'portion'"),
    Case("an option of the wrong type", more('[generate]\nportion = "many"\n'), ("generate",), "portion = 'many'"),
    Case("an option out of range", more("[generate]\nportion = 7\n"), ("generate",), "portion = 7: 7.0 is not in the"),
    Case("an option that is no number", more("[generate]\nportion = nan\n"), ("generate",), "nan is not a finite"),
    Case("a size of words", settings('data = "data"\nsize = ["a", "b"]\n'), CHECK, "write height and width in pixels"),
    Case("a size of one", settings('data = "data"\nsize = [64]\n'), CHECK, "write height and width in pixels"),
    Case("a huge size", settings('data = "data"\nsize = [64, 99999]\n'), CHECK, "write height and width in pixels"),
    Case("a negative seed", settings('data = "data"\nseed = -1\n'), CHECK, "write a whole number from 0 to"),
    Case("data elsewhere", settings('data = "nowhere"\n'), CHECK, "nowhere: there is no image"),
    Case("data that is a number", settings("data = 3\n"), CHECK, "does not say where images are"),
    Case("no workspace", lambda root: (root / "augment.toml").unlink(), CHECK, "make a workspace with `augment init`"),
    Case("half a record", record("poses/run.json", '{"seed"'), CHECK, "run.json: not a readable record"),
    Case("another record", record("poses/run.json", "[]"), CHECK, "run.json: not a record of this tool"),
    Case(
        "half a generated set's record",
        record("generated/ours-p0.5-s0/run.json", "{"),
        ("reid-train", "--preset", "demo", "--portion", "0.5", "--augmentation", "ours"),
        "run.json: not a readable record",
    ),
    Case(
        "a half-written pending record",
        record("generated/ours-p0.5-s0/pending.json", ""),
        ("generate", "--portion", "0.5"),
        "pending.json: not a readable record",
    ),
    Case("a table of nothing", record("tables/table5/table5.json", "{}"), ("report",), "table5.json: holds no table"),
    Case(
        "key points of other images",
        record("data/keypoints/train.csv", "name:keypoints_y:keypoints_x\n"),
        ("generate", "--portion", "0.5"),
        "train.csv: none of the training images that --portion 0.5 keeps has",
    ),
]


@each(CASES)
def test_a_damaged_file_is_named_with_its_remedy(root: Path, case: Case) -> None:
    meet(root, case)
