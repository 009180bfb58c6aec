"""Train and evaluate re-ID models, rank features of one's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.evaluation.reid import evaluate_features, evaluate_saved, find_model
from augment.evaluation.reid import test_images as images
from augment.runtime import Runtime
from augment.training.reid import choose_weights
from augment.training.reid import train_reid as train
from augment.training.reid_data import EPOCHS, UPDATES, TrainingSet
from augment.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from augment.evaluation.reid import Rankings
    from reid.training import ReidTraining


@dataclass(frozen=True)
class Evaluation:
    """A ranking of the gallery, in percent.

    Attributes:
        mAP: mean average precision by the rectangle rule, on the standard queries.
        rank1: share of queries whose nearest image is of the same identity.
        rank5: the same for any of the nearest five.
        rank10: the same for any of the nearest ten.
        queries: how many queries count.
        folder: of the model, None for features of one's own.
    """

    mAP: float
    rank1: float
    rank5: float
    rank10: float
    queries: int
    folder: Path | None = None


def train_reid(
    workspace: Workspace,
    preset: str | ReidTraining = "open-reid",
    *,
    images: str | Path = "none",
    portion: float = 1.0,
    ratio: int = 1,
    backbone: str | None = None,
    from_scratch: bool = False,
    weights: Path | None = None,
    weights_dir: Path | None = None,
    erasing_and_jitter: bool = False,
    equal_updates: bool = False,
    name: str | None = None,
    seed: int | None = None,
    runtime: Runtime | None = None,
) -> Evaluation:
    """Train a re-ID model and evaluate it, as `augment reid-train` does.

    Args:
        workspace: whose images are trained on and ranked.
        preset: open-reid, open-reid-256, open-reid-standard, strong, demo or study; or a training with numbers of
            your own.
        images: none is M^R_p alone; else a generated set's name (ours, ours-random, self), or a folder.
        portion: share p of the real images.
        ratio: of the generated set.
        backbone: resnet50, inception, small or a network of torchreid's; None is the preset's.
        from_scratch: resnet50 without ImageNet weights; demo and study never have them.
        weights: a file of the backbone's weights on ImageNet, or of torchreid's.
        weights_dir: folder of weight files, searched before torch's hub cache.
        erasing_and_jitter: add random erasing and colour jitter.
        equal_updates: as many updates as the full real set would give, not as many epochs.
        name: folder below `reid/`; None says what it is.
        seed: of split and training; None is the workspace's.
        runtime: device, number format, threads.

    Returns:
        How the model ranks the workspace's gallery.

    Raises:
        AugmentError: where images or weights are missing.
        reid.DataError: for a preset or backbone that there is not, and for numbers that cannot be.
    """
    from reid import training as recipes  # loads torch

    if isinstance(preset, str):
        scratch = from_scratch or preset in recipes.FROM_SCRATCH
        file = choose_weights(backbone or recipes.preset(preset).backbone, scratch, weights, weights_dir)
        training = recipes.preset(preset, backbone, pretrained=file is not None)
    else:
        training = replace(preset, backbone=backbone or preset.backbone)
        file = choose_weights(training.backbone, from_scratch, weights, weights_dir)
    training = recipes.with_erasing_and_jitter(training) if erasing_and_jitter else training
    length = UPDATES if equal_updates else EPOCHS
    data = TrainingSet(portion, images, ratio, workspace.seed if seed is None else seed, length)
    name = name or data.name(training.backbone) + ("-ordinary" if erasing_and_jitter else "")
    result = train(workspace, training, data, name=name, weights=file, runtime=runtime or Runtime())
    return _evaluation(result.rankings, workspace.root / result.folder)


def evaluate_reid(workspace: Workspace, model: str | Path, *, runtime: Runtime | None = None) -> Evaluation:
    """Rank a workspace's gallery by a trained re-ID model, as `augment reid-eval` does.

    Args:
        workspace: whose query and gallery images are ranked.
        model: a name below `reid/`, a folder or a file; it may have been trained on other data.
        runtime: device, number format, threads.

    Raises:
        AugmentError: where the model, queries or gallery are missing.
    """
    path = find_model(workspace, str(model))
    result = evaluate_saved(Dataset.of(workspace), path, None, path, runtime or Runtime())
    return _evaluation(result.rankings, path.parent)


def test_images(workspace: Workspace) -> pd.DataFrame:
    """The query and gallery images.

    Args:
        workspace: whose images they are.

    Returns:
        A row an image: name, path, pid, camid and split.

    Raises:
        AugmentError: where there is no query or no gallery image.
    """
    return images(Dataset.of(workspace))


def rank_features(workspace: Workspace, features: ArrayLike) -> Evaluation:
    """Rank a workspace's gallery by features of your own, under the Market-1501 rule, by Euclidean distance.

    Args:
        workspace: whose gallery is ranked.
        features: N x D, a row for each row of `test_images`, in that order.

    Raises:
        AugmentError: for another number of rows, and where there is no query or no gallery image.
        reid.DataError: for features that are not finite.
    """
    test, rows = test_images(workspace), np.asarray(features, dtype=np.float32)
    if rows.ndim != 2 or len(rows) != len(test):
        raise AugmentError(f"features are an array of shape {rows.shape}; give {len(test)} rows, one a test image")
    return _evaluation(evaluate_features(rows, test))


def _evaluation(rankings: Rankings, folder: Path | None = None) -> Evaluation:
    first = rankings.standard
    return Evaluation(first.mAP, first.rank1, first.rank5, first.rank10, first.queries, folder)
