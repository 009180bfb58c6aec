"""Options that would do nothing: refused where they stand on the command line, passed over where a file says them."""

import logging
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from augment.commands.idle import (
    given,
    note_idle_globals,
    refuse_idle,
    refuse_idle_csv_size,
    refuse_workspace,
    unless,
)


@click.group()
@click.option("--seed", type=int)
@click.option("--device", default="auto")
@click.option("--workspace")
def tool(**_: Any) -> None:
    """As `augment`."""


@tool.command()
@click.option("--size", "csv_size", type=int)
@click.option("--poses", multiple=True)
@click.option("--lists", envvar="TEST_LISTS")
@click.argument("folder", default=".")
def verb(csv_size: int | None, poses: tuple[str, ...], lists: str | None, folder: str) -> None:
    """Says which parameters were typed."""
    note_idle_globals("seed", "device")
    refuse_workspace("folder")
    refuse_idle({"lists": unless(poses, "without poses"), "folder": None})
    refuse_idle_csv_size(*poses, lists)
    click.echo(" ".join(name for name in ("csv_size", "poses", "lists", "folder") if given(name)))


def call(*arguments: str, **settings: Any) -> Result:
    return CliRunner().invoke(tool, arguments, **settings)


def test_given_is_what_is_typed_and_nothing_else() -> None:
    assert call("verb").stdout == "\n"
    assert call("verb", "--poses", "a.csv", "--size", "8", "here").stdout == "csv_size poses folder\n"
    file = {"verb": {"csv_size": 8, "poses": ["a.csv"], "folder": "there"}}
    assert call("verb", default_map=file).stdout == "\n"


def test_an_idle_option_is_wrong_usage_by_the_name_that_was_typed() -> None:
    refused = call("verb", "--lists", "x.csv")
    assert refused.exit_code == 2
    assert "--lists has no effect without poses; leave it out" in refused.stderr
    assert call("verb", "--lists", "x.csv", "--poses", "a").exit_code == 0


def test_what_a_file_or_the_environment_says_may_be_idle() -> None:
    assert call("verb", env={"TEST_LISTS": "x.csv"}).exit_code == 0
    assert call("verb", default_map={"verb": {"lists": "x.csv", "csv_size": 8}}).exit_code == 0


@pytest.mark.parametrize(
    ("sources", "status"), [((), 2), (("a.jpg",), 2), (("a.CSV",), 0), (("a.jpg", "b.csv"), 0), (("csv",), 2)]
)
def test_the_size_of_a_csv_file_needs_such_a_file(sources: tuple[str, ...], status: int) -> None:
    poses = [word for source in sources for word in ("--poses", source)]
    result = call("verb", "--size", "8", *poses)
    assert result.exit_code == status
    assert ("--size has no effect without a CSV file of key points" in result.stderr) == (status == 2)


def test_global_options_that_a_verb_does_not_use_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert call("--seed", "3", "verb").exit_code == 0
        assert call("verb").exit_code == 0
    assert caplog.messages == ["--seed has no effect on `augment verb`."]


def test_the_folder_of_a_new_workspace_is_an_argument_and_no_global_option() -> None:
    refused = call("--workspace", "w", "verb")
    assert refused.exit_code == 2
    assert "--workspace has no effect on verb; give the folder as DIR behind it" in refused.stderr
    assert call("--workspace", "w", "verb", "here").exit_code == 0
