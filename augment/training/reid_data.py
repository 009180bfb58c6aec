"""What a re-ID model is trained on: M^R_p, a generated set of the workspace, or any other method's folder of images."""

from __future__ import annotations

import filecmp
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augment import AugmentError, Misuse
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.datasets.reduced_set import keep_reduced, training_images
from augment.generation.advice import make_set
from augment.generation.integrity import refuse_stale
from augment.generation.manifest import MANIFEST
from augment.layouts.inventory import files_below, own_reason, printable
from augment.plurals import counted
from augment.workspace import REAL_ONLY, Workspace, row_name
from numerics.arrays import Array
from numerics.seeds import Stream, random_stream
from reid.data.market1501 import FOLDERS, read_images, read_market1501
from reid.data.names import is_image_name

EPOCHS, UPDATES = "epochs", "updates"
LENGTHS = (EPOCHS, UPDATES)
"""What of a training on the full set is kept: the passes over the images, or the number of steps."""
MADE = ("generated", "copy")
KINDS = ("real", *MADE)
"""What manifest.csv says of an image: real, generated, or a real one in place of one that could not be generated."""


@dataclass(frozen=True)
class TrainingSet:
    """What a re-ID model is trained on; raises AugmentError for what does not go together.

    Attributes:
        portion: share p of the real images, in (0, 1].
        augmentation: "none" for M^R_p, the name of a generated set, or the Path of a ready-made folder.
        ratio: of the generated set; 2 and 3 add one and two images per real one.
        seed: the split's and plan's.
        length: "epochs" (passes over this set, as in the paper) or "updates" (as many steps as the full real set would
            give).
        repeat: repeat M^R_p to the size of the full set, the control that tells what more updates alone are worth; goes
            with "none" only.
    """

    portion: float = 1.0
    augmentation: str | Path = REAL_ONLY
    ratio: int = 1
    seed: int = 0
    length: str = EPOCHS
    repeat: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.augmentation, str):
            object.__setattr__(self, "augmentation", row_name(self.augmentation))
        if self.length not in LENGTHS:
            raise AugmentError(f"length {self.length!r}: must be {' or '.join(LENGTHS)}")
        if self.repeat and self.augmentation != REAL_ONLY:
            raise Misuse("⟨repeat⟩: repeats real images only; leave ⟨images --augmentation⟩ out, or ⟨repeat⟩")
        if self.ratio > 1 and self.augmentation == REAL_ONLY:
            raise Misuse(f"⟨ratio⟩ {self.ratio}: is of generated sets; name one with ⟨images --augmentation⟩, as ours")
        if self.repeat and self.portion == 1:
            raise Misuse("⟨repeat⟩: nothing is removed at ⟨portion⟩ 1.0, so nothing is repeated; leave it out")
        if self.ratio > 1 and isinstance(self.augmentation, Path):
            raise Misuse(f"⟨ratio⟩ {self.ratio}: is of generated sets; {self.augmentation} is taken as it is")

    @property
    def set_name(self) -> str:
        """The set's part of a model's name: the generated set's or the folder's own."""
        if isinstance(self.augmentation, Path):
            return self.augmentation.resolve().name
        return f"{self.augmentation}-repeated" if self.repeat else self.augmentation

    def name(self, backbone: str) -> str:
        """The default name of a model trained on it.

        Args:
            backbone: the model's.
        """
        ratio = f"-x{self.ratio}" if self.ratio > 1 else ""
        length = "" if self.length == EPOCHS else f"-{self.length}"
        return f"{backbone}-{self.set_name}-p{self.portion}{ratio}-s{self.seed}{length}"

    def as_dict(self) -> dict[str, Any]:
        """As run.json records it; a folder is its name and a slash, wherever it lies."""
        folder = isinstance(self.augmentation, Path)
        return {**asdict(self), "augmentation": f"{self.set_name}/" if folder else self.augmentation}

    def table(self, workspace: Workspace, data: Dataset) -> pd.DataFrame:
        """Its images: name, path, pid, camid and generated (True for generated and copied images).

        Args:
            workspace: where generated sets are.
            data: whose images it is made of.

        Raises:
            AugmentError: for a generated set that is not finished and a folder that cannot be trained on.
        """
        train, reduced_csv = data.train, workspace.reduced_csv(self.portion, self.seed)
        if isinstance(self.augmentation, Path):
            return self._ready_made(data, self.augmentation, reduced_csv)
        if self.augmentation == REAL_ONLY:
            kept = train[train["name"].isin(keep_reduced(data.images, self.portion, self.seed, reduced_csv))]
            rows = kept.iloc[repeated(len(kept), len(train), self.seed)] if self.repeat else kept
            return rows.assign(generated=False).reset_index(drop=True)
        folder = workspace.generated_dir(self.augmentation, self.portion, self.seed, self.ratio)
        if read_run(folder) is None:
            how = make_set(workspace, self.augmentation, self.portion, self.seed, self.ratio)
            raise AugmentError(f"{folder}: no finished generated set; {how}, or give the path of a folder of images")
        refuse_stale(data, folder)
        return mark_generated(training_images(read_market1501(folder, splits=("train",))), folder, train)

    def _refuse_other_share(self, folder: Path) -> None:
        """Raise AugmentError for a generated set of another portion or seed than the model would be recorded with."""
        run = read_run(folder) if (folder / MANIFEST).is_file() else None
        if run is None or "portion" not in run.options:
            return
        portion, seed = run.options["portion"], run.seed
        if (portion, seed) != (self.portion, self.seed):
            raise AugmentError(
                f"{folder}: was made with ⟨portion⟩ {portion} and seed {seed}, not ⟨portion⟩ {self.portion} and seed "
                f"{self.seed}; train with `augment --seed {seed} reid-train --portion {portion}`"
            )

    def _ready_made(self, data: Dataset, folder: Path, reduced_csv: Path) -> pd.DataFrame:
        """All images of a folder as they are, and M^R_p's too where it holds no real one."""
        self._refuse_other_share(folder)
        train = data.train
        market = folder / FOLDERS["train"]
        inside = market if market.is_dir() else folder
        if not inside.is_dir():
            raise AugmentError(f"{inside}: there is no such folder; give the folder of the images")
        if not any(is_image_name(path.name) for path in inside.iterdir()):
            raise AugmentError(f"{inside}: holds no image; give a folder of images named as the training images are")
        found = read_images(inside, "train")
        _refuse_untrained(inside, found)
        rows = mark_generated(found, folder, train)
        strange = rows.loc[~rows["pid"].isin(train["pid"]), "name"]
        if len(strange):
            raise AugmentError(f"{folder / strange.iloc[0]}: is of an identity without training images; remove it")
        kept = keep_reduced(data.images, self.portion, self.seed, reduced_csv)
        real = rows.loc[~rows["generated"], "name"]
        removed = real[~real.isin(kept)]
        if self.portion < 1 and len(removed):
            raise AugmentError(
                f"{folder}: {len(removed)} real images ({removed.iloc[0]}) are removed at ⟨portion⟩ {self.portion} "
                f"and seed {self.seed}; remove them, or name generated ones in {MANIFEST} (columns name, kind)"
            )
        if real.empty:
            own = train[train["name"].isin(kept)].assign(generated=False)
            rows = pd.concat([own, rows], ignore_index=True)
        return rows


