"""cuhk03 as its owners ship it: one MATLAB 7.3 file with all images, and the two lists of the new protocol."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.io import savemat

from augment import AugmentError
from augment.datasets.views import init_set
from augment.layouts.torchreid_sets import SetChoice
from augment.workspace import Workspace
from numerics.arrays import Array
from tests.set_trees import files, pictures

h5py = pytest.importorskip("h5py")
PAIRS, TEST = (3, 2), {(1, 3), (2, 2)}
"""Identities of each pair of cameras, and those (pair, identity) of the test half of every classic split."""
MISSING_SHOT = (1, 2, 7)
"""An empty cell, as (pair, identity, shot); the real file has many."""
Images = dict[str, tuple[int, int, int]]
Shipped = tuple[Path, Images]


def write_cells(file: Any, cells: Array) -> Any:
    """A MATLAB cell array, which HDF5 stores transposed; gives a reference to it."""
    refs = np.empty(cells.T.shape, dtype=h5py.ref_dtype)
    for place, value in np.ndenumerate(cells.T):
        refs[place] = value if isinstance(value, h5py.Reference) else add(file, np.asarray(value).T)
    return add(file, refs)


def add(file: Any, value: Array) -> Any:
    """An array under MATLAB's folder for what cells refer to."""
    folder = file.require_group("#refs#")
    stored = folder.create_dataset(f"v{len(folder)}", data=value)
    return stored.ref


def make_cuhk03(rendered: Path, folder: Path) -> Images:
    """The folder; gives (pair, identity, shot) of every image by the name that the lists have for it."""
    (folder / "cuhk03_release").mkdir(parents=True)
    shots = [[np.asarray(Image.open(path)) for path in paths] for paths in pictures(rendered)]
    names: Images = {}
    with h5py.File(folder / "cuhk03_release" / "cuhk-03.mat", "w", userblock_size=512) as file:
        for kind in ("detected", "labeled"):
            pairs = np.empty((len(PAIRS), 1), dtype=object)
            for pair, identities in enumerate(PAIRS, start=1):
                cells = np.empty((identities, 10), dtype=object)
                for who, shot in np.ndindex(identities, 10):
                    picture = shots[3 * (pair - 1) + who][shot % 6]
                    image = picture[::-1] if kind == "labeled" else picture
                    there = (pair, who + 1, shot + 1) != MISSING_SHOT
                    cells[who, shot] = image if there else np.zeros((0, 0), np.uint64)
                    if there:
                        view = 1 if shot < 5 else 2
                        names[f"{pair}_{who + 1:03d}_{view}_{shot + 1:02d}.png"] = (pair, who + 1, shot + 1)
                pairs[pair - 1, 0] = write_cells(file, cells)
            file[kind] = file[write_cells(file, pairs)][...]
        splits = np.empty((20, 1), dtype=object)
        for split in range(20):
            splits[split, 0] = np.array(sorted(TEST), dtype=np.float64)
        file["testsets"] = file[write_cells(file, splits)][...]
    for kind in ("detected", "labeled"):
        savemat(folder / f"cuhk03_new_protocol_config_{kind}.mat", new_protocol(list(names)))
    return names


def new_protocol(names: list[str]) -> dict[str, object]:
    """Its list: numbers of images from 1; the third identity of the first pair and the last one are test people."""
    who = {name: (int(name[0]), int(name[2:5])) for name in names}
    people = sorted(set(who.values()))
    numbers = np.arange(1, len(names) + 1)
    test = np.array([who[name] in TEST for name in names])
    asked = test & np.array([name.endswith(("_1_01.png", "_2_06.png")) for name in names])
    return {
        "filelist": np.array([[name] for name in names], dtype=object),
        "labels": np.array([[people.index(who[name]) + 1] for name in names]),
        "train_idx": numbers[~test],
        "query_idx": numbers[asked],
        "gallery_idx": numbers[test & ~asked],
    }


@pytest.fixture(scope="module")
def shipped(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    """The folder and its images."""
    folder = tmp_path_factory.mktemp("owners") / "cuhk03"
    return folder, make_cuhk03(rendered, folder)


def images_of(root: Path, shipped: Shipped, choice: SetChoice) -> pd.DataFrame:
    """The workspace's images beside who is on them by the file."""
    folder, names = shipped
    before = list(files(folder))
    init_set(root, folder, choice)
    assert list(files(folder)) == before
    images = Workspace.find(root).images()
    sources = pd.read_csv(root / "data" / "sources.csv", dtype=str)
    by_name = {Path(image).name: file for image, file in zip(sources["image"], sources["source"], strict=True)}
    images["file"] = [by_name[name] for name in images["name"]]
    about = [names[Path(file).name] for file in images["file"]]
    images["pair"], images["who"], images["shot"] = zip(*about, strict=True)
    return images


@pytest.mark.parametrize("labeled", [False, True])
def test_the_new_protocol_has_its_halves_cameras_and_pixels(
    labeled: bool, shipped: Shipped, rendered: Path, tmp_path: Path
) -> None:
    images = images_of(tmp_path / "w", shipped, SetChoice("cuhk03", labeled=labeled))
    assert len(images) == 5 * 10 - 1
    assert (images["camid"] == 1 + (images["shot"] > 5)).all()
    test = [(pair, who) in TEST for pair, who in zip(images["pair"], images["who"], strict=True)]
    assert (images["split"].ne("train") == test).all()
    assert (images["split"].eq("query") == (np.array(test) & images["shot"].isin([1, 6]))).all()
    assert images.groupby(["pair", "who"])["pid"].nunique().eq(1).all()
    assert images["pid"].nunique() == 5
    one = images[(images["pair"] == 2) & (images["who"] == 1) & (images["shot"] == 3)].iloc[0]
    own = np.asarray(Image.open(pictures(rendered)[3][2]))
    assert np.array_equal(np.asarray(Image.open(one["file"])), own[::-1] if labeled else own)


def test_a_classic_split_asks_for_every_image_of_a_test_identity(shipped: Shipped, tmp_path: Path) -> None:
    images = images_of(tmp_path / "w", shipped, SetChoice("cuhk03", classic=True, split=19))
    assert images["split"].value_counts().to_dict() == {"train": 29, "query": 20, "gallery": 20}
    assert {(pair, who) for pair, who in zip(images["pair"], images["who"], strict=True)} >= TEST


def test_a_file_of_another_kind_is_one_sentence(rendered: Path, tmp_path: Path) -> None:
    make_cuhk03(rendered, tmp_path / "cuhk03")
    (tmp_path / "cuhk03" / "cuhk03_release" / "cuhk-03.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    with pytest.raises(AugmentError, match=r"torchreid cannot read it as cuhk03"):
        init_set(tmp_path / "w", tmp_path / "cuhk03", SetChoice("cuhk03"))
    assert not (tmp_path / "w").exists()


def test_without_the_package_that_reads_it_the_extra_is_named(
    shipped: Shipped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(AugmentError, match=r"reads cuhk03 with h5py, .*; pip install augment-reid\[cuhk03\]"):
        init_set(tmp_path / "w", shipped[0], SetChoice("cuhk03"))
