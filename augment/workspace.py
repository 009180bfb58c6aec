"""A workspace: the folder that holds every artefact, found by its `augment.toml`."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from augment import AugmentError
from augment.artefacts.files import write_text
from augment.artefacts.records import RUN, read_run
from augment.layouts.deepfashion import FOLDERS as DEEPFASHION_FOLDERS
from augment.layouts.deepfashion import read_images
from augment.layouts.kinds import DataLayout
from augment.settings import SETTINGS, format_settings, read_settings
from patn.keypoints import read_keypoints
from reid import BrokenLink
from reid.data.market1501 import FOLDERS, present_splits, read_market1501

POSE_FILES = {"train": "train.csv", "query": "query.csv", "gallery": "test.csv"}
PAIR_FILES = {"train": "train.csv", "gallery": "test.csv"}
GENERATOR, MODEL = "generator.safetensors", "model.safetensors"


REAL_ONLY = "none"
"""In place of a generated set's name: real images alone, as of row None of Table 5."""


def row_name(name: str) -> str:
    """A row's name in tables and records: `ours*` for `ours-random`, its spelling that shells leave alone."""
    return re.sub(r"^ours-random(?=[-+]|$)", "ours*", name)


def slug(name: str) -> str:
    """A row's or generator's name as a folder name: `ours*` becomes `ours-star`, `filtered:0.2` `filtered-0.2`."""
    return row_name(name).replace("*", "-star").replace(":", "-")


