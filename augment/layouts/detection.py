"""Which layout a folder of images has, refused where that would be a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from augment import AugmentError
from augment.layouts.deepfashion import NAME as DEEPFASHION_NAME
from augment.layouts.deepfashion import SIZE as DEEPFASHION_SIZE
from augment.layouts.deepfashion import find_root
from augment.layouts.inventory import DEPTH, files_below, folders_below, is_hidden, own_reason, printable
from augment.layouts.kinds import DataLayout
from reid import DataError
from reid.data.market1501 import DOWNLOADED_AS, FOLDERS
from reid.data.names import parse_name

PARTS = re.compile("train(ing|val)?|test(ing)?|val(id|idation)?|query|queries|gallery|probe")
PART_WORDS = re.compile("images?|imgs?|bbox|bounding|box|all|set|data|split|labeled|detected|new")
CAMERA = re.compile(r"(?:c(?:am(?:era)?)?|view)[-_ ]?[0-9]+|(?:cam(?:era)?|view)[-_ ]?[a-z]", re.IGNORECASE)
"""The name of a folder of one camera's images."""


def detect_layout(folder: Path) -> DataLayout:
    """A folder's layout, by what it holds.

    `market1501` for a folder that holds bounding_box_train (or the downloaded folder), `deepfashion` for one with
    MEN/ or WOMEN/CATEGORY/id_00000000/, either also a few levels below, else `folders`.

    Args:
        folder: of images.

    Raises:
        AugmentError: for a folder that is missing, holds several data sets, or whose sub-folders are perhaps no people:
            parts of a data set, cameras, or folders whose images lie deeper.
    """
    if not folder.is_dir():
        raise AugmentError(f"{folder}: there is no such folder; give the folder of your images with ⟨folder --data⟩")
    if find_market1501(folder) is not None:
        return DataLayout.MARKET1501
    if find_root(folder) is not None:
        return DataLayout.DEEPFASHION
    files = [file for file in files_below(folder) if not is_hidden(file)]
    images = [file for file in files if own_reason(folder, file) is None]
    if any("/" in image for image in images) or not any("/" in file for file in files):
        _refuse_doubtful(folder, images)
    return DataLayout.FOLDERS


def misfit(
    folder: Path,
    layout: DataLayout,
    *,
    size: tuple[int, int] | None,
    test_share: float | None,
    lists: Path | None,
) -> str | None:
    """Why a layout is of no folder or which option is not the layout's, as a sentence; None where all fit.

    Args:
        folder: of images.
        layout: the folder's, found or asked for.
        size: (height, width) in pixels that was asked for.
        test_share: share of identities for testing that was asked for.
        lists: a folder of lists that was given.
    """
    if layout in (DataLayout.CSV, DataLayout.MOT):
        return f"{folder}: `init_csv` and `init_tracks` of augment.datasets.views take layout {layout}"
    if lists is not None and layout != DataLayout.DEEPFASHION:
        return f"{lists}: lists are for ⟨layout⟩ deepfashion; this is {layout}"
    if layout == DataLayout.MARKET1501 and test_share is not None:
        return f"{folder}: is parted as Market-1501 already; ⟨test_share⟩ is for ⟨layout⟩ folders"
    if layout == DataLayout.DEEPFASHION and size not in (None, DEEPFASHION_SIZE):
        return f"{folder}: crops of DeepFashion are 256 x 176; leave out ⟨size⟩"
    return None


def find_market1501(folder: Path) -> Path | None:
    """The folder that holds bounding_box_train, None where there is none.

    Args:
        folder: this one, the downloaded folder in it, or the only one below it.

    Raises:
        AugmentError: for several below it of which none has the downloaded folder's name.
    """
    for root in (folder, folder / DOWNLOADED_AS):
        if (root / FOLDERS["train"]).is_dir():
            return root
    below = [root for root in folders_below(folder, DEPTH) if (root / FOLDERS["train"]).is_dir()]
    found = list({root.resolve(): root for root in below}.values())
    if len(found) > 1:
        names = ", ".join(printable(root.relative_to(folder).as_posix()) for root in found)
        raise AugmentError(f"{folder}: holds several data sets: {names}; give one of them with ⟨folder --data⟩")
    return found[0] if found else None


