"""Crops against their definition and PIL, colour jitter against torchvision, erasing, normalisation."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import functional as reference

from reid.data.transforms import (
    MEAN,
    STD,
    colour_jitter,
    crop_resize,
    normalise,
    random_area_boxes,
    random_erasing,
    shifted_boxes,
    whole_boxes,
)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def images(generator: torch.Generator) -> torch.Tensor:
    return torch.randint(0, 256, (6, 3, 128, 64), dtype=torch.uint8, generator=generator)


def test_half_of_the_first_tries_fit_a_market_image(generator: torch.Generator) -> None:
    boxes = random_area_boxes(20_000, (128, 64), generator, tries=1)
    whole = (boxes == torch.tensor([0, 0, 128, 64])).all(1).float().mean().item()
    assert 1 - whole == pytest.approx(0.49, abs=0.015)


def test_ten_tries_nearly_always_give_a_crop_of_120_by_52(generator: torch.Generator) -> None:
    boxes = random_area_boxes(20_000, (128, 64), generator)
    whole = (boxes == torch.tensor([0, 0, 128, 64])).all(1)
    assert whole.float().mean().item() < 0.004
    height, width = boxes[~whole, 2:].double().mean(0).tolist()
    assert height == pytest.approx(120, abs=1.5)
    assert width == pytest.approx(52, abs=1.5)


def test_crops_have_the_sampled_area_and_ratio_and_lie_inside(generator: torch.Generator) -> None:
    top, left, height, width = random_area_boxes(5_000, (128, 64), generator).unbind(1)
    assert top.min() == 0
    assert left.min() == 0
    assert (top + height).max() == 128
    assert (left + width).max() == 64
    cropped = (height < 128) | (width < 64)
    area, ratio = (height * width)[cropped] / (128 * 64), (height / width)[cropped]
    assert area.min() > 0.63  # rounding to pixels
    assert ratio.min() > 1.95
    assert ratio.max() < 3.05


@pytest.mark.parametrize("size", [(256, 128), (144, 56), (64, 32)])
def test_crop_and_resize_equal_pil(images: torch.Tensor, generator: torch.Generator, size: tuple[int, int]) -> None:
    boxes = random_area_boxes(len(images), (128, 64), generator)
    found = crop_resize(images, boxes, size)
    for image, (top, left, height, width), result in zip(images, boxes.tolist(), found, strict=True):
        picture = Image.fromarray(image.permute(1, 2, 0).numpy())
        picture = picture.crop((left, top, left + width, top + height)).resize(size[::-1], Image.Resampling.BILINEAR)
        expected = torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255
        assert (result - expected).abs().max().item() < 1.1 / 255  # PIL rounds to integers twice


def test_flip_mirrors_only_the_chosen_images(images: torch.Tensor) -> None:
    boxes, flip = whole_boxes(6, (128, 64)), torch.tensor([True, False, True, False, False, True])
    plain, flipped = crop_resize(images, boxes, (64, 32)), crop_resize(images, boxes, (64, 32), flip)
    torch.testing.assert_close(flipped[flip], plain[flip].flip(3))
    torch.testing.assert_close(flipped[~flip], plain[~flip])


def test_shifted_boxes_move_the_image_and_show_the_mean_outside(images: torch.Tensor) -> None:
    boxes = torch.tensor([[-3, 2, 128, 64]]).expand(6, 4)
    found = crop_resize(images, boxes, (128, 64))
    torch.testing.assert_close(found[:, :, 3:, :-2], images[:, :, :-3, 2:] / 255)
    mean = torch.tensor(MEAN).view(3, 1, 1)
    torch.testing.assert_close(found[:, :, :3], mean.expand(6, 3, 3, 64))
    torch.testing.assert_close(found[:, :, :, -2:], mean.expand(6, 3, 128, 2))


def test_shifts_cover_their_range_evenly(generator: torch.Generator) -> None:
    boxes = shifted_boxes(9_000, (64, 32), generator)
    shifts, counts = boxes[:, 0].unique(return_counts=True)
    assert shifts.tolist() == list(range(-4, 5))
    assert counts.min() > 800
    assert boxes[:, 1].unique().tolist() == list(range(-2, 3))
    assert (boxes[:, 2:] == torch.tensor([64, 32])).all()


def test_jitter_is_brightness_then_contrast_then_saturation_then_gains(generator: torch.Generator) -> None:
    images = 0.4 + 0.1 * torch.rand(4, 3, 16, 8, generator=generator)  # no clamping anywhere
    found = colour_jitter(images, 0.3, torch.Generator().manual_seed(5))
    draws = torch.Generator().manual_seed(5)
    brightness, contrast, saturation = (torch.rand(4, generator=draws) * 0.6 + 0.7 for _ in range(3))
    gains = torch.rand(12, generator=draws).view(4, 3, 1, 1) * 0.3 + 0.85
    for i in range(4):
        expected = reference.adjust_brightness(images[i], brightness[i].item())
        expected = reference.adjust_contrast(expected, contrast[i].item())
        expected = reference.adjust_saturation(expected, saturation[i].item())
        torch.testing.assert_close(found[i], (expected * gains[i]).clamp(0, 1), atol=2e-4, rtol=0)


def test_jitter_stays_in_range(generator: torch.Generator) -> None:
    found = colour_jitter(torch.rand(16, 3, 8, 8, generator=generator), 0.9, generator)
    assert found.min() >= 0
    assert found.max() <= 1


def test_erasing_sets_one_rectangle_of_the_chosen_share_of_images(generator: torch.Generator) -> None:
    images = random_erasing(torch.ones(4_000, 3, 64, 32), 0.5, generator)
    erased = images == 0
    assert (erased.all(1) == erased.any(1)).all()  # all channels alike
    share = erased[:, 0].float().mean((1, 2))
    assert (share > 0).float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert share[share > 0].min().item() < 0.05
    assert 0.35 < share.max().item() < 0.45
    for mask in erased[:, 0][share > 0][:50]:
        rows, columns = mask.any(1), mask.any(0)
        assert mask.sum() == rows.sum() * columns.sum()
        assert rows.int().diff().abs().sum() <= 2
        assert columns.int().diff().abs().sum() <= 2


def test_normalisation_of_bytes_and_of_floats_is_imagenets(images: torch.Tensor) -> None:
    expected = reference.normalize(images / 255, MEAN, STD)
    torch.testing.assert_close(normalise(images), expected)
    torch.testing.assert_close(normalise(images / 255), expected)
