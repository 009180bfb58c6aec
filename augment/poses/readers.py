"""Poses that a user points at: of an image, of a folder of images, or of the rows of an annotation file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from augment import AugmentError
from augment.images import read_image
from augment.layouts.inventory import files_below, own_reason
from augment.layouts.natural_order import natural_key
from augment.poses.estimation import estimate_files
from augment.poses.estimators import DEFAULT
from augment.poses.plausibility import refuse_impossible
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import MISSING, joints_present, keypoint_array, read_keypoints, scale_keypoints
from reid.data.names import is_image_name

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pose:
    """The joints of one person and what they were read from.

    Attributes:
        name: of the image, or of the row.
        keypoints: float32 18 x 2 as (y, x) in pixels of the reader's size, missing = -1.
        origin: "workspace", "csv", or the estimator's name.
        path: the image, None for a row of a file.
    """

    name: str
    keypoints: Array
    origin: str
    path: Path | None = None

    @property
    def empty(self) -> bool:
        """Whether no joint was found."""
        return not joints_present(self.keypoints).any()


class PoseReader:
    """Reads poses as key points in pixels of images of one `size` (height, width).

    Images of `workspace` have its key points; all others are estimated, at whatever size they are.  `csv_size` is the
    (height, width) that annotation files are for; without it, the workspace's, else that of the image a row belongs to,
    else `size`.
    """

    def __init__(
        self,
        size: tuple[int, int],
        *,
        workspace: Workspace | None = None,
        csv_size: tuple[int, int] | None = None,
        estimator: str = DEFAULT,
        progress: bool = True,
    ) -> None:
        self.size, self.workspace, self.csv_size = size, workspace, csv_size
        self.estimator, self.progress = estimator, progress
        self._tables: dict[str, pd.DataFrame | None] = {}

    def read(self, source: str) -> list[Pose]:
        """The poses of an image, of a folder's images in the natural order of their names, or of a CSV's rows.

        Args:
            source: a path or, inside a workspace, an image's name.

        Raises:
            AugmentError: for what is none of these.
            patn.KeypointError: for a malformed CSV.
        """
        path = Path(source)
        if path.is_dir():
            return self.of_images(folder_images(path))
        if path.suffix.lower() == ".csv":
            table = read_keypoints(path)
            if table.empty:
                raise AugmentError(f"{path}: holds no pose; give a file with one row per image")
            size = self._csv_size(self.size)
            points = keypoint_array(table, table.index)
            for note in refuse_impossible(path, table.index.tolist(), points, size, cropped=self._cropped):
                log.warning("%s: %s", path, note)
            return [self._row(path, table, str(name), self.size) for name in table.index]
        return self.of_images([find_image(source, self.workspace)])

    def of_images(self, paths: Sequence[Path]) -> list[Pose]:
        """The pose of each image: the workspace's key points, estimated where it has none of that image.

        Args:
            paths: of the images.
        """
        known = [self._known(path) for path in paths]
        unknown = [path for path, pose in zip(paths, known, strict=True) if pose is None]
        bar = tqdm(unknown, desc="poses", unit="image", disable=None if self.progress and len(unknown) > 8 else True)
        estimated = iter([self._estimate(path) for path in bar])
        return [pose or next(estimated) for pose in known]

    def of_sources(self, paths: Sequence[Path], given: str | None) -> list[Pose]:
        """The pose of each image to be transferred.

        Args:
            paths: of the images.
            given: an image whose pose all get, or a CSV with a row of each image's name; one with one row is that of a
                single image, whatever name it has. None reads or estimates each.

        Raises:
            AugmentError: for a missing row.
        """
        if given is None:
            return self.of_images(paths)
        if Path(given).suffix.lower() != ".csv":
            (pose,) = self.of_images([find_image(given, self.workspace)])
            return [Pose(path.name, pose.keypoints, pose.origin, path) for path in paths]
        return list(self._source_rows(Path(given), paths))

    def _source_rows(self, csv: Path, paths: Sequence[Path]) -> Iterator[Pose]:
        table = read_keypoints(csv)
        for path in paths:
            name = str(table.index[0]) if len(table) == len(paths) == 1 else path.name
            if name not in table.index:
                raise AugmentError(f"{csv}: has no row of {name}; give a file with the key points of the image")
            height, width = read_image(path).shape[:2]
            points, size = keypoint_array(table, [name]), self._csv_size((height, width))
            refuse_impossible(csv, [name], points, size, cropped=self._cropped)
            row = self._row(csv, table, name, (height, width))
            yield Pose(path.name, row.keypoints, row.origin, path)

    def _row(self, csv: Path, table: pd.DataFrame, name: str, otherwise: tuple[int, int]) -> Pose:
        points = keypoint_array(table, [name])[0]
        size = self._csv_size(otherwise)
        outside = ((points >= size) | (points < MISSING)).any()
        if outside and self.csv_size is None and not self._cropped:  # DeepFashion's crop cuts joints off
            raise AugmentError(
                f"{csv}: joints of {name} lie outside {size[0]} x {size[1]} pixels; say with ⟨csv_size⟩ HEIGHT WIDTH "
                "which size of images the file is for"
            )
        return Pose(name, scale_keypoints(points, size, self.size), "csv")

    @property
    def _cropped(self) -> bool:
        return self.workspace is not None and self.workspace.layout.is_cropped

    def _csv_size(self, otherwise: tuple[int, int]) -> tuple[int, int]:
        """The (height, width) that an annotation file is for, `otherwise` where neither option nor workspace says."""
        return self.csv_size or (self.workspace.size if self.workspace else otherwise)

    def _known(self, path: Path) -> Pose | None:
        """The workspace's key points of an image, None where it is not one of its images or has no row."""
        if self.workspace is None:
            return None
        for split, folder in self.workspace.folders.items():
            inside = (self.workspace.data / folder).resolve()
            for name, parent in ((path.name, path.parent.resolve()), (path.resolve().name, path.resolve().parent)):
                table = self._table(split) if parent == inside else None
                if table is not None and name in table.index:
                    points = scale_keypoints(keypoint_array(table, [name])[0], self.workspace.size, self.size)
                    return Pose(path.name, points, "workspace", path)
        return None

    def _table(self, split: str) -> pd.DataFrame | None:
        assert self.workspace is not None
        if split not in self._tables:
            try:
                self._tables[split] = self.workspace.keypoints(split)
            except AugmentError:  # not made yet: estimated one by one
                self._tables[split] = None
        return self._tables[split]

    def _estimate(self, path: Path) -> Pose:
        points = estimate_files([str(path)], self.estimator, self.size)[0]
        return Pose(path.name, points.astype(np.float32), self.estimator, path)


