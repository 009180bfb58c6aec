"""The images of a workspace and what is known of them, read once by a command and handed down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pandas as pd

from augment.datasets.reduced_set import training_images
from augment.layouts.kinds import DataLayout
from augment.workspace import PAIR_FILES, POSE_FILES, Workspace


@dataclass(frozen=True)
class Dataset:
    """The images of a workspace and what is known of them.

    Attributes:
        images: a row an image: name, path, pid, camid and split (train, gallery or query).
        size: (height, width) in pixels that images are brought to; key points are in these pixels.
        layout: how the images were given.
        root: the workspace's folder.
        folder: the folder of the images, with one folder a split.
        pair_files: where pairs of a split (train or gallery) are, where they were given.
        exact_keypoints: where the exact joints of each split are, where they came with the data.
        keypoints_file: the file that the key points of a split are in; raises AugmentError where there is none.
        keypoints: the key point table of a split, read when first asked for; raises AugmentError where there is none.
    """

    images: pd.DataFrame
    size: tuple[int, int]
    layout: DataLayout
    root: Path
    folder: Path
    pair_files: Mapping[str, Path]
    exact_keypoints: Mapping[str, Path]
    keypoints_file: Callable[[str], Path]
    keypoints: Callable[[str], pd.DataFrame]

    @classmethod
    def of(cls, workspace: Workspace) -> Dataset:
        """That of a workspace.

        Args:
            workspace: its images are read now, its key points where they are first asked for.

        Raises:
            AugmentError: where its images cannot be read.
        """
        return cls(
            images=workspace.images(),
            size=workspace.size,
            layout=workspace.layout,
            root=workspace.root,
            folder=workspace.data,
            pair_files={split: workspace.pairs_csv(split) for split in PAIR_FILES},
            exact_keypoints={split: workspace.exact_keypoints_file(split) for split in POSE_FILES},
            keypoints_file=workspace.keypoints_file,
            keypoints=cache(workspace.keypoints),
        )

    @cached_property
    def train(self) -> pd.DataFrame:
        """The images that can be trained on: of split train and an identity, by name."""
        return training_images(self.images)

    def split(self, name: str) -> pd.DataFrame:
        """The images of a split, with their names as the index too.

        Args:
            name: train, gallery or query.
        """
        return self.images[self.images["split"] == name].set_index("name", drop=False)

    def paths(self, split: str) -> pd.Series[str]:
        """The file of each image of a split, by name.

        Args:
            split: train, gallery or query.
        """
        paths: pd.Series[str] = self.split(split)["path"]
        return paths
