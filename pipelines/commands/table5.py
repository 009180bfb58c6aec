"""`augment table5`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from augment import Misuse
from augment.cli import emit, pass_workspace, runtime, seed_or
from augment.commands.idle import configuring, refuse_idle, unless
from augment.options import RECIPES, Finite, Renamed
from pipelines.commands.values import NAMES, NUMBERS, WHOLE, NamedFile, RowsOption, Shard

if TYPE_CHECKING:
    from augment.workspace import Workspace
    from pipelines.grid.pools import Placement  # loads multiprocessing
    from pipelines.table5.cells import Cell
    from pipelines.table5.stages import Model

Reasons = dict[str, str | None]
"""Why an option has no effect, by its name; None where it has one."""


@click.command(short_help="Every cell of Table 5 that is asked for, beside the paper's.")
@click.option(
    "--portions",
    type=NUMBERS,
    default="0.1",
    show_default=True,
    metavar="P,...",
    help="Shares of real images kept, in (0, 1].",
)
@click.option(
    "--backbones",
    type=NAMES,
    default="small",
    show_default=True,
    metavar="NAME,...",
    help="small, resnet50, inception or networks of torchreid's, which start from random weights without --weights.",
)
@click.option(
    "--weights",
    type=NamedFile(),
    multiple=True,
    metavar="BACKBONE=FILE",
    help="File of weights that a backbone starts from: trained on ImageNet, or torchreid's; may be given for several.",
)
@click.option(
    "--rows",
    cls=RowsOption,
    type=NAMES,
    default="none,ours,ours-random",
    show_default=True,
    metavar="ROW,...",
    help="FORMS.",
)
@click.option(
    "--ratios",
    type=WHOLE,
    default="1",
    show_default=True,
    metavar="R,...",
    help="Sizes of the augmented set as multiples of the full set; above 1 only at portion 1.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    metavar="N",
    help="Number of seeds, from --seed (or 0) on; split, plan and training follow the seed.",
)
@click.option(
    "--lengths",
    type=NAMES,
    default="epochs,updates",
    show_default=True,
    metavar="LENGTH,...",
    help="Equal epochs (the paper), equal updates (the fair comparison), or both.",
)
@click.option(
    "--erasing-jitter",
    cls=Renamed,
    former=("--ordinary",),
    is_flag=True,
    help="Train with random erasing and colour jitter.",
)
@click.option(
    "--each-augmentation",
    cls=Renamed,
    former=("--both",),
    is_flag=True,
    help="Train every cell twice: without and with random erasing and colour jitter.",
)
@click.option(
    "--preset",
    type=click.Choice(RECIPES),
    help="Configuration of the re-ID training.  [default: demo for small, else open-reid]",
)
@click.option("--from-scratch", is_flag=True, help="Train without ImageNet weights.")
@click.option("--generator", metavar="NAME", help="Generator of Ours.  [default: the only one that no row names]")
@click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Cells at a time on one machine."
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    metavar="N",
    help="Threads of a cell; the figures' last digits depend on them.  [default: cores / jobs]",
)
@click.option(
    "--ray",
    metavar="ADDRESS",
    help="Run the cells as Ray tasks on the cluster at host:port, or auto; local starts one.",
)
@click.option(
    "--gpus-per-cell",
    type=Finite(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="With --ray: share of a GPU that a cell takes; 0.5 puts two on one.",
)
@click.option("--only", multiple=True, metavar="CELL", help="Run this cell only; may be given several times.")
@click.option(
    "--shard",
    type=Shard(),
    metavar="I/N",
    help="Run the I-th of N parts of the cells; other processes run the others.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="List the cells, what each still needs and about how long that takes; train nothing.",
)
@click.option(
    "--probe/--no-probe",
    default=True,
    show_default=True,
    help="With --dry-run: time a few steps of what has not been measured yet on this machine.",
)
@click.option(
    "--test-on",
    type=NAMES,
    default="",
    metavar="WORKSPACE,...",
    help="Also test every model on the queries and galleries of these workspaces.",
)
@click.option("--force", is_flag=True, help="Train finished cells again.")
@pass_workspace
def command(
    workspace: Workspace,
    each_augmentation: bool,
    erasing_jitter: bool,
    generator: str | None,
    jobs: int,
    threads: int | None,
    ray: str | None,
    gpus_per_cell: float,
    only: tuple[str, ...],
    shard: tuple[int, int] | None,
    dry_run: bool,
    probe: bool,
    force: bool,
    from_scratch: bool,
    test_on: tuple[str, ...],
    weights: tuple[tuple[str, Path], ...],
    **asked: Any,
) -> None:
    """Train re-ID models on real images and on real and generated ones, and print Table 5.

    If it is stopped or killed, the same command goes on.  Several of them may work on one folder at a time: no cell is
    done twice.

    \b
    Example:
      augment table5 --portions 0.1,0.2 --seeds 1 --dry-run
    """
    from pipelines.grid.pools import Placement  # loads multiprocessing
    from pipelines.table5.other_tests import other_workspaces  # loads pandas
    from pipelines.table5.requirements import refuse_unknown  # loads pandas
    from pipelines.table5.row_generators import generator_of_ours  # loads pandas
    from pipelines.table5.run import Table5, chosen, models_of, one_a_set, say_dropped  # loads pandas

    workspace.require_reid("table5")
    reasons = {
        "erasing_jitter": "with --each-augmentation" if each_augmentation else None,
        "gpus_per_cell": unless(ray, "without --ray"),
        "probe": unless(dry_run, "without --dry-run"),
    }
    with configuring():
        refuse_idle({**reasons, **_idle_choices(**asked)})
    others = other_workspaces(workspace, [folder for folder in test_on if folder])
    files = _files(weights, asked["backbones"])
    augmentations = (False, True) if each_augmentation else (erasing_jitter,)
    table = Table5(**asked, ordinary=augmentations, scratch=from_scratch, first_seed=seed_or(0))
    cells = one_a_set(workspace, table.cells())
    say_dropped(table, cells)
    part, placement = chosen(cells, only, shard), Placement(jobs, threads, ray, gpus_per_cell)
    generator = generator or generator_of_ours(workspace, table.rows)
    refuse_unknown(workspace, models_of(part, generator, files))
    if ray is None:
        runtime().torch_device()
    if dry_run:
        _plan(workspace, models_of(part, generator, files), placement, force, probe, others)
        return
    _run(workspace, cells, part, generator, files, placement, force, others)


def _files(weights: Sequence[tuple[str, Path]], backbones: Sequence[str]) -> dict[str, Path]:
    """The file that each backbone starts from; raises Misuse for a backbone twice, or that is not asked for."""
    files = dict(weights)
    if len(files) < len(weights):
        raise Misuse(f"⟨weights⟩ {_twice(weights)}=...: is given twice; a backbone starts from one file")
    for name in files:
        if name not in backbones:
            raise Misuse(f"⟨weights⟩ {name}=...: is none of ⟨backbones⟩ {','.join(backbones)}")
    return files


def _twice(weights: Sequence[tuple[str, Path]]) -> str:
    """The first backbone that has several files."""
    names = [name for name, _ in weights]
    return next(name for name in names if names.count(name) > 1)


def _idle_choices(
    *, backbones: Sequence[str], portions: Sequence[float], ratios: Sequence[int], **_: object
) -> Reasons:
    """Why --from-scratch and --ratios have no effect with other choices; None where they have one."""
    from reid.models.backbones import backbone_of  # loads torch

    pretrained = any(backbone_of(name).imagenet_weights for name in backbones)
    return {
        "from_scratch": unless(pretrained, "without --backbones resnet50"),
        "ratios": unless(1.0 in portions or set(ratios) == {1}, "without --portions 1"),
    }


def _plan(
    workspace: Workspace,
    models: Sequence[Model],
    placement: Placement,
    force: bool,
    probe: bool,
    others: Mapping[str, Workspace],
) -> None:
    """Print what is left to be done for models."""
    from pipelines.table5.forecast import Forecast, forecast, to_text  # loads pandas
    from pipelines.table5.run import refuse_changed  # loads pandas

    if not force:
        refuse_changed(workspace, models, runtime())
    lines = forecast(workspace, models, placement, runtime(force), probe=probe, others=others)
    found = Forecast(lines, placement.jobs)
    emit(found.as_dict(), to_text(found))


def _run(
    workspace: Workspace,
    cells: Sequence[Cell],
    part: Sequence[Cell],
    generator: str | None,
    weights: Mapping[str, Path],
    placement: Placement,
    force: bool,
    others: Mapping[str, Workspace],
) -> None:
    """Train and test the models of cells, write the table and the report, and print the table."""
    from pipelines.report.page import render_report  # loads pandas
    from pipelines.table5.other_data import other_grids, other_note, read_others  # loads pandas
    from pipelines.table5.other_tests import evaluate_on_others  # loads pandas
    from pipelines.table5.outputs import write_table5  # loads pandas
    from pipelines.table5.run import run_table5  # loads pandas
    from pipelines.table5.text import aligned, summary_json, terminal  # loads pandas

    how = runtime(force)
    summary = run_table5(
        workspace, cells, placement=placement, runtime=how, generator=generator, part=part, weights=weights
    )
    if others:
        evaluate_on_others(workspace, part, others, how)
        summary = write_table5(workspace)
    render_report(workspace)
    tested = read_others(workspace)
    result: dict[str, Any] = {"table": summary_json(summary), "folder": str(workspace.table_dir("table5"))}
    if tested:
        result["other"] = {name: summary_json(own) for name, own in tested.items()}
    grids = [*map(aligned, other_grids(summary, tested)), other_note(tested)] if tested else []
    emit(result, "\n\n".join([terminal(summary), *grids]))
