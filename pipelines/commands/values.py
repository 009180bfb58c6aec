"""Values of options: comma-separated lists, named files, and a shard as I/N."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class Values(click.ParamType[tuple[Any, ...]]):
    """A comma-separated list, each value converted by `convert_one`."""

    def __init__(self, name: str, convert_one: type) -> None:
        self.name, self.convert_one = name, convert_one

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        """The values of a comma-separated list.

        Args:
            value: what was given: text, or a list in augment.toml.
            param: the option, for click's message.
            ctx: click's context.

        Returns:
            The values as a tuple.

        Raises:
            click.UsageError: for one that cannot be converted.
        """
        if not isinstance(value, str):
            return tuple(value) if isinstance(value, (list, tuple)) else (value,)
        try:
            return tuple(self.convert_one(part.strip()) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is no comma-separated list of {self.name}", param, ctx)


NUMBERS, WHOLE, NAMES = Values("numbers", float), Values("whole numbers", int), Values("names", str)


class RowsOption(click.Option):
    """Rows of Table 5; FORMS in its help is what the registry of rows says, which is read only where help is shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option and its help.

        Args:
            ctx: click's context.
        """
        from pipelines.table5.rows import row_forms  # loads pandas

        record = super().get_help_record(ctx)
        return None if record is None else (record[0], record[1].replace("FORMS", row_forms()))


class NamedFile(click.ParamType[tuple[str, Path]]):
    """A file for a backbone, BACKBONE=FILE."""

    name = "BACKBONE=FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path]:
        """The name and the file.

        Args:
            value: what was given, such as `osnet_x0_25=weights.pth`.
            param: the option, for click's message.
            ctx: click's context.

        Raises:
            click.UsageError: for something else, and a file that is not there.
        """
        name, equals, file = str(value).partition("=")
        if not (name and equals and file):
            self.fail(f"{value!r} is no BACKBONE=FILE, as osnet_x0_25=weights.pth", param, ctx)
        if not Path(file).is_file():
            self.fail(f"{file!r}: there is no such file", param, ctx)
        return name, Path(file).absolute()


class Shard(click.ParamType[tuple[int, int]]):
    """A part of the cells, I/N: the I-th of N, counted from 1."""

    name = "I/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """A part of the cells as (I, N).

        Args:
            value: what was given, such as `2/4`.
            param: the option, for click's message.
            ctx: click's context.

        Raises:
            click.UsageError: for something else.
        """
        number, _, count = str(value).partition("/")
        if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
            return int(number), int(count)
        return self.fail(f"{value!r} is no shard; give I/N with I from 1 to N, as 1/8", param, ctx)
