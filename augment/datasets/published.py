"""Counts of images and identities beside those that a data set's owners published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from augment.layouts.torchreid_sets import SETS, published_counts
from augment.results import Result
from reid.data.market1501 import COUNTS

MARKET_TRAIN = 10_000
"""Training images from which on a data set is taken for Market-1501 and compared with it."""

Differences = dict[str, list[int]]


def compare_market1501(counts: Mapping[str, int]) -> Differences | None:
    """Counts that differ from Market-1501's, each as [found, expected]; None for a data set that is not of its size.

    Args:
        counts: as `augment check` counts.
    """
    return None if counts["train"] < MARKET_TRAIN else differences(counts, COUNTS)


def differences(counts: Mapping[str, int], expected: Mapping[str, int]) -> Differences:
    """Counts that are not the expected ones, each as [found, expected].

    Args:
        counts: by name, at least those expected.
        expected: by name.
    """
    return {name: [counts[name], wanted] for name, wanted in expected.items() if counts[name] != wanted}


@dataclass(frozen=True)
class SetComparison(Result):
    """A data set of torchreid's beside the counts that torchreid states.

    Attributes:
        name: of the data set, with its version and split.
        compared: how many counts were.
        differences: those that differ.
        trains: whether the data set has training images by intention.
        tests: whether it has test images by intention.
    """

    name: str
    compared: int
    differences: Differences
    trains: bool
    tests: bool


def compare_set(counts: Mapping[str, int], key: str | None) -> SetComparison | None:
    """A data set of torchreid's beside the counts that torchreid states; None where the images are of none.

    Args:
        counts: as `augment check` counts.
        key: the data set, as `augment.toml` keeps it.
    """
    if key is None:
        return None
    expected, entry = published_counts(key), SETS.get(key.partition(" ")[0])
    return SetComparison(
        key,
        len(expected),
        differences(counts, expected),
        trains=entry is None or entry.trains,
        tests=entry is None or entry.tests,
    )


def set_lines(report: SetComparison | None) -> tuple[list[str], list[str]]:
    """What a comparison says, in sentences.

    Args:
        report: as `compare_set` returns it.

    Returns:
        Lines where all is as published, and notes on what is not.
    """
    if report is None:
        return [], []
    name, notes = report.name, []
    if not report.trains:
        notes.append(f"{name} has test images alone: models of other workspaces are evaluated on it")
    if not report.tests:
        notes.append(f"{name} has training images alone: models are evaluated on other workspaces")
    for count, (found, expected) in report.differences.items():
        notes.append(f"{count}: {found:,} where {name} has {expected:,}, as torchreid states")
    lines = [f"all counts that torchreid states of {name} are right"] if report.compared else []
    return [] if report.differences else lines, notes
