"""A new workspace: on a folder of real images, on a view of files elsewhere, or on rendered pedestrians."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from augment import AugmentError, Misuse
from augment.artefacts.locks import locked_if_possible
from augment.datasets.pairs import import_pairs
from augment.datasets.preconditions import in_both_said
from augment.datasets.transparency import Transparency, original_files
from augment.layouts.deepfashion_folder import MARK, deepfashion_layout
from augment.layouts.detection import detect_layout, misfit
from augment.layouts.identity_folders import SOURCES, folders_layout
from augment.layouts.inventory import Inventory
from augment.layouts.kinds import DataLayout
from augment.layouts.registry import Layout, describe, market1501_layout
from augment.pedestrians import Pedestrians
from augment.pedestrians.dataset import render
from augment.plurals import counted
from augment.results import Result
from augment.settings import SETTINGS, read_settings
from augment.workspace import Workspace

DATA = "data"
NEVER_TRANSPARENT = (".jpg", ".jpeg")
"""Ends of names of images that need not be opened to know that nothing of them is transparent."""
TEST_SHARE = 0.5
RENDERED = "rendered"
MARKS = {
    DataLayout.DEEPFASHION: MARK,
    DataLayout.FOLDERS: SOURCES,
    DataLayout.CSV: SOURCES,
    DataLayout.MOT: SOURCES,
    RENDERED: "pedestrians",
}
"""How the name of a file begins that marks data/ as made by init: an interrupted one goes on."""
PRESETS = {DataLayout.DEEPFASHION: {"patn-train": {"preset": "deepfashion"}}}
DEMO_PRESETS = {"patn-train": {"preset": "demo"}, "reid-train": {"preset": "demo"}}


@dataclass(frozen=True)
class TakenFiles(Result):
    """How many files below a folder were taken, and how many passed over for which reason."""

    taken: int
    passed_over: Mapping[str, int]


@dataclass(frozen=True)
class Made(Result):
    """A workspace that was made, or was there already.

    Attributes:
        root: its folder.
        data: the folder of its images.
        layout: how the images were given.
        size: (height, width) in pixels at which it works.
        images: how many, by split.
        decisions: that were taken for the user, sentences.
        files: taken and passed over; `passed_over.csv` in the workspace lists the latter.
    """

    root: str
    data: str
    layout: str
    size: tuple[int, int]
    images: Mapping[str, int]
    decisions: tuple[str, ...]
    files: TakenFiles


def init_real(
    root: Path,
    folder: Path,
    *,
    layout: str | None = None,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    test_share: float | None = None,
    lists: Path | None = None,
    pairs: Sequence[Path] = (),
    jobs: int = 1,
    progress: bool = True,
) -> Made:
    """Make a workspace on real images in a folder, which is never modified.

    An interrupted init goes on, and of a workspace that is whole nothing changes; other processes wait.

    Args:
        root: the workspace's folder.
        folder: of the images.
        layout: `market1501` uses the folder where it lies, `folders` makes root/data a Market-1501 view of one
            sub-folder an identity, `deepfashion` makes it the In-shop benchmark's crops; None looks which it is, and
            refuses where that would be a guess.
        size: (height, width) in pixels to work at; None takes the images' own.
        seed: which identities are kept for testing, and the workspace's seed.
        test_share: share of identities for testing: of `folders` (None: 0.5), and of `deepfashion` without lists.
        lists: a folder with train.lst and test.lst, of `deepfashion`.
        pairs: files of training and test pairs.
        jobs: threads that make the crops of `deepfashion`.
        progress: show a bar for these.

    Raises:
        AugmentError: where root holds another workspace already, lies inside the folder, or the folder is of no use.
    """
    folder = folder.resolve()
    kind = AugmentError if layout is None else Misuse
    layout = detect_layout(folder) if layout is None else _known(layout)
    refuse_around(root, folder)
    if why := misfit(folder, layout, size=size, test_share=test_share, lists=lists):
        raise kind(why)
    with _held(root):
        _refuse_other(root, {"seed": seed, "layout": layout.value}, made=layout)
        if layout == DataLayout.MARKET1501:
            made = market1501_layout(folder, size)
        elif layout == DataLayout.DEEPFASHION:
            made = deepfashion_layout(
                folder, root / DATA, lists=lists, seed=seed, test_share=test_share, jobs=jobs, progress=progress
            )
        else:
            share = TEST_SHARE if test_share is None else test_share
            made = folders_layout(folder, root / DATA, size=size, seed=seed, test_share=share)
        data = str(made.data) if layout == DataLayout.MARKET1501 else DATA
        settings = {"data": data, "size": list(made.size), "seed": seed, "layout": layout.value}
        settings |= PRESETS.get(layout, {})
        _refuse_other(root, settings)
        if pairs:
            made = _with_pairs(Workspace(root.resolve(), settings), made, pairs)
        made.files.write(root)
        return _summary(_workspace(root, settings), made)


def init_rendered(root: Path, pedestrians: Pedestrians, *, jobs: int = 1) -> Made:
    """Make a workspace on rendered pedestrians, with the demo presets for its commands.

    Args:
        root: the workspace's folder; given again with the same pedestrians, nothing changes.
        pedestrians: their seed and size are the workspace's.
        jobs: processes that render.

    Raises:
        AugmentError: where root holds another workspace already.
    """
    size = (pedestrians.height, pedestrians.width)
    settings = {
        "data": DATA,
        "size": list(size),
        "seed": pedestrians.seed,
        "layout": DataLayout.MARKET1501.value,
        **DEMO_PRESETS,
    }
    with _held(root):
        _refuse_other(root, settings, made=RENDERED)
        render(root / DATA, pedestrians, jobs)
        workspace = _workspace(root, settings)
    decisions = (describe(workspace.images()), "rendered pedestrians with exact key points; presets are demo")
    files = Inventory(len(workspace.images()), {})
    return _summary(workspace, Layout(workspace.data, DataLayout.MARKET1501, size, decisions, files))


def init_view(
    root: Path,
    lay_out: Callable[[Path], Layout],
    *,
    seed: int,
    layout: DataLayout = DataLayout.FOLDERS,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Made:
    """Make a workspace in `root` whose data is a Market-1501 view of files elsewhere.

    Args:
        root: the workspace's folder; given again with the same images, nothing changes.
        lay_out: makes the view in the folder that it is given.
        seed: the workspace's.
        layout: how the images were given.
        more: further settings.

    Raises:
        AugmentError: where root holds another workspace already, and what `lay_out` raises.
    """
    settings = {"data": DATA, "seed": seed, "layout": layout.value, **more}
    with _held(root):
        _refuse_other(root, settings, made=layout)
        made = lay_out(root / DATA)
        settings = {"data": DATA, "size": list(made.size), "seed": seed, "layout": layout.value, **more}
        _refuse_other(root, settings)
        made.files.write(root)
        return _summary(_workspace(root, settings), made)


@contextmanager
def _held(root: Path) -> Iterator[None]:
    """Hold the lock of the data, which a workspace that is whole can do without where none can be had.

    A `root` that was made for it goes where the block fails and leaves nothing else.
    """
    was_there = root.exists()
    try:
        with locked_if_possible(root / DATA) as barred:
            if barred is not None and not (root / SETTINGS).exists():
                raise barred
            yield
    except Exception:
        if not was_there and root.is_dir() and all(path.suffix == ".lock" for path in root.iterdir()):
            shutil.rmtree(root)
        raise


def init_text(result: Made) -> str:
    """The result of making a workspace, in words."""
    decisions = "\n".join(f"- {decision}" for decision in result.decisions)
    height, width = result.size
    return (
        f"Workspace {result.root}\nimages {result.data} (layout {result.layout}, {height} x {width})\n"
        f"{decisions}\nNext: augment --workspace {result.root} check"
    )


def _known(name: str) -> DataLayout:
    """The layout of that name."""
    try:
        return DataLayout(name)
    except ValueError as error:
        raise AugmentError(f"layout {name!r}: must be one of {', '.join(DataLayout)}") from error


def refuse_around(root: Path, folder: Path) -> None:
    """Raise AugmentError for a folder of images that is missing or around the workspace `root`."""
    if not folder.is_dir():
        raise AugmentError(f"{folder}: there is no such folder; give the folder of your images with ⟨folder --data⟩")
    if folder in (root.resolve(), *root.resolve().parents):
        raise AugmentError(f"{root}: lies inside the images' folder {folder}, which stays as it is; choose another DIR")


def _with_pairs(workspace: Workspace, made: Layout, files: Sequence[Path]) -> Layout:
    """Take the pairs over, and say how many."""
    counts = import_pairs(workspace, files)
    said = f"{counts['train']:,} training and {counted(counts['test'], 'test pair')} were taken over"
    if counts["left_out"]:
        were = "was" if counts["left_out"] == 1 else "were"
        said += f"; {counted(counts['left_out'], 'pair')} of images that are not there {were} left out"
    if counts["apart"]:
        were = "was" if counts["apart"] == 1 else "were"
        said += f"; {counted(counts['apart'], 'pair')} of images of two parts, or of queries, {were} left out"
    return replace(made, decisions=(*made.decisions, said))


def _refuse_other(root: Path, asked: Mapping[str, Any], made: str = DataLayout.MARKET1501) -> None:
    """Raise AugmentError where `root` is a workspace of other settings or has data that init did not make.

    made: a layout for which init makes data, see MARKS; of others data is not looked at.
    """
    path, data = root / SETTINGS, root / DATA
    held = read_settings(path) if path.exists() else asked
    for key, value in asked.items():
        if held.get(key) != value and not isinstance(value, Mapping):
            raise AugmentError(
                f"{path}: is already there, with {key} {held.get(key)!r}, not {value!r}; work in {root} or choose "
                "another folder"
            )
    names = [entry.name for entry in data.iterdir()] if made in MARKS and data.exists() else []
    if names and not any(name.startswith(MARKS[made]) for name in names):
        raise AugmentError(f"{data}: is already there without a workspace; remove it or choose another folder")


def _workspace(root: Path, settings: Mapping[str, Any]) -> Workspace:
    """The workspace in `root`, made where it is not there yet."""
    return Workspace.find(root) if (root / SETTINGS).exists() else Workspace.create(root, settings)


def _summary(workspace: Workspace, layout: Layout) -> Made:
    images = workspace.images()
    files = original_files(workspace.data, images["path"].tolist())
    others = [file for file in files if file.resolve().suffix.lower() not in NEVER_TRANSPARENT]
    transparent = Transparency.of_files(others)
    counts = images["split"].value_counts()
    return Made(
        root=str(workspace.root),
        data=str(layout.data),
        layout=layout.layout.value,
        size=layout.size,
        images={split: int(counts.get(split, 0)) for split in ("train", "query", "gallery")},
        decisions=(*layout.decisions, *in_both_said(images), *transparent.sentences),
        files=TakenFiles(layout.files.taken, layout.files.counts()),
    )
