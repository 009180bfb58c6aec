"""Evaluating a saved re-ID model on a workspace, with a picture of ranked galleries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.datasets.preconditions import require_ranking
from augment.datasets.reduced_set import share_text
from augment.images import load_images
from augment.runtime import Runtime
from augment.workspace import MODEL, Workspace
from numerics.arrays import Array
from reid.data.market1501 import drop_junk

if TYPE_CHECKING:
    from reid.models.backbones import ReidModel
    from reid.training import ReidTraining

QUERIES = {"standard": "Standard queries", "open-reid": "Every test image a query (Open-ReID)"}
SUFFIXES = {"standard": "", "open-reid": "_open_reid"}
RULES = {"rectangle": "mAP", "trapezoid": "mAP_trapezoid"}
RANKS = (1, 5, 10)
SHOWN = 10


def find_model(workspace: Workspace, model: str) -> Path:
    """The file of a model.

    Args:
        workspace: the workspace.
        model: a name below `reid/`, a folder or a file.

    Raises:
        AugmentError: where there is none.
    """
    for path in (workspace.model_file(model), Path(model) / MODEL, Path(model)):
        if path.is_file():
            return path
    known = [path.parent.name for path in workspace.reid_models()]
    there = ", ".join(known) or "none; `augment reid-train` trains one"
    raise AugmentError(f"{workspace.reid_dir(model)}: no such model; trained ones: {there}")


def evaluate_model(workspace: Workspace, model: ReidModel, training: ReidTraining, runtime: Runtime) -> dict[str, Any]:
    """Rank the gallery by a model: the standard queries, and Open-ReID's (every test image is a query).

    Features are extracted in fp32.

    Args:
        workspace: the workspace.
        model: the network.
        training: says what is compared, and how.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        mAP and CMC in percent.

    Raises:
        AugmentError: for data without query or gallery images.
    """
    from reid.features import extract_features

    test = test_images(workspace)
    images = load_images(test["path"].tolist(), workspace.size)
    features = extract_features(
        model,
        images,
        size=training.size,
        feature=training.feature,
        distance=training.distance,
        device=runtime.torch_device(),
    ).numpy()
    return evaluate_features(features, test)


def test_images(workspace: Workspace) -> pd.DataFrame:
    """Query and gallery images without junk.

    Args:
        workspace: the workspace.

    Raises:
        AugmentError: where no model can be evaluated on them.
    """
    table = drop_junk(workspace.images())
    test = table[table["split"].isin(["query", "gallery"])].reset_index(drop=True)
    require_ranking(workspace, test)
    return test


def evaluate_features(features: Array, test: pd.DataFrame) -> dict[str, Any]:
    """Rank the gallery by features.

    Args:
        features: N x D.
        test: the N rows of `test_images`.

    Returns:
        Percentages for both sets of queries.
    """
    from reid.evaluation.ranking import evaluate

    query, gallery = (test["split"] == "query").to_numpy(), (test["split"] == "gallery").to_numpy()
    everyone = np.ones(len(test), dtype=bool)
    result: dict[str, Any] = {}
    sets = {"standard": (query, gallery), "open-reid": (everyone & (test["pid"] > 0).to_numpy(), everyone)}
    for name, (q, g) in sets.items():
        suffix = SUFFIXES[name]
        sides = [test[column].to_numpy()[rows] for column in ("pid", "camid") for rows in (q, g)]
        ranking = evaluate(features[q], features[g], *sides)
        result[f"mAP{suffix}"] = round(100 * ranking.mAP, 4)
        result[f"mAP_trapezoid{suffix}"] = round(100 * ranking.mAP_trapezoid, 4)
        for k in RANKS:
            result[f"rank{k}{suffix}"] = round(100 * float(ranking.cmc[min(k, len(ranking.cmc)) - 1]), 4)
        result[f"queries{suffix}"] = ranking.queries
    return result


def evaluate_saved(
    workspace: Workspace,
    path: Path,
    show: int | None,
    output: Path,
    runtime: Runtime,
    feature: str | None = None,
    distance: str | None = None,
) -> dict[str, Any]:
    """Rank the gallery by a saved model.

    Args:
        workspace: the workspace.
        path: of the model.
        show: with a number, a picture of that many queries is written.
        output: the picture's file.
        runtime: device, threads and precision, and whether finished work is made again.
        feature: what is compared; None is what the model was trained for.
        distance: by what; None is what the model was trained for.

    Returns:
        As of `evaluate_features`.
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


def draw_ranked(features: Array, test: pd.DataFrame, count: int, output: Path) -> None:
    """Write a picture of the nearest gallery images of `count` queries spread evenly over all of them.

    Args:
        features: N x D.
        test: the N rows of `test_images`.
        count: how many queries.
        output: the picture's file.
    """
    from reid.evaluation.gallery import draw_galleries
    from reid.evaluation.ranking import nearest

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


def summary(result: Mapping[str, Any], queries: str = "standard", ap: str = "rectangle") -> str:
    """The result for the terminal, with the figures of one set of queries and one rule first.

    Args:
        result: as of `evaluate_saved`.
        queries: "standard" or "open-reid", where every test image is one.
        ap: "rectangle" or "trapezoid".
    """
    mark = SUFFIXES[queries]
    ranks = ", ".join(f"rank-{k} {result[f'rank{k}{mark}']:.1f}" for k in RANKS)
    lines = [f"{result['folder']}: mAP {result[RULES[ap] + mark]:.1f}, {ranks} ({result[f'queries{mark}']} queries)"]
    for name, title in QUERIES.items():
        each = [f"{result[measure + SUFFIXES[name]]:.1f} by the {rule} rule" for rule, measure in RULES.items()]
        lines.append(f"{title}: mAP {', '.join(each)}")
    if said := share_text(result.get("portion", 1.0), result.get("share", 1.0)):
        lines.append(said)
    return "\n".join(lines)
