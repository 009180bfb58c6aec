"""What options have in common: types that click does not have, and the options of several commands."""

import math
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from reid import DataError

LONGEST = 100
"""Characters of a name: portion, ratio and seed are added to it, and file systems take 255 bytes."""


class FolderName(click.ParamType[str | Path]):
    """A name that becomes one folder inside the workspace: not a path, not hidden, not empty."""

    name = "text"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it is; a usage error for one that could lead elsewhere."""
        text = str(value)
        if not 0 < len(text) <= LONGEST or text[0] in ".~" or set(text) & set("/\\:") or not text.isprintable():
            self.fail(
                f"{text!r} is no name for a folder; give 1 to {LONGEST} characters without / \\ : and no dot in front",
                param,
                ctx,
            )
        return text


class SetOrFolder(FolderName):
    """none, the name of a generated set, or a folder: what holds a path separator or lies in the current folder."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name, or the folder's Path; a usage error for what is neither."""
        if value != "none" and os.path.isdir(str(value)):
            return Path(str(value))
        if "/" in str(value) or os.sep in str(value):
            self.fail(f"{str(value)!r}: there is no such folder; give a generated set's name or a folder", param, ctx)
        return super().convert(value, param, ctx)


class Device(click.ParamType[str]):
    """auto, cpu, cuda or cuda:N."""

    name = "device"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The device's name; a usage error for another one. Whether it is there is seen when it is used."""
        if not re.fullmatch(r"auto|cpu|cuda(:\d{1,3})?", str(value)):
            self.fail(f"{value!r} is none of auto, cpu, cuda, cuda:N", param, ctx)
        return str(value)


class BackboneName(click.ParamType[str]):
    """The name of a re-ID network; the registry, which imports torch, is asked only where one is given."""

    name = "name"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it is; a usage error for one that there is not or that cannot serve."""
        from reid.models.backbones import backbone_of  # loads torch

        try:
            backbone_of(str(value))
        except DataError as error:
            self.fail(str(error), param, ctx)
        return str(value)


class Finite(click.FloatRange):
    """A number in a range; click's own lets `nan` and `inf` through."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; a usage error for one outside of the range and for one that is not finite."""
        number = super().convert(value, param, ctx)  # type: ignore[arg-type]  # click asks for less than it takes
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


class Renamed(click.Option):
    """An option that still answers to the names it had, which its help does not show."""

    def __init__(self, declarations: Sequence[str], *, former: Sequence[str] = (), **settings: Any) -> None:
        """Make it of click's declarations and settings; `former`: its names until now, such as `--people`."""
        super().__init__(declarations, **settings)
        self.former = tuple(former)

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """As click's, with the former names too."""
        shown, self.opts = self.opts, [*self.opts, *self.former]
        super().add_to_parser(parser, ctx)
        self.opts = shown


def settings_names(parameter: click.Parameter) -> list[str]:
    """The keys of augment.toml that set an option: as it is written on the command line, its parameter, former names.

    Args:
        parameter: of a command.
    """
    former = parameter.former if isinstance(parameter, Renamed) else ()
    written = [name for name in (*parameter.opts, *former) if name.startswith("--")]
    return list(dict.fromkeys([str(parameter.name), *(name[2:].replace("-", "_") for name in written)]))


def as_written(parameter: click.Parameter, value: object) -> object:
    """A value of augment.toml as the command line has it: its numbers are text, so that 1.5 is no whole number.

    Args:
        parameter: that it is for; the truth value of a flag stays one.
        value: of TOML.
    """
    if isinstance(value, list):
        return [as_written(parameter, part) for part in value]
    flag = isinstance(value, bool) and getattr(parameter, "is_flag", False)
    return str(value) if isinstance(value, int | float) and not flag else value


def headline(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --queries and --ap: which of the figures, all of which are computed and kept, is printed first.

    Args:
        command: a function with parameters `queries` and `ap`.
    """
    queries = click.option(
        "--queries",
        type=click.Choice(["standard", "open-reid"]),
        default="standard",
        show_default=True,
        help="Queries that are printed first; open-reid: every test image.",
    )
    rule = click.option(
        "--ap",
        type=click.Choice(["rectangle", "trapezoid"]),
        default="rectangle",
        show_default=True,
        help="Rule of the average precision that is printed first.",
    )
    return queries(rule(command))


def weights_dir(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --weights-dir: where the weight files of a command are.

    Args:
        command: a function with a parameter `weights_dir`.
    """
    return click.option(
        "--weights-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of weight files, searched before torch's hub cache.",
    )(command)


def generator_and_pose(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --generator and --source-pose: what generates the images of a command, and where their poses are.

    Args:
        command: a function with parameters `generator` and `source_pose`.
    """
    by = click.option(
        "--generator",
        metavar="NAME|PATH",
        help="A generator below patn/, a file, builtin, or builtin-128x64.  [default: the only one, else builtin; "
        "outside of a workspace the larger of these]",
    )
    pose = click.option(
        "--source-pose", metavar="IMAGE|CSV", help="Key points of IMAGE.  [default: the workspace's, else estimated]"
    )
    return by(pose(command))


RECIPES = ("open-reid", "open-reid-256", "open-reid-standard", "strong", "demo", "study")
"""The presets of re-ID training, `reid.training.PRESETS`, which is not imported for a choice of names alone."""
NAME, SET, DEVICE, BACKBONE = FolderName(), SetOrFolder(), Device(), BackboneName()
