"""Metrics of image quality: each takes batches of images and keeps sums whose size does not depend on their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from patn.metrics.accumulators import Accumulator, InceptionScore, Mean, Moments, frechet_distance
from patn.metrics.detection import person_confidences
from patn.metrics.inception import FEATURES
from patn.metrics.masks import person_masks
from patn.metrics.ssim import ssim

if TYPE_CHECKING:
    from torch import nn

    from patn.metrics.detection import Detector
    from patn.metrics.inception import Inception

Rows = dict[str, dict[str, float]]
"""Figures by what is measured (generated, copy, mean image, real) and metric."""
GENERATED, COPY, MEAN_IMAGE, REAL = "generated", "copy", "mean image", "real"
PADDED = {(256, 176): 256}
"""Sizes whose SSIM, IS and DS the paper takes from images widened with white to this width: DeepFashion's."""


@dataclass(frozen=True)
class Panels:
    """A batch of pairs as the protocol shows them, on the device.

    Attributes:
        generated: uint8 B x 3 x H x W.
        keypoints: of the targets, B x 18 x 2 as (y, x) in the images' pixels, missing = -1.
        sources: uint8 B x 3 x H x W.
        targets: uint8 B x 3 x H x W.
        mean: the mean training image, 1 x 3 x H x W, None where unused.
    """

    target: Tensor
    generated: Tensor
    condition: Tensor
    keypoints: Tensor
    sources: Sequence[str]
    targets: Sequence[str]
    mean: Tensor | None = None

    @cached_property
    def masks(self) -> Tensor:
        """The targets' person masks, uint8 B x 1 x H x W of 0 and 1."""
        size = (self.target.shape[2], self.target.shape[3])
        return person_masks(self.keypoints, size)[:, None].to(self.target.device, torch.uint8)

    def candidates(self) -> Iterator[tuple[str, Tensor]]:
        """What is compared with the targets: the generated images and the trivial ones."""
        yield GENERATED, self.generated
        yield COPY, self.condition
        if self.mean is not None:
            yield MEAN_IMAGE, self.mean.expand_as(self.target)


class Metric(Protocol):
    """Metrics that share work."""

    @property
    def parts(self) -> Mapping[str, Accumulator]:
        """Its sums by name; a run that was killed goes on from them."""

    def update(self, panels: Panels) -> None:
        """Add a batch.

        Args:
            panels: a batch of pairs.
        """

    def rows(self) -> Rows:
        """The figures of all batches so far."""


def padded(images: Tensor) -> Tensor:
    """DeepFashion's 256 x 176 images with 40 columns of white at each side; all others as they are.

    Args:
        images: uint8 N x 3 x H x W.
    """
    width = PADDED.get((images.shape[2], images.shape[3]))
    if width is None:
        return images
    side = (width - images.shape[3]) // 2
    return torch.nn.functional.pad(images, (side, side), value=255)


@dataclass
class MeanMetric:
    """A metric whose figures are means.

    Attributes:
        parts: the mean of each ROW/METRIC, made when first used.
    """

    parts: dict[str, Mean] = field(default_factory=dict)

    def add(self, row: str, metric: str, values: Tensor) -> None:
        """Add a batch's values of one figure.

        Args:
            row: of the table the figure is in.
            metric: its name.
            values: one an image.
        """
        self.parts.setdefault(f"{row}/{metric}", Mean()).update(values)

    def rows(self) -> Rows:
        """The means."""
        rows: Rows = {}
        for name, mean in self.parts.items():
            row, metric = name.split("/")
            rows.setdefault(row, {})[metric] = mean.value
        return rows


class Similarity(MeanMetric):
    """SSIM, mask-SSIM and L1 of generated images, of copies of the condition image and of the mean image.

    `ssim_256_padded` is the paper's figure for DeepFashion. L1 is on the [-1, 1] scale.

    Args:
        data_range: as of patn.metrics.ssim.
        taps: as of patn.metrics.ssim.
    """

    def __init__(self, metrics: Sequence[str], data_range: float | None, taps: int = 13) -> None:
        super().__init__()
        self.metrics, self.data_range, self.taps = metrics, data_range, taps

    def update(self, panels: Panels) -> None:
        """Add a batch.

        Args:
            panels: a batch of pairs.
        """
        real = panels.target
        for row, images in panels.candidates():
            if "ssim" in self.metrics:
                self.add(row, "ssim", self._ssim(real, images))
                if padded(real) is not real:
                    self.add(row, "ssim_256_padded", self._ssim(padded(real), padded(images)))
            if "mask-ssim" in self.metrics:
                self.add(row, "mask-ssim", self._ssim(real * panels.masks, images * panels.masks))
            if "l1" in self.metrics:
                self.add(row, "l1", (real.float() - images.float()).abs().mean(dim=(1, 2, 3)) / 127.5)

    def _ssim(self, real: Tensor, images: Tensor) -> Tensor:
        return ssim(real, images, self.data_range, taps=self.taps)


