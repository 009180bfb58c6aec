"""The report on a workspace: what was found, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from augment.datasets.published import Differences, SetComparison
from augment.datasets.transparency import Transparency
from augment.poses.estimate import PoseSummary
from augment.results import Result, spread
from augment.weights import FoundWeights


@dataclass(frozen=True)
class ImagesChecked(Result):
    """What decoding the images says.

    Attributes:
        decoded: how many could be.
        resized: how many are of another size than the workspace's.
        unreadable: a sentence on each that is.
    """

    decoded: int
    resized: int
    unreadable: tuple[str, ...]


@dataclass(frozen=True)
class IdentitiesChecked(Result):
    """What identities a data set holds, by number.

    Attributes:
        train_single: identities of one training image.
        train_paired: identities of two training images or more.
        train_and_test: identities in both parts.
        queries_matched: queries with a gallery image of the same identity from another camera.
        queries_unmatched: the other queries.
        train_nobody: training images of identity 0 or -1.
    """

    train_single: int
    train_paired: int
    train_and_test: int
    queries_matched: int
    queries_unmatched: int
    train_nobody: int


@dataclass(frozen=True)
class KeypointsChecked(Result):
    """Where the key points in use come from, what they lack, and what speaks against them.

    Attributes:
        source: an estimator's name, `csv` or `exact`.
        summary: counts of images with and without key points.
        impossible: why they cannot be those of the images, sentences of `augment.poses.plausibility`.
        odd: what looks odd about them.
    """

    source: str
    summary: PoseSummary = field(metadata=spread(PoseSummary))
    impossible: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()


@dataclass(frozen=True)
class PairsChecked(Result):
    """How many pairs the images make.

    Attributes:
        train: of training images.
        gallery: of test images.
        given: the splits for which they were given.
    """

    train: int
    gallery: int
    given: tuple[str, ...]


@dataclass(frozen=True)
class Report(Result):
    """What a workspace has and lacks.

    Attributes:
        workspace: its folder.
        data: the folder of its images.
        size: (height, width) in pixels at which it works.
        counts: images and identities of each split.
        layout: how the images were given.
        market1501: counts that differ from Market-1501's, None of data that is not of its size.
        dataset: a data set of torchreid's beside its published counts.
        deepfashion: counts that differ from those of DeepFashion's lists, None of other data.
        images: what was seen when they were decoded.
        identities: what identities there are.
        copies: images that show the same picture (see `augment.datasets.copies`).
        keypoints: the key points in use, None where there are none.
        pairs: of DeepFashion, None of other data and without key points.
        weights: the weight files that were found, and those that are missing.
        transparency: of the images, of which none is left when they are loaded.
        problems: sentences about what is wrong.
        notes: sentences about what is missing or odd.
    """

    workspace: str
    data: str
    size: tuple[int, int]
    counts: Mapping[str, int]
    layout: str
    market1501: Differences | None
    dataset: SetComparison | None
    deepfashion: Differences | None
    images: ImagesChecked
    identities: IdentitiesChecked
    copies: Mapping[str, Sequence[Sequence[str]]]
    keypoints: KeypointsChecked | None
    pairs: PairsChecked | None
    weights: tuple[FoundWeights, ...]
    transparency: Transparency
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object; its key points have a source, null where there are none."""
        keypoints = {"source": None} if self.keypoints is None else self.keypoints.as_dict()
        return {**super().as_dict(), "keypoints": keypoints, "ok": self.ok}
