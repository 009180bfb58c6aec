"""DeepFashion's In-shop benchmark as the PATN authors prepared it: crops of 256 x 176, flat names, two lists.

Liu et al., DeepFashion: Powering Robust Clothes Recognition and Retrieval with Rich Annotations, CVPR 2016.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.layouts.inventory import DEPTH, folders_below
from numerics.arrays import Array
from patn.keypoints import MISSING

SIZE = (256, 176)
UNCROPPED = (256, 256)
FIRST_COLUMN = 40
FOLDERS = MappingProxyType({"train": "train", "gallery": "test"})
"""Of each split of the image table the folder of crops and, with `.lst`, the list of names: the authors' own."""
TABLE = "images.csv"
EXAMPLE = "fashionWOMENSkirtsid0000629004_3back.jpg"
TEST_SHARE = 4_038 / (48_674 + 4_038)
"""Of the images, in the authors' lists."""
GENDERS = ("MEN", "WOMEN")
_ITEM = re.compile(r"id_\d{8}")
_FILE = re.compile(r"(\d+_\d+_[a-z]+)\.jpe?g", re.IGNORECASE)
NAME = re.compile(r"fashion(?:WO)?MEN.+id\d{10,}_\w+\.jpg")


def flat_name(path: str | Path) -> str:
    """The authors' name of an image of the benchmark, from its last three folders and its own name.

    `WOMEN/Tees_Tanks/id_00007838/05_7_additional.jpg` is `fashionWOMENTees_Tanksid0000783805_7additional.jpg`: slashes
    go, so do the id folder's `_` and the file name's but the first; the category keeps its own.

    Args:
        path: ends in MEN|WOMEN/CATEGORY/id_00000000/NN_V_view.jpg.

    Raises:
        AugmentError: for a path that is not of the benchmark.
    """
    gender, category, item, file = ("", "", "", "", *Path(path).parts)[-4:]
    match = _FILE.fullmatch(file)
    if gender not in GENDERS or not category or not _ITEM.fullmatch(item) or match is None:
        raise AugmentError(f"{path}: not MEN|WOMEN/CATEGORY/id_00000000/NN_V_view.jpg; give the benchmark's img folder")
    clothes, _, view = match[1].partition("_")
    return f"fashion{gender}{category}{item.replace('_', '')}{clothes}_{view.replace('_', '')}.jpg"


def identity_of(name: str) -> str:
    """Who wears what in an image: its flat name up to the last `_`: gender, category, item and clothes number.

    The released pair maker cuts at the first `_`, which would make one identity of all `Shirts_Polos`: the paper's
    numbers of pairs are only reached by cutting at the last.

    Args:
        name: as `flat_name` returns it.
    """
    return name.rpartition("_")[0]


def item_of(name: str) -> str:
    """An image's item, of which the clothes numbers are variants: the identity without its last two digits.

    Args:
        name: as `flat_name` returns it.
    """
    return identity_of(name)[:-2]


def find_root(folder: Path) -> Path | None:
    """The folder that holds MEN or WOMEN, None where there is none.

    Args:
        folder: this one, img, Img/img or fashion in it, else the first below it.
    """
    usual = (folder / inner for inner in ("", "img", "Img/img", "fashion"))
    candidates = chain(usual, folders_below(folder, DEPTH))
    return next((c for c in candidates if any(_has_items(c / gender) for gender in GENDERS)), None)


def _has_items(folder: Path) -> bool:
    return folder.is_dir() and next(folder.glob("*/id_*"), None) is not None


def image_table(splits: Mapping[str, str], sources: Mapping[str, Path]) -> pd.DataFrame:
    """images.csv: name, split, pid (identities numbered from 1), camid (always 1), identity, source; sorted.

    Args:
        splits: train or gallery, by flat name.
        sources: the benchmark's file of each.
    """
    names = sorted(splits, key=lambda name: (list(FOLDERS).index(splits[name]), name))
    numbers = {who: n for n, who in enumerate(sorted({identity_of(name) for name in names}), start=1)}
    rows = [
        (name, splits[name], numbers[identity_of(name)], 1, identity_of(name), str(sources[name])) for name in names
    ]
    return pd.DataFrame(rows, columns=["name", "split", "pid", "camid", "identity", "source"])


def read_images(data: Path) -> pd.DataFrame:
    """The image table of a prepared folder: name, path, pid, camid and split (train, or gallery for test images).

    Args:
        data: the folder, as `deepfashion_layout` makes it.

    Raises:
        AugmentError: where its images.csv is missing or another file.
    """
    try:
        table = pd.read_csv(data / TABLE, usecols=["name", "split", "pid", "camid"], keep_default_na=False)
        paths = [str(data / FOLDERS[split] / name) for split, name in zip(table["split"], table["name"], strict=True)]
    except (OSError, ValueError, KeyError) as error:
        raise AugmentError(
            f"{data / TABLE}: no table of images ({error}); make the workspace again with `augment init`"
        ) from error
    return table.assign(path=paths)[["name", "path", "pid", "camid", "split"]]


def crop_keypoints(points: Array) -> Array:
    """Key points of 256 x 256 images as those of their crops: x less 40.

    Joints left or right of the crop keep their coordinates, negative or from 176 on. A joint that would come to x = -1
    goes to -2 and is not lost, as it is in the released resized files.

    Args:
        points: ... x 2 as (y, x) in pixels, missing = -1.

    Returns:
        A new float32 array of that shape; missing joints stay missing.
    """
    cropped = np.array(points, dtype=np.float32)
    present = (cropped != MISSING).all(axis=-1)
    x = np.trunc(cropped[..., 1] - FIRST_COLUMN)
    cropped[..., 1] = np.where(present, np.where(x == MISSING, MISSING - 1, x), cropped[..., 1])
    return cropped
