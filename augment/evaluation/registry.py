"""What computes which metrics, and what each needs: weight files, packages, a trained re-ID model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import patn
import reid
from augment import AugmentError
from augment.artefacts.artefact import fingerprint
from augment.datasets.dataset import Dataset
from augment.evaluation.identity_metric import Embedding, IdentityMetric, full_model
from augment.evaluation.metrics import Detection, InceptionMetrics, LpipsMetrics, Metric, Similarity
from augment.evaluation.pose_metric import Estimate, PoseMetric, pooled
from augment.evaluation.protocol import PROTOCOLS, SPLITS, Evaluation
from augment.failures import sentence
from augment.images import read_image
from augment.poses.estimate import estimated_by
from augment.poses.estimation import ESTIMATING, estimate_arrays
from augment.poses.estimators import SCORING, Choice
from augment.weights import load_path
from augment.workers import worker_pool
from augment.workspace import Workspace
from patn.metrics.detection import load_detector
from patn.metrics.inception import Inception
from patn.metrics.lpips import Lpips, find_linear

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


@dataclass
class Setting:
    """What metrics are built for: a workspace, a number of pairs, a device; `stack` closes what they open.

    Attributes:
        workspace: whose re-ID models can be taken.
        data: its images.
        notes: what a reader of the figures has to know, by name, filled by the builders.
    """

    workspace: Workspace
    data: Dataset
    evaluation: Evaluation
    pairs: int
    device: torch.device
    stack: ExitStack
    notes: dict[str, str] = field(default_factory=dict)


def build_metrics(setting: Setting, metrics: list[str]) -> tuple[dict[str, Metric], dict[str, str]]:
    """The accumulators of some metrics.

    Args:
        setting: what they are built for.
        metrics: their names.

    Returns:
        The accumulators by family, and for each metric that lacks a file or package the sentence that says so.
    """
    found: dict[str, Metric] = {}
    missing: dict[str, str] = {}
    for family, (names, build) in FAMILIES.items():
        wanted = [name for name in names if name in metrics]
        if not wanted:
            continue
        try:
            found[family] = build(setting, wanted)
        except (AugmentError, patn.WeightsError, reid.DataError) as error:
            missing.update(dict.fromkeys(wanted, sentence(error)))
            log.warning("%s: not measured; %s", ", ".join(wanted), error)
    return found, missing


def _similarity(setting: Setting, metrics: list[str]) -> Metric:
    protocol = PROTOCOLS[setting.evaluation.protocol]
    return Similarity(metrics, protocol.data_range, protocol.taps)


def _inception(setting: Setting, metrics: list[str]) -> Metric:
    network = Inception(load_path("inception", setting.evaluation.weights_dir))
    if "fid" in metrics:
        setting.notes["fid"] = "distance to the targets of the same pairs; few pairs raise it, 10,000 are usual"
    return InceptionMetrics(metrics, network.to(setting.device), setting.pairs)


def _detection(setting: Setting, _: list[str]) -> Metric:
    detector = load_detector(load_path("ssd300", setting.evaluation.weights_dir))
    setting.notes["ds"] = (
        "by torchvision's SSD-300 for COCO, the paper's by Caffe's for VOC: see the real images' score"
    )
    return Detection(detector.to(setting.device))


def _lpips(setting: Setting, metrics: list[str]) -> Metric:
    linear = find_linear()
    if linear is None:
        raise AugmentError("torchmetrics is not installed; install it with `pip install augment-reid[metrics]`")
    network = Lpips(load_path("alexnet", setting.evaluation.weights_dir), linear)
    return LpipsMetrics(metrics, network.to(setting.device))


def pose_note() -> str:
    """By which estimator PCKh is measured, and how that one works now."""
    return f"joints of both sides by {Choice(SCORING).description}; the paper's by another estimator"


def _poses(setting: Setting, _: list[str]) -> Metric:
    from functools import partial

    data, evaluation = setting.data, setting.evaluation
    estimate: Estimate = partial(estimate_arrays, estimator=SCORING)
    if evaluation.jobs > 1:
        estimate = pooled(
            setting.stack.enter_context(worker_pool(evaluation.jobs, ESTIMATING)), evaluation.jobs, SCORING
        )
    else:
        estimate([])
    paths = data.paths(SPLITS[evaluation.split])
    own = estimated_by(setting.workspace, SCORING)
    setting.notes["pckh"] = pose_note()
    real = None if own else lambda names: [read_image(paths[name], data.size) for name in names]
    return PoseMetric(estimate, PROTOCOLS[evaluation.protocol].panel, real)


def _identity(setting: Setting, _: list[str]) -> Metric:
    path = full_model(setting.workspace, setting.evaluation.reid_model)
    setting.notes["identity"] = f"by the re-ID model {path.parent.name}"
    embed = Embedding.load(path, setting.device)
    return IdentityMetric(setting.data, SPLITS[setting.evaluation.split], embed, fingerprint(path))


Builder = Callable[[Setting, list[str]], Metric]
FAMILIES: Mapping[str, tuple[tuple[str, ...], Builder]] = MappingProxyType(
    {
        "similarity": (("ssim", "mask-ssim", "l1"), _similarity),
        "inception": (("is", "mask-is", "fid"), _inception),
        "detection": (("ds",), _detection),
        "poses": (("pckh",), _poses),
        "lpips": (("lpips", "mask-lpips"), _lpips),
        "identity": (("identity",), _identity),
    }
)
"""Metrics that share a network, and what builds their sums; it raises where something is missing."""
