"""`augment figures`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from pipelines.commands.values import NAMES

if TYPE_CHECKING:
    from augment.workspace import Workspace


@click.command(short_help="Generators on the same test pairs, as the paper's Figs. 3, 4, 9 to 13 and 15.")
@click.option(
    "--generators",
    type=NAMES,
    default="all",
    show_default=True,
    metavar="NAME,...",
    help="Names below patn/, or one of these words: methods (those and table1 --train's), ablations (table4's), all.",
)
@click.option(
    "--pairs",
    type=click.IntRange(1, 500),
    default=8,
    show_default=True,
    metavar="N",
    help="Test pairs, sampled by --seed: a row of the picture each.",
)
@click.option("--worst", is_flag=True, help="Show the pairs with the lowest identity score, as Fig. 15.")
@click.option(
    "--candidates",
    type=click.IntRange(1),
    metavar="N",
    help="With --worst: number of test pairs among which they are looked for.  [default: 400]",
)
@click.option(
    "--reid-model",
    metavar="NAME",
    help="With --worst: re-ID model that gives the score.  [default: the best trained on all real images]",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="PNG or JPEG.  [default: tables/figures/pairs.png or worst.png]",
)
@pass_workspace
def command(workspace: Workspace, out: Path | None, **asked: Any) -> None:
    """Write one picture: condition image, target pose and target of each pair, then every generator's image of it.

    Methods side by side are Figs. 3 and 9 to 12, ablations Figs. 4 and 13. The pairs stand in a CSV file beside it.

    \b
    Example:
      augment figures --generators methods --pairs 4
    """
    from pipelines.report.figures import Figure, figure_text, make_figure  # loads torch

    made = make_figure(workspace, Figure(**asked, seed=seed_or(0)), out, runtime())
    emit(made.as_dict(), figure_text(made))
