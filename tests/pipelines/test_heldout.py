"""SSIM on held-out identities: of generated, copied and mean images, against a calculation with SciPy alone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.ndimage import gaussian_filter

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.images import load_images
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from pipelines.measurements import heldout as module
from pipelines.measurements.heldout import Heldout, HeldoutSsim, Ssim, heldout_name, measure_heldout

OWN = (64, 32)
QUIET = Runtime("cpu", threads=1, progress=False)


class Darker:
    """A generator whose image is the target at half its brightness."""

    def __init__(self, data: Dataset, checkpoint: Path, runtime: Runtime, split: str = "train") -> None:
        self.generator = SimpleNamespace(size=OWN, out=data.size, device=torch.device("cpu"))
        self.paths, self.keypoints = data.paths(split), data.keypoints(split)

    def poses(self, names: Sequence[str]) -> Array:
        """None of them is looked at."""
        return np.zeros((len(names), 18, 2), dtype=np.float32)

    def at_own_size(self, sources: Sequence[str], poses: Sequence[str]) -> torch.Tensor:
        """The targets at half their brightness."""
        return load_images([self.paths[name] for name in poses], OWN) // 2


def similarity(real: Array, image: Array, span: float | None) -> float:
    """SSIM of two images 3 x H x W: windows of 13 pixels, without 5 pixels at each side, channel by channel."""
    span = max(float(image.max() - image.min()), 1.0) if span is None else span
    values = []
    for a, b in zip(real.astype(float), image.astype(float), strict=True):
        mean_a, mean_b, square_a, square_b, product = (
            gaussian_filter(plane, 1.5, truncate=4.0) for plane in (a, b, a * a, b * b, a * b)
        )
        c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
        above = (2 * mean_a * mean_b + c1) * (2 * (product - mean_a * mean_b) + c2)
        below = (mean_a**2 + mean_b**2 + c1) * (square_a - mean_a**2 + square_b - mean_b**2 + c2)
        values.append((above / below)[5:-5, 5:-5].mean())
    return float(np.mean(values))


@pytest.fixture
def measured(people: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Workspace, HeldoutSsim, list[str]]:
    """A workspace on whose test identities a generator was measured; the sheets that were written."""
    sheets: list[str] = []

    def write(loaded: Any, pairs: pd.DataFrame, path: Path) -> None:
        split = set(pairs["from"]) | set(pairs["to"])
        sheets.append(f"{path.name} {len(pairs)} {split <= set(loaded.paths.index)}")

    monkeypatch.setattr(module, "SplitGenerator", Darker)
    monkeypatch.setattr(module, "_write_sheet", write)
    monkeypatch.setattr(module, "find_generator", lambda workspace, name: people / "augment.toml")
    workspace = Workspace.find(people)
    return workspace, measure_heldout(workspace, "mine", Heldout(pairs=7, shown=3, seed=2), QUIET), sheets


def test_the_three_candidates_have_the_ssim_of_a_calculation_with_scipy(
    measured: tuple[Workspace, HeldoutSsim, list[str]],
) -> None:
    workspace, found, _ = measured
    data = Dataset.of(workspace)
    pairs = pd.read_csv(workspace.table_dir(heldout_name("mine")) / "pairs.csv")
    assert (len(pairs), found.count, found.size) == (7, 7, OWN)
    paths = data.paths("gallery")
    source, target = (load_images(paths[pairs[side]].tolist(), OWN).numpy() for side in ("from", "to"))
    train = load_images(data.train["path"].tolist(), OWN).numpy()
    mean = np.rint(train.mean(axis=0, dtype=np.float64))
    for span, ssim in ((255.0, found.ssim), (None, found.paper)):
        for name, images in (("generated", target // 2), ("copy", source), ("mean", np.stack([mean] * 7))):
            expected = np.mean([similarity(a, b, span) for a, b in zip(target, images, strict=True)])
            assert getattr(ssim, name) == pytest.approx(expected, abs=1e-4)


def test_pairs_are_of_one_test_identity_and_the_sheets_of_both_parts(
    measured: tuple[Workspace, HeldoutSsim, list[str]],
) -> None:
    workspace, _, sheets = measured
    gallery = Dataset.of(workspace).split("gallery")
    pairs = pd.read_csv(workspace.table_dir(heldout_name("mine")) / "pairs.csv")
    pids = [gallery.loc[pairs[side], "pid"].tolist() for side in ("from", "to")]
    assert pids[0] == pids[1]
    assert min(pids[0]) > 0
    assert sheets == ["sheet-heldout.png 3 True", "sheet-training.png 3 True"]


def test_a_finished_measurement_is_taken_and_another_one_made_again(
    measured: tuple[Workspace, HeldoutSsim, list[str]],
) -> None:
    workspace, found, sheets = measured
    assert measure_heldout(workspace, "mine", Heldout(pairs=7, shown=3, seed=2), QUIET) == found
    assert len(sheets) == 2
    other = measure_heldout(workspace, "mine", Heldout(pairs=5, shown=3, seed=2), QUIET)
    assert (other.count, len(sheets)) == (5, 4)


def test_a_record_keeps_both_ranges_apart() -> None:
    found = HeldoutSsim(Ssim(0.1, 0.2, 0.3), Ssim(0.4, 0.5, 0.6), 7, OWN)
    assert found.as_dict() == {
        **{"generated": 0.1, "copy": 0.2, "mean": 0.3},
        "paper": {"generated": 0.4, "copy": 0.5, "mean": 0.6},
        **{"count": 7, "size": [64, 32]},
    }
    assert HeldoutSsim.of(found.as_dict()) == found


@pytest.mark.parametrize(("pairs", "shown"), [(4, 5), (4, 0)])
def test_no_more_examples_than_pairs_are_shown(pairs: int, shown: int) -> None:
    with pytest.raises(AugmentError, match=f"{shown} examples of {pairs} pairs"):
        replace(Heldout(), pairs=pairs, shown=shown)
