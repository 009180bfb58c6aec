"""`augment generate`."""

from typing import Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from augment.options import NAME


@click.command(short_help="Fill a reduced training set with generated images.")
@click.option("--portion", type=click.FloatRange(0, 1, min_open=True), default=0.3, metavar="P", show_default=True,
              help="Share of the training images that is kept.")  # fmt: skip
@click.option("--ratio", type=click.IntRange(1, 3), default=1, show_default=True,
              help="2 and 3 add one and two images per real one; with --portion 1.0.")  # fmt: skip
@click.option("--target-poses", type=click.Choice(["removed", "reduced", "all", "own"]), default="removed",
              show_default=True, help="Of removed images (Ours), M^R_p (Ours*), all, or the source's own.")  # fmt: skip
@click.option("--generator", metavar="NAME|PATH", help="A generator below patn/, or a file.  [default: the only one]")
@click.option("--generator-data", type=click.Choice(["all", "reduced"]), default="all", show_default=True,
              help="reduced: take the generator that was trained inside M^R_p, patn/patn-pP-sS.")  # fmt: skip
@click.option("--missing", type=click.Choice(["fill", "drop"]), default="fill", show_default=True,
              help="What to do for a removed image without a pose: take another pose, or leave it out.")  # fmt: skip
@click.option(
    "--name", type=NAME, help="Folder below generated/, before -pP-sS.  [default: ours, ours*, ours-all, self]"
)
@click.option("--dry-run", is_flag=True, help="Print the plan as CSV, make no image.")
@click.option("--force", is_flag=True, help="Make it again where it was made with other options.")
@pass_workspace
def command(
    workspace: Any, portion: float, ratio: int, target_poses: str, generator: str | None, generator_data: str,
    missing: str, name: str | None, dry_run: bool, force: bool,
) -> None:  # fmt: skip
    """Generate the images that portion P took away: M^A_p, a Market-1501 folder that any re-ID code reads.

    \b
    Example:
      augment generate --portion 0.3 --dry-run
    """
    workspace.require_reid("generate")
    from augment.generation import SET_NAMES, generate, plan_set, summary
    from augment.plan import Sampling

    seed = seed_or(workspace.seed)
    if dry_run:
        plan, kept = plan_set(workspace, portion, seed, Sampling(target_poses, ratio, missing))
        emit({"real": len(kept), "plan": plan.to_dict("records")}, plan.to_csv(index=False).rstrip())
        return
    if generator_data == "reduced":
        generator = f"{generator or 'patn'}-p{portion}-s{seed}"
        name = name or f"{SET_NAMES[target_poses]}-reduced-data"
    result = generate(
        workspace, portion=portion, seed=seed, generator=generator, target_poses=target_poses, ratio=ratio,
        missing=missing, name=name, runtime=runtime(force),
    )  # fmt: skip
    emit(result, summary(result))