@dataclass(frozen=True)
class Workspace:
    """A workspace; every path inside is fixed here and nowhere else.

    Attributes:
        root: its folder.
        settings: what its `augment.toml` says.
    """

    root: Path
    settings: Mapping[str, Any]

    @classmethod
    def find(cls, start: Path | None = None) -> "Workspace":
        """The workspace that a folder lies in.

        Args:
            start: the folder; None is the current one.

        Raises:
            AugmentError: where there is no such folder, and where no folder upwards holds an `augment.toml`.
        """
        if start is not None and not start.is_dir():
            raise AugmentError(f"{start}: there is no such folder; give a workspace's, or make one with `augment init`")
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / SETTINGS).is_file():
                return cls(folder, read_settings(folder / SETTINGS))
        raise AugmentError(f"{start}: no {SETTINGS} here or above; make a workspace with `augment init`")

    @classmethod
    def create(cls, root: Path, settings: Mapping[str, Any]) -> "Workspace":
        """Make a workspace by writing its `augment.toml`.

        Args:
            root: its folder, made where it is not there.
            settings: as `read_settings` returns them.

        Raises:
            AugmentError: where one is already there, and where it cannot be written.
        """
        path = root.resolve() / SETTINGS
        if path.exists():
            raise AugmentError(f"{path}: is already there; work in {root} or choose another folder")
        try:
            write_text(path, format_settings(settings))
        except UnicodeEncodeError as error:
            raise AugmentError(f"{settings['data']!r}: the folder's name is not UTF-8; rename it") from error
        except OSError as error:
            raise AugmentError(f"{path}: cannot be written ({error.strerror}); choose another folder") from error
        return cls(path.parent, settings)

    @cached_property
    def data(self) -> Path:
        """The folder of images: a Market-1501 folder, or of layout `deepfashion` one that init made."""
        return Path(os.path.realpath(self.root / self.settings["data"]))  # resolve() fails on links in a circle

    @property
    def layout(self) -> DataLayout:
        """How the images were given.

        Raises:
            AugmentError: where the settings name no layout.
        """
        name = self.settings.get("layout", DataLayout.MARKET1501)
        try:
            return DataLayout(name)
        except ValueError as error:
            known = ", ".join(DataLayout)
            raise AugmentError(f"{self.root / SETTINGS}: layout is {name!r}; write one of {known}") from error

    @property
    def dataset(self) -> str | None:
        """The data set of torchreid's that the images are of, with its version and split; None for others."""
        key = self.settings.get("dataset")
        return None if key is None else str(key)

    @property
    def folders(self) -> Mapping[str, str]:
        """The folder below `data` of each split."""
        return DEEPFASHION_FOLDERS if self.layout is DataLayout.DEEPFASHION else FOLDERS

    def require_reid(self, verb: str) -> None:
        """Raises AugmentError where the images cannot serve re-ID, which `verb` is for."""
        if not self.layout.serves_reid:
            raise AugmentError(
                f"{self.root}: `augment {verb}` is for re-ID, and DeepFashion has neither cameras nor queries; "
                "use it in a workspace on Market-1501, folders or rendered pedestrians"
            )

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the data's images in pixels; key points are in these pixels."""
        height, width = self.settings.get("size", (128, 64))
        return int(height), int(width)

    @property
    def seed(self) -> int:
        """The workspace's seed, the default of `--seed`."""
        return int(self.settings.get("seed", 0))

    @cached_property
    def _images(self) -> pd.DataFrame:
        if self.layout is DataLayout.DEEPFASHION:
            return read_images(self.data)
        splits = present_splits(self.data)
        if not splits:
            raise AugmentError(
                f"{self.data}: there is no image in {', '.join(FOLDERS.values())}; correct data in "
                f"{self.root / SETTINGS}"
            )
        try:
            return read_market1501(self.data, splits)
        except BrokenLink as error:
            if not self.layout.is_linked:
                raise
            raise AugmentError(
                f"{self.data}: its links lead to images that were moved or deleted ({error}); put them back, or delete "
                f"{self.data} and run `augment init {self.root} --data FOLDER` with the folder where they are now"
            ) from error

    def images(self) -> pd.DataFrame:
        """The image table: name, path, pid, camid, split (train, gallery or query), of the splits that have images.

        DeepFashion's test images are of split gallery; its identities (a person in an outfit) are numbered.

        Raises:
            AugmentError: where no split has any.
        """
        return self._images

    def keypoints(self, split: str) -> pd.DataFrame:
        """The key point table of a split, indexed by image name.

        `poses/` as `augment poses` made it, else the exact joints that came with rendered data.

        Args:
            split: train, query or gallery.

        Raises:
            AugmentError: where there is neither.
        """
        return read_keypoints(self.keypoints_file(split))

    def keypoints_file(self, split: str) -> Path:
        """The file that the key points of a split are read from.

        Args:
            split: train, query or gallery.

        Raises:
            AugmentError: where there is none.
        """
        file = POSE_FILES[split]
        if (self.poses_dir / file).is_file() and read_run(self.poses_dir) is not None:
            return self.poses_dir / file
        if self.exact_keypoints_file(split).is_file():
            return self.exact_keypoints_file(split)
        raise AugmentError(f"{self.poses_dir / file}: no key points yet; run `augment poses`")

    def keypoints_source(self) -> str | None:
        """What made the key points in use: an estimator's name, `csv`, `exact`, or None."""
        run = read_run(self.poses_dir)
        if run is not None:
            return str(run.options["estimator"])
        return "exact" if self.exact_keypoints_file("train").is_file() else None

    @property
    def poses_dir(self) -> Path:
        """Key points made by `augment poses`."""
        return self.root / "poses"

    def pairs_csv(self, split: str) -> Path:
        """Pairs of the split `train` or `gallery` (test pairs), where `augment init --pairs` was given them."""
        return self.root / "pairs" / PAIR_FILES[split]

    def exact_keypoints_file(self, split: str) -> Path:
        """Where the exact joints of a split are that came with rendered data, whether there are any or not."""
        return self.data / "keypoints" / POSE_FILES[split]

    @property
    def tensorboard_dir(self) -> Path:
        """Event files for TensorBoard; may be deleted."""
        return self.root / "tensorboard"

    def trainings(self, log: str) -> list[Path]:
        """The folders of all trainings, of generators and re-ID models, that hold a file named `log`, by name."""
        kinds = (self.generators_dir, self.models_dir)
        return [path.parent for folder in kinds for path in sorted(folder.glob(f"*/{log}"))]

    @property
    def cache_dir(self) -> Path:
        """Decoded images too many for memory; may be deleted."""
        return self.root / "cache"

    @property
    def generators_dir(self) -> Path:
        """The folder of all trained generators."""
        return self.root / "patn"

    def patn_dir(self, name: str) -> Path:
        """A trained generator's folder."""
        return self.generators_dir / slug(name)

    def generator_file(self, name: str) -> Path:
        """A trained generator's file."""
        return self.patn_dir(name) / GENERATOR

    def generators(self, group: str = "") -> list[Path]:
        """The files of all trained generators, by name; `group`: those in a folder of that name below `patn/`."""
        return sorted((self.generators_dir / group).glob(f"*/{GENERATOR}"))

    def reduced_csv(self, portion: float, seed: int) -> Path:
        """The images that M^R_p keeps."""
        return self.root / "reduced" / f"p{portion}-s{seed}.csv"

    def generated_dir(self, name: str, portion: float, seed: int, ratio: int = 1) -> Path:
        """M^A_p: a generated set; `ratio` 2 and 3 are named in the folder."""
        return self.sets_dir / f"{slug(name)}-p{portion}{f'-x{ratio}' if ratio > 1 else ''}-s{seed}"

    @property
    def sets_dir(self) -> Path:
        """The folder of all generated sets."""
        return self.root / "generated"

    def generated_sets(self) -> list[Path]:
        """The folders of all finished generated sets, by name."""
        return sorted(path.parent for path in self.sets_dir.glob(f"*/{RUN}"))

    @property
    def models_dir(self) -> Path:
        """The folder of all trained re-ID models."""
        return self.root / "reid"

    def reid_dir(self, name: str) -> Path:
        """A trained re-ID model's folder."""
        return self.models_dir / slug(name)

    def model_file(self, name: str) -> Path:
        """A trained re-ID model's file."""
        return self.reid_dir(name) / MODEL

    def reid_models(self) -> list[Path]:
        """The files of all trained re-ID models, by name."""
        return sorted(self.models_dir.glob(f"*/{MODEL}"))

    def study_dir(self, name: str) -> Path:
        """A user study: its pictures and the answers."""
        return self.root / "study" / slug(name)

    def studies(self) -> list[Path]:
        """The folders of all user studies that were answered, by name."""
        return sorted(path.parent for path in (self.root / "study").glob("*/answers.sqlite"))

    def table_dir(self, name: str) -> Path:
        """A table and its report."""
        return self.root / "tables" / name
