"""Pairs in batches for metrics: which image is the target, at which size, in which order; and sums over batches."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from augment.evaluation import measurement
from augment.evaluation.measurement import mean_image, panels
from augment.evaluation.metrics import Panels
from augment.evaluation.pose_metric import JointCounts, pooled
from augment.evaluation.protocol import PROTOCOLS, Protocol
from augment.inference.plan_images import SplitGenerator
from numerics.arrays import Array, Pixels
from patn.keypoints import keypoint_array, keypoint_table
from patn.metrics.pckh import pckh
from tests.augment.tables import Row, dataset, image_table

OUT, OWN = (128, 64), (64, 32)


class Copier:
    """A generator whose image has the source's number as its red and the pose's as its green."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.generator = SimpleNamespace(out=OUT, size=OWN, device=torch.device("cpu"))
        self.paths = {name: folder / name for name in names}
        rng = np.random.default_rng(0)
        self.keypoints = keypoint_table(names, rng.integers(5, 60, (len(names), 18, 2)).astype(float))

    def poses(self, names: Sequence[str]) -> Array:
        """The joints halved."""
        return keypoint_array(self.keypoints, names) / 2

    def __call__(self, sources: Sequence[str], poses: Sequence[str]) -> Pixels:
        """At the size of the data."""
        colours = [(int(source[:2]), int(pose[:2]), 0) for source, pose in zip(sources, poses, strict=True)]
        return np.broadcast_to(np.array(colours, dtype=np.uint8)[:, None, None], (len(colours), *OUT, 3)).copy()

    def at_own_size(self, sources: Sequence[str], poses: Sequence[str]) -> torch.Tensor:
        """At the generator's size."""
        return torch.from_numpy(self(sources, poses)[:, ::2, ::2]).permute(0, 3, 1, 2)


@pytest.fixture
def copier(tmp_path: Path) -> Copier:
    """A generator of five images, of which image n is grey of 20 n."""
    names = [f"{number:02}.png" for number in range(5)]
    for number, name in enumerate(names):
        Image.new("RGB", (64, 128), (20 * number,) * 3).save(tmp_path / name)
    return Copier(tmp_path, names)


PAIRS = pd.DataFrame({"from": ["00.png", "01.png", "04.png"], "to": ["03.png", "02.png", "00.png"]})


def shown(copier: Copier, protocol: Protocol = PROTOCOLS["clean"], **options: Any) -> Iterator[Panels]:
    """The pairs as they are measured."""
    return panels(cast(SplitGenerator, copier), protocol, PAIRS, **options)


def firsts(images: torch.Tensor) -> list[list[int]]:
    """The colour of each image's first pixel."""
    found: list[list[int]] = images[:, :, 0, 0].tolist()
    return found


def test_the_target_is_the_image_whose_pose_is_taken(copier: Copier) -> None:
    (batch,) = shown(copier)
    assert firsts(batch.target) == [[60] * 3, [40] * 3, [0] * 3]
    assert firsts(batch.condition) == [[0] * 3, [20] * 3, [80] * 3]
    assert firsts(batch.generated) == [[0, 3, 0], [1, 2, 0], [4, 0, 0]]
    assert (batch.sources, batch.targets) == (PAIRS["from"].tolist(), PAIRS["to"].tolist())
    expected = keypoint_array(copier.keypoints, PAIRS["to"].tolist())
    np.testing.assert_array_equal(batch.keypoints.numpy(), expected)
    assert batch.mean is None


def test_at_the_generators_own_size_joints_are_in_its_pixels(copier: Copier) -> None:
    (batch,) = shown(copier, own_size=True)
    for images in (batch.target, batch.generated, batch.condition):
        assert images.shape == (3, 3, *OWN)
    expected = keypoint_array(copier.keypoints, PAIRS["to"].tolist()) / 2
    np.testing.assert_array_equal(batch.keypoints.numpy(), expected)
    assert firsts(batch.generated) == [[0, 3, 0], [1, 2, 0], [4, 0, 0]]


def test_batches_hold_the_pairs_in_their_order(copier: Copier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "BATCH", 2)
    batches = list(shown(copier))
    assert [batch.sources for batch in batches] == [["00.png", "01.png"], ["04.png"]]
    assert firsts(torch.cat([batch.target for batch in batches])) == [[60] * 3, [40] * 3, [0] * 3]


def test_every_image_goes_through_the_protocol(copier: Copier) -> None:
    class Darker(Protocol):
        """Takes one from every value."""

        def panel(self, images: torch.Tensor) -> torch.Tensor:
            return images - 1

    mean = np.full((3, *OUT), 200, dtype=np.uint8)
    (plain,) = shown(copier, mean=mean)
    (batch,) = shown(copier, Darker(None, 255.0, 11), mean=mean)
    for name in ("target", "generated", "condition", "mean"):
        assert torch.equal(getattr(batch, name), getattr(plain, name) - 1)
    assert plain.mean is not None
    assert plain.mean.shape == (1, 3, *OUT)


def test_the_mean_image_is_that_of_training_images_of_an_identity(tmp_path: Path) -> None:
    rows: list[Row] = [
        ("a.png", 1, 1, "train"),
        ("b.png", 2, 1, "train"),
        ("c.png", 2, 2, "train"),
        ("nobody.png", 0, 2, "train"),
        ("g.png", 3, 2, "gallery"),
    ]
    table = image_table(rows, tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (len(rows), 16, 8, 3), dtype=np.uint8)
    for path, image in zip(map(Path, table["path"]), pixels, strict=True):
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(path)
    expected = np.rint(pixels[:3].astype(float).mean(axis=0)).astype(np.uint8).transpose(2, 0, 1)
    found = mean_image(dataset(table, tmp_path, size=(16, 8)), (16, 8))
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.uint8


def test_joint_counts_of_batches_are_those_of_all_images_together() -> None:
    rng = np.random.default_rng(1)
    target = rng.integers(5, 60, (7, 18, 2)).astype(float)
    target[6] = -1
    found = target + rng.integers(-30, 30, target.shape)
    counts = JointCounts()
    for part in (slice(0, 3), slice(3, 4), slice(4, 7)):
        counts.update(pckh(target[part], found[part]))
    whole = pckh(target, found)
    np.testing.assert_array_equal(counts.total.right, whole.right)
    np.testing.assert_array_equal(counts.total.joints, whole.joints)
    assert (counts.total.images, counts.total.skipped, counts.total.score) == (6, 1, whole.score)


@pytest.mark.parametrize("jobs", [1, 2, 3, 9])
def test_images_spread_over_processes_come_back_in_their_order(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[int] = []

    def estimate(images: Sequence[Array], estimator: str) -> Array:
        assert estimator == "mine"
        parts.append(len(images))
        return np.array([image[0, 0, 0] for image in images], dtype=np.float32)

    class Here:
        """A pool that works at once."""

        def submit(self, function: Any, *arguments: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(function(*arguments))
            return future

        def map(self, function: Any, items: Any) -> Iterator[Any]:
            return map(function, items)

    monkeypatch.setattr("augment.evaluation.pose_metric.estimate_arrays", estimate)
    spread = pooled(cast(Any, Here()), jobs, "mine")
    images = [np.full((4, 2, 3), number, dtype=np.uint8) for number in range(7)]
    assert parts == [0]  # asked once without images: whether it is installed
    assert spread(images).tolist() == list(range(7))
    assert len(parts) - 1 <= jobs
    assert max(parts) == -(-7 // jobs)
