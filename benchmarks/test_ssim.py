"""The paper's SSIM against scikit-image, pair by pair."""

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
from patn.ssim import RADIUS, ssim

HEIGHT, WIDTH = 128, 64


def pairs(paths: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Real images, and blurred and noisy copies of them, uint8 N x H x W x 3."""
    rng = np.random.default_rng(0)
    real = np.stack([read_image(path, (HEIGHT, WIDTH)) for path in paths])
    noisy = [gaussian_filter(one.astype(float), (1, 1, 0)) + rng.normal(0, 8, one.shape) for one in real]
    return real, np.clip(noisy, 0, 255).astype(np.uint8)


class Similarity:
    """SSIM of all pairs; way: "skimage" with the released evaluation's settings, "ours", or the products in ours."""

    def __init__(self, *, paths: list[str], way: str) -> None:
        self.way = way
        self.real, self.made = pairs(paths)
        self.tensors = [torch.from_numpy(one).permute(0, 3, 1, 2).contiguous() for one in (self.real, self.made)]
        self.values = np.zeros(0)
        self.planes = torch.rand(8 * 4 * 3, HEIGHT, WIDTH, dtype=torch.float64)
        self.down = torch.rand(HEIGHT - 2 * RADIUS, HEIGHT, dtype=torch.float64)
        self.across = torch.rand(WIDTH, WIDTH - 2 * RADIUS, dtype=torch.float64)
        if way != "skimage":
            Runtime().prepare()

    def run(self) -> None:
        """All pairs once."""
        if self.way == "skimage":
            self.values = np.array([released(a, b) for a, b in zip(self.real, self.made, strict=True)])
        elif self.way == "ours":
            self.values = ssim(self.tensors[0], self.tensors[1]).numpy()
        else:
            for _ in range(len(self.real) // 8):
                self.down @ (self.planes @ self.across)

    def result(self) -> np.ndarray:
        """The values."""
        return self.values


def released(target: np.ndarray, generated: np.ndarray) -> float:
    """One pair as the released evaluation measures it."""
    from skimage.metrics import structural_similarity

    span = int(generated.max()) - int(generated.min())
    return float(structural_similarity(
        target, generated, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, channel_axis=2,
        data_range=span,
    ))  # fmt: skip


def test_ssim(benchmark: Any, scale: Scale, sides: Sides, record: Any, people: Path) -> None:
    paths = [str(path) for path in sorted((people / "bounding_box_train").glob("*.jpg"))]
    paths = paths[:8] if scale.tiny else (paths * 5)[:160]
    ways = ("skimage", "ours", "products")
    running = {way: (sides.open(Similarity, paths=paths, way=way), float(len(paths))) for way in ways}
    rounds = take_turns(benchmark, running, scale.rounds(15))
    difference = float(np.abs(running["ours"][0].result() - running["skimage"][0].result()).max())
    rows = [
        Row("the paper's SSIM", f"{rounds.rate('ours'):.0f} pairs/s",
            f"scikit-image, pair by pair, {rounds.rate('skimage'):.0f} pairs/s", rounds.ratio("ours", "skimage"), "x",
            0.9, rounds.ratio("products", "skimage")),
        Row("the paper's SSIM: largest difference", "float64", "scikit-image", difference, "", 1e-6, at_most=True),
    ]  # fmt: skip
    record("ssim", rows)
