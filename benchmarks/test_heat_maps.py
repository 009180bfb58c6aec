"""Heat maps against the released ways to make and to load them."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from augment.runtime import Runtime
from benchmarks.conftest import Scale
from benchmarks.released_testing import joint_map, stored_maps
from benchmarks.results import Row
from benchmarks.sides import Sides, take_turns
from numerics.arrays import Array
from patn.heatmaps import heat_maps

BATCH, SIZE = 32, (128, 64)
BATCHES = 20  # 380 MB of files: like a data set's, they are in memory and not in the processor's cache


def poses() -> Array:
    """Batches of poses, a fifth of the joints missing; whole pixels, as in the released files."""
    rng = np.random.default_rng(0)
    keypoints = rng.integers((0, 0), SIZE, size=(BATCHES, BATCH, 18, 2)).astype(np.float32)
    keypoints[rng.random((BATCHES, BATCH, 18)) < 0.2] = -1
    return keypoints


class Maps:
    """One way to have the maps of a batch, of `repeats` batches a run; every time the next ones."""

    def __init__(self, *, way: str, folder: Path | None = None, repeats: int = 1) -> None:
        self.way, self.folder, self.repeats = way, folder, repeats
        self.keypoints = poses()
        self.tensor = torch.from_numpy(self.keypoints)
        self.done = 0
        self.maps = torch.empty(BATCH, 18, *SIZE)
        if way.startswith("ours") or way == "fill":
            Runtime().prepare()

    def run(self) -> None:
        """Make or load them."""
        for _ in range(self.repeats):
            self.maps = self.batch(self.done % BATCHES)
            self.done += 1

    def result(self) -> Any:
        """The first batch's maps, N x 18 x H x W."""
        return self.batch(0).numpy()

    def batch(self, number: int) -> Tensor:
        """One batch."""
        if self.way == "numpy":
            made = [
                torch.from_numpy(joint_map(pose, SIZE)).transpose(2, 0).transpose(2, 1)
                for pose in self.keypoints[number]
            ]
            return torch.stack(made)
        if self.way == "files":
            assert self.folder is not None
            return stored_maps([self.folder / f"{number}-{index}.npy" for index in range(BATCH)])
        if self.way == "fill":
            return torch.empty_like(self.maps).fill_(0.5)
        return heat_maps(self.tensor[number], SIZE, channels_last=self.way == "ours, channels_last")


def test_heat_maps(benchmark: Any, scale: Scale, sides: Sides, record: Any, tmp_path: Path) -> None:
    for number, batch in enumerate(poses()[: 2 if scale.tiny else BATCHES]):
        for index, pose in enumerate(batch):
            np.save(tmp_path / f"{number}-{index}.npy", joint_map(pose, SIZE))
    often = 1 if scale.tiny else 40
    repeats = {"numpy": 1, "files": 1 if scale.tiny else 2, "ours": often, "ours, channels_last": often, "fill": often}
    running = {
        way: (sides.open(Maps, way=way, folder=tmp_path, repeats=count), float(BATCH * count))
        for way, count in repeats.items()
    }
    rounds = take_turns(benchmark, running, scale.rounds(25))

    expected = running["numpy"][0].result()
    assert np.array_equal(running["files"][0].result(), expected)
    rate = {way: f"{rounds.rate(way):,.0f} maps/s" for way in running}
    rows = []
    for way, words, least in (("numpy", "numpy, joint by joint", 15.0), ("files", "loaded from .npy", 20.0)):
        limit = rounds.ratio("fill", way)
        rows.append(
            Row(
                f"heat maps, batch {BATCH}",
                rate["ours"],
                f"{words}, {rate[way]}",
                rounds.ratio("ours", way),
                "x",
                least,
                limit,
            )
        )
    inside = "ours, channels_last"
    rows.append(
        Row(
            f"heat maps, batch {BATCH}, as the networks want them",
            rate[inside],
            f"numpy, joint by joint, {rate['numpy']}",
            rounds.ratio(inside, "numpy"),
            "x",
            None,
            rounds.ratio("fill", "numpy"),
        )
    )
    for way in ("ours", inside):
        difference = float(np.abs(running[way][0].result() - expected).max())
        rows.append(
            Row(f"heat maps: largest difference ({way})", "float32", "numpy", difference, "", 1e-6, at_most=True)
        )
    record("heat maps", rows)
