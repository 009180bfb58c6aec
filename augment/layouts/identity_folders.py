"""One sub-folder an identity, any file names and image types, made into a Market-1501 folder of links."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.artefacts.files import write_csv, write_image
from augment.columns import csv_text
from augment.images import open_image
from augment.layouts.inventory import Inventory
from augment.layouts.kinds import DataLayout
from augment.layouts.photographs import Photo, number_cameras, scan
from augment.layouts.registry import Layout, common_size, describe
from numerics.images import upright_rgb
from numerics.seeds import Stream, random_stream
from reid.data.market1501 import FOLDERS, Split, read_market1501

QUERIES = 2
CAMERAS = 6
SOURCES, PLACES = "sources.csv", ["image", "identity", "camid", "source"]


def folders_layout(
    folder: Path, data: Path, *, size: tuple[int, int] | None = None, seed: int = 0, test_share: float = 0.5
) -> Layout:
    """Make `data` the Market-1501 view of a folder that has one sub-folder an identity.

    JPEG files are linked, everything else is converted to JPEG; sources.csv names each image's source. Of the
    identities that can give a query with a gallery image from another camera, a share is for testing, with up to two
    queries each; the others train. A camera is read from the file name or the name of a folder between (c3, cam003,
    camera-3, cam_a) if every image has one; else queries count as cameras 1 and 2 and gallery images as 3 to 6, so that
    the cross-camera rule takes nothing away.

    Args:
        folder: of the images, which stay as they are.
        data: appears complete, by rename; one that was made of the same images with the same split is taken over.
        size: (height, width) in pixels to work at; None takes the most common one, see `common_size`.
        seed: samples the identities for testing, and their queries.
        test_share: share of the identities that can be tested, in [0, 1].

    Raises:
        AugmentError: for a folder without images, an image that breaks off, and `data` of other images.
    """
    photos, files, odd = scan(folder)
    photos = split_identities(photos, test_share, random_stream(seed, Stream.FOLDER_SPLIT))
    parted = f"identities were split by seed {seed}"
    return photos_layout(photos, number_cameras(photos), files, data, size=size, parted=parted, said=odd)


def photos_layout(
    photos: Sequence[Photo],
    cameras: tuple[Mapping[str, int], str],
    files: Inventory,
    data: Path,
    *,
    size: tuple[int, int] | None,
    parted: str,
    said: Sequence[str] = (),
    pids: Mapping[str, int] | None = None,
    untested: str | None = None,
    layout: DataLayout = DataLayout.FOLDERS,
) -> Layout:
    """Make `data` the Market-1501 view of photos that have their splits.

    Args:
        photos: whose split says where each one goes.
        cameras: the number of each camera, empty where photos have none; and a sentence that says so.
        files: which files were taken.
        data: the folder to make; it appears complete, by rename.
        size: (height, width) to work at; None takes the images' own.
        parted: how the splits came about, in words.
        said: further sentences for the user.
        pids: the number of each identity; None numbers them.
        untested: why there is no query, in words; None looks for the reason.
        layout: how the images were given.

    Returns:
        The layout; `folders_layout` says what is in it.

    Raises:
        AugmentError: for an image that breaks off, and where `data` holds other images.
    """
    numbers, cameras_said = cameras
    pids = number_identities([photo.identity for photo in photos]) if pids is None else pids
    places = _places(photos, pids, numbers)
    whole = _is_whole(data, places)
    made = data if whole else data.with_name(f"{data.name}.partial")
    if not whole:
        _build(made, photos, places)
    present = [split for split in FOLDERS if any(photo.split == split for photo in photos)]
    table = read_market1501(made, present)
    decisions = [f"{describe(table)}; {parted}"]
    if Split.QUERY not in present:
        why = untested or f"no identity could be kept for testing, {_why_none(photos)}"
        decisions.append(f"{why}: re-ID cannot be evaluated")
    decisions.append(cameras_said)
    if size is None:
        paths = table.loc[table["split"] == Split.TRAIN, "path"]
        size, sentence = common_size([Path(path) for path in (paths if len(paths) else table["path"])])
        decisions.append(sentence)
    whole_layout = Layout(data.resolve(), layout, size, (*decisions, *said, *files.sentences()), files)
    made.replace(data)
    return whole_layout


def _why_none(photos: Sequence[Photo]) -> str:
    """Why no identity of the photos can be tested on, and what would help."""
    sizes = Counter(photo.identity for photo in photos)
    cameras = {photo.camera for photo in photos}
    if len(sizes) == 1:
        return "since all images are of one (add those of others)"
    if max(sizes.values()) == 1:
        return "since each has one image only (add others of the same identities)"
    if len(cameras) == 1 and None not in cameras:
        return (
            f"since all images are of camera {cameras.pop()} (add images of another one, or leave the camera out of "
            "all names and folders: then queries and gallery count as of different ones)"
        )
    if None not in cameras:
        return "since none is seen by two cameras (add such images)"
    return "since the share for testing is too small for one (give more)"


def split_identities(photos: Sequence[Photo], test_share: float, rng: np.random.Generator) -> list[Photo]:
    """The photographs with their splits.

    Identities that cannot give a query (one image, or one camera) train; they are not counted, or every identity with
    pairs to train a generator on might end up among the tested ones.

    Args:
        photos: all of them; their own splits are not looked at.
        test_share: share of the identities that can give a query which is for testing; one identity at least trains.
        rng: samples queries and identities.
    """
    by_identity: dict[str, list[int]] = {}
    for index, photo in enumerate(photos):
        by_identity.setdefault(photo.identity, []).append(index)
    with_cameras = all(photo.camera is not None for photo in photos)
    queries = {
        identity: choose_queries([photos[i].camera if with_cameras else place for place, i in enumerate(places)], rng)
        for identity, places in by_identity.items()
    }
    candidates = [identity for identity, chosen in queries.items() if chosen]
    count = min(round(test_share * len(candidates)), len(by_identity) - 1)
    tested = set(rng.permutation(np.array(candidates, dtype=object))[:count])
    splits = ["train"] * len(photos)
    for identity in tested:
        for place, index in enumerate(by_identity[identity]):
            splits[index] = "query" if place in queries[identity] else "gallery"
    return [replace(photo, split=split) for photo, split in zip(photos, splits, strict=True)]


def choose_queries(cameras: Sequence[Hashable], rng: np.random.Generator) -> list[int]:
    """Up to two places of an identity's images to be queries: each leaves a gallery image from another camera.

    Queries come from two different cameras where that can be.

    Args:
        cameras: of the identity's images.
        rng: samples the places.
    """
    chosen: list[int] = []
    for fresh in (True, False):
        for place in rng.permutation(len(cameras)).tolist():
            trial = [*chosen, place]
            rest = [camera for other, camera in enumerate(cameras) if other not in trial]
            matched = all(any(camera != cameras[query] for camera in rest) for query in trial)
            new_camera = not fresh or cameras[place] not in [cameras[query] for query in chosen]
            if len(chosen) < QUERIES and place not in chosen and matched and new_camera:
                chosen = trial
    return chosen


def number_identities(identities: Sequence[str]) -> dict[str, int]:
    """Identity numbers 1..: the folder names themselves if all are different numbers from 1 to 9999, else counted.

    Args:
        identities: names of folders, which may repeat; they are counted in this order.
    """
    names = list(dict.fromkeys(identities))
    numbers = [int(name) if re.fullmatch(r"[0-9]{1,9}", name) else 0 for name in names]
    if len(set(numbers)) == len(numbers) and all(1 <= number <= 9999 for number in numbers):
        return dict(zip(names, numbers, strict=True))
    return {name: number for number, name in enumerate(names, start=1)}


def _places(photos: Sequence[Photo], pids: Mapping[str, int], cameras: Mapping[str, int]) -> pd.DataFrame:
    """Where each photo goes: image (a path below `data`), identity, camid, source."""
    counts: Counter[tuple[str, str]] = Counter()
    rows = []
    for number, photo in enumerate(photos):
        place = counts[photo.identity, photo.split]
        counts[photo.identity, photo.split] += 1
        camid = cameras[str(photo.camera)] if cameras else _running_camera(photo.split, place)
        name = f"{pids[photo.identity]:04d}_c{camid}s1_{number:06d}_{int(photo.split != Split.QUERY):02d}.jpg"
        rows.append((f"{FOLDERS[photo.split]}/{name}", photo.identity, str(camid), str(photo.source)))
    return pd.DataFrame(rows, columns=PLACES)


def _is_whole(data: Path, places: pd.DataFrame) -> bool:
    """Whether `data` was made of these images already; raises AugmentError where it holds something else."""
    if not data.exists():
        return False
    try:
        held = pd.read_csv(data / SOURCES, dtype=str, keep_default_na=False)[PLACES]
    except (OSError, ValueError, KeyError) as error:
        raise AugmentError(
            f"{data}: is already there without a workspace; remove it or choose another folder"
        ) from error
    if csv_text(held) != csv_text(places):
        raise AugmentError(f"{data}: is there already, of other images or another split; remove it")
    return True


def _build(data: Path, photos: Sequence[Photo], places: pd.DataFrame) -> None:
    """Links and converted images under `data`, and sources.csv."""
    if data.exists():
        shutil.rmtree(data)
    for part in FOLDERS.values():
        (data / part).mkdir(parents=True)
    targets = [data / image for image in places["image"]]
    how = [
        _link(photo.source, target) if photo.plain else _convert(photo.source, target)
        for photo, target in zip(photos, targets, strict=True)
    ]
    write_csv(places.assign(how=how), data / SOURCES)


def _running_camera(split: str, place: int) -> int:
    """Cameras for images that name none: queries 1 and 2, gallery 3 to 6, training 1 to 6."""
    if split == Split.QUERY:
        return place + 1
    return QUERIES + 1 + place % (CAMERAS - QUERIES) if split == Split.GALLERY else 1 + place % CAMERAS


def _link(source: Path, target: Path) -> str:
    try:
        os.symlink(source, target)
    except OSError:  # file systems without links
        shutil.copyfile(source, target)
        return "copied"
    return "linked"


def _convert(source: Path, target: Path) -> str:
    """A JPEG of any image, as read_image shows it."""
    with open_image(source) as opened:
        image = upright_rgb(opened)
    write_image(image, target, "JPEG", quality=95, subsampling=0)
    return "converted"
