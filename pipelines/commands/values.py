"""Comma-separated values of options."""

from __future__ import annotations

from typing import Any

import click


class Values(click.ParamType):
    """A comma-separated list, each value converted by `convert_one`."""

    def __init__(self, name: str, convert_one: type) -> None:
        self.name, self.convert_one = name, convert_one

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        """The values as a tuple; a usage error for one that cannot be converted."""
        if not isinstance(value, str):
            return tuple(value) if isinstance(value, (list, tuple)) else (value,)
        try:
            return tuple(self.convert_one(part.strip()) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is no comma-separated list of {self.name}", param, ctx)


NUMBERS, WHOLE, NAMES = Values("numbers", float), Values("whole numbers", int), Values("names", str)
