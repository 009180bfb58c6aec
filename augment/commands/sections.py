"""Options in titled sections of `--help`, for commands that have many."""

from typing import Any

import click

from augment.options import Renamed


class SectionOption(Renamed):
    """An option that `--help` lists under `section`."""

    def __init__(self, *arguments: Any, section: str = "Options", **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.section = section


class SectionCommand(click.Command):
    """A command whose help has one list for each section, in the order of their first options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections; options without one are under Options."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                sections.setdefault(getattr(parameter, "section", "Options"), []).append(record)
        options = sections.pop("Options", [])
        for title, rows in {"Options": options, **sections}.items():
            with formatter.section(title):
                formatter.write_dl(rows)
