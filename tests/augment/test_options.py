"""An option that got a better name still answers to the one it had, on the command line and in augment.toml."""

import click
from click.testing import CliRunner

from augment.options import Renamed, settings_names


@click.command()
@click.option("--identities", cls=Renamed, former=("--people",), type=int, default=1)
def command(identities: int) -> None:
    click.echo(identities)


def test_a_former_name_sets_the_option_and_help_does_not_show_it() -> None:
    assert CliRunner().invoke(command, ["--people", "7"]).output == "7\n"
    assert CliRunner().invoke(command, ["--identities", "8"]).output == "8\n"
    shown = CliRunner().invoke(command, ["--help"]).output
    assert "--identities" in shown
    assert "--people" not in shown


def test_a_former_name_is_a_key_of_the_settings() -> None:
    assert settings_names(command.params[0]) == ["identities", "people"]
