"""Counts against the published ones and against counting by hand."""

from typing import Any

import pytest
import torch
from torch import nn

from patn import DataError
from patn.baselines.published import PublishedCount
from patn.complexity import complexity, count
from patn.generators import GENERATORS, build_generator
from tests.patn.kinds import SIZE, options

MARKET, DEEPFASHION = {"norm": "batch"}, {"norm": "instance", "pose_maps": "onehot"}


@pytest.mark.parametrize(
    ("options", "size", "parameters", "gflop"),
    [
        (MARKET, (128, 64), 41_365_763, 45.04),
        (MARKET, (64, 32), 41_365_763, 11.26),
        (DEEPFASHION, (256, 176), 41_358_019, 247.7),
        ({**MARKET, "width": 16, "blocks": 4}, (128, 64), 1_136_707, None),
        ({**MARKET, "width": 16}, (128, 64), 2_613_827, None),
    ],
)
def test_patn_has_the_published_size(
    options: dict[str, Any], size: tuple[int, int], parameters: int, gflop: float | None
) -> None:
    counts = complexity("patn", options, size)
    assert counts.parameters == counts.transfer_parameters == parameters
    if gflop is not None:
        assert counts.gflop == pytest.approx(gflop, rel=2e-4)


def test_flops_are_twice_the_multiply_adds_of_the_convolutions() -> None:
    width, blocks, (height, across) = 3, 2, (16, 8)
    full, quarter, code = height * across, height * across // 16, 4 * width
    encoder = full * 49 * width + full // 4 * 9 * width * 2 * width + quarter * 9 * 2 * width * code
    images = 3 * full * 49 * width - full * 49 * width + encoder
    poses = 36 * full * 49 * width - full * 49 * width + encoder
    image_paths = blocks * 2 * quarter * 9 * code * code
    pose_paths = 2 * quarter * 9 * code**2 + (blocks - 1) * quarter * 9 * (4 * code**2 + 2 * code**2)
    # a transposed convolution multiplies every input element with every weight it meets
    decoder = quarter * 9 * code * 2 * width + full // 4 * 9 * 2 * width * width + full * 49 * width * 3
    total = images + poses + image_paths + pose_paths + decoder
    counts = complexity("patn", {"width": width, "blocks": blocks}, (height, across))
    assert counts.gflop * 1e9 == pytest.approx(2 * total, rel=1e-12)


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_counting_needs_no_storage_and_changes_no_random_numbers(name: str) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    counts = complexity(name, options(name), SIZE)
    assert torch.equal(torch.get_rng_state(), before)
    built = build_generator(name, options(name))
    assert count(built, SIZE) == counts
    assert counts.parameters == sum(weights.numel() for weights in built.parameters())


def test_weights_that_a_transfer_does_not_use_are_left_out() -> None:
    class Half(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

        def forward(self, image: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
            made: torch.Tensor = self.used(self.used(image))
            return made

    network = Half()
    counts = count(network, (8, 8))
    assert (counts.parameters, counts.transfer_parameters) == (24, 12)
    assert counts.gflop * 1e9 == 2 * 2 * 9 * 64
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_an_impossible_size_is_refused() -> None:
    with pytest.raises(DataError, match="divisible by 4"):
        complexity("patn", {}, (130, 64))


@pytest.mark.parametrize(
    ("published", "millions"),
    [
        (PublishedCount(122_103_235 + 12_696_067, 10_896_257, optimizer=True), "437.09"),
        (PublishedCount(82_080_611), "82.08"),
        (PublishedCount(47_272_966, without_gradient=1_230_848, optimizer=True), "139.36"),
        (PublishedCount(41_358_019), "41.36"),
    ],
)
def test_the_formulas_give_the_numbers_of_table_2(published: PublishedCount, millions: str) -> None:
    assert f"{published.as_in_the_paper / 1e6:.2f}" == millions
