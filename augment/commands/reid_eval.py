"""`augment reid-eval`."""

from __future__ import annotations

from pathlib import Path

import click

from augment.cli import emit, pass_workspace, runtime
from augment.commands.idle import note_idle_globals, refuse_idle, unless
from augment.datasets.dataset import Dataset
from augment.evaluation.overlap import overlap_said, shared_images
from augment.evaluation.reid import evaluate_saved, find_model, summary, test_images
from augment.options import headline
from augment.workspace import Workspace


@click.command(short_help="Evaluate a trained re-ID model.")
@click.argument("model", metavar="MODEL")
@click.option(
    "--feature",
    type=click.Choice(["logits", "pooled", "neck"]),
    help="Feature that is compared, as in reid-train.  [default: what the model was trained for]",
)
@click.option(
    "--distance",
    type=click.Choice(["euclidean", "cosine"]),
    help="Distance of these features.  [default: as the model was trained for]",
)
@click.option(
    "--on",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="WORKSPACE",
    help="Rank the queries and gallery of this workspace.  [default: of the model's own]",
)
@headline
@click.option("--show", type=click.IntRange(1), metavar="N", help="Picture the ranked galleries of N queries.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("galleries.png"),
    show_default=True,
    help="Where that picture goes.",
)
@pass_workspace
def command(
    workspace: Workspace,
    model: str,
    feature: str | None,
    distance: str | None,
    on: Path | None,
    queries: str,
    ap: str,
    show: int | None,
    output: Path,
) -> None:
    """Print mAP and CMC rank 1, 5, 10 of MODEL, a folder below reid/ or a file, under the Market-1501 rule.

    \b
    Example:
      augment reid-eval small-none-p0.3-s0 --show 5
    """
    workspace.require_reid("reid-eval")
    refuse_idle({"output": unless(show, "without --show")})
    note_idle_globals("seed", "precision")
    tested = workspace if on is None else Workspace.find(on)
    tested.require_reid("reid-eval")
    path, data = find_model(workspace, model), Dataset.of(tested)
    result = evaluate_saved(data, path, show, output, runtime(), feature, distance)
    said = [summary(result.folder, result.rankings, queries, ap)]
    if on is not None and path.resolve().is_relative_to(workspace.models_dir.resolve()):
        shared = shared_images(Dataset.of(workspace), data)
        said.append(overlap_said(tested.root.name, shared, len(test_images(data))))
    emit(result, "\n".join([*said, *([f"Ranked galleries: {output}"] if show else [])]))
