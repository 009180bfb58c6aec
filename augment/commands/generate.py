"""`augment generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from augment.cli import emit, global_options, pass_workspace, runtime, seed_or
from augment.columns import csv_text
from augment.commands.idle import refuse_idle, unless
from augment.generation.augmented_set import summary
from augment.generation.filtering import CRITERIA, Filtering
from augment.generation.generate import generate
from augment.generation.plan import DROP, FILL, TARGET_POSES, Sampling
from augment.generation.planned_set import PlannedSet
from augment.generation.prepared_set import SetRequest, prepare_set, reduced_generator, set_name
from augment.options import NAME, Finite
from augment.workspace import Workspace


@click.command(short_help="Fill a reduced training set with generated images.")
@click.option(
    "--portion",
    type=Finite(0, 1, min_open=True),
    default=0.3,
    metavar="P",
    show_default=True,
    help="Share of the training images that is kept.",
)
@click.option(
    "--ratio",
    type=click.IntRange(1, 3),
    default=1,
    show_default=True,
    help="Size of the set, in full sets: 2 and 3 add one and two images per real one, and need --portion 1.0.",
)
@click.option(
    "--per-identity",
    type=click.IntRange(2),
    metavar="K",
    help="Fill every identity up to K images, in place of replacing what was removed.",
)
@click.option(
    "--target-poses",
    type=click.Choice(TARGET_POSES),
    default="removed",
    show_default=True,
    help="Poses to generate; removed: of removed images (Ours); reduced: of M^R_p (Ours*); all: of all images; own: "
    "the source's; canonical: 8 typical ones of M^R_p; rare: of M^R_p, rare ones more often; file: of --pose-file.",
)
@click.option(
    "--pose-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="CSV",
    help="Poses in the authors' format, in pixels of the workspace's images.",
)
@click.option(
    "--scenes",
    is_flag=True,
    help="Put each generated person before the background of a kept image, in the colours of its camera.",
)
@click.option(
    "--generator",
    metavar="NAME|PATH",
    help="A generator below patn/, a file, builtin, or builtin-128x64.  [default: the only one, else builtin]",
)
@click.option(
    "--generator-data",
    type=click.Choice(["all", "reduced"]),
    default="all",
    show_default=True,
    help="reduced: take the generator that was trained on M^R_p alone, patn/patn-pP-sS.",
)
@click.option(
    "--missing",
    type=click.Choice([FILL, DROP]),
    default="fill",
    show_default=True,
    help="What to do about a removed image without a pose: take another pose, or leave it out.",
)
@click.option(
    "--filter",
    "share",
    type=Finite(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    help="Replace this share of the generated images, the worst, each by the best of 4 other tries.",
)
@click.option(
    "--filter-by",
    "by",
    type=click.Choice(["identity", "pose", "both"]),
    default="both",
    show_default=True,
    help="Score by which --filter ranks images: the identity that a re-ID model sees, the joints that a pose estimator "
    "finds, or both.",
)
@click.option(
    "--judge",
    metavar="NAME",
    help="Re-ID model of --filter's score, below reid/.  [default: one trained on M^R_p alone]",
)
@click.option("--name", type=NAME, help="Folder below generated/, before -pP-sS.  [default: ours, ours-random, ...]")
@click.option("--dry-run", is_flag=True, help="Print the plan as CSV, make no image.")
@click.option("--force", is_flag=True, help="Make it again if it was made with other options.")
@pass_workspace
def command(
    workspace: Workspace,
    portion: float,
    pose_file: Path | None,
    generator: str | None,
    generator_data: str,
    share: float | None,
    by: str,
    judge: str | None,
    name: str | None,
    dry_run: bool,
    force: bool,
    **chosen: Any,
) -> None:
    """Generate the images removed at portion P: M^A_p, a Market-1501 folder that any re-ID code reads.

    \b
    Example:
      augment generate --portion 0.3 --dry-run
    """
    workspace.require_reid("generate")
    filters = unless(share is not None, "without --filter")
    replaces = chosen["ratio"] == 1 and chosen["per_identity"] is None
    refuse_idle(
        {
            "by": filters,
            "judge": filters or unless(by != "pose", "with --filter-by pose"),
            "missing": unless(replaces, "with --ratio or --per-identity: nothing is replaced"),
        }
    )
    seed, sampling = seed_or(workspace.seed), Sampling(**chosen)
    filtering = None if share is None else Filtering(share, CRITERIA if by == "both" else (by,))
    if generator_data == "reduced":
        generator = reduced_generator(workspace, generator, portion, seed)
        name = name or f"{set_name(sampling, filtering)}-reduced-data"
    request = SetRequest(
        portion=portion,
        seed=seed,
        generator=generator,
        sampling=sampling,
        pose_file=pose_file,
        filtering=filtering,
        judge=judge,
        name=name,
    )
    prepared = prepare_set(workspace, request)
    if dry_run:
        _print_plan(prepared.planned)
        return
    result = generate(prepared, runtime(force))
    idle = sampling.missing == DROP and not result.counts.dropped
    said = "\n--missing drop left none out: every removed image has a pose" if idle else ""
    emit(result, summary(result) + said)


def _print_plan(planned: PlannedSet) -> None:
    """The plan as CSV, or as JSON."""
    as_json = global_options().as_json
    plan = {"real": len(planned.kept), "plan": planned.plan.to_dict("records")} if as_json else {}
    emit(plan, "" if as_json else csv_text(planned.plan).rstrip())
