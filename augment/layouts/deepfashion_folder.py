"""A folder of DeepFashion crops made from the In-shop benchmark's img folder, which is never modified."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from augment import AugmentError
from augment.artefacts.artefact import fingerprint_names
from augment.artefacts.files import write_csv, write_image, write_json, write_text
from augment.images import open_image
from augment.layouts.deepfashion import (
    EXAMPLE,
    FIRST_COLUMN,
    FOLDERS,
    GENDERS,
    NAME,
    SIZE,
    TABLE,
    TEST_SHARE,
    find_root,
    flat_name,
    image_table,
    item_of,
)
from augment.layouts.inventory import Inventory, Reason, take_stock
from augment.layouts.kinds import DataLayout
from augment.layouts.registry import Layout
from augment.plurals import counted
from augment.workers import thread_map
from numerics.seeds import Stream, random_stream

if TYPE_CHECKING:
    from PIL import Image

SQUARE = 256
MARK = "deepfashion.json"
"""What marks data/ as ours, unfinished or whole: an interrupted run goes on."""


def deepfashion_layout(
    folder: Path,
    data: Path,
    *,
    lists: Path | None = None,
    seed: int = 0,
    test_share: float | None = None,
    jobs: int = 1,
    progress: bool = True,
) -> Layout:
    """Make `data` from the benchmark's img folder: train/, test/, train.lst, test.lst as the authors had, images.csv.

    An interrupted run goes on; `data` appears complete, by rename.

    Args:
        folder: the img folder, or one above it.
        data: the folder to be made.
        lists: a folder with the authors' train.lst and test.lst; None looks beside the data.
        seed: samples the items for testing, where there are no lists.
        test_share: share of the items for testing; None is the authors', 4,038 of 52,712 images.
        jobs: threads that make crops.
        progress: show a bar.

    Raises:
        AugmentError: for a folder without images, lists that do not fit, test_share beside lists, or an unreadable
            image.
    """
    root = find_root(folder)
    if root is None:
        raise AugmentError(f"{folder}: neither MEN/ nor WOMEN/ with CATEGORY/id_00000000/ in it; give the img folder")
    sources = find_images(root)
    files = find_lists(root, lists)
    if files is not None and test_share is not None:
        raise AugmentError(f"{files['train']}: splits the images already; leave out ⟨test_share⟩ or remove the list")
    if files is None:
        splits = split_by_seed(sources, TEST_SHARE if test_share is None else test_share, seed)
        said = [f"no train.lst and test.lst: items were split by seed {seed}; the paper's split needs the lists"]
    else:
        parts = {split: read_list(path) for split, path in files.items()}
        splits, said = split_by_lists(sources, parts)
        said.insert(0, f"split by {files['train']} and {files['gallery']}")
    table = image_table(splits, sources)
    stock = _stock(folder, sources, splits)
    if not _is_whole(data, table):
        _make(data, table, jobs, progress)
    said = [describe(table), *said, f"crops are {SIZE[0]} x {SIZE[1]}", *stock.sentences()]
    return Layout(data.resolve(), DataLayout.DEEPFASHION, SIZE, tuple(said), stock)


def _stock(folder: Path, sources: Mapping[str, Path], splits: Mapping[str, str]) -> Inventory:
    """Which files below the folder are images of a split, and why the others are not."""
    names = {path.relative_to(folder).as_posix(): name for name, path in sources.items()}
    taken = {file for file, name in names.items() if name in splits}
    return take_stock(folder, taken, lambda file: Reason.UNLISTED if file in names else Reason.FLAT_NAME)


def describe(table: pd.DataFrame) -> str:
    """Images and identities of both parts of an image table, in words."""
    parts = []
    for split, word in (("train", "training"), ("gallery", "test")):
        part = table[table["split"] == split]
        people = counted(part["pid"].nunique(), "identity", "identities")
        parts.append(f"{counted(len(part), f'{word} image')} of {people}")
    both = table.groupby("pid")["split"].nunique().gt(1).sum()
    return " and ".join(parts) + (f", {both:,} of them in both" if both else ", none in both")


def _mark(table: pd.DataFrame) -> dict[str, str]:
    return {"images": fingerprint_names(table["source"] + " " + table["split"])}


def _read_mark(folder: Path) -> Any:
    path = folder / MARK
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _is_whole(data: Path, table: pd.DataFrame) -> bool:
    """Whether `data` was made of these images already; raises AugmentError where it holds something else."""
    if data.exists() and _read_mark(data) != _mark(table):
        raise AugmentError(f"{data}: is there already, of other images or another split; remove it")
    return data.exists()


def _make(data: Path, table: pd.DataFrame, jobs: int, progress: bool) -> None:
    """Crops, lists and images.csv; what an interrupted run left is taken over if it was of the same images."""
    partial = data.with_name(f"{data.name}.partial")
    if partial.exists() and _read_mark(partial) != _mark(table):
        shutil.rmtree(partial)
    write_json(partial / MARK, _mark(table))
    write_crops(table, partial, jobs, progress)
    for split, part in FOLDERS.items():
        names = table.loc[table["split"] == split, "name"]
        write_text(partial / f"{part}.lst", "".join(f"{name}\n" for name in names))
    write_csv(table, partial / TABLE)
    partial.replace(data)


def find_images(root: Path) -> dict[str, Path]:
    """All images of the benchmark, by flat name in its order.

    Args:
        root: the folder that holds MEN or WOMEN.

    Raises:
        AugmentError: where there is none, and for two of one flat name.
    """
    sources: dict[str, Path] = {}
    for path in sorted(p for gender in GENDERS for p in (root / gender).glob("*/*/*")):
        try:
            name = flat_name(path)
        except AugmentError:  # of another name: the inventory says so
            continue
        if name in sources:
            raise AugmentError(f"{path}: is named {name} here, as is {sources[name]}; remove one of them")
        sources[name] = path
    if not sources:
        raise AugmentError(f"{root}: no image MEN|WOMEN/CATEGORY/id_00000000/NN_V_view.jpg; give the img folder")
    return dict(sorted(sources.items()))


def find_lists(root: Path, given: Path | None) -> dict[str, Path] | None:
    """train.lst and test.lst by split, None where neither is there.

    Args:
        root: the folder that holds MEN or WOMEN; the lists may lie up to two folders above, or in fashion_data there.
        given: the only folder to look in, if not None.

    Raises:
        AugmentError: where only one is there, or the given folder lacks them.
    """
    beside = (root, root.parent, root.parent.parent)
    for folder in [given] if given else [f for near in beside for f in (near, near / "fashion_data")]:
        lists = {split: folder / f"{part}.lst" for split, part in FOLDERS.items()}
        missing = [path for path in lists.values() if not path.is_file()]
        if not missing:
            return lists
        if given or len(missing) < len(lists):
            raise AugmentError(f"{missing[0]}: is not there; put train.lst and test.lst into one folder")
    return None


def read_list(path: Path) -> list[str]:
    """The flat names in a list, one a line; raises AugmentError for a line that is none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise AugmentError(f"{path}: cannot be read ({error}); give the authors' list") from error
    names = {number: line.strip() for number, line in enumerate(lines, start=1) if line.strip()}
    for number, name in names.items():
        if not NAME.fullmatch(name):
            raise AugmentError(f"{path}, line {number}: {name[:80]!r} is no name such as {EXAMPLE}")
    return list(dict.fromkeys(names.values()))


