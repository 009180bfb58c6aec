"""Small folders as the owners of torchreid's data sets ship them, of rendered pedestrians."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat


@dataclass
class SetTree:
    """A data set in miniature.

    `images`: who and which camera (from 1) is on each file, a path below `folder`; `splits`: the file's split, where
    the data set says it.
    """

    folder: Path
    images: dict[str, tuple[int, int]] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, who: int, camera: int, picture: Path, split: str | None = None) -> None:
        """One image: JPEG bytes under a `.jpg` or `.jpeg` name, else converted."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".jpg", ".jpeg"):
            os.link(picture, path)
        else:
            Image.open(picture).save(path)
        self.images[name] = (who, camera)
        if split is not None:
            self.splits[name] = split


def pictures(rendered: Path) -> list[list[Path]]:
    """The images of each rendered training identity."""
    by_identity: dict[str, list[Path]] = {}
    for path in sorted((rendered / "bounding_box_train").iterdir()):
        by_identity.setdefault(path.name[:4], []).append(path)
    return list(by_identity.values())


def market(tree: SetTree, people: list[list[Path]], top: str = "Market-1501-v15.09.15") -> None:
    for who, shots in enumerate(people[:6], start=1):
        for shot, picture in enumerate(shots[:3], start=1):
            part = "train" if who <= 3 else "query" if shot == 1 else "gallery"
            folder = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}[part]
            tree.add(f"{top}/{folder}/{who:04d}_c{shot}s1_{shot:06d}_00.jpg", who, shot, picture, part)
    if top.startswith("Market"):
        tree.add(f"{top}/bounding_box_test/0000_c1s1_000009_00.jpg", 0, 1, people[6][0], "gallery")


def duke(tree: SetTree, people: list[list[Path]]) -> None:
    market(tree, people, "DukeMTMC-reID")


def msmt17(tree: SetTree, people: list[list[Path]]) -> None:
    lists: dict[str, list[str]] = {name: [] for name in ("train", "val", "query", "gallery")}
    for who, shots in enumerate(people[:4]):
        for shot, picture in enumerate(shots[:3]):
            half, pid = ("train", who) if who < 2 else ("test", who - 2)
            name = f"{pid:04d}/{pid:04d}_{shot:03d}_{shot + 1:02d}_0303morning_0008_0.jpg"
            part = half if half == "train" else "query" if shot == 0 else "gallery"
            lists[part].append(f"{name} {pid}\n")
            tree.add(f"MSMT17_V1/{half}/{name}", who + 1, shot + 1, picture, part)
    for name, lines in lists.items():
        (tree.folder / "MSMT17_V1" / f"list_{name}.txt").write_text("".join(lines))


def viper(tree: SetTree, people: list[list[Path]]) -> None:
    for who, shots in enumerate(people[:6], start=1):
        tree.add(f"VIPeR/cam_a/{who:03d}_00.bmp", who, 1, shots[0])
        tree.add(f"VIPeR/cam_b/{who:03d}_90.bmp", who, 2, shots[1])


def grid(tree: SetTree, people: list[list[Path]]) -> None:
    for who, shots in enumerate(people[:4], start=1):
        half = "train" if who % 2 else None
        tree.add(f"underground_reid/probe/{who:04d}_1_25008.jpeg", who, 1, shots[0], half or "query")
        tree.add(f"underground_reid/gallery/{who:04d}_5_25022.jpeg", who, 5, shots[1], half or "gallery")
    tree.add("underground_reid/gallery/0000_2_25100.jpeg", 0, 2, people[5][0], "gallery")
    parts = np.empty((1, 10), dtype=object)
    parts[0] = [{"a": 0, "b": 0, "c": np.arange(1, 250, 2)[None]}] * 10
    savemat(tree.folder / "underground_reid" / "features_and_partitions.mat", {"trainIdxAll": parts})


def cuhk01(tree: SetTree, people: list[list[Path]]) -> None:
    for who, shots in enumerate(people[:4], start=1):
        for shot, picture in enumerate(shots[:4], start=1):
            tree.add(f"campus/{who:04d}{shot:03d}.png", who, 1 + (shot > 2), picture)


