"""The correspondence generator: what it carries reaches the picture, at any size and in any pose."""

import math

import numpy as np
import pytest
import torch

from patn import DataError
from patn.correspondence.networks import ChannelNorm, Correspondence, CorrespondenceDiscriminator
from patn.correspondence.pose_codes import position_waves, reduced_maps
from patn.correspondence.training import PRESETS, CorrespondenceTraining
from patn.models.attention import forward_with_masks, has_masks
from tests.patn.kinds import standing

HEADS = 2


def inputs(size: tuple[int, int], count: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(1)
    return torch.rand(count, 3, *size) * 2 - 1, standing(count, size, rng), standing(count, size, rng)


def choosing(candidate: int) -> Correspondence:
    """A generator whose mixture is one candidate alone: a head's moved image, or the paint."""
    torch.manual_seed(0)
    generator = Correspondence(width=8, heads=HEADS, blocks=1, sigma=3.0).eval()
    with torch.no_grad():
        mixing = dict(generator.mix[-1].named_parameters())
        mixing["weight"].zero_()
        mixing["bias"].zero_()
        mixing["bias"][3 + candidate] = 200.0
    return generator


@pytest.mark.parametrize("head", range(HEADS))
@torch.no_grad()
def test_the_picture_is_what_a_heads_correspondence_says(head: int) -> None:
    generator, (image, source, target) = choosing(head), inputs((32, 16))
    weights = generator.correspondence(image, source, target)
    assert weights.shape == (2, HEADS, 32, 32)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, HEADS, 32))
    made = generator(image, source, target)
    for place in range(32):
        y, x = divmod(place, 4)
        blocks = image.unfold(2, 4, 4).unfold(3, 4, 4).reshape(2, 3, 32, 4, 4)
        expected = torch.einsum("bj,bcjyx->bcyx", weights[:, head, place], blocks)
        torch.testing.assert_close(made[:, :, 4 * y : 4 * y + 4, 4 * x : 4 * x + 4], expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_paint_is_the_last_candidate() -> None:
    image, source, target = inputs((32, 16))
    assert not choosing(HEADS)(image, source, target).any()  # tanh of zero weights


@torch.no_grad()
def test_what_is_carried_is_the_picture_without_the_paint() -> None:
    generator, inputs_ = choosing(1), inputs((32, 16))
    picture, carried = generator.with_carried(*inputs_)
    assert torch.equal(picture, generator(*inputs_))
    torch.testing.assert_close(picture, carried)
    generator.mix[-1].get_parameter("bias")[3 + HEADS] = 400.0
    painted, still = generator.with_carried(*inputs_)
    assert not painted.any()
    assert torch.equal(still, carried)


@torch.no_grad()
def test_masks_are_the_shares_of_the_heads_and_of_the_paint() -> None:
    torch.manual_seed(0)
    generator, shown = Correspondence(width=8, heads=HEADS, sigma=3.0).eval(), inputs((32, 16))
    picture, masks = forward_with_masks(generator, *shown)
    assert torch.equal(picture, generator(*shown))
    assert len(masks) == HEADS + 1
    torch.testing.assert_close(sum(masks), torch.ones(2, 1, 32, 16))
    assert has_masks(generator)
    _, certain = forward_with_masks(choosing(1), *shown)
    assert [mask.mean().item() for mask in certain] == [0.0, 1.0, 0.0]


@torch.no_grad()
def test_a_sharp_match_of_equal_poses_copies_the_image() -> None:
    """Queries and keys of one matrix: where nothing but pose counts and both poses are one, a place finds itself."""
    generator, (image, source, _) = choosing(0), inputs((32, 16))
    for projection in (generator.query, generator.key):
        for parameter in projection[-1].parameters():
            parameter.zero_()
    generator.sharpness.fill_(1e3)
    weights = generator.correspondence(image, source, source)
    assert (weights.argmax(dim=-1) == torch.arange(32)).float().mean() > 0.8  # by chance: 0.03


@pytest.mark.parametrize("size", [(64, 32), (128, 64), (256, 176), (32, 20)])
@torch.no_grad()
def test_any_size_of_whole_blocks(size: tuple[int, int]) -> None:
    generator, (image, source, target) = choosing(0), inputs(size)
    made = generator(image, source, target)
    assert made.shape == image.shape
    assert CorrespondenceDiscriminator(width=4)(made, image, target).shape == (2, 1, size[0] // 4, size[1] // 4)


@pytest.mark.parametrize("size", [(66, 32), (64, 34), (4, 32)])
def test_other_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(DataError, match=r"divisible by 4 and at least 8"):
        choosing(0)(*inputs(size))
    with pytest.raises(DataError, match=r"divisible by 4 and at least 8"):
        CorrespondenceTraining(height=size[0], width_px=size[1])


@torch.no_grad()
def test_a_missing_joint_says_nothing_and_a_pose_without_any_still_gives_a_picture() -> None:
    image, source, target = inputs((32, 16))
    generator = Correspondence(width=8, heads=HEADS)
    target[:, 4] = -1
    elsewhere = target.clone()
    elsewhere[:, 4, 1] = 7.0  # missing in one coordinate is missing
    assert torch.equal(generator(image, source, target), generator(image, source, elsewhere))
    assert generator(image, torch.full_like(source, -1), torch.full_like(target, -1)).isfinite().all()


def test_small_maps_are_gaussians_at_the_middle_of_each_block() -> None:
    keypoints = torch.full((1, 18, 2), -1.0)
    keypoints[0, 3] = torch.tensor([9.0, 6.0])
    maps = reduced_maps(keypoints, (16, 12), 4, 3.0)
    assert maps.shape == (1, 18, 4, 3)
    assert not maps[0, [0, 1, 2, *range(4, 18)]].any()
    for row in range(4):
        for column in range(3):
            away = (4 * row + 1.5 - 9.0) ** 2 + (4 * column + 1.5 - 6.0) ** 2
            assert maps[0, 3, row, column].item() == pytest.approx(math.exp(-away / (2 * 3.0**2)), rel=1e-5)


def test_waves_depend_on_the_share_of_the_side_alone() -> None:
    waves = position_waves(3, 5, torch.device("cpu"))
    assert waves.shape == (1, 12, 3, 5)
    torch.testing.assert_close(waves[..., 1, 2], position_waves(9, 15, torch.device("cpu"))[..., 4, 7])
    assert torch.unique(waves.flatten(2)[0], dim=1).shape[1] == 15  # no two places look alike


def test_the_norm_is_over_the_channels_of_each_place() -> None:
    code = torch.randn(2, 5, 3, 4) * 3 + 1
    deviation = code.var(dim=1, unbiased=False, keepdim=True).add(1e-5).sqrt()
    expected = (code - code.mean(dim=1, keepdim=True)) / deviation
    torch.testing.assert_close(ChannelNorm(5)(code), expected, rtol=1e-4, atol=1e-5)


def test_numbers_that_cannot_be_built_are_refused() -> None:
    for build in (Correspondence, CorrespondenceTraining):
        with pytest.raises(DataError, match="multiple of"):
            build(width=10, heads=4)
    with pytest.raises(DataError, match="blocks is -1"):
        CorrespondenceTraining(blocks=-1)


def test_the_demos_network_is_small() -> None:
    with torch.device("meta"):
        network = Correspondence(**PRESETS["demo"].generator_options())
    assert sum(weights.numel() for weights in network.parameters()) < 2_000_000