def split_by_lists(names: Collection[str], lists: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], list[str]]:
    """The split of each image that is listed, and sentences about those that are not, or not there.

    Args:
        names: of the images that are there.
        lists: the names listed for train and for gallery.

    Raises:
        AugmentError: for a name in both lists, or where no listed image is there.
    """
    twice = set(lists["train"]) & set(lists["gallery"])
    if twice:
        raise AugmentError(f"{min(twice)}: is in train.lst and in test.lst; keep it in one of them")
    listed = {name: split for split, part in lists.items() for name in part}
    present = {name: listed[name] for name in names if name in listed}
    if not present:
        raise AugmentError(f"none of {len(names):,} images, such as {min(names)}, is in train.lst or test.lst")
    said = []
    if len(present) < len(names):
        out = counted(len(names) - len(present), "image is", "images are")
        said.append(f"{out} in neither list and left out")
    if len(present) < len(listed):
        first = min(set(listed) - set(present))
        gone = counted(len(listed) - len(present), "listed image is", "listed images are")
        said.append(f"{gone} not there, such as {first}")
    return present, said


def split_by_seed(names: Iterable[str], share: float, seed: int) -> dict[str, str]:
    """The split of each image, train or gallery: items are for testing with all their clothes numbers.

    At least one item trains, and one is tested unless share is 0 or there is no other.

    Args:
        names: flat names of the images.
        share: of the items that are for testing.
        seed: samples these.
    """
    names = sorted(names)
    items = sorted({item_of(name) for name in names})
    count = min(max(round(share * len(items)), int(share > 0)), len(items) - 1)
    drawn = random_stream(seed, Stream.DEEPFASHION_SPLIT).permutation(len(items))[:count]
    tested = {items[index] for index in drawn}
    return {name: "gallery" if item_of(name) in tested else "train" for name in names}


