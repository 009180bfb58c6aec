"""Small pictures of one split: its images, its poses and whose they are, looked up by name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from augment import AugmentError
from augment.images import read_image
from augment.inference.sheets import draw_skeleton
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import keypoint_array


class Tiles:
    """The images of a split as tiles of the workspace's size; None for what is not there.

    Args:
        workspace: the workspace.
        split: train, query or gallery.
    """

    def __init__(self, workspace: Workspace, split: str) -> None:
        images = workspace.images().query("split == @split").set_index("name")
        self.size = workspace.size
        self._paths, self._identities = images["path"].to_dict(), images["pid"].to_dict()
        try:
            self._poses: pd.DataFrame | None = workspace.keypoints(split)
        except AugmentError:
            self._poses = None

    def identity(self, name: str) -> int | None:
        """The identity of an image.

        Args:
            name: the image's.
        """
        return int(self._identities[name]) if name in self._identities else None

    def pixels(self, name: str) -> Array | None:
        """The image.

        Args:
            name: the image's.

        Returns:
            Uint8 H x W x 3.
        """
        return self.file(Path(self._paths[name])) if name in self._paths else None

    def file(self, path: Path) -> Array | None:
        """Any image file at the same size."""
        return read_image(path, self.size) if path.is_file() else None

    def skeleton(self, name: str) -> Array | None:
        """The limbs of an image's pose.

        Args:
            name: the image's.

        Returns:
            Uint8 H x W x 3.
        """
        if self._poses is None or name not in self._poses.index:
            return None
        return draw_skeleton(keypoint_array(self._poses, [name])[0], self.size)

    def pair(self, source: str, target: str) -> dict[str, Array]:
        """What is real of a test pair: condition image, target pose and target, those of them that are there.

        Args:
            source: name of the condition image.
            target: name of the target image.
        """
        real = {"condition": self.pixels(source), "pose": self.skeleton(target), "target": self.pixels(target)}
        return {what: pixels for what, pixels in real.items() if pixels is not None}