def _refuse_untrained(folder: Path, found: pd.DataFrame) -> None:
    """Raise AugmentError where images of a ready-made folder would be left out: deeper ones, and those of nobody."""
    nobody = found.loc[found["pid"] <= 0, "name"]
    if len(nobody):
        raise AugmentError(
            f"{folder}: {counted(len(nobody), 'image is', 'images are')} of identity 0 or -1, such as "
            f"{nobody.iloc[0]}, and cannot be trained on; remove them, or name them after their identity"
        )
    deeper = [file for file in files_below(folder) if "/" in file and own_reason(folder, file) is None]
    if deeper:
        raise AugmentError(
            f"{folder}: {counted(len(deeper), 'image is', 'images are')} in sub-folders, such as "
            f"{printable(deeper[0])}; put all images directly into it, or remove them"
        )


def mark_generated(table: pd.DataFrame, folder: Path, train: pd.DataFrame) -> pd.DataFrame:
    """An image table with the column generated: what the folder's manifest.csv calls generated or copy.

    An image without a line in it is generated if its name is none of the real training images', and real if it is the
    image of that name, byte for byte.

    Args:
        table: the folder's images, columns name and path.
        folder: may hold a manifest.csv.
        train: the real training images, columns name and path.

    Raises:
        AugmentError: for a manifest that is not one, and for other images under the names of real ones.
    """
    path = folder / MANIFEST
    kinds = read_kinds(path) if path.is_file() else pd.Series(dtype=str)
    kind = table["name"].map(kinds)
    unsaid = table[kind.isna()]
    if len(kinds) and len(unsaid) == len(table):
        raise AugmentError(f"{path}: names {kinds.index[0]} and none of the images; write names without folders")
    originals = dict(zip(train["name"], train["path"], strict=True))
    named = unsaid[unsaid["name"].isin(train["name"])]
    others = [name for name, at in zip(named["name"], named["path"], strict=True) if not _same(at, originals[name])]
    if others:
        raise AugmentError(
            f"{folder}: {len(others)} images, such as {others[0]}, have the names of real training images and are "
            f"others; say in {path} (columns name, kind) which images are real and which are generated"
        )
    return table.assign(generated=kind.isin(MADE) | (kind.isna() & ~table["name"].isin(train["name"])))


def read_kinds(path: Path) -> pd.Series:
    """The kind (real, generated or copy) of each image that a manifest names, by name.

    Args:
        path: of the manifest.csv.

    Raises:
        AugmentError: for a file without the columns name and kind, another kind, and two kinds of one image.
    """
    try:
        lines = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")[["name", "kind"]]
    except (OSError, ValueError, KeyError) as error:
        raise AugmentError(f"{path}: is not a table with columns name and kind; correct or remove it") from error
    lines = lines.apply(lambda column: column.str.strip()).drop_duplicates()
    unknown = lines[~lines["kind"].isin(KINDS)]
    if len(unknown):
        name, kind = unknown.iloc[0]
        raise AugmentError(f"{path}: {name} is of kind {kind!r}; the kinds are {', '.join(KINDS)}")
    if lines["name"].duplicated().any():
        name = lines.loc[lines["name"].duplicated(), "name"].iloc[0]
        raise AugmentError(f"{path}: {name} is there with two kinds; keep one of the lines")
    kinds: pd.Series[str] = lines.set_index("name")["kind"]
    return kinds


def _same(first: str | Path, second: str | Path) -> bool:
    """Whether two files hold the same bytes; links to one file are not read."""
    return os.path.samefile(first, second) or filecmp.cmp(first, second, shallow=False)


def repeated(count: int, full: int, seed: int) -> Array:
    """Sorted indices that repeat images: each floor(full / count) or one time more.

    Args:
        count: how many images there are.
        full: how many indices are returned.
        seed: chooses those that come once more.
    """
    times, more = divmod(full, count)
    chosen = random_stream(seed, Stream.REPEATED_IMAGES).permutation(count)[:more]
    return np.sort(np.concatenate([np.tile(np.arange(count), times), chosen]))
