"""The pipelines' commands; the `augment` group finds them through the `augment.commands` entry points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or, workspace_or_none

if TYPE_CHECKING:
    from augment.workspace import Workspace


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


@click.command(short_help="The whole job on built-in people, ending with Table 5 and a report.")
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(path_type=Path, file_okay=False))
@click.option("--preset", type=click.Choice(["demo", "study", "toy"]), default="demo", show_default=True,
              help="demo: about 10 minutes of 2 cores; study: about an hour; toy: seconds, to see it run.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes at a time.  [default: all cores]")
@click.option("--force", is_flag=True, help="Go on in a folder made with other settings.")
def demo(folder: Path, preset: str, jobs: int | None, force: bool) -> None:
    """Render people, train a generator and re-ID models, and report None against Ours.

    --seed draws other people.  A demo that was stopped continues with the same command.

    \b
    Example:
      augment demo toy-demo --preset toy
    """
    from pipelines.demo import run_demo
    from pipelines.demo_presets import PRESETS
    from pipelines.demo_text import demo_text
    from pipelines.grid import available_cores

    result = run_demo(folder, PRESETS[preset], seed=seed_or(0), jobs=jobs or available_cores(), runtime=runtime(force))
    emit(result, demo_text(folder, result))


@click.command(short_help="Size and speed, beside the paper's Table 2.")
@click.option("--no-speed", is_flag=True, help="Count weights only.")
@click.option("--batch", type=click.IntRange(1), default=1, show_default=True, help="Images at a time.")
def table2(no_speed: bool, batch: int) -> None:
    """Print the weights of the paper's methods, counted in three ways, and how fast PATN draws on this machine.

    Inside a workspace the table is also written there.  `augment --precision bf16` draws with bfloat16 weights.

    \b
    Example:
      augment table2 --no-speed
    """
    from pipelines.table2 import table2, terminal, write

    how = runtime()
    records = table2(how, speed=not no_speed, batch=batch)
    precision = "bf16" if how.precision == "bf16" else "fp32"
    place = "" if no_speed else f"  Here: {how.torch_device()}, {precision}, batch {batch}."
    workspace = workspace_or_none()
    folder = write(records, place, workspace) if workspace is not None else None
    emit({"rows": records, "folder": folder}, terminal(records, place))


@click.command(short_help="Image quality of the workspace's generators beside the paper's Table 1.")
@click.option("--generators", type=NAMES, default="", metavar="NAME,...", help="Below patn/.  [default: all]")
@click.option("--metrics", type=NAMES, default="all", show_default=True, metavar="NAME,...",
              help="SSIM, IS, mask-SSIM, mask-IS, DS, PCKh.")  # fmt: skip
@click.option("--pairs", type=click.IntRange(1), metavar="N",
              help="Test pairs, drawn by --seed.  [default: as patn-eval]")  # fmt: skip
@click.option("--weights-dir", type=click.Path(path_type=Path, file_okay=False), help="Where weight files are.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes of PCKh's estimator.  [default: all]")
@click.option("--force", is_flag=True, help="Measure again what was measured.")
@pass_workspace
def table1(workspace: Workspace, generators: tuple[str, ...], jobs: int | None, force: bool, **asked: Any) -> None:
    """Measure the images of every generator by the paper's protocol, and print Table 1 with them.

    \b
    Example:
      augment table1 --pairs 8 --metrics SSIM,mask-SSIM
    """
    from pipelines.grid import available_cores
    from pipelines.table1 import Table1, run_table1, terminal

    named = tuple(name for name in generators if name)
    table = Table1(named, **asked, seed=seed_or(0), jobs=jobs or available_cores())
    result = run_table1(workspace, table, runtime(force))
    emit(result, terminal(result))


@click.command(short_help="Every ablation of Table 4 that is asked for, beside the paper's.")
@click.option("--rows", type=NAMES, default="paper", show_default=True, metavar="ROW,...",
              help="resnet5, resnet9, resnet13, patn5, patn9, patn13, no-add, no-cat, no-resd: paper is these nine; "
              "beyond it resnet5-wide, resnet9-wide, resnet13-wide, no-resd-literal: all is these too.")  # fmt: skip
@click.option("--preset", type=click.Choice(["market", "deepfashion", "demo", "study"]), default="market",
              show_default=True, help="Size and recipe of every row, see patn-train.")  # fmt: skip
@click.option("--steps", type=click.IntRange(1), help="Updates of each row.  [default: the preset's]")
@click.option("--metrics", type=NAMES, default="all", show_default=True, metavar="NAME,...",
              help="SSIM, IS, mask-SSIM, mask-IS, DS, PCKh.")  # fmt: skip
@click.option("--pairs", type=click.IntRange(1), metavar="N",
              help="Test pairs, measured on each row.  [default: as patn-eval; 400 with demo, study]")  # fmt: skip
@click.option("--perceptual", type=click.Choice(["auto", "vgg19", "mobilenet", "none"]), default="auto",
              show_default=True, help="Network of the perceptual term; mobilenet is not the paper's.")  # fmt: skip
@click.option("--weights-dir", type=click.Path(path_type=Path, file_okay=False), help="Where weight files are.")
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Processes of PCKh's estimator.  [default: all cores]"
)
@click.option("--dry-run", is_flag=True, help="List the rows and which are trained; train nothing.")
@click.option("--force", is_flag=True, help="Train and measure finished rows again.")
@pass_workspace
def table4(workspace: Workspace, jobs: int | None, dry_run: bool, force: bool, **asked: Any) -> None:
    """Train a generator for each row of Table 4, measure it on people it never saw, and print the table.

    \b
    Example:
      augment table4 --preset demo --rows resnet5,patn5,no-cat --dry-run
    """
    from pipelines.grid import available_cores
    from pipelines.table4 import Table4, run_table4, states, terminal

    table = Table4(**asked, seed=seed_or(workspace.seed), jobs=jobs or available_cores())
    if dry_run:
        trained = states(workspace, table)
        text = "\n".join(f"{'trained' if done else 'to do  '}  {row}" for row, done in trained.items())
        emit({"rows": trained}, f"{text}\n{sum(trained.values())} of {len(trained)} rows are trained.")
        return
    result = run_table4(workspace, table, runtime(force))
    emit(result, terminal(result["rows"], result["missing"], table))


@click.command(short_help="Every cell of Table 5 that is asked for, beside the paper's.")
@click.option("--portions", type=NUMBERS, default="0.1", show_default=True, metavar="P,...",
              help="Shares of real images kept, in (0, 1].")  # fmt: skip
@click.option("--backbones", type=NAMES, default="small", show_default=True, metavar="NAME,...",
              help="small, resnet50, inception.")  # fmt: skip
@click.option("--rows", type=NAMES, default="none,ours,ours*", show_default=True, metavar="ROW,...",
              help="none, self, ours, ours*, unseen (needs a generator named unseen).")  # fmt: skip
@click.option("--ratios", type=WHOLE, default="1", show_default=True, metavar="R,...",
              help="Sizes of the augmented set in full sets, above 1 at portion 1.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, metavar="N",
              help="Repetitions, from --seed (or 0) on; split, plan and training follow them.")  # fmt: skip
@click.option("--lengths", type=NAMES, default="epochs,updates", show_default=True, metavar="LENGTH,...",
              help="epochs (the paper) and updates (the fair comparison).")  # fmt: skip
@click.option("--ordinary", is_flag=True, help="With random erasing and colour jitter.")
@click.option("--both", is_flag=True, help="With and without them.")
@click.option("--preset", help="Re-ID training.  [default: demo for small, else open-reid]")
@click.option("--from-scratch", is_flag=True, help="No ImageNet weights.")
@click.option("--generator", metavar="NAME", help="Generator of Ours.  [default: the workspace's only one]")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Cells at a time.")
@click.option("--dry-run", is_flag=True, help="List the cells and which are finished; train nothing.")
@click.option("--force", is_flag=True, help="Train finished cells again.")
@pass_workspace
def table5(
    workspace: Workspace, both: bool, ordinary: bool, generator: str | None, jobs: int, dry_run: bool, force: bool,
    from_scratch: bool, **asked: Any,
) -> None:  # fmt: skip
    """Train re-ID models on real images and on real and generated ones, and print Table 5.

    \b
    Example:
      augment table5 --portions 0.1,0.2 --seeds 1 --dry-run
    """
    from pipelines.results import is_finished
    from pipelines.table5 import Table5, run_table5
    from pipelines.tabletext import summary_json, terminal

    workspace.require_reid("table5")
    augmentations = (False, True) if both else (ordinary,)
    table = Table5(**asked, ordinary=augmentations, scratch=from_scratch, first_seed=seed_or(0))
    cells = table.cells()
    if dry_run:
        states = {cell.name: is_finished(workspace, cell) for cell in cells}
        text = "\n".join(f"{'finished' if done else 'to do   '}  {name}" for name, done in states.items())
        emit({"cells": states}, f"{text}\n{sum(states.values())} of {len(states)} cells are finished.")
        return
    summary = run_table5(workspace, cells, jobs=jobs, runtime=runtime(force), generator=generator)
    emit({"table": summary_json(summary), "folder": str(workspace.table_dir("table5"))}, terminal(summary))


@click.command(short_help="One HTML page of all that the workspace holds.")
@pass_workspace
def report(workspace: Workspace) -> None:
    """Write one self-contained HTML page of all that the workspace holds and print its path.

    \b
    Example:
      augment report
    """
    from pipelines.report import write_report

    path = write_report(workspace)
    emit({"report": str(path)}, str(path))
