"""Evaluating a saved re-ID model on a workspace, with a picture of ranked galleries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.images import load_images
from augment.reid_training import evaluate_features, test_images
from augment.runtime import Runtime
from augment.workspace import Workspace

SHOWN = 10


def find_model(workspace: Workspace, model: str) -> Path:
    """The file of a model: a name below `reid/`, a folder or a file.  Raises AugmentError where there is none."""
    for path in (workspace.reid_dir(model) / "model.safetensors", Path(model) / "model.safetensors", Path(model)):
        if path.is_file():
            return path
    known = [path.parent.name for path in workspace.reid_models()]
    there = ", ".join(known) or "none; `augment reid-train` trains one"
    raise AugmentError(f"{workspace.reid_dir(model)}: no such model; trained ones: {there}")


def evaluate_saved(
    workspace: Workspace,
    path: Path,
    show: int | None,
    output: Path,
    runtime: Runtime,
    feature: str | None = None,
    distance: str | None = None,
) -> dict[str, Any]:
    """The figures of `evaluate_features` (percent) for a saved model; with `show`, a picture of that many queries.

    `feature` is what is compared, by `distance`; None is what the model was trained for.
    """
    from reid.checkpoints import load_model
    from reid.features import extract_features

    runtime.prepare()
    device = runtime.torch_device()
    model, metadata = load_model(path, device)
    training = metadata.get("training", {})
    if not {"height", "width", "feature"} <= set(training):
        raise AugmentError(f"{path}: does not say how it was trained; train it again with `augment reid-train`")
    test = test_images(workspace)
    size = (int(training["height"]), int(training["width"]))
    images = load_images(test["path"].tolist(), workspace.size)
    features = extract_features(
        model,
        images,
        size=size,
        feature=feature or training["feature"],
        distance=distance or training.get("distance", "euclidean"),
        device=device,
    ).numpy()
    if show:
        draw_ranked(features, test, show, output)
    return {"folder": str(path.parent), **evaluate_features(features, test)}


def draw_ranked(features: np.ndarray, test: pd.DataFrame, count: int, output: Path) -> None:
    """Write a picture of the nearest gallery images of `count` queries spread evenly over all of them."""
    from reid.gallery import draw_galleries
    from reid.ranking import nearest

    rows = np.flatnonzero(test["split"] == "query")
    rows = rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]
    gallery = np.flatnonzero(test["split"] == "gallery")
    pids, camids, paths = (test[column].to_numpy() for column in ("pid", "camid", "path"))
    shown = min(SHOWN, len(gallery) // 2)
    order = nearest(
        features[rows], features[gallery], pids[rows], pids[gallery], camids[rows], camids[gallery], count=shown
    )
    ranked = [[paths[gallery[index]] for index in line] for line in order]
    draw_galleries(list(paths[rows]), ranked, pids[gallery][order] == pids[rows][:, None], output)
