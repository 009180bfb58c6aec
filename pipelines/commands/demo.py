"""`augment demo`."""

from __future__ import annotations

from pathlib import Path

import click

from augment.cli import emit, runtime, seed_or
from augment.commands.idle import refuse_idle, refuse_workspace, unless

RENDERED, REAL = ("demo", "study", "toy"), ("real", "market1501", "toy")


@click.command(
    short_help="The whole job, on rendered pedestrians or on your own images, ending with Table 5 and a report."
)
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--preset",
    type=click.Choice([*RENDERED, *(name for name in REAL if name not in RENDERED)]),
    help="On rendered pedestrians: demo, about 5 minutes on 2 cores; study, two hours or more; toy, seconds. On real "
    "images: real, about an hour on a core with Market-1501; market1501, a night or more.  [default: demo; real with "
    "--data]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of real images, never modified, as for `augment init`.  [default: pedestrians are rendered, or with a "
    "preset for real images those of the workspace in DIR]",
)
@click.option(
    "--layout",
    type=click.Choice(["market1501", "folders"]),
    help="How --data is laid out: Market-1501, or one sub-folder per identity.  [default: detected]",
)
@click.option(
    "--csv",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Take the key points of --data from this annotation file, as `augment poses --csv`; may be repeated."
    "  [default: estimated]",
)
@click.option("--dry-run", is_flag=True, help="Say what is to be done and how long it takes; write nothing.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes at a time.  [default: all cores]")
@click.option("--force", is_flag=True, help="Go on in a folder made with other settings.")
def command(
    folder: Path,
    preset: str | None,
    data: Path | None,
    layout: str | None,
    csv: tuple[Path, ...],
    dry_run: bool,
    jobs: int | None,
    force: bool,
) -> None:
    """Render pedestrians, or take real images, train a generator and re-ID models, and report None against Ours.

    Another --seed renders other pedestrians.  If the demo is stopped, the same command goes on.

    \b
    Example:
      augment demo toy-demo --preset toy
    """
    from augment.workers import available_cores  # loads multiprocessing
    from pipelines.demo.presets import PRESETS  # loads torch
    from pipelines.demo.run import run_demo  # loads torch
    from pipelines.demo.text import demo_text  # loads torch

    refuse_workspace("folder")
    preset = preset or ("demo" if data is None else "real")
    if data is not None and preset not in REAL:
        raise click.UsageError(f"--preset {preset} is for rendered pedestrians; with --data give {', '.join(REAL)}")
    jobs = jobs or available_cores()
    if data is not None or preset not in RENDERED:
        _real(folder, preset, data=data, layout=layout, csv=csv, dry_run=dry_run, jobs=jobs, force=force)
        return
    rendered = "on rendered pedestrians"
    refuse_idle({"layout": rendered, "csv": rendered, "force": unless(not dry_run, "with --dry-run")})
    if dry_run:
        _rendered_budget(folder, preset, jobs)
        return
    result = run_demo(folder, PRESETS[preset], seed=seed_or(0), jobs=jobs, runtime=runtime(force))
    emit(result, demo_text(folder, result))


def _rendered_budget(folder: Path, preset: str, jobs: int) -> None:
    """Print what the demo on rendered pedestrians would do."""
    from pipelines.demo.budget import Budget, budget_text, rendered_at, rendered_budget  # loads torch
    from pipelines.demo.presets import PRESETS  # loads torch

    chosen = PRESETS[preset]
    with rendered_at(chosen, folder, seed=seed_or(0), jobs=jobs) as (workspace, seconds):
        whole = Budget(rendered_budget(workspace, chosen, seconds, jobs=jobs, runtime=runtime()), jobs)
    emit(whole.as_dict(), budget_text(whole))


def _real(
    folder: Path,
    preset: str,
    *,
    data: Path | None,
    layout: str | None,
    csv: tuple[Path, ...],
    dry_run: bool,
    jobs: int,
    force: bool,
) -> None:
    """The demo on real images, or what it would do."""
    from pipelines.demo.budget import Budget, budget, budget_text, looked_at  # loads torch
    from pipelines.demo.real import RealData, run_real  # loads torch
    from pipelines.demo.real_presets import REAL_PRESETS  # loads torch
    from pipelines.demo.real_text import real_text  # loads torch

    refuse_idle({"layout": unless(data, "without --data"), "force": unless(not dry_run, "with --dry-run")})
    chosen, source = REAL_PRESETS[preset], RealData(data, layout)
    seed, how = seed_or(0), runtime(force)
    if dry_run:
        with looked_at(source, folder, seed=seed, jobs=jobs) as workspace:
            parts = budget(workspace, chosen, csv=csv, jobs=jobs, runtime=how)
        whole = Budget(parts, jobs)
        emit(whole.as_dict(), budget_text(whole))
        return
    workspace = source.workspace(folder, seed=seed, jobs=jobs, progress=how.progress)
    words = [f"augment demo {folder.name} --preset {preset}", *([f"--data {data.name}"] if data else [])]
    said = " ".join([*words, *(f"--csv {file.name}" for file in csv), f"--jobs {jobs}"])
    result = run_real(workspace, preset, chosen, csv=csv, seed=seed, jobs=jobs, runtime=how, command=said)
    emit(result, real_text(workspace, chosen, result))
