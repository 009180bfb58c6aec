"""Values of options: what is taken, as what, and what is refused with which words."""

from pathlib import Path

import click
import pytest

from augment.commands.attention import Channels
from pipelines.commands.values import NAMES, NUMBERS, WHOLE, NamedFile, Shard, Values


@pytest.mark.parametrize(
    ("kind", "given", "taken"),
    [
        (NUMBERS, "0.1, 0.5,1", (0.1, 0.5, 1.0)),
        (NUMBERS, [0.1, 0.3], (0.1, 0.3)),  # a list in augment.toml
        (NUMBERS, 0.1, (0.1,)),
        (WHOLE, "1,2 ,3", (1, 2, 3)),
        (NAMES, "none, ours*", ("none", "ours*")),
        (NAMES, ("a",), ("a",)),
    ],
)
def test_a_list_is_taken_from_the_command_line_and_from_a_file(
    kind: Values, given: object, taken: tuple[object, ...]
) -> None:
    found = kind.convert(given, None, None)
    assert found == taken
    assert [type(value) for value in found] == [type(value) for value in taken]


@pytest.mark.parametrize(("kind", "given"), [(NUMBERS, "0.1,x"), (WHOLE, "1,2.5"), (WHOLE, ""), (NUMBERS, "1,,2")])
def test_a_list_with_something_else_in_it_is_refused(kind: Values, given: str) -> None:
    with pytest.raises(click.BadParameter, match=f"'{given}' is no comma-separated list of {kind.name}"):
        kind.convert(given, None, None)


def test_a_named_file_is_a_backbone_and_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a=b.pth").touch()
    monkeypatch.chdir(tmp_path)
    assert NamedFile().convert("osnet=a=b.pth", None, None) == ("osnet", tmp_path / "a=b.pth")
    for wrong in ("osnet", "osnet=", "=a=b.pth", ""):
        with pytest.raises(click.BadParameter, match="is no BACKBONE=FILE, as osnet_x0_25="):
            NamedFile().convert(wrong, None, None)
    with pytest.raises(click.BadParameter, match=r"'gone.pth': there is no such file"):
        NamedFile().convert("osnet=gone.pth", None, None)


@pytest.mark.parametrize("given", ["1/1", "1/8", "8/8"])
def test_a_shard_is_a_part_counted_from_1(given: str) -> None:
    assert Shard().convert(given, None, None) == tuple(map(int, given.split("/")))


@pytest.mark.parametrize("given", ["0/8", "9/8", "1", "1/", "/2", "-1/2", "1/2/3", "a/b", "1.0/2", "²/3"])
def test_what_is_no_part_is_refused(given: str) -> None:
    with pytest.raises(click.BadParameter, match="give I/N with I from 1 to N, as 1/8"):
        Shard().convert(given, None, None)


def test_a_channel_is_a_number_or_the_mean() -> None:
    assert [Channels().convert(given, None, None) for given in ("mean", "0", "127", 3)] == ["mean", 0, 127, 3]
    for wrong in ("-1", "all", "1.5", ""):
        with pytest.raises(click.BadParameter, match="is neither mean nor the number of a channel"):
            Channels().convert(wrong, None, None)
