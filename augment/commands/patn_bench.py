"""`augment patn-bench`."""

from dataclasses import replace

import click

from augment.cli import emit, runtime, workspace_or_none
from augment.commands.idle import note_idle_globals, refuse_idle, unless
from augment.inference.benchmark import bench, bench_text, candidates


@click.command(short_help="Count and time generators.")
@click.option(
    "--generator",
    "generators",
    multiple=True,
    metavar="NAME|PATH",
    help="A kind that patn-train knows, a generator below patn/ or a file; may be repeated.  [default: all]",
)
@click.option(
    "--size",
    "sizes",
    type=click.IntRange(8),
    nargs=2,
    multiple=True,
    metavar="HEIGHT WIDTH",
    help="Image size in pixels; may be repeated.  [default: 128 64 and 256 176, trained: own]",
)
@click.option("--no-speed", is_flag=True, help="Count weights and operations only.")
@click.option("--batch", type=click.IntRange(1), default=8, show_default=True, help="Images at a time.")
@click.option(
    "--precision",
    type=click.Choice(["fp32", "bf16"]),
    default=None,
    help="bf16: bfloat16 weights.  [default: that of `augment --precision`, else fp32]",
)
def command(
    generators: tuple[str, ...], sizes: tuple[tuple[int, int], ...], no_speed: bool, batch: int, precision: str | None
) -> None:
    """Print weights, operations, images per second and peak memory of generators.

    Inside a workspace, its generators are included; no workspace is needed.

    \b
    Example:
      augment patn-bench --no-speed
    """
    note_idle_globals("seed")
    timed = unless(not no_speed, "with --no-speed: nothing is timed")
    refuse_idle({"batch": timed, "precision": timed})
    how = runtime()
    how = replace(how, precision=precision or how.generating_precision)
    found = bench(candidates(generators, sizes, workspace_or_none()), how, speed=not no_speed, batch=batch)
    place = "" if no_speed else f"{how.torch_device()}, {how.precision}, batch {batch}, random images."
    result: dict[str, object] = {"generators": [each.as_dict() for each in found]}
    if not no_speed:
        result |= {"device": str(how.torch_device()), "precision": how.precision, "batch": batch}
    emit(result, bench_text(found, place))
