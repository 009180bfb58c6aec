"""`augment demo`."""

from __future__ import annotations

from pathlib import Path

import click

from augment.cli import emit, runtime, seed_or
from augment.commands.idle import refuse_workspace


@click.command(short_help="The whole job on built-in people, ending with Table 5 and a report.")
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--preset",
    type=click.Choice(["demo", "study", "toy"]),
    default="demo",
    show_default=True,
    help="demo: about 10 minutes of 2 cores; study: two hours or more; toy: seconds, to try it.",
)
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes at a time.  [default: all cores]")
@click.option("--force", is_flag=True, help="Go on in a folder made with other settings.")
def command(folder: Path, preset: str, jobs: int | None, force: bool) -> None:
    """Render people, train a generator and re-ID models, and report None against Ours.

    --seed draws other people.  A demo that was stopped continues with the same command.

    \b
    Example:
      augment demo toy-demo --preset toy
    """
    from augment.workers import available_cores
    from pipelines.demo.presets import PRESETS
    from pipelines.demo.run import run_demo
    from pipelines.demo.text import demo_text

    refuse_workspace("folder")
    result = run_demo(folder, PRESETS[preset], seed=seed_or(0), jobs=jobs or available_cores(), runtime=runtime(force))
    emit(result, demo_text(folder, result))