def crop(image: Image.Image) -> Image.Image:
    """Columns 40 to 215 of the benchmark's 256 x 256 images: 256 x 176, no pixel changed.

    An image of another size is scaled first, so that its longer side is 256, and put on the middle of a white square:
    the high-resolution archive thus gives what the low-resolution one holds.

    Args:
        image: of any mode; the crop is RGB.
    """
    from PIL import Image

    image = image.convert("RGB")
    if image.size != (SQUARE, SQUARE):
        scale = SQUARE / max(image.size)
        width, height = (max(1, round(side * scale)) for side in image.size)
        square = Image.new("RGB", (SQUARE, SQUARE), "white")
        resized = image.resize((width, height), Image.Resampling.BILINEAR)
        square.paste(resized, ((SQUARE - width) // 2, (SQUARE - height) // 2))
        image = square
    return image.crop((FIRST_COLUMN, 0, FIRST_COLUMN + SIZE[1], SIZE[0]))


def write_crops(table: pd.DataFrame, data: Path, jobs: int, progress: bool) -> None:
    """Write crops of images, JPEGs by rename; those that are there are kept.

    Quality 75 with halved colour is Pillow's default, with which the authors saved theirs.

    Args:
        table: columns name, split and source, a file.
        data: the folder that holds train/ and test/.
        jobs: threads.
        progress: show a bar.

    Raises:
        AugmentError: for an unreadable image.
        OSError: where nothing can be written.
    """
    for part in FOLDERS.values():
        (data / part).mkdir(parents=True, exist_ok=True)
    targets = [data / FOLDERS[split] / name for split, name in zip(table["split"], table["name"], strict=True)]
    todo = [(Path(s), target) for s, target in zip(table["source"], targets, strict=True) if not target.is_file()]
    _in_threads(lambda pair: _write_crop(*pair), todo, jobs, progress)


def _write_crop(source: Path, target: Path) -> None:
    with open_image(source) as image:
        pixels = crop(image)
    write_image(pixels, target, "JPEG", quality=75, subsampling="4:2:0")


def _in_threads(work: Callable[[Any], None], jobs: Sequence[Any], threads: int, progress: bool) -> None:
    """Do all jobs, with a bar; the first error or Ctrl-C ends them."""
    from tqdm import tqdm

    for _ in tqdm(thread_map(work, jobs, threads), "crop", len(jobs), unit="image", disable=None if progress else True):
        pass
