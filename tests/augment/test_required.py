"""What results are made from, as fingerprints; and what is refused or warned of before hours of work begin."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, keypoints_input, size_input
from augment.datasets.preconditions import require_learnable, require_pairs, warn_of_batches
from reid.training import ReidTraining
from tests.augment.tables import Row, dataset, image_table

ROWS: list[Row] = [("a.jpg", 1, 1, "query"), ("b.jpg", 1, 2, "gallery"), ("c.jpg", 2, 1, "gallery")]


def files(folder: Path) -> pd.DataFrame:
    """A table of files that hold their names."""
    table = image_table(ROWS, folder)
    for path in map(Path, table["path"]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    return table


def test_images_are_the_same_wherever_they_lie_and_other_by_all_that_is_known_of_them(tmp_path: Path) -> None:
    table = files(tmp_path / "one")
    before = images_input(table)
    assert before.startswith("1 query and 2 gallery images of 2 identities: ")
    assert images_input(files(tmp_path / "two")) == before
    assert images_input(table.assign(other=1)) == before
    assert images_input(pd.concat([table, table[:1]])) == before  # a file counts once
    marks = {before}
    for column, value in {"pid": 3, "camid": 4, "name": "z.jpg", "split": "query", "generated": True}.items():
        own = table.get(column, pd.Series(False, table.index)).tolist()
        changed = table.assign(**{column: [*own[:2], value]})
        marks.add(images_input(changed))
    Path(table["path"][0]).write_text("other")
    marks.add(images_input(table))
    assert len(marks) == 7


def test_junk_and_distractors_are_no_identities_of_a_fingerprint(tmp_path: Path) -> None:
    table = files(tmp_path).assign(pid=[1, 0, -1])
    assert images_input(table).startswith("1 query and 2 gallery images of 1 identities: ")
    assert images_input(table.drop(columns="split")).startswith("3 images of 1 identities: ")
    with pytest.raises(AugmentError):
        images_input(table.assign(path=str(tmp_path / "gone.jpg")))


def test_key_points_are_known_by_content_and_by_the_size_they_are_for(tmp_path: Path) -> None:
    for split in ("train", "gallery"):
        (tmp_path / f"{split}.csv").write_text(split)
    data = dataset(image_table(ROWS), tmp_path)
    both = keypoints_input(data, "train", "gallery")
    assert both.endswith(" in 128 x 64")
    assert both != keypoints_input(data, "train")
    assert keypoints_input(dataset(image_table(ROWS), tmp_path, size=(64, 64)), "train", "gallery") != both
    (tmp_path / "gallery.csv").write_text("other")
    assert keypoints_input(data, "train", "gallery") != both
    assert size_input((8, 4), tmp_path) == "8 x 4"


def people(*rows: tuple[int, int]) -> Dataset:
    """Training images of (identity, camera)."""
    return dataset(image_table([(f"{number}.jpg", pid, cam, "train") for number, (pid, cam) in enumerate(rows)]))


def test_one_identity_is_not_enough_and_nobody_counts_as_none() -> None:
    for rows in ([(1, 1), (1, 2)], [(1, 1), (0, 2), (-1, 1)]):
        data = people(*rows)
        with pytest.raises(AugmentError, match="bounding_box_train: shows one training identity only"):
            require_learnable(data, ReidTraining(), data.train)
    data = people((1, 1), (2, 1))
    require_learnable(data, ReidTraining(), data.train)


def test_the_best_epoch_needs_an_identity_before_two_cameras() -> None:
    best = ReidTraining(model="best")
    data = people((1, 1), (1, 1), (2, 2))
    with pytest.raises(AugmentError, match="no training identity is seen by two cameras"):
        require_learnable(data, best, data.train)
    require_learnable(data, ReidTraining(model="last"), data.train)
    data = people((1, 1), (1, 2), (2, 2))
    require_learnable(data, best, data.train)


@pytest.mark.parametrize(
    ("images", "identities", "warnings"),
    [(8, 4, []), (7, 4, ["8 images is more than the 7"]), (8, 3, ["4 identities with 2 images", "--batch 6"])],
)
def test_batches_that_repeat_are_warned_of(
    images: int, identities: int, warnings: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    table = pd.DataFrame({"pid": [number % identities for number in range(images)]})
    with caplog.at_level(logging.WARNING):
        warn_of_batches(ReidTraining(batch=8, instances=2), table)
    assert len(caplog.records) == bool(warnings)
    assert all(warning in caplog.text for warning in warnings)


def test_without_two_images_of_one_identity_there_is_no_pair() -> None:
    data = people((1, 1), (2, 1), (2, 2))
    require_pairs(data, ["1.jpg", "2.jpg"], None)
    with pytest.raises(
        AugmentError, match=r"no identity has two training images .* among the images that ⟨?portion⟩? 0.5"
    ):
        require_pairs(data, ["0.jpg", "1.jpg"], 0.5)


def test_of_given_pairs_one_has_to_be_among_the_images(tmp_path: Path) -> None:
    given = tmp_path / "pairs.csv"
    given.write_text("from,to\n1.jpg,2.jpg\n")
    rows: list[Row] = [(f"{number}.jpg", 2, 1, "train") for number in range(4)]
    data = Dataset(**{**vars(dataset(image_table(rows), tmp_path)), "pair_files": {"train": given}})
    require_pairs(data, ["1.jpg", "2.jpg", "3.jpg"], None)
    with pytest.raises(AugmentError, match="no identity has two training images"):
        require_pairs(data, ["0.jpg", "2.jpg", "3.jpg"], None)
