"""Test images of other data that a model's workspace trains on: the only sign that data is not new to its models."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from augment.artefacts.artefact import fingerprint
from augment.datasets.dataset import Dataset
from augment.evaluation.reid import test_images


def shared_images(trained: Dataset, tested: Dataset) -> int:
    """How many query and gallery images hold, byte for byte, what a training image holds.

    Args:
        trained: whose training images count.
        tested: whose query and gallery images are looked at.
    """
    files, training = (_sized(data["path"]) for data in (test_images(tested), trained.train))
    common = {size for size, _ in files} & {size for size, _ in training}
    marks = {fingerprint(path) for size, path in training if size in common}
    return sum(fingerprint(path) in marks for size, path in files if size in common)


def _sized(paths: Iterable[str]) -> list[tuple[int, Path]]:
    """Files with their lengths, so that only those are read whose length is that of another."""
    return [(Path(path).stat().st_size, Path(path)) for path in paths]


def overlap_said(name: str, shared: int, images: int) -> str:
    """What is known of whether test images are new to a workspace's models, as a sentence.

    Args:
        name: of the data that was tested on.
        shared: as of `shared_images`.
        images: how many query and gallery images there are.
    """
    if shared:
        return (
            f"{name}: {shared:,} of its {images:,} query and gallery images are training images of this workspace, "
            "byte for byte, so that its figures are not of new data."
        )
    return (
        f"{name}: none of its {images:,} query and gallery images is, byte for byte, a training image of this "
        "workspace; whether they show the same identities is not known."
    )
