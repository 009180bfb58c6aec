"""Scenes: a generated person before the background of a kept real image and in the colours of the camera that took it.

A generator keeps the condition image's background and light, so a set of its images shows each identity in new poses
and before no other camera. A scene adds what the removed image would have had: another camera's background and colours,
both of images that were kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pandas as pd

from augment.datasets.dataset import Dataset
from augment.images import load_images
from augment.inference.plan_images import COPY
from numerics.arrays import Array, Pixels
from numerics.seeds import Stream, random_stream
from patn.keypoints import keypoint_array, scale_keypoints
from reid.data.names import parse_name

if TYPE_CHECKING:
    import torch

COLUMN = "scene"
"""Of a plan and a manifest: the kept image whose background an image has, empty for none."""
A_CAMERA = 1000
"""Kept images of a camera among which scenes are chosen."""
BEST = 10
"""A scene is one of so many whose own person the generated one covers best."""
FEW = 10
"""Images of a camera whose colours count half, and the average camera's the other half."""
HEIGHT = 128
"""Rows at which masks are made: `patn.metrics.masks` measures limbs in pixels of images of this height."""
CELL = 8
"""Side in pixels of the squares in which it is compared what two people cover."""


class Scenes:
    """The kept images of a set as scenes.

    Args:
        data: whose training images they are.
        kept: names of the kept images with a pose.
        poses: of those images and all that plans name, a key point table.
        seed: of the choice.
    """

    def __init__(self, data: Dataset, kept: Sequence[str], poses: pd.DataFrame, seed: int) -> None:
        self.size, self.poses, self.seed = data.size, poses, seed
        images = data.split("train").drop(columns="name")
        self.cameras = dict(zip(images.index, images["camid"].tolist(), strict=True))
        self.paths = dict(zip(images.index, images["path"].tolist(), strict=True))
        table = images.loc[sorted(kept), ["pid", "camid"]]
        order = random_stream(seed, Stream.SCENES).permutation(len(table))
        self.table = table.iloc[order].groupby("camid").head(A_CAMERA).sort_index().reset_index()

    @cached_property
    def covered(self) -> Array:
        """What the person of each scene covers, N x cells in [0, 1]."""
        return _cells(self.person(self.table["name"].tolist()))

    @cached_property
    def colours(self) -> dict[int, Array]:
        """Mean and standard deviation of each camera's red, green and blue, 2 x 3; few images count less, see FEW."""
        groups: dict[int, list[str]] = {}
        for name in self.table["name"]:
            groups.setdefault(self.cameras[name], []).append(name)
        moments = {camera: self._moments(names) for camera, names in groups.items()}
        average = np.mean(list(moments.values()), axis=0)
        share = {camera: len(names) / (len(names) + FEW) for camera, names in groups.items()}
        return {
            camera: _deviation(share[camera] * own + (1 - share[camera]) * average) for camera, own in moments.items()
        }

    def choose(self, plan: pd.DataFrame) -> list[str]:
        """The scene of each image of a plan; the same for the same row, whatever else the plan holds.

        It is an image of another identity by the camera in the generated image's own name, which is that of the removed
        image; where that camera has none, by any camera. An image that is copied has none, nor has any where a single
        identity is kept.

        Args:
            plan: rows with output, pid, source, pose and how.

        Returns:
            Names of kept images, "" for none.
        """
        chosen = [""] * len(plan)
        transfers = np.flatnonzero(plan["how"] != COPY)
        for start in range(0, len(transfers), 256):
            rows = transfers[start : start + 256]
            part = plan.iloc[rows]
            visible = (1 - _cells(self.person(part["pose"].tolist()))) @ self.covered.T  # B x N
            for index, row, left in zip(rows, part.itertuples(), visible, strict=True):
                chosen[index] = self._one(row, left)
        return chosen

    def place(self, images: Pixels, rows: pd.DataFrame) -> Pixels:
        """Generated people in their scenes.

        Args:
            images: uint8 B x H x W x 3 of the workspace's image size.
            rows: theirs in the plan, with source, pose and scene.

        Returns:
            Images alike; those without a scene as they were.
        """
        placed = images.copy()
        some = np.flatnonzero(rows[COLUMN] != "")
        if not len(some):
            return placed
        part = rows.iloc[some]
        backgrounds = load_images([self.paths[name] for name in part[COLUMN]], self.size, jobs=1)
        alpha = self.person(part["pose"].tolist()).numpy()[..., None]  # B x H x W x 1
        for index, row, scene, share in zip(some, part.itertuples(), backgrounds, alpha, strict=True):
            person = self.recoloured(images[index], str(row.source), str(row.scene))
            mixed = share * person + (1 - share) * scene.permute(1, 2, 0).numpy()
            placed[index] = mixed.round().clip(0, 255).astype(np.uint8)
        return placed

    def recoloured(self, image: Array, source: str, scene: str) -> Array:
        """An image by the source's camera in the colours of the scene's: each channel's mean and deviation are moved.

        Args:
            image: uint8 H x W x 3.
            source: name of the condition image.
            scene: name of the scene.

        Returns:
            float32 H x W x 3, beyond [0, 255] where colours are.
        """
        old, new = (self.colours[self.cameras[name]] for name in (source, scene))
        moved: Array = ((image.astype(np.float32) - old[0]) / old[1] * new[1] + new[0]).astype(np.float32)
        return moved

    def person(self, poses: Sequence[str]) -> torch.Tensor:
        """Where the person of each pose is, with soft edges: B x H x W in [0, 1], of the workspace's image size.

        Args:
            poses: names of B poses.
        """
        import torch
        from torch.nn.functional import avg_pool2d, interpolate, max_pool2d, pad

        from patn.metrics.masks import person_masks  # loads torch

        size = (HEIGHT, max(1, round(HEIGHT * self.size[1] / self.size[0])))
        points = scale_keypoints(keypoint_array(self.poses, poses), self.size, size)
        body = person_masks(torch.from_numpy(points), size).float()[:, None]
        wide = max_pool2d(body, 5, stride=1, padding=2)
        soft = avg_pool2d(pad(wide, (3, 3, 3, 3), mode="replicate"), 7, stride=1)
        if size != self.size:
            soft = interpolate(soft, self.size, mode="bilinear", antialias=True)
        return soft[:, 0]

    def _one(self, row: object, visible: Array) -> str:
        """The scene of a row, given how much of each scene's person stays visible."""
        output, pid = str(row.output), int(row.pid)  # type: ignore[attr-defined]
        others = (self.table["pid"] != pid).to_numpy()
        there = others & (self.table["camid"] == parse_name(output).camid).to_numpy()
        candidates = np.flatnonzero(there if there.any() else others)
        if not len(candidates):
            return ""
        best = candidates[np.argsort(visible[candidates], kind="stable")[:BEST]]
        key = crc32(f"{output} {row.source} {row.pose}".encode())  # type: ignore[attr-defined]
        return str(self.table["name"].iloc[best[int(random_stream(self.seed, Stream.SCENES, key).integers(len(best)))]])

    def _moments(self, names: Sequence[str]) -> Array:
        """Mean of the values and of their squares, a channel, 2 x 3."""
        sums, pixels = np.zeros((2, 3)), 0
        for start in range(0, len(names), 256):
            part = load_images([self.paths[name] for name in names[start : start + 256]], self.size).double()
            sums += np.stack([part.sum((0, 2, 3)).numpy(), part.square().sum((0, 2, 3)).numpy()])
            pixels += part.shape[0] * part.shape[2] * part.shape[3]
        moments: Array = sums / pixels
        return moments


def _deviation(moments: Array) -> Array:
    """Mean and standard deviation (at least 1) from the means of values and squares, 2 x 3."""
    mean, square = moments
    return np.stack([mean, np.sqrt(np.maximum(square - mean**2, 1.0))])


def _cells(masks: torch.Tensor) -> Array:
    """Masks B x H x W averaged over squares of CELL pixels, B x cells."""
    from torch.nn.functional import avg_pool2d

    side = min(CELL, *masks.shape[1:])
    cells: Array = avg_pool2d(masks[:, None], side, ceil_mode=True).flatten(1).numpy()
    return cells
