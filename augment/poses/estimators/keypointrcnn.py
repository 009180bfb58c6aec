"""torchvision's Keypoint R-CNN: it finds people in a crop, of whom the surest is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from augment import AugmentError
from augment.poses.estimators.crops import COCO, CropEstimator
from augment.weights import find_weights, given_file, missing_sentence
from numerics.arrays import Array, Pixels

SHORTER, LONGER = 320, 640
"""To which sides crops are enlarged, in pixels: its own 800 and 1,333 take six times as long."""
PERSON = 0.05
"""Least score of a person, torchvision's own: every crop is supposed to show one."""
LEAST = 0.0
"""Joints whose score, a heat map's logit, is lower are missing."""
WANTED = "torchvision's keypointrcnn_resnet50_fpn"


class KeypointRcnn:
    """Keypoint R-CNN.

    Args:
        path: its weights.

    Raises:
        AugmentError: for weights of another network.
    """

    def __init__(self, path: Path) -> None:
        from torchvision.models.detection import keypointrcnn_resnet50_fpn

        network = keypointrcnn_resnet50_fpn(
            weights=None, weights_backbone=None, min_size=SHORTER, max_size=LONGER, box_score_thresh=PERSON
        )
        try:
            network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        except Exception as error:  # torch raises many kinds for a file that is not its own
            raise AugmentError(f"{path}: no weights of {WANTED}; give these as ⟨model⟩") from error
        self._network = network.eval()

    def __call__(self, image: Pixels) -> Array | None:
        """Find the landmarks of the surest person in a crop.

        Args:
            image: uint8 H x W x 3.

        Returns:
            17 x 3: (y, x) in its pixels and score; None where nobody is found.
        """
        with torch.inference_mode():
            (found,) = self._network([torch.tensor(image).permute(2, 0, 1) / 255])
        return decode(found)


def decode(found: dict[str, torch.Tensor]) -> Array | None:
    """Landmarks of the surest person.

    Args:
        found: scores of N people, keypoints N x 17 x 3 whose first two are x and y with pixel centres at half pixels,
            and keypoints_scores N x 17.

    Returns:
        17 x 3: (y, x) and score; None without a person.
    """
    if not len(found["scores"]):
        return None
    best = int(found["scores"].argmax())
    x, y = found["keypoints"][best, :, :2].numpy(force=True).T
    return np.column_stack([y - 0.5, x - 0.5, found["keypoints_scores"][best].numpy(force=True)]).astype(np.float64)


def build(model: Path | None) -> CropEstimator:
    """The estimator of a weights file.

    Args:
        model: the file; None for the official one in the torch hub cache.

    Returns:
        The estimator.

    Raises:
        AugmentError: where there is no such file, and for weights of another network.
    """
    path = (
        find_weights("keypointrcnn") if model is None else given_file(model, f"keypointrcnn needs weights of {WANTED}")
    )
    if path is None:
        raise AugmentError(missing_sentence("keypointrcnn"))
    return CropEstimator(KeypointRcnn(path), COCO, least=LEAST)