def _refuse_doubtful(folder: Path, images: Sequence[str]) -> None:
    """Raise AugmentError where sub-folders are perhaps no people, or where there is no sub-folder with images."""
    people: dict[str, list[PurePosixPath]] = {}
    for image in images:
        top, *below = PurePosixPath(image).parts
        if below:
            people.setdefault(top, []).append(PurePosixPath(*below))
    if not people:
        raise _no_people(folder, images)
    own = " (⟨layout⟩ folders, if its sub-folders are people all the same)"
    for name, paths in people.items():
        if sentence := _no_person(folder, name, paths):
            raise AugmentError(f"{folder / printable(name)}: {sentence}{own}")
    if all(CAMERA.fullmatch(name) for name in people):
        raise AugmentError(
            f"{folder}: its sub-folders are named for cameras ({printable(next(iter(people)))}), not identities; sort "
            f"the images into one sub-folder per identity, with the cameras' in it{own}"
        )


def _no_person(folder: Path, name: str, paths: Sequence[PurePosixPath]) -> str | None:
    """Why a sub-folder with images at these paths below it is perhaps no person's, and what to do; None if it is."""
    flat = [path.name for path in paths if len(path.parts) == 1]
    numbers = sorted({pid for pid, _ in _market_names(flat)})
    market = (
        f"for the Market-1501 layout, name the folders {', '.join(FOLDERS.values())} and give the folder around them"
    )
    if len(numbers) > 1:
        return f"the names of its images are of {len(numbers)} identities ({numbers[0]}, {numbers[1]} ...); {market}"
    if len({image.rpartition("_")[0] for image in flat if DEEPFASHION_NAME.fullmatch(image)}) > 1:
        return "the names of its images are DeepFashion's of several identities; give the benchmark's img folder"
    deeper = next((path.parent.as_posix() for path in paths if not _of_the_folder(path)), None)
    if is_part(name):
        remedy = f"give ⟨folder --data⟩ {folder / printable(name)}" if deeper is not None and not flat else market
        return f"is named for a part of a data set, not for a person; {remedy}"
    if deeper is not None and not flat:
        return (
            f"holds no image itself, they lie deeper, in {printable(deeper)}; give the folder whose sub-folders are "
            "people, or put the images of each person into one folder"
        )
    return None


def _of_the_folder(path: PurePosixPath) -> bool:
    """Whether an image lies in the folder itself or in one of a camera in it."""
    return all(CAMERA.fullmatch(part) for part in path.parts[:-1])


def is_part(name: str) -> bool:
    """Whether a folder is named for a part of a data set: `train`, `bbox_test`, `image_query`, `val2`.

    Args:
        name: of the folder alone.
    """
    words = re.findall("[a-z]+", name.lower())
    parts = [word for word in words if PARTS.fullmatch(word)]
    return bool(parts) and all(PART_WORDS.fullmatch(word) for word in words if word not in parts)


def _no_people(folder: Path, loose: Sequence[str]) -> AugmentError:
    """What is wrong with a folder without a sub-folder of images."""
    if len(list(_market_names(loose))) == len(loose) > 0:
        if folder.name in FOLDERS.values():
            return AugmentError(
                f"{folder}: is one part of a Market-1501 folder; give the folder around it with ⟨folder --data⟩"
            )
        return AugmentError(
            f"{folder}: its images have Market-1501 names; put them into {FOLDERS['train']}, {FOLDERS['gallery']} and "
            f"{FOLDERS['query']}, and give the folder around them"
        )
    return AugmentError(
        f"{folder}: neither {FOLDERS['train']} (Market-1501) nor sub-folders with images, one an identity, are in it; "
        "sort the images into one sub-folder per identity"
    )


def _market_names(names: Iterable[str]) -> Iterable[tuple[int, int]]:
    """Identity and camera of those names that give both."""
    for name in names:
        try:
            yield parse_name(name)
        except DataError:
            continue
