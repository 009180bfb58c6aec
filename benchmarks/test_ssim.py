"""The paper's SSIM against the arithmetic of scikit-image 0.14.2, pair by pair."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from augment.images import read_image
from augment.runtime import Runtime
from benchmarks.conftest import Scale
from benchmarks.results import Row
from benchmarks.sides import Sides, take_turns
from numerics.arrays import Array
from patn.metrics.ssim import BORDER, ssim

HEIGHT, WIDTH = 128, 64


def pairs(paths: list[str]) -> tuple[Array, Array]:
    """Real images, and blurred and noisy copies of them, uint8 N x H x W x 3."""
    rng = np.random.default_rng(0)
    real = np.stack([read_image(path, (HEIGHT, WIDTH)) for path in paths])
    noisy = [gaussian_filter(one.astype(float), (1, 1, 0)) + rng.normal(0, 8, one.shape) for one in real]
    return real, np.clip(noisy, 0, 255).astype(np.uint8)


class Similarity:
    """SSIM of all pairs; way: "released" as the authors computed it, "ours", or the products in ours."""

    def __init__(self, *, paths: list[str], way: str) -> None:
        self.way = way
        self.real, self.made = pairs(paths)
        self.tensors = [torch.from_numpy(one).permute(0, 3, 1, 2).contiguous() for one in (self.real, self.made)]
        self.values = np.zeros(0)
        self.planes = torch.rand(8 * 4 * 3, HEIGHT, WIDTH, dtype=torch.float64)
        self.down = torch.rand(HEIGHT - 2 * BORDER, HEIGHT, dtype=torch.float64)
        self.across = torch.rand(WIDTH, WIDTH - 2 * BORDER, dtype=torch.float64)
        if way != "released":
            Runtime().prepare()

    def run(self) -> None:
        """All pairs once."""
        if self.way == "released":
            self.values = np.array([released(a, b) for a, b in zip(self.real, self.made, strict=True)])
        elif self.way == "ours":
            self.values = ssim(self.tensors[0], self.tensors[1]).numpy()
        else:
            for _ in range(len(self.real) // 8):
                self.down @ (self.planes @ self.across)

    def result(self) -> Array:
        """The values."""
        return self.values


def released(target: Array, generated: Array) -> float:
    """One pair as `compare_ssim` of scikit-image 0.14.2 measures it: a channel at a time, windows of 13 taps."""
    span = float(generated.max()) - float(generated.min())
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    values = []
    for channel in range(target.shape[2]):
        x, y = target[..., channel].astype(float), generated[..., channel].astype(float)
        mean_x, mean_y = gaussian_filter(x, 1.5), gaussian_filter(y, 1.5)
        var_x = gaussian_filter(x * x, 1.5) - mean_x * mean_x
        var_y = gaussian_filter(y * y, 1.5) - mean_y * mean_y
        cov = gaussian_filter(x * y, 1.5) - mean_x * mean_y
        similar = (2 * mean_x * mean_y + c1) * (2 * cov + c2)
        similar /= (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
        values.append(similar[BORDER:-BORDER, BORDER:-BORDER].mean())
    return float(np.mean(values))


def test_ssim(benchmark: Any, scale: Scale, sides: Sides, record: Any, people: Path) -> None:
    paths = [str(path) for path in sorted((people / "bounding_box_train").glob("*.jpg"))]
    paths = paths[:8] if scale.tiny else (paths * 5)[:160]
    ways = ("released", "ours", "products")
    running = {way: (sides.open(Similarity, paths=paths, way=way), float(len(paths))) for way in ways}
    rounds = take_turns(benchmark, running, scale.rounds(15))
    difference = float(np.abs(running["ours"][0].result() - running["released"][0].result()).max())
    reference = "scikit-image 0.14.2's arithmetic"
    rates = {way: f"{rounds.rate(way):.0f} pairs/s" for way in ways}
    rows = [
        Row(
            "the paper's SSIM",
            rates["ours"],
            f"{reference}, pair by pair, {rates['released']}",
            rounds.ratio("ours", "released"),
            "x",
            0.9,
            rounds.ratio("products", "released"),
        ),
        Row("the paper's SSIM: largest difference", "float64", reference, difference, "", 1e-6, at_most=True),
    ]
    record("ssim", rows)
