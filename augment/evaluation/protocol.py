"""What is measured of a generator's images on which pairs, and what happens to the images before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from augment import AugmentError, Misuse
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import TEST_PAIRS, evaluation_pairs, identity_pairs
from augment.images import through_jpeg

if TYPE_CHECKING:
    import pandas as pd
    import torch

METRICS = ("ssim", "mask-ssim", "l1", "is", "mask-is", "fid", "ds", "pckh", "lpips", "mask-lpips", "identity")
SPLITS = {"test": "gallery", "train": "train"}
"""The workspace's split of each kind of pairs."""


@dataclass(frozen=True)
class Protocol:
    """What happens to images before they are measured.

    Attributes:
        jpeg_quality: every image goes through a JPEG of this quality (4:2:0), before PCKh's estimator twice; None:
            never.
        data_range: of SSIM; None is the range of each image that is measured.
        taps: of SSIM's window.
    """

    jpeg_quality: int | None
    data_range: float | None
    taps: int

    def panel(self, images: torch.Tensor) -> torch.Tensor:
        """Images as they are measured.

        Args:
            images: uint8 N x 3 x H x W.

        Returns:
            uint8 of the same shape.
        """
        return images if self.jpeg_quality is None else through_jpeg(images, self.jpeg_quality)


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        "paper": Protocol(jpeg_quality=75, data_range=None, taps=13),
        "clean": Protocol(jpeg_quality=None, data_range=255.0, taps=11),
    }
)


@dataclass(frozen=True)
class Evaluation:
    """What is measured on which pairs.

    Attributes:
        pairs: at most so many, sampled by `seed`; None takes the paper's number.
        reid_model: of the identity score, None for the best one trained on all real images.
        jobs: processes of the pose estimator.

    Raises:
        AugmentError: for unknown metrics, protocols and splits.
    """

    metrics: tuple[str, ...] = METRICS
    protocol: str = "paper"
    split: str = "test"
    pairs: int | None = None
    seed: int = 0
    reid_model: str | None = None
    weights_dir: Path | None = None
    jobs: int = 1

    def __post_init__(self) -> None:
        for metric in self.metrics:
            if metric not in METRICS:
                raise Misuse(f"⟨metrics⟩ {metric}: no such metric; choose from {', '.join(METRICS)}")
        if self.protocol not in PROTOCOLS or self.split not in SPLITS:
            raise AugmentError(f"protocol {self.protocol}, split {self.split}: must be paper or clean, test or train")

    def choose_pairs(self, data: Dataset) -> pd.DataFrame:
        """The pairs, sorted by name as the released scripts list them: the order decides the splits of IS.

        Args:
            data: whose images are paired.
        """
        if self.split == "test":
            pairs = evaluation_pairs(data, self.pairs, self.seed)
        else:
            pairs = identity_pairs(data, SPLITS[self.split], self.pairs or TEST_PAIRS, self.seed)
        return pairs.sort_values(["from", "to"], ignore_index=True)
