"""How far estimated joints agree with exact ones, by a count joint by joint."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.poses import agreement as module
from augment.poses.agreement import Agreement, agreement, agreement_text, exact_joints, sample_agreement
from numerics.arrays import Array
from patn.keypoints import MISSING, keypoint_array, keypoint_table, write_keypoints
from tests.augment.tables import Row, dataset, image_table

NAMES = {"train": ["a", "b", "-1_junk", "headless"], "gallery": ["c", "unlisted"]}
HEADS = {"a": 10.0, "b": 6.0, "-1_junk": 9.0, "headless": 0.0, "c": 8.0}


def bodies(count: int, seed: int) -> Array:
    """Joints at random whole pixels, a few of them missing."""
    rng = np.random.default_rng(seed)
    points = rng.integers(10, 60, (count, 18, 2)).astype(float)
    points[rng.random((count, 18)) < 0.1] = MISSING
    return points


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """Images of two splits with exact joints: among them junk, one without a head and one without its size."""
    rows: list[Row] = [(name, 1, 1, split) for split, names in NAMES.items() for name in names]
    exact = {split: tmp_path / f"{split}.csv" for split in (*NAMES, "query")}
    for seed, (split, names) in enumerate(NAMES.items()):
        write_keypoints(keypoint_table(names, bodies(len(names), seed)), exact[split])
    pd.DataFrame(HEADS.items(), columns=["name", "head_size"]).to_csv(tmp_path / "head_size.csv", index=False)
    return dataset(image_table(rows, tmp_path), tmp_path, exact=exact)


def estimates(data: Dataset) -> dict[str, pd.DataFrame]:
    """The exact joints moved by up to 6 pixels, some of them lost; nobody is found in `b`."""
    rng = np.random.default_rng(5)
    tables = {}
    for seed, (split, names) in enumerate(NAMES.items()):
        points = bodies(len(names), seed)
        moved = np.where(points == MISSING, MISSING, points + rng.integers(-6, 7, points.shape))
        moved[rng.random(moved.shape[:2]) < 0.2] = MISSING
        if "b" in names:
            moved[names.index("b")] = MISSING
        tables[split] = keypoint_table(names[::-1], moved[::-1])
    return tables


def test_figures_are_those_of_a_count_joint_by_joint(data: Dataset) -> None:
    tables = estimates(data)
    result = agreement(data, tables)
    right, counted = np.zeros(18), np.zeros(18)
    for seed, (split, names) in enumerate(NAMES.items()):
        for name, truth in zip(names, bodies(len(names), seed), strict=True):
            guess = keypoint_array(tables[split], [name])[0]
            if name not in "ac" or (guess == MISSING).all():
                continue
            for joint in range(18):
                if truth[joint][0] != MISSING:
                    counted[joint] += 1
                    near = np.hypot(*(truth[joint] - guess[joint])) < HEADS[name] / 2
                    right[joint] += near and guess[joint][0] != MISSING
    assert result is not None
    assert result.images == 3
    assert result.found == round(2 / 3, 4)
    assert result.pckh == pytest.approx(right.sum() / counted.sum(), abs=1e-4)
    assert 0.1 < (result.pckh or 0) < 0.9
    expected = [None if not all_ else good / all_ for good, all_ in zip(right, counted, strict=True)]
    assert list(result.joint_pckh) == [None if e is None else pytest.approx(e, abs=1e-4) for e in expected]


def test_junk_and_images_without_a_heads_size_do_not_count(data: Dataset) -> None:
    exact, heads = exact_joints(data, "train")
    assert exact.index.tolist() == ["a", "b"]
    assert heads["b"] == 6.0
    assert exact_joints(data, "gallery")[0].index.tolist() == ["c"]
    assert exact_joints(data, "query")[0].empty


def test_without_exact_joints_there_is_no_agreement(data: Dataset) -> None:
    assert agreement(data, {"query": keypoint_table(["q"], bodies(1, 0))}) is None
    assert agreement(data, {"train": keypoint_table(["stranger"], bodies(1, 0))}) is None


def test_an_estimator_that_finds_nobody_has_no_pckh(data: Dataset) -> None:
    result = agreement(data, {"train": keypoint_table(["a", "b"], np.full((2, 18, 2), MISSING))})
    assert result == Agreement(2, 0.0, None, (None,) * 18)
    assert agreement_text(result) == "Against exact joints (2 images): found 0.0%, PCKh@0.5 none"
    assert agreement_text(Agreement(7, 0.123, 0.98765, ())).endswith("(7 images): found 12.3%, PCKh@0.5 0.988")


def test_unreadable_head_sizes_are_named(data: Dataset) -> None:
    (data.folder / "head_size.csv").write_text("name,size\na,3\n")
    with pytest.raises(AugmentError, match=r"head_size\.csv: head sizes cannot be read"):
        exact_joints(data, "train")


def test_a_sample_is_of_images_with_exact_joints_and_by_split(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def estimated(paths: list[str], estimator: str, size: tuple[int, int], jobs: int) -> Array:
        asked.extend(Path(path).name for path in paths)
        known = {
            name: p for s, names in enumerate(NAMES.values()) for name, p in zip(names, bodies(9, s), strict=False)
        }
        del known["a"], known["c"]
        exact = {"a": bodies(4, 0)[0], "c": bodies(2, 1)[0], "b": bodies(4, 0)[1]}
        return np.stack([(known | exact)[name] for name in asked])

    monkeypatch.setattr(module, "estimate_sample", estimated)
    found = sample_agreement(data, count=50)
    assert sorted(asked) == ["a", "b", "c"]
    assert (found.agreement.images, found.agreement.found, found.agreement.pckh) == (3, 1.0, 1.0)
    asked.clear()
    assert sample_agreement(data, count=2).agreement.images == 2
    first = list(asked)
    asked.clear()
    sample_agreement(data, count=2)
    assert asked == first


def test_a_sample_of_data_without_exact_joints_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match="no exact joints; only rendered data has them"):
        sample_agreement(dataset(image_table([("a", 1, 1, "train")]), tmp_path))
