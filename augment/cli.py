"""The `augment` command: global options, workspaces, settings, errors; its verbs are loaded when first used."""

from __future__ import annotations

import ast
import errno
import importlib
import json
import logging
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, update_wrapper
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from augment import AugmentError, Misuse
from augment.failures import Lines, interrupts, nearest, ready_streams, sentence
from augment.options import DEVICE, as_written, settings_names
from augment.results import Result
from augment.runtime import Runtime
from augment.settings import LARGEST_SEED, SETTINGS

if TYPE_CHECKING:
    from augment.workspace import Workspace

VERBS = (
    "init",
    "check",
    "info",
    "poses",
    "patn-train",
    "patn-import",
    "patn-bench",
    "patn-eval",
    "transfer",
    "animate",
    "attention",
    "generate",
    "reid-train",
    "reid-eval",
    "study",
    "tensorboard",
)
"""Our commands in the order of a project; each is `command` of the module named after it."""
SETTINGS_KEYS = {"data", "size", "seed", "layout", "dataset"}
GIVEN = "augment.given"


class Group(click.Group):
    """Verbs by name, imported when asked for; users' mistakes become one sentence and exit status 1, Misuse 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Our verbs in the order of a project, then those of other packages."""
        return [*VERBS, *sorted(set(_plugged()) - set(VERBS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, or None."""
        if cmd_name in VERBS:
            command: click.Command = importlib.import_module(f"augment.commands.{cmd_name.replace('-', '_')}").command
            return command
        point = _plugged().get(cmd_name)
        return point.load() if point else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click's, with the nearest verb named where there is no such one."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}.{nearest(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, without importing any."""
        plugged = {name: self.get_command(ctx, name) for name in self.list_commands(ctx) if name not in VERBS}
        rows = [
            *((name, short_help(name)) for name in VERBS),
            *((name, command.get_short_help_str(80)) for name, command in plugged.items() if command),
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click's; the words are kept to be said again, but --force, with which nothing would be resumed."""
        given = shlex.join(word for word in args if word != "--force")
        context = super().make_context(info_name, args, parent, **extra)
        context.meta[GIVEN] = given
        return context

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; the one place where errors and Ctrl-C are met."""
        with interrupts() as seen:
            try:
                return super().invoke(ctx)
            except (click.ClickException, click.exceptions.Exit):  # click's own ways out
                raise
            except (KeyboardInterrupt, click.Abort):
                raise _stopped(ctx) from None
            except Exception as error:
                if seen:  # C++ code may make another error of it
                    raise _stopped(ctx) from None
                gone = isinstance(error, OSError) and error.errno == errno.EPIPE  # the reader of a pipe: click knows
                if gone or ctx.params.get("verbose", 0) >= 2:
                    raise
                kind = click.UsageError if isinstance(error, Misuse) else click.ClickException
                raise kind(sentence(error)) from error


def _stopped(ctx: click.Context) -> click.exceptions.Exit:
    """Say how to go on after Ctrl-C; gives the way out."""
    click.echo(f"\nStopped; nothing is lost. The same command resumes:\n  augment {ctx.meta[GIVEN]}", err=True)
    return click.exceptions.Exit(130)


def short_help(verb: str) -> str:
    """The sentence on a command that stands in its source: importing all of them takes long.

    Args:
        verb: one of VERBS.
    """
    module = ast.parse(
        (Path(__file__).parent / "commands" / f"{verb.replace('-', '_')}.py").read_text(encoding="utf-8")
    )
    words = (node for node in ast.walk(module) if isinstance(node, ast.keyword) and node.arg == "short_help")
    return next(str(word.value.value) for word in words if isinstance(word.value, ast.Constant))


@cache
def _plugged() -> Mapping[str, metadata.EntryPoint]:
    """Commands that installed packages add through the `augment.commands` entry points; all metadata is read once."""
    return {point.name: point for point in metadata.entry_points(group="augment.commands")}


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "AUGMENT"})
@click.version_option(package_name="augment-reid", prog_name="augment")
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Workspace to use.  [default: found from the current folder upwards]",
)
@click.option(
    "--device", type=DEVICE, default="auto", metavar="DEVICE", show_default=True, help="auto, cpu, cuda or cuda:N."
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "fp32", "bf16"]),
    default="auto",
    show_default=True,
    help="Number format; auto trains in bf16 where the hardware computes it and generates in fp32.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    metavar="N",
    help="Seed of everything random.  [default: workspace's]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, everything else on stderr.")
@click.option("-v", "--verbose", count=True, help="Say more; -v -v shows the traceback of an error.")
@click.option("-q", "--quiet", is_flag=True, help="No progress bars, no messages.")
@click.pass_context
def augment(ctx: click.Context, workspace: Path | None, quiet: bool, verbose: int, **_: Any) -> None:
    """Pose-transferred training images for person re-identification.

    \b
    Example:
      augment init people && cd people && augment check
    """
    ready_streams()
    level = logging.ERROR if quiet else logging.DEBUG if verbose >= 2 else logging.INFO
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(Lines())
    logging.basicConfig(level=level, handlers=[lines], force=True)
    for noisy in ("matplotlib", "PIL", "absl", "filelock", "h5py"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if workspace is not None or ctx.invoked_subcommand not in {"init", "info", "demo"}:
        ctx.default_map = _default_map(ctx, workspace)


def _default_map(ctx: click.Context, workspace: Path | None) -> dict[str, dict[str, object]] | None:
    """The workspace's settings as defaults of the verbs; raises AugmentError for a key that no option has."""
    from augment.workspace import Workspace  # loads pandas

    try:
        found = Workspace.find(workspace)
    except AugmentError:
        return None  # the verb itself says so if it needs one
    place = found.root / SETTINGS
    tables = {name: value for name, value in found.settings.items() if isinstance(value, Mapping)}
    for key in found.settings:
        if key not in SETTINGS_KEYS and key not in tables:
            raise AugmentError(f"{place}: no setting {key!r}.{nearest(key, SETTINGS_KEYS)}")
    group = ctx.command
    assert isinstance(group, click.Group)
    defaults: dict[str, dict[str, object]] = {verb: {} for verb in tables}
    for verb, options in tables.items():
        command = group.get_command(ctx, verb)
        if command is None:
            raise AugmentError(f"{place}: no command [{verb}].{nearest(verb, group.list_commands(ctx))}")
        known = {name: parameter for parameter in command.params for name in settings_names(parameter)}
        for option, value in options.items():
            parameter = known.get(option.replace("-", "_"))
            if parameter is None:
                raise AugmentError(f"{place}: [{verb}] has no {option!r}.{nearest(option, known)}")
            if verb == ctx.invoked_subcommand:
                _refuse_value(parameter, value, ctx, f"{place}: [{verb}] {option} = {value!r}")
            defaults[verb][str(parameter.name)] = as_written(parameter, value)
    return defaults


def _refuse_value(parameter: click.Parameter, value: object, ctx: click.Context, place: str) -> None:
    """Raise AugmentError, which click's own would not do, naming the file a bad value of an option stands in."""
    try:
        parameter.type_cast_value(ctx, as_written(parameter, value))
    except click.BadParameter as error:
        raise AugmentError(f"{place}: {error.message}") from error
    except (TypeError, ValueError) as error:
        raise AugmentError(f"{place}: give a value as on the command line") from error


def pass_workspace(function: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the command its Workspace as first argument."""

    @click.pass_context
    def wrapper(ctx: click.Context, *args: Any, **kwargs: Any) -> Any:
        from augment.workspace import Workspace  # loads pandas

        return ctx.invoke(function, Workspace.find(ctx.find_root().params.get("workspace")), *args, **kwargs)

    return update_wrapper(wrapper, function)


def workspace_or_none() -> Workspace | None:
    """The Workspace of this call, None outside of one.

    Raises:
        AugmentError: where `--workspace` names none.
    """
    from augment.workspace import Workspace  # loads pandas

    given = global_options().workspace
    here = Path.cwd()
    inside = given is not None or any((folder / SETTINGS).is_file() for folder in (here, *here.parents))
    return Workspace.find(given) if inside else None


@dataclass(frozen=True)
class GlobalOptions:
    """The options that stand before the verb.

    Attributes:
        workspace: the folder given, None for the current one.
        device: auto, cpu, cuda or cuda:N.
        precision: auto, fp32 or bf16.
        seed: None where it was not given.
        as_json: print one JSON document.
        verbose: how often -v was given.
        quiet: show no progress.
    """

    workspace: Path | None
    device: str
    precision: str
    seed: int | None
    as_json: bool
    verbose: int
    quiet: bool


def global_options() -> GlobalOptions:
    """The global options of this call."""
    return GlobalOptions(**click.get_current_context().find_root().params)


def runtime(force: bool = False) -> Runtime:
    """The Runtime that the global options ask for."""
    given = global_options()
    return Runtime(given.device, given.precision, progress=not given.quiet, force=force)


def seed_or(default: int) -> int:
    """`--seed` where it was given, else `default`."""
    given = global_options().seed
    return default if given is None else given


def emit(result: Result | Mapping[str, Any], text: str) -> None:
    """Print a command's result on stdout: the JSON object with `--json`, else the text.

    Args:
        result: of JSON values.
        text: the same in words.
    """
    if global_options().as_json:
        text = json.dumps(result.as_dict() if isinstance(result, Result) else result)
    click.echo(text)