def ilids(tree: SetTree, people: list[list[Path]]) -> None:
    split: dict[str, list[str]] = {"train": [], "query": [], "gallery": []}
    for who, shots in enumerate(people[:4], start=1):
        for shot, picture in enumerate(shots[:2], start=1):
            part = "train" if who <= 2 else "query" if shot == 1 else "gallery"
            split[part].append(f"{who:04d}{shot:03d}.jpg")
            tree.add(f"i-LIDS_Pedestrian/Persons/{who:04d}{shot:03d}.jpg", who, shot, picture, part)
    (tree.folder / "splits.json").write_text(json.dumps([split] * 10))


def sensereid(tree: SetTree, people: list[list[Path]]) -> None:
    for who, shots in enumerate(people[:3], start=1):
        tree.add(f"SenseReID/test_probe/{who:05d}_0.jpg", who, 1, shots[0], "query")
        tree.add(f"SenseReID/test_gallery/{who:05d}_1.jpg", who, 2, shots[1], "gallery")


def prid(tree: SetTree, people: list[list[Path]]) -> None:
    for camera, count in (("a", 200), ("b", 749)):
        folder = tree.folder / "prid_2011" / "single_shot" / f"cam_{camera}"
        folder.mkdir(parents=True)
        for who in range(1, count + 1):
            name = f"prid_2011/single_shot/cam_{camera}/person_{who:04d}.png"
            os.link(
                people[who % 8][camera == "b"], tree.folder / name
            )  # JPEG bytes, which are linked and not converted
            tree.images[name] = (who, 1 + (camera == "b"))


def cuhk02(tree: SetTree, people: list[list[Path]]) -> None:
    for pair in range(1, 6):
        for who, shots in enumerate(people[:2], start=1):
            for camera in (1, 2):
                part = "train" if pair < 5 else "query" if camera == 1 else "gallery"
                name = f"Dataset/P{pair}/cam{camera}/{who:03d}_00{camera}.png"
                tree.add(name, 10 * pair + who, 2 * (pair - 1) + camera, shots[camera], part)


def cuhksysu(tree: SetTree, people: list[list[Path]]) -> None:
    for who, shots in enumerate(people[:3], start=1):
        for shot, picture in enumerate(shots[:2], start=1):
            tree.add(f"cropped_images/p{who}_s{10 * who + shot}_1.jpg", who, 1, picture, "train")


def cuhk03(tree: SetTree, people: list[list[Path]]) -> None:
    """As torchreid leaves it, the images of the `.mat` file taken out."""
    rows: dict[str, list[tuple[str, int, int]]] = {"train": [], "query": [], "gallery": []}
    for who, shots in enumerate(people[:4], start=1):
        for shot, picture in enumerate(shots[:4], start=1):
            view = 1 + (shot > 2)
            part = "train" if who <= 2 else "query" if shot in (1, 3) else "gallery"
            name = f"images_detected/1_{who:03d}_{view}_{shot:02d}.png"
            tree.add(name, who, view, picture, part)
            rows[part].append((str(tree.folder / name), who, view - 1))
    (tree.folder / "images_labeled").mkdir()
    for kind in ("classic_labeled", "classic_detected", "new_labeled", "new_detected"):
        (tree.folder / f"splits_{kind}.json").write_text(json.dumps([rows] * (20 if "classic" in kind else 1)))
    (tree.folder / "cuhk03_release").mkdir()
    for name in (
        "cuhk03_release/cuhk-03.mat",
        "cuhk03_new_protocol_config_detected.mat",
        "cuhk03_new_protocol_config_labeled.mat",
    ):
        (tree.folder / name).write_bytes(b"not looked into")


TREES: dict[str, Callable[[SetTree, list[list[Path]]], None]] = {
    "market1501": market,
    "cuhk03": cuhk03,
    "dukemtmcreid": duke,
    "msmt17": msmt17,
    "viper": viper,
    "grid": grid,
    "cuhk01": cuhk01,
    "ilids": ilids,
    "sensereid": sensereid,
    "prid": prid,
    "cuhk02": cuhk02,
    "cuhksysu": cuhksysu,
}


def make_set(name: str, rendered: Path, folder: Path) -> SetTree:
    """The data set of that name in `folder`, which is made."""
    folder.mkdir(parents=True)
    tree = SetTree(folder)
    TREES[name](tree, pictures(rendered))
    return tree


def files(folder: Path) -> Iterator[tuple[str, int]]:
    """Every file below a folder and when it was written."""
    return ((str(path), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")))