def find_image(name: str, workspace: Workspace | None) -> Path:
    """The file of an image.

    Args:
        name: a path, else the workspace's image of that name.
        workspace: None where there is none.

    Raises:
        AugmentError: where there is neither.
    """
    if Path(name).is_file():
        return Path(name)
    if workspace is not None:
        images = workspace.images()
        found = images.loc[images["name"] == name, "path"]
        if len(found):
            return Path(found.iloc[0])
        raise AugmentError(f"{name}: neither a file nor the name of an image below {workspace.data}; give one of them")
    raise AugmentError(f"{name}: there is no such image; give a file (names of images work inside a workspace)")


def folder_images(folder: Path) -> list[Path]:
    """Image files of a folder in the natural order of their names (frame2 before frame10), hidden ones left out.

    Args:
        folder: what lies deeper is not looked at.

    Raises:
        AugmentError: where there is none.
    """
    files = [path for path in folder.iterdir() if path.is_file()]
    paths = sorted((path for path in files if is_image_name(path.name)), key=natural_key)
    if not paths:
        deeper = next((file for file in files_below(folder) if own_reason(folder, file) is None), None)
        where = f", only below it, in {(folder / deeper).parent}" if deeper else ""
        raise AugmentError(f"{folder}: there is no image in it{where}; give a folder of images")
    return paths


def with_a_person(poses: Sequence[Pose], what: str) -> list[Pose]:
    """Those poses that have a joint.

    Args:
        poses: one at least.
        what: they were given as, for the message: "image" or "pose".

    Raises:
        AugmentError: where none has; names the first.
    """
    found = [pose for pose in poses if not pose.empty]
    if not found:
        raise AugmentError(f"{poses[0].name}: no person was found in it; give another {what} or key points as a CSV")
    return found


def scaled_to(pose: Pose, size: tuple[int, int], to_size: tuple[int, int]) -> Array:
    """A pose in pixels of images of another size, 18 x 2, missing = -1.

    Args:
        pose: of a reader.
        size: that reader's (height, width).
        to_size: (height, width) of the images.
    """
    return np.where(pose.keypoints == MISSING, MISSING, scale_keypoints(pose.keypoints, size, to_size))
