"""`augment poses`."""

from __future__ import annotations

from pathlib import Path

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from augment.commands.idle import note_idle_globals, refuse_idle, unless
from augment.datasets.dataset import Dataset
from augment.poses.agreement import agreement_text, sample_agreement
from augment.poses.comparison import SAMPLE, compare_estimator, comparison_text
from augment.poses.estimate import estimate_poses, import_poses, poses_text
from augment.poses.estimators import DEFAULT, ESTIMATORS, Choice
from augment.workers import available_cores
from augment.workspace import Workspace


@click.command(short_help="Estimate or import key points.")
@click.option(
    "--estimator",
    type=click.Choice(list(ESTIMATORS)),
    default=DEFAULT,
    show_default=True,
    help="Pose estimator. movenet and movenet-lightning (faster, less exact) need `pip install augment-reid[poses]`, "
    "mediapipe `[mediapipe]`, and rtmpose `[rtmpose]` and --model.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Another model file: .tflite of movenet, .task of mediapipe, .onnx of rtmpose, .pth of keypointrcnn.",
)
@click.option(
    "--csv",
    "files",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="Take key points from this annotation file (the authors' format); may be repeated.",
)
@click.option(
    "--csv-size",
    type=click.IntRange(1),
    nargs=2,
    metavar="HEIGHT WIDTH",
    help="Image size in pixels that the files are for.  [default: the workspace's]",
)
@click.option("--own-pixels", is_flag=True, help="The files are in pixels of each image's own size.")
@click.option(
    "--sample",
    type=click.IntRange(1),
    metavar="N",
    help="Only print how far estimates of N images agree with their exact joints, or with the files of --compare.",
)
@click.option(
    "--compare",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Only print how far estimates of training images agree, joint by joint, with the key points in this file; "
    "may be repeated.  [default --sample: 1000]",
)
@click.option("--jobs", type=click.IntRange(1), help="Processes.  [default: all cores]")
@click.option("--force", is_flag=True, help="Make key points again if they were made in another way.")
@pass_workspace
def command(
    workspace: Workspace,
    estimator: str,
    model: Path | None,
    files: tuple[Path, ...],
    csv_size: tuple[int, int] | None,
    sample: int | None,
    compare: tuple[Path, ...],
    own_pixels: bool,
    jobs: int | None,
    force: bool,
) -> None:
    """Find 18 key points in every image, or import them; poses/*.csv are in the authors' annotation format.

    \b
    Example:
      augment poses
    """
    note_idle_globals("device", "precision", *(["seed"] if sample is None and not compare else []))
    estimates = unless(not files, "with --csv")
    refuse_idle(
        {
            "estimator": estimates,
            "model": estimates,
            "sample": estimates,
            "jobs": estimates,
            "compare": estimates,
            "csv_size": "with --own-pixels" if own_pixels else unless(files or compare, "without --csv or --compare"),
            "own_pixels": unless(files or compare, "without --csv or --compare"),
            "force": unless(sample is None and not compare, "with --sample and --compare, which write nothing"),
        }
    )
    jobs = jobs or available_cores()
    chosen = Choice(estimator, model)
    seed = seed_or(workspace.seed)
    if compare:
        compared = compare_estimator(
            Dataset.of(workspace),
            compare,
            estimator=chosen,
            count=sample or SAMPLE,
            size=csv_size,
            own_pixels=own_pixels,
            seed=seed,
            jobs=jobs,
        )
        emit({"estimator": estimator, **compared.as_dict()}, comparison_text(estimator, compared))
    elif sample is not None:
        sampled = sample_agreement(Dataset.of(workspace), estimator=chosen, count=sample, seed=seed, jobs=jobs)
        emit(sampled, agreement_text(sampled.agreement))
    else:
        made = (
            import_poses(workspace, files, size=csv_size, own_pixels=own_pixels, runtime=runtime(force))
            if files
            else estimate_poses(workspace, estimator=chosen, jobs=jobs, runtime=runtime(force))
        )
        emit(made, poses_text(made, workspace.poses_dir))
