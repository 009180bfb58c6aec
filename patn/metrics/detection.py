"""The detection score DS: how sure a person detector is, without any ground truth."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from patn.state_dict import load_frozen, read_state

PERSON = 1  # of COCO; 15 in the VOC model of the released evaluation
Detector = Callable[[list[Tensor]], Sequence[Mapping[str, Tensor]]]


def person_confidences(detector: Detector, images: Tensor) -> Tensor:
    """The highest confidence of a detection that is a person, 0 where there is none.

    DS is the mean over all images. No box is looked at.

    Args:
        detector: takes a list of 3 x H x W in [0, 1], returns "labels" and "scores" for each (torchvision's
            convention).
        images: uint8 B x 3 x H x W.

    Returns:
        B values in [0, 1].

    Source: the released evaluation, whose detector is Caffe's SSD-300 for VOC; another detector gives other values.
    """
    found = detector(list(images.float() / 255))
    best = [
        one["scores"][one["labels"] == PERSON].max(dim=0, keepdim=True).values
        if (one["labels"] == PERSON).any()
        else images.new_zeros(1, dtype=torch.float32)
        for one in found
    ]
    return torch.cat(best)


def load_detector(path: Path) -> nn.Module:
    """torchvision's SSD-300 on VGG-16, trained on COCO, from its official file.

    Args:
        path: the weight file.

    Returns:
        The detector in evaluation mode, without gradients.

    Raises:
        WeightsError: for another file.
    """
    from torchvision.models.detection import ssd300_vgg16

    with torch.random.fork_rng(devices=[]):  # the constructor's random weights are replaced at once
        detector: nn.Module = ssd300_vgg16(weights=None, weights_backbone=None)
    load_frozen(detector, read_state(path), path)
    return detector
