"""Whether rendered images show people and their joints are right: a real pose estimator against the exact joints."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import Any

from augment.artefacts.artefact import artefact
from augment.datasets.inputs import images_input
from augment.runtime import Runtime
from augment.workspace import Workspace

logger = logging.getLogger(__name__)
ESTIMATOR = "mediapipe"


def pose_proof(workspace: Workspace, count: int, jobs: int, runtime: Runtime) -> dict[str, Any] | None:
    """`found` (share of images with a person) and `pckh` (PCKh@0.5 against exact joints) on a sample of images.

    None, with a message, where mediapipe is not installed.
    """
    if find_spec(ESTIMATOR) is None:
        logger.info("mediapipe is not installed: the joints are not checked (pip install 'augment-reid[poses]')")
        return None
    from augment.poses.agreement import sample_agreement

    folder, options = workspace.table_dir("poses"), {"estimator": ESTIMATOR, "count": count}
    inputs = {"images": images_input(workspace.images())}
    with artefact(
        folder, "pose proof", options, inputs=inputs, seed=workspace.seed, force=runtime.force, renew=True
    ) as run:
        if not run.finished:
            run.finish(sample_agreement(workspace, estimator=ESTIMATOR, count=count, seed=workspace.seed, jobs=jobs))
        return run.result
