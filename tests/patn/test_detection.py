"""The detection score: the pin with a detector that is not one, and torchvision's own file format."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from patn import WeightsError
from patn.metrics.detection import load_detector, person_confidences


def test_score_is_the_mean_of_the_best_person_of_each_image() -> None:
    found = [
        {"labels": torch.tensor([3, 1, 1]), "scores": torch.tensor([0.99, 0.3, 0.9])},
        {"labels": torch.tensor([15]), "scores": torch.tensor([0.8])},  # VOC's person is a bench of COCO
        {"labels": torch.tensor([1]), "scores": torch.tensor([0.6])},
    ]
    seen: list[torch.Tensor] = []

    def detector(images: list[torch.Tensor]) -> list[Mapping[str, torch.Tensor]]:
        seen.extend(images)
        return found  # type: ignore[return-value]

    images = torch.full((3, 3, 128, 64), 255, dtype=torch.uint8)
    confidences = person_confidences(detector, images)
    assert confidences.tolist() == pytest.approx([0.9, 0, 0.6])
    assert float(confidences.mean()) == pytest.approx(0.5)
    assert len(seen) == 3
    assert torch.equal(seen[0], torch.ones(3, 128, 64))


def test_image_without_any_detection_counts_as_zero() -> None:
    nothing = {"labels": torch.zeros(0, dtype=torch.int64), "scores": torch.zeros(0)}
    assert person_confidences(lambda _: [nothing], torch.zeros(1, 3, 8, 8, dtype=torch.uint8)).tolist() == [0]


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save({"layer.weight": torch.zeros(2)}, tmp_path / "ssd.pth")
    with pytest.raises(WeightsError, match=r"ssd\.pth holds weights of another network"):
        load_detector(tmp_path / "ssd.pth")


def test_detector_has_the_released_evaluations_settings(tmp_path: Path) -> None:
    from torchvision.models.detection import ssd300_vgg16

    torch.save(ssd300_vgg16(weights=None, weights_backbone=None).state_dict(), tmp_path / "ssd.pth")
    detector = load_detector(tmp_path / "ssd.pth")
    assert (detector.score_thresh, detector.nms_thresh) == (0.01, 0.45)
    assert (detector.topk_candidates, detector.detections_per_img) == (400, 200)
    assert detector.get_submodule("transform").fixed_size == (300, 300)
    assert not detector.training
