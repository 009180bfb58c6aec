"""What colours alone reach: re-ID by HSV histograms, which learn nothing."""

import numpy as np

from augment.artefacts.artefact import artefact
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input
from augment.evaluation.reid import evaluate_features, test_images
from augment.images import load_images
from augment.runtime import Runtime
from augment.workspace import Workspace
from reid.evaluation.histogram import hsv_histograms

STRIPES = 6


def histogram_baseline(workspace: Workspace, runtime: Runtime) -> None:
    """Measure mAP and CMC in percent of a plain HSV histogram of the whole image, Euclidean distance.

    See `reid.evaluation.histogram`. Ranked under the same rule as the trained models; "centred" in the result repeats
    them for the strongest histogram that was tried: of the middle of the image, in 6 horizontal stripes, by Hellinger
    distance.

    Args:
        workspace: the workspace.
        runtime: whether a finished measurement is made again.
    """
    test = test_images(Dataset.of(workspace))
    inputs = {"images": images_input(test)}
    options = {"stripes": STRIPES, "size": list(workspace.size)}
    with artefact(
        workspace.table_dir("histogram"), "histogram", options, inputs=inputs, force=runtime.force, renew=True
    ) as run:
        if not run.finished:
            images = load_images(test["path"].tolist(), workspace.size)
            height, width = workspace.size
            rows, columns = (slice(height // 16, -height // 16), slice(width * 5 // 16, width * 11 // 16))
            stripes = np.sqrt(hsv_histograms(images[:, :, rows, columns].contiguous(), stripes=STRIPES))
            centred = evaluate_features(stripes, test)
            run.finish({**evaluate_features(hsv_histograms(images), test).as_dict(), "centred": centred.as_dict()})