class InceptionMetrics:
    """IS and mask-IS (mean of ten contiguous splits), and FID to the targets, of generated and of real images.

    Args:
        count: number of pairs that will come, in their order.
    """

    def __init__(self, metrics: Sequence[str], network: Inception, count: int) -> None:
        self.metrics, self.network = metrics, network
        rows = (GENERATED, REAL)
        self.scores = {
            f"{row}/{name}": InceptionScore(count) for name in ("is", "mask-is") for row in rows if name in metrics
        }
        self.moments = {f"{row}/fid": Moments(FEATURES) for row in rows if "fid" in metrics}
        self.parts: dict[str, Accumulator] = {**self.scores, **self.moments}

    def update(self, panels: Panels) -> None:
        """Add a batch.

        Args:
            panels: a batch of pairs.
        """
        for row, images in ((GENERATED, panels.generated), (REAL, panels.target)):
            if {"is", "fid"} & {*self.metrics}:
                features, probabilities = self.network(padded(images))
                if "is" in self.metrics:
                    self.scores[f"{row}/is"].update(probabilities)
                if "fid" in self.metrics:
                    self.moments[f"{row}/fid"].update(features)
            if "mask-is" in self.metrics:
                self.scores[f"{row}/mask-is"].update(self.network(images * panels.masks)[1])

    def rows(self) -> Rows:
        """The figures; `is_std` is the deviation over the splits."""
        rows: Rows = {GENERATED: {}, REAL: {}}
        for name, score in self.scores.items():
            row, metric = name.split("/")
            rows[row][metric], rows[row][f"{metric}_std"] = score.mean, score.deviation
        if self.moments:
            rows[GENERATED]["fid"] = frechet_distance(*self.moments.values())
        return rows


class Detection(MeanMetric):
    """DS of generated and of real images."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def update(self, panels: Panels) -> None:
        """Add a batch.

        Args:
            panels: a batch of pairs.
        """
        for row, images in ((GENERATED, panels.generated), (REAL, panels.target)):
            self.add(row, "ds", person_confidences(self.detector, padded(images)))


class LpipsMetrics(MeanMetric):
    """LPIPS of generated images and of copies of the condition image to the targets, and of both under the mask."""

    def __init__(self, metrics: Sequence[str], network: nn.Module) -> None:
        super().__init__()
        self.metrics, self.network = metrics, network

    def update(self, panels: Panels) -> None:
        """Add a batch.

        Args:
            panels: a batch of pairs.
        """
        for row, images in ((GENERATED, panels.generated), (COPY, panels.condition)):
            for metric in self.metrics:
                pair = (images, panels.target)
                if metric == "mask-lpips":
                    pair = (images * panels.masks, panels.target * panels.masks)
                self.add(row, metric, self.network(*(one.float() / 127.5 - 1 for one in pair)))


def state_of(metrics: Mapping[str, Metric]) -> dict[str, Tensor]:
    """Everything that metrics know, as NAME//PART//KEY.

    Args:
        metrics: by name.
    """
    return {
        f"{name}//{part}//{key}": value
        for name, metric in metrics.items()
        for part, accumulator in metric.parts.items()
        for key, value in accumulator.state.items()
    }


def restore(metrics: Mapping[str, Metric], state: Mapping[str, Tensor]) -> None:
    """Give metrics back what `state_of` took.

    Args:
        metrics: built as those it was taken from.
        state: what it returned.
    """
    for name, value in state.items():
        metric, part, key = name.split("//")
        owner = metrics[metric]
        if isinstance(owner, MeanMetric):  # means appear when first used
            owner.parts.setdefault(part, Mean())
        owner.parts[part].state[key] = value
