"""The metrics of a batch of images: protocol, masks, trivial images, and sums that do not grow."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from augment.evaluation.metrics import (
    Detection,
    InceptionMetrics,
    LpipsMetrics,
    Panels,
    Similarity,
    padded,
    restore,
    state_of,
)
from augment.evaluation.pose_metric import PoseMetric
from augment.evaluation.protocol import PROTOCOLS
from augment.images import through_jpeg
from augment.runtime import Runtime
from numerics.arrays import Array
from patn.metrics.ssim import ssim

QUIET = Runtime(device="cpu", precision="fp32", progress=False)


def panels(size: tuple[int, int] = (128, 64), batch: int = 2, seed: int = 0) -> Panels:
    """Random images; every joint is somewhere inside."""
    rng = np.random.default_rng(seed)
    target, generated, condition = torch.from_numpy(rng.integers(0, 256, (3, batch, 3, *size), dtype=np.uint8))
    keypoints = torch.from_numpy(rng.integers(4, min(size) - 4, (batch, 18, 2)).astype(np.float32))
    return Panels(target, generated, condition, keypoints, ["a"] * batch, ["b"] * batch)


def test_panels_go_through_pillows_default_jpeg_and_the_clean_protocol_leaves_them() -> None:
    images = panels(batch=1).target
    file = BytesIO()
    Image.fromarray(images[0].permute(1, 2, 0).numpy()).save(file, "JPEG", quality=75)
    expected = np.asarray(Image.open(file)).transpose(2, 0, 1)
    np.testing.assert_array_equal(PROTOCOLS["paper"].panel(images)[0].numpy(), expected)
    assert torch.equal(PROTOCOLS["clean"].panel(images), images)
    assert (PROTOCOLS["paper"].data_range, PROTOCOLS["clean"].data_range) == (None, 255)


def test_deepfashion_is_padded_with_white_and_its_ssim_rises_as_known() -> None:
    one, other = (
        torch.nn.functional.interpolate(torch.rand(1, 3, 16, 11), (256, 176), mode="bicubic")
        .clamp(0, 1)
        .mul(255)
        .byte()
        for _ in range(2)
    )
    batch = Panels(one, other, one, torch.zeros(1, 18, 2), ["a"], ["b"])
    assert padded(one).shape == (1, 3, 256, 256)
    assert (padded(one)[..., :40] == 255).all()
    assert (padded(one)[..., -40:] == 255).all()
    meter = Similarity(["ssim"], 255.0)
    meter.update(batch)
    figures = meter.rows()["generated"]
    assert figures["ssim_256_padded"] == pytest.approx(0.285 + 0.715 * figures["ssim"], abs=0.01)
    assert padded(panels().target).shape[3] == 64


def test_similarity_masks_both_images_and_compares_trivial_ones() -> None:
    batch = panels()
    batch = replace(batch, mean=torch.full((1, 3, 128, 64), 99, dtype=torch.uint8))
    meter = Similarity(["ssim", "mask-ssim", "l1"], None)
    meter.update(batch)
    rows = meter.rows()
    mask = batch.masks.bool().expand_as(batch.target)
    black = [torch.where(mask, images, torch.zeros_like(images)) for images in (batch.target, batch.generated)]
    assert rows["generated"]["mask-ssim"] == pytest.approx(float(ssim(black[0], black[1]).mean()))
    assert rows["copy"]["ssim"] == pytest.approx(float(ssim(batch.target, batch.condition).mean()))
    assert set(rows) == {"generated", "copy", "mean image"}
    difference = batch.target.double() / 127.5 - batch.generated.double() / 127.5
    assert rows["generated"]["l1"] == pytest.approx(float(difference.abs().mean()), rel=1e-5)


def test_inception_sees_whole_and_masked_images_and_fid_of_equal_sets_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[torch.Tensor] = []
    monkeypatch.setattr("augment.evaluation.metrics.FEATURES", 3)

    def network(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        shown.append(images)
        features = images.float().mean(dim=(2, 3))
        return features, features.repeat(1, 336).softmax(dim=1)

    batch = panels(batch=4)
    meter = InceptionMetrics(["is", "mask-is", "fid"], network, 4)  # type: ignore[arg-type]
    meter.update(replace(batch, generated=batch.target))
    rows = meter.rows()
    assert rows["generated"]["fid"] == pytest.approx(0, abs=1e-6)
    assert rows["generated"]["is"] == rows["real"]["is"]
    assert torch.equal(shown[1], batch.target * batch.masks)
    assert len(shown) == 4


def test_detection_and_lpips_are_means_beside_the_real_and_the_copied_images() -> None:
    def detector(images: list[torch.Tensor]) -> list[dict[str, torch.Tensor]]:
        return [{"labels": torch.tensor([1]), "scores": one.mean().view(1)} for one in images]

    def distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a - b).abs().mean(dim=(1, 2, 3))

    batch = panels()
    detection, lpips = Detection(detector), LpipsMetrics(["lpips", "mask-lpips"], distance)  # type: ignore[arg-type]
    detection.update(batch)
    lpips.update(batch)
    assert detection.rows()["real"]["ds"] == pytest.approx(float(batch.target.float().mean() / 255))
    rows = lpips.rows()
    assert set(rows) == {"generated", "copy"}
    assert rows["generated"]["mask-lpips"] < rows["generated"]["lpips"]


def test_poses_are_compared_after_a_second_jpeg() -> None:
    """The pin of PCKh: nose and left eye right, neck at the limit and the shoulder not found wrong."""
    target = np.full((1, 18, 2), -1.0, dtype=np.float32)
    found = target.copy()
    for joint, place in {0: (10, 20), 1: (20, 22), 15: (8, 24), 2: (21, 14)}.items():
        target[0, joint] = place
    for joint, place in {0: (10, 21), 1: (20, 24), 15: (13, 24)}.items():
        found[0, joint] = place
    batch = replace(panels(batch=1), keypoints=torch.from_numpy(target))
    seen: list[Array] = []

    def estimate(images: Any) -> Array:
        seen.extend(images)
        return found

    meter = PoseMetric(estimate, PROTOCOLS["paper"].panel)
    meter.update(batch)
    assert meter.rows()["generated"]["pckh"] == meter.rows()["real"]["pckh"] == 0.5
    np.testing.assert_array_equal(seen[0], through_jpeg(batch.generated, 75)[0].permute(1, 2, 0).numpy())
    np.testing.assert_array_equal(seen[1], through_jpeg(batch.target, 75)[0].permute(1, 2, 0).numpy())


def test_sums_do_not_grow_with_the_number_of_pairs() -> None:
    meters = {"similarity": Similarity(["ssim", "mask-ssim"], None)}
    sizes = []
    for seed in range(4):
        meters["similarity"].update(panels(size=(16, 16), seed=seed))
        sizes.append({name: value.shape for name, value in state_of(meters).items()})
    assert sizes[0] == sizes[-1]
    again = {"similarity": Similarity(["ssim", "mask-ssim"], None)}
    restore(again, state_of(meters))
    assert again["similarity"].rows() == meters["similarity"].rows()
