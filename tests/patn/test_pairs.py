"""Pairs of images of one person."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.arrays import Array
from patn import DataError
from patn.pairs import read_pairs, released_sample, sample_pairs, training_pairs, write_pairs


@st.composite
def image_sets(draw: st.DrawFn) -> tuple[list[str], list[int], Array]:
    pids = draw(st.lists(st.integers(-1, 4), max_size=14))
    names = draw(st.permutations([f"{pid:04d}_c1s1_{number:06d}_01.jpg" for number, pid in enumerate(pids)]))
    pids = [int(name.split("_")[0]) for name in names]
    points = np.full((len(names), 18, 2), 7.0)
    for image in range(len(names)):
        for joint in draw(st.sets(st.integers(0, 17), max_size=2)):
            points[image, joint, draw(st.integers(0, 1))] = -1
    return names, pids, points


@settings(deadline=None)
@given(images=image_sets())
def test_pairs_are_all_ordered_pairs_of_each_identity(images: tuple[list[str], list[int], Array]) -> None:
    names, pids, points = images
    complete = [
        (name, pid)
        for name, pid, pose in zip(names, pids, points, strict=True)
        if pid not in (-1, 0) and not any(-1 in pose[joint] for joint in (2, 5, 8, 11))
    ]
    expected = {(a, b) for (a, p), (b, q) in permutations(complete, 2) if p == q}
    pairs = training_pairs(names, pids, points)
    assert list(pairs.columns) == ["from", "to"]
    assert len(pairs) == len(expected)
    assert set(pairs.itertuples(index=False, name=None)) == expected


@settings(deadline=None)
@given(images=image_sets(), seed=st.integers(0, 99))
def test_the_order_of_the_images_does_not_matter(images: tuple[list[str], list[int], Array], seed: int) -> None:
    names, pids, points = images
    order = np.random.default_rng(seed).permutation(len(names))
    shuffled = training_pairs([names[i] for i in order], [pids[i] for i in order], points[order])
    pairs = training_pairs(names, pids, points)
    pd.testing.assert_frame_equal(shuffled, pairs)
    assert pairs.to_numpy().tolist() == sorted(pairs.to_numpy().tolist())


def three_people() -> pd.DataFrame:
    names = [f"{pid:04d}_c{camera}.jpg" for pid in (1, 2, 10) for camera in range(1, 5)]
    return training_pairs(names, [int(name[:4]) for name in names], np.ones((12, 18, 2)))


def test_a_sample_is_repeatable_and_without_replacement() -> None:
    pairs = three_people()
    assert len(pairs) == 3 * 4 * 3
    sample = sample_pairs(pairs, 20, np.random.default_rng(0))
    assert len(sample.drop_duplicates()) == 20
    assert set(sample.itertuples(index=False)) <= set(pairs.itertuples(index=False))
    pd.testing.assert_frame_equal(sample, sample_pairs(pairs, 20, np.random.default_rng(0)))
    assert not sample.equals(sample_pairs(pairs, 20, np.random.default_rng(1)))


def test_the_released_sample_is_pandas_of_seed_0() -> None:
    pairs = three_people()
    expected = pairs.sample(n=20, random_state=0).reset_index(drop=True)
    pd.testing.assert_frame_equal(released_sample(pairs, 20), expected)


@pytest.mark.parametrize("count", [-1, 37])
def test_a_sample_cannot_be_larger_than_the_whole(count: int) -> None:
    with pytest.raises(DataError, match="ask for 0 to 36"):
        released_sample(three_people(), count)


def test_pairs_survive_a_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "pairs.csv"
    pairs = three_people()
    write_pairs(pairs, path)
    pd.testing.assert_frame_equal(read_pairs(path), pairs)
    assert path.read_text().splitlines()[:2] == ["from,to", "0001_c1.jpg,0001_c2.jpg"]
    assert [other.name for other in path.parent.iterdir()] == ["pairs.csv"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("to,from\na,b\n", "the header is to,from"),
        ("a,b\n", "the header is a,b"),
        ("from,to,why\na,b,c\n", "the header is from,to,why"),
        ("from,to\na,b\nc,\n", "pair 2 lacks a name"),
        ("", "cannot be read"),
    ],
)
def test_a_file_that_is_no_pair_list_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(DataError, match=rf"bad\.csv.*{complaint}"):
        read_pairs(tmp_path / "bad.csv")


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.csv"):
        read_pairs(tmp_path / "absent.csv")


def test_names_are_text_even_if_they_look_like_something_else(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("from,to\n0001,NA\n")
    assert read_pairs(tmp_path / "a.csv").to_numpy().tolist() == [["0001", "NA"]]


def test_unequal_inputs_and_repeated_names_are_refused() -> None:
    with pytest.raises(DataError, match="2 names, 1 identities and 2 poses"):
        training_pairs(["a", "b"], [1], np.ones((2, 18, 2)))
    with pytest.raises(DataError, match="a: the image was given twice"):
        training_pairs(["a", "a"], [1, 1], np.ones((2, 18, 2)))
