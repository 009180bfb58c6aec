"""What colours alone reach: re-ID by HSV histograms, which learn nothing."""

from typing import Any

from augment.artefact import artefact, fingerprint_names
from augment.images import load_images
from augment.runtime import Runtime
from augment.workspace import Workspace

STRIPES = 6


def histogram_baseline(workspace: Workspace, runtime: Runtime) -> dict[str, Any]:
    """mAP and CMC in percent of a plain HSV histogram (`reid.histogram`).

    `striped` repeats them for a histogram of each of 6 horizontal stripes.  Ranked by Euclidean
    distance under the same rule as the trained models.
    """
    from augment.reid_training import evaluate_features, test_images
    from reid.histogram import hsv_histograms

    test = test_images(workspace)
    inputs = {"images": fingerprint_names(test["name"])}
    options = {"stripes": STRIPES, "size": list(workspace.size)}
    with artefact(workspace.table_dir("histogram"), "histogram", options, inputs=inputs, force=runtime.force) as run:
        if not run.finished:
            images = load_images(test["path"].tolist(), workspace.size)
            striped = evaluate_features(hsv_histograms(images, stripes=STRIPES), test)
            run.finish({**evaluate_features(hsv_histograms(images), test), "striped": striped})
        return run.result
