"""Which cells of Table 5 are run: shards, single ones, and what portions leave of the rows that were asked for."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from augment.cli import augment
from augment.workspace import Workspace
from pipelines.table5.run import Table5, chosen, one_a_set
from tests.conftest import invoke
from tests.pipelines.toy import toy_workspace

ASKED = ("--portions", "0.4,1", "--rows", "none,ours", "--seeds", "1", "--lengths", "updates", "--threads", "1")


@pytest.fixture
def root(tmp_path: Path, rendered: Path, trained: Path) -> Path:
    return toy_workspace(tmp_path / "w", rendered, trained).root


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
    assert result.exit_code == 2
    assert "--only small-none: is none of the 3 cells asked for" in result.stderr


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
    assert code == 2
    assert why in words
    assert "no cell of these rows is left; give a smaller --portions" in words
