"""M^R_p's order and file, and what is refused where images cannot be ranked or paired, on tables written here."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import given_pairs, identity_pairs, pairable, posed_names, refuse_unfit
from augment.datasets.preconditions import require_pairs, require_ranking
from augment.datasets.reduced_set import is_other_share, keep_reduced, reduced_set, reduction_order
from augment.layouts.kinds import DataLayout
from numerics.arrays import Array
from patn.keypoints import keypoint_table
from tests.augment.tables import dataset

WHOLE = np.arange(36.0).reshape(18, 2)
"""Key points of which none is missing."""
NO_HIP = WHOLE.copy()
NO_HIP[8] = -1


def table(rows: list[tuple[int, int, str]]) -> pd.DataFrame:
    """Images of (pid, camid, split)."""
    names = [f"{pid:04d}_c{camid}s1_{number:06d}_01.jpg" for number, (pid, camid, _) in enumerate(rows)]
    return pd.DataFrame(rows, columns=["pid", "camid", "split"]).assign(name=names)


def posed(folder: Path, images: pd.DataFrame, poses: Mapping[str, Array] | None = None) -> Dataset:
    """A data set of these images, all of which have a whole pose but those given."""
    points = dict.fromkeys(images["name"], WHOLE) | dict(poses or {})
    known = keypoint_table(list(points), np.stack(list(points.values())))
    keypoints = {split: known.loc[part["name"]] for split, part in images.groupby("split")}
    made = dataset(images, folder, keypoints={str(split): part for split, part in keypoints.items()})
    pairs = {split: folder / f"{split}.csv" for split in made.pair_files}
    return replace(made, folder=folder / "data", pair_files=pairs)


def write_pairs(path: Path, *pairs: tuple[str, str]) -> None:
    pd.DataFrame(pairs, columns=["from", "to"]).to_csv(path, index=False)


def test_the_order_begins_with_one_image_of_each_identity() -> None:
    names = [f"{letter}{number}" for letter in "abc" for number in range(4)]
    order = reduction_order(names, [1] * 4 + [2] * 4 + [3] * 4, 5)
    assert sorted(order) == sorted(names)
    assert {name[0] for name in order[:3]} == set("abc")
    assert reduction_order(names, [1] * 12, 5)[:1] != reduction_order(names, [1] * 12, 6)[:1]


def test_an_identity_with_one_image_is_always_kept_and_nobody_gives_nothing() -> None:
    assert reduction_order([], [], 0) == []
    assert reduction_order(["only"], [7], 0) == ["only"]
    images = table([(1, 1, "train")] + [(2, 1, "train")] * 9 + [(0, 1, "train"), (-1, 1, "train"), (3, 1, "query")])
    for seed in range(5):
        kept = images[images["name"].isin(reduced_set(images, 0.2, seed))]
        assert kept["pid"].tolist() == [1, 2]


@pytest.mark.parametrize(("share", "other"), [(0.3, False), (0.3049, False), (0.3051, True), (0.2949, True)])
def test_a_share_is_another_one_from_half_a_percent_on(share: float, other: bool) -> None:
    assert is_other_share(0.3, share) is other


def test_the_kept_images_are_written_once_for_the_reader(tmp_path: Path) -> None:
    images = table([(1, 1, "train"), (1, 2, "train"), (2, 1, "train"), (2, 3, "train"), (9, 1, "gallery")])
    path = tmp_path / "m r" / "kept.csv"
    kept = keep_reduced(images, 0.5, 1, path)
    assert kept == reduced_set(images, 0.5, 1)
    written = pd.read_csv(path)
    assert list(written) == ["name", "pid", "camid"]
    assert written["name"].tolist() == kept
    assert written["pid"].tolist() == [1, 2]
    first = path.stat()
    keep_reduced(images, 0.5, 1, path)
    assert path.stat().st_ino == first.st_ino  # a written file is another one, renamed
    assert keep_reduced(images, 1.0, 1, path) == sorted(images.loc[images["split"] == "train", "name"])
    assert len(pd.read_csv(path)) == 4


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(1, 1, "gallery")], r"data/query: no query image, .* put images of test identities there"),
        ([(1, 1, "query")], r"data/bounding_box_test: no gallery image"),
        ([(1, 1, "query"), (1, 1, "gallery"), (2, 2, "gallery")], "from two cameras or more"),
        ([(1, 1, "query"), (1, 2, "gallery"), (1, 3, "gallery")], "bounding_box_test: shows one identity only"),
        ([(0, 1, "query"), (0, 2, "gallery"), (3, 2, "gallery")], "no query image has a gallery image of the same"),
    ],
)
def test_images_that_cannot_tell_models_apart_are_refused(
    tmp_path: Path, rows: list[tuple[int, int, str]], said: str
) -> None:
    images = table(rows)
    with pytest.raises(AugmentError, match=said):
        require_ranking(posed(tmp_path, images), images)


def test_one_match_from_another_camera_and_a_distractor_are_enough(tmp_path: Path) -> None:
    images = table([(1, 1, "query"), (1, 2, "gallery"), (0, 1, "gallery")])
    require_ranking(posed(tmp_path, images), images)


def test_of_linked_photographs_it_is_said_what_they_lack(tmp_path: Path) -> None:
    images = table([(1, 1, "train"), (1, 1, "gallery")])
    linked = replace(posed(tmp_path, images), layout=DataLayout.FOLDERS)
    with pytest.raises(AugmentError, match=r"none of its identities is kept for testing, .* `augment init`"):
        require_ranking(linked, images)


def test_pairs_that_cannot_be_are_refused_with_their_number() -> None:
    images = table([(1, 1, "train"), (1, 2, "train"), (2, 1, "train"), (0, 1, "gallery"), (0, 2, "gallery")])
    one, same, other, nobody, no_one = images["name"]
    for pair, said in (
        ((one, one), "pair 2 is of .* with itself; write two images of one identity"),
        ((one, other), "pair 2 is of two identities, 1 .* and 2 "),
        ((nobody, no_one), "pair 2 .* is of junk or distractors, which are nobody"),
    ):
        pairs = pd.DataFrame([(one, same), pair], columns=["from", "to"])
        with pytest.raises(AugmentError, match=rf"mine\.csv: {said}"):
            refuse_unfit(pairs, images, Path("mine.csv"))
    known = pd.DataFrame([(one, same), (one, "unknown.jpg"), ("unknown.jpg", nobody)], columns=["from", "to"])
    refuse_unfit(known, images, Path("mine.csv"))


def test_given_pairs_are_those_of_the_file_and_checked(tmp_path: Path) -> None:
    images = table([(1, 1, "train"), (1, 2, "train"), (2, 1, "train")])
    one, same, other = images["name"]
    data = posed(tmp_path, images)
    assert given_pairs(data, "train") is None
    write_pairs(tmp_path / "train.csv", (same, one))
    found = given_pairs(data, "train")
    assert found is not None
    assert found.to_numpy().tolist() == [[same, one]]
    assert given_pairs(data, "gallery") is None
    write_pairs(tmp_path / "train.csv", (same, other))
    with pytest.raises(AugmentError, match=r"train\.csv: pair 1 is of two identities"):
        given_pairs(data, "train")


def test_an_image_needs_a_torso_or_with_given_pairs_any_joint(tmp_path: Path) -> None:
    images = table([(1, 1, "train")] * 4)
    whole, hipless, nothing, unpaired = images["name"]
    data = posed(tmp_path, images, {hipless: NO_HIP, nothing: np.full((18, 2), -1.0)})
    backwards = [unpaired, nothing, hipless, whole, "not there.jpg"]
    assert posed_names(data, backwards) == pairable(data, backwards) == [unpaired, whole]
    assert posed_names(data, []) == []
    write_pairs(tmp_path / "train.csv", (whole, hipless), (whole, nothing))
    assert pairable(data, backwards) == [hipless, whole]


def test_random_pairs_are_of_one_identity_with_torsos_and_the_same_for_a_seed(tmp_path: Path) -> None:
    images = table([(1, 1, "train")] * 3 + [(2, 1, "train")] * 2 + [(0, 1, "train")] * 2)
    data = posed(tmp_path, images, {images["name"][0]: NO_HIP})
    first, second, fourth, fifth = images["name"][[1, 2, 3, 4]]
    possible = {(first, second), (second, first), (fourth, fifth), (fifth, fourth)}
    every = identity_pairs(data, "train", 100, 0)
    assert {(start, end) for start, end in every.to_numpy()} == possible
    assert len(every) == 4
    few = identity_pairs(data, "train", 2, 3)
    assert len(few) == 2
    assert few.equals(identity_pairs(data, "train", 2, 3))
    assert any(not few.equals(identity_pairs(data, "train", 2, seed)) for seed in range(4, 9))


def test_without_two_posed_images_of_one_identity_there_is_no_pair(tmp_path: Path) -> None:
    images = table([(1, 1, "train"), (2, 1, "train"), (0, 1, "train"), (0, 1, "train")])
    data = posed(tmp_path, images)
    with pytest.raises(AugmentError, match="no identity has two images with key points in split train"):
        identity_pairs(data, "train", 1, 0)
    names = images["name"][:2].tolist()
    with pytest.raises(AugmentError, match=r"two training images with a pose; see `augment check`"):
        require_pairs(data, names, None)
    with pytest.raises(AugmentError, match=r"that portion 0\.1 keeps; give a larger portion"):
        require_pairs(data, names, 0.1)


def test_one_pair_is_enough_and_of_given_pairs_one_inside_the_kept_images(tmp_path: Path) -> None:
    images = table([(1, 1, "train")] * 3)
    first, second, third = images["name"]
    data = posed(tmp_path, images)
    require_pairs(data, [first, second], 0.1)
    write_pairs(tmp_path / "train.csv", (first, third))
    require_pairs(data, [first, third], 0.1)
    for names in ([first, second], [second, third]):
        with pytest.raises(AugmentError, match="no identity has two training images with a pose among the images"):
            require_pairs(data, names, 0.1)
