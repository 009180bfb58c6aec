"""Options that were given and would do nothing: wrong usage, said before any work."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click
from click.core import ParameterSource

import patn
import reid
from augment import Misuse

log = logging.getLogger(__name__)


def given(parameter: str) -> bool:
    """Whether a parameter of this call stands on the command line, and not in augment.toml or the environment.

    Args:
        parameter: its Python name.
    """
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.COMMANDLINE


def refuse_idle(reasons: Mapping[str, str | None]) -> None:
    """Refuse an option that was given though it would have no effect.

    What stands in augment.toml or the environment is for many calls and may be idle in some.

    Args:
        reasons: for parameters, by Python name, why each has no effect in this call; None where it has one.

    Raises:
        click.UsageError: for the first such option.
    """
    options = {parameter.name: parameter.opts[0] for parameter in click.get_current_context().command.params}
    for parameter, why in reasons.items():
        if why is not None and given(parameter):
            raise click.UsageError(f"{options[parameter]} has no effect {why}; leave it out")


@contextmanager
def configuring() -> Iterator[None]:
    """Make wrong usage of what a configuration says against its options: no data would mend it.

    Raises:
        Misuse: for a DataError of the block, but not for a file that cannot be used.
    """
    try:
        yield
    except (patn.WeightsError, reid.WeightsError):
        raise
    except (patn.DataError, reid.DataError) as error:
        raise Misuse(str(error)) from error


def note_idle_globals(*names: str) -> None:
    """Log a warning for global options that were given to a verb that does not use them.

    Scripts give them to all verbs alike, so that this is no wrong usage.

    Args:
        names: of seed, device and precision.
    """
    context = click.get_current_context()
    root = context.find_root()
    for name in names:
        if root.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            log.warning("--%s has no effect on `augment %s`.", name, context.info_name)


def refuse_idle_csv_size(*sources: str | None) -> None:
    """Refuse --csv-size where none of the sources of key points is a CSV file.

    Args:
        sources: of key points, as given; None where none was.

    Raises:
        click.UsageError: for such a call.
    """
    csv = any(source is not None and source.lower().endswith(".csv") for source in sources)
    refuse_idle({"csv_size": None if csv else "without a CSV file of key points"})


def unless(needed: object, why: str) -> str | None:
    """The reason where what an option needs is not there, else None.

    Args:
        needed: false where it is not there.
        why: the option has no effect then, for `refuse_idle`.
    """
    return None if needed else why


def refuse_workspace(directory: str) -> None:
    """Refuse `augment --workspace` without DIR on a command that makes a workspace in DIR.

    Args:
        directory: the Python name of the parameter DIR.

    Raises:
        click.UsageError: for such a call.
    """
    context = click.get_current_context()
    if context.find_root().params.get("workspace") is not None and not given(directory):
        raise click.UsageError(f"--workspace has no effect on {context.info_name}; give the folder as DIR behind it")
