"""Whether rendered images look like persons and have the right joints: a pose estimator against the exact joints."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.util import find_spec

from augment.artefacts.artefact import artefact
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input
from augment.poses.agreement import sample_agreement
from augment.poses.estimators import Choice
from augment.results import Result
from augment.runtime import Runtime
from augment.workspace import Workspace

logger = logging.getLogger(__name__)
ESTIMATOR = "mediapipe"


@dataclass(frozen=True)
class PoseProof(Result):
    """How well a pose estimator agrees with the exact joints.

    Attributes:
        found: share of images with a person.
        pckh: PCKh@0.5 against exact joints.
    """

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
        None, with a message, where mediapipe is not installed.
    """
    if find_spec(ESTIMATOR) is None:
        logger.info("mediapipe is not installed: the joints are not checked (pip install 'augment-reid[poses]')")
        return None
    data = Dataset.of(workspace)
    folder, options = workspace.table_dir("poses"), {"estimator": ESTIMATOR, "count": count}
    inputs = {"images": images_input(data.images), **Choice(ESTIMATOR).inputs}
    with artefact(
        folder, "pose proof", options, inputs=inputs, seed=workspace.seed, force=runtime.force, renew=True
    ) as run:
        if not run.finished:
            run.finish(sample_agreement(data, estimator=ESTIMATOR, count=count, seed=workspace.seed, jobs=jobs))
        return run.recorded(PoseProof)
