"""`augment table2`."""

from __future__ import annotations

import click

from augment.cli import emit, runtime, workspace_or_none
from augment.commands.idle import note_idle_globals, refuse_idle, unless


@click.command(short_help="Size and speed, beside the paper's Table 2.")
@click.option("--no-speed", is_flag=True, help="Count weights only.")
@click.option("--batch", type=click.IntRange(1), default=1, show_default=True, help="Images at a time.")
def command(no_speed: bool, batch: int) -> None:
    """Print the weights of the paper's methods, counted in three ways, and how fast they generate on this machine.

    Inside a workspace the table is also written there.  `augment --precision bf16` generates with bfloat16 weights.

    \b
    Example:
      augment table2 --no-speed
    """
    note_idle_globals("seed")
    from pipelines.tables.table2 import table2, terminal, write  # loads torch

    refuse_idle({"batch": unless(not no_speed, "with --no-speed: nothing is timed")})
    how = runtime()
    sizes = table2(how, speed=not no_speed, batch=batch)
    place = "" if no_speed else f"  Here: {how.torch_device()}, {how.generating_precision}, batch {batch}."
    workspace = workspace_or_none()
    folder = write(sizes, place, workspace) if workspace is not None else None
    emit({"rows": [size.as_dict() for size in sizes], "folder": folder}, terminal(sizes, place))
