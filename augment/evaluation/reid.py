"""Evaluating a saved re-ID model on a workspace, with a picture of ranked galleries."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.datasets.preconditions import require_ranking
from augment.images import load_images
from augment.plurals import counted
from augment.results import Result, spread
from augment.runtime import Runtime
from augment.workspace import MODEL, Workspace
from numerics.arrays import Array
from reid.data.market1501 import Split, drop_junk
from reid.evaluation.gallery import draw_galleries
from reid.evaluation.ranking import evaluate, nearest

if TYPE_CHECKING:
    from reid.models.backbones import ReidModel
    from reid.training import ReidTraining

QUERIES = {"standard": "Standard queries", "open-reid": "Every test image a query (Open-ReID)"}
RULES = {"rectangle": "mAP", "trapezoid": "mAP_trapezoid"}
SHOWN = 10


@dataclass(frozen=True)
class Ranking(Result):
    """A ranking of the gallery for one set of queries, in percent.

    Attributes:
        mAP: mean average precision by the rectangle rule.
        mAP_trapezoid: by the trapezoid rule.
        rank1: share of queries whose nearest image is of the same identity.
        rank5: the same for any of the nearest five.
        rank10: the same for any of the nearest ten.
        queries: how many queries count.
    """

    mAP: float
    mAP_trapezoid: float
    rank1: float
    rank5: float
    rank10: float
    queries: int


@dataclass(frozen=True)
class Rankings(Result):
    """The gallery ranked for two sets of queries.

    Attributes:
        standard: for the data set's own queries.
        open_reid: for Open-ReID's: every test image.
    """

    standard: Ranking = field(metadata=spread(Ranking))
    open_reid: Ranking = field(metadata=spread(Ranking, "_open_reid"))

    def of_queries(self, queries: str) -> Ranking:
        """The ranking for one set of queries.

        Args:
            queries: "standard" or "open-reid".
        """
        return self.standard if queries == "standard" else self.open_reid


@dataclass(frozen=True)
class Evaluated(Result):
    """The figures of a model.

    Attributes:
        folder: of the model.
        rankings: of the gallery.
    """

    folder: str
    rankings: Rankings = field(metadata=spread(Rankings))


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


def evaluate_model(data: Dataset, model: ReidModel, training: ReidTraining, runtime: Runtime) -> Rankings:
    """Rank the gallery by a model: the standard queries, and Open-ReID's (every test image is a query).

    Features are extracted in fp32.

    Args:
        data: whose query and gallery images are ranked.
        model: the network.
        training: says what is compared, and how.
        runtime: device, threads and precision, and whether finished work is made again.

    Raises:
        AugmentError: for data without query or gallery images.
    """
    from reid.features import extract_features  # loads torch

    test = test_images(data)
    images = load_images(test["path"].tolist(), data.size)
    features = extract_features(
        model,
        images,
        size=training.size,
        feature=training.feature,
        distance=training.distance,
        device=runtime.torch_device(),
    ).numpy()
    return evaluate_features(features, test)


def test_images(data: Dataset) -> pd.DataFrame:
    """Query and gallery images without junk.

    Args:
        data: whose images they are.

    Raises:
        AugmentError: where no model can be evaluated on them.
    """
    table = drop_junk(data.images)
    test = table[table["split"].isin([Split.QUERY, Split.GALLERY])].reset_index(drop=True)
    require_ranking(data, test)
    return test


def evaluate_features(features: Array, test: pd.DataFrame) -> Rankings:
    """Rank the gallery by features.

    Args:
        features: N x D.
        test: the N rows of `test_images`.
    """
    query, gallery = ((test["split"] == split).to_numpy() for split in (Split.QUERY, Split.GALLERY))
    everyone = np.ones(len(test), dtype=bool)
    return Rankings(
        _rank(features, test, query, gallery),
        _rank(features, test, everyone & (test["pid"] > 0).to_numpy(), everyone),
    )


def _rank(features: Array, test: pd.DataFrame, query: Array, gallery: Array) -> Ranking:
    """The figures for some rows as queries and some as gallery (N truth values each)."""
    pids, camids = test["pid"].to_numpy(), test["camid"].to_numpy()
    found = evaluate(features[query], features[gallery], pids[query], pids[gallery], camids[query], camids[gallery])
    rank1, rank5, rank10 = (round(100 * float(found.cmc[min(k, len(found.cmc)) - 1]), 4) for k in (1, 5, 10))
    mean, trapezoid = round(100 * found.mAP, 4), round(100 * found.mAP_trapezoid, 4)
    return Ranking(mean, trapezoid, rank1, rank5, rank10, found.queries)


def evaluate_saved(
    data: Dataset,
    path: Path,
    show: int | None,
    output: Path,
    runtime: Runtime,
    feature: str | None = None,
    distance: str | None = None,
) -> Evaluated:
    """Rank the gallery by a saved model.

    Args:
        data: whose query and gallery images are ranked.
        path: of the model.
        show: with a number, a picture of that many queries is written.
        output: the picture's file.
        runtime: device, threads and precision, and whether finished work is made again.
        feature: what is compared; None is what the model was trained for.
        distance: by what; None is what the model was trained for.
    """
    from reid.checkpoints import load_model  # loads torch
    from reid.features import extract_features  # loads torch

    runtime.prepare()
    device = runtime.torch_device()
    model, metadata = load_model(path, device)
    training = metadata.get("training", {})
    if not {"height", "width", "feature"} <= set(training):
        raise AugmentError(f"{path}: does not say how it was trained; train it again with `augment reid-train`")
    test = test_images(data)
    size = (int(training["height"]), int(training["width"]))
    images = load_images(test["path"].tolist(), data.size)
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
    return Evaluated(str(path.parent), evaluate_features(features, test))


def draw_ranked(features: Array, test: pd.DataFrame, count: int, output: Path) -> None:
    """Write a picture of the nearest gallery images of `count` queries spread evenly over all of them.

    Args:
        features: N x D.
        test: the N rows of `test_images`.
        count: how many queries.
        output: the picture's file.
    """
    rows = np.flatnonzero(test["split"] == Split.QUERY)
    rows = rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]
    gallery = np.flatnonzero(test["split"] == Split.GALLERY)
    pids, camids, paths = (test[column].to_numpy() for column in ("pid", "camid", "path"))
    junk = (pids[rows][:, None] == pids[gallery]) & (camids[rows][:, None] == camids[gallery])
    shown = min(SHOWN, len(gallery) // 2, int((~junk).sum(axis=1).min()))
    order = nearest(
        features[rows], features[gallery], pids[rows], pids[gallery], camids[rows], camids[gallery], count=shown
    )
    ranked = [[paths[gallery[index]] for index in line] for line in order]
    draw_galleries(list(paths[rows]), ranked, pids[gallery][order] == pids[rows][:, None], output)


def summary(folder: str, rankings: Rankings, queries: str = "standard", ap: str = "rectangle") -> str:
    """The figures for the terminal, those of one set of queries and one rule first.

    Args:
        folder: of the model.
        rankings: its figures.
        queries: "standard" or "open-reid", where every test image is one.
        ap: "rectangle" or "trapezoid".
    """
    first = rankings.of_queries(queries)
    ranks = f"rank-1 {first.rank1:.1f}, rank-5 {first.rank5:.1f}, rank-10 {first.rank10:.1f}"
    asked = counted(first.queries, "query", "queries")
    lines = [f"{folder}: mAP {getattr(first, RULES[ap]):.1f}, {ranks} ({asked})"]
    for name, title in QUERIES.items():
        ranking = rankings.of_queries(name)
        each = [f"{getattr(ranking, measure):.1f} by the {rule} rule" for rule, measure in RULES.items()]
        lines.append(f"{title}: mAP {', '.join(each)}")
    return "\n".join(lines)
