"""Whether rendered images look like persons and have the right joints: a pose estimator against the exact joints."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from augment import AugmentError
from augment.artefacts.artefact import artefact
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input
from augment.poses.agreement import sample_agreement
from augment.poses.estimators import DEFAULT, Choice, build_estimator
from augment.results import Result
from augment.runtime import Runtime
from augment.workspace import Workspace

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PoseProof(Result):
    """How well a pose estimator agrees with the exact joints.

    Attributes:
        estimator: its name.
        found: share of images with a person.
        pckh: PCKh@0.5 against exact joints.
    """

    estimator: str
    found: float
    pckh: float


def pose_proof(workspace: Workspace, count: int, jobs: int, runtime: Runtime) -> PoseProof | None:
    """How well a pose estimator agrees with the exact joints on a sample of images.

    Args:
        workspace: the workspace.
        count: how many images.
        jobs: processes of the estimator.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        None, with a message, where the estimator is not installed.
    """
    try:
        build_estimator(DEFAULT)
    except AugmentError as error:
        logger.info("the joints are not checked: %s", error)
        return None
    data = Dataset.of(workspace)
    folder, options = workspace.table_dir("poses"), {"estimator": DEFAULT, "count": count}
    inputs = {"images": images_input(data.images), **Choice(DEFAULT).inputs}
    with artefact(
        folder, "pose proof", options, inputs=inputs, seed=workspace.seed, force=runtime.force, renew=True
    ) as run:
        if not run.finished:
            run.finish(sample_agreement(data, estimator=DEFAULT, count=count, seed=workspace.seed, jobs=jobs))
        return run.recorded(PoseProof)
