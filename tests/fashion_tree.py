"""A small folder as DeepFashion's In-shop benchmark has it, of rendered pedestrians on white squares."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from augment.images import read_image
from augment.layouts.deepfashion import flat_name
from numerics.arrays import Array
from patn.keypoints import keypoint_array, keypoint_table, read_keypoints, write_keypoints

OUTFITS = (
    "MEN/Shirts_Polos/id_00000011/01",
    "MEN/Shirts_Polos/id_00000012/01",
    "WOMEN/Skirts/id_00006290/04",
    "WOMEN/Skirts/id_00006290/05",
    "WOMEN/Tees_Tanks/id_00007838/05",
    "MEN/Pants/id_00000300/02",
)
TESTED = OUTFITS[-2:]
VIEWS = ("1_front", "2_side", "3_back", "7_additional")
WIDTH = 128  # of the person in the square of 256, in the middle: columns 64 to 191


@dataclass(frozen=True)
class FashionTree:
    """The img folder, the annotation files of crops and of squares by split, and the flat names by split."""

    img: Path
    cropped: dict[str, Path]
    uncropped: dict[str, Path]
    names: dict[str, list[str]]


def make_tree(rendered: Path, folder: Path) -> FashionTree:
    """Six outfits of four views each, the last two for testing; without lists."""
    train = sorted((rendered / "bounding_box_train").iterdir())
    exact = read_keypoints(rendered / "keypoints" / "train.csv")
    people = sorted({path.name[:4] for path in train})
    points: dict[str, dict[str, Array]] = {"train": {}, "test": {}}
    for outfit, person in zip(OUTFITS, people, strict=False):
        for view, path in zip(VIEWS, [p for p in train if p.name.startswith(person)], strict=False):
            target = folder / "img" / f"{outfit}_{view}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            square = Image.new("RGB", (256, 256), "white")
            square.paste(Image.fromarray(read_image(path, (256, WIDTH))), (64, 0))
            square.save(target, quality=95)
            joints = keypoint_array(exact, [path.name])[0]
            part = points["test" if outfit in TESTED else "train"]
            part[flat_name(target)] = np.where(joints < 0, -1, joints * 2 + np.array([0, 64]))
    files: dict[str, dict[str, Path]] = {"cropped": {}, "uncropped": {}}
    for split, of_name in points.items():
        array = np.stack(list(of_name.values()))
        shifted = np.where(array < 0, -1, array - np.array([0, 40]))
        for kind, values in (("uncropped", array), ("cropped", shifted)):
            resize = "resize-" if kind == "cropped" else ""
            files[kind][split] = folder / f"fasion-{resize}annotation-{split}.csv"
            write_keypoints(keypoint_table(list(of_name), values), files[kind][split])
    names = {split: sorted(part) for split, part in points.items()}
    return FashionTree(folder / "img", files["cropped"], files["uncropped"], names)


def write_lists(tree: FashionTree, folder: Path) -> Path:
    """The authors' lists, train.lst and test.lst, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, names in tree.names.items():
        (folder / f"{split}.lst").write_text("\n".join(reversed(names)) + "\n")
    return folder


def write_pair_file(pairs: list[tuple[str, str]], path: Path) -> Path:
    """A file of pairs with the header from,to."""
    pd.DataFrame(pairs, columns=["from", "to"]).to_csv(path, index=False)
    return path
