"""Test images that a model was trained on: the same bytes, whatever their names."""

from pathlib import Path

import pytest

from augment.datasets.dataset import Dataset
from augment.evaluation.overlap import overlap_said, shared_images
from tests.augment.tables import Row, dataset, image_table


def written(folder: Path, contents: dict[str, tuple[int, int, str, bytes]]) -> Dataset:
    """A data set whose files hold some bytes."""
    rows: list[Row] = [(name, pid, camid, split) for name, (pid, camid, split, _) in contents.items()]
    table = image_table(rows, folder)
    for path, (_, _, _, content) in zip(map(Path, table["path"]), contents.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return dataset(table, folder)


@pytest.fixture
def tested(tmp_path: Path) -> Dataset:
    """Two identities; one query's and one distractor's bytes are those of `trained`'s first and second image."""
    return written(
        tmp_path / "tested",
        {
            "q": (1, 1, "query", b"same"),
            "a": (1, 2, "gallery", b"sand"),
            "b": (2, 2, "gallery", b"longer"),
            "d": (0, 2, "gallery", b"distractor"),
            "j": (-1, 2, "gallery", b"junk"),
            "t": (9, 1, "train", b"trained there"),
        },
    )


def test_equal_bytes_count_and_equal_lengths_do_not(tested: Dataset, tmp_path: Path) -> None:
    trained = written(
        tmp_path / "trained",
        {
            "x": (5, 1, "train", b"same"),
            "y": (5, 1, "train", b"distractor"),
            "z": (6, 1, "train", b"another"),
        },
    )
    assert shared_images(trained, tested) == 2


def test_only_what_is_trained_on_and_what_is_ranked_counts(tested: Dataset, tmp_path: Path) -> None:
    trained = written(
        tmp_path / "trained",
        {
            "x": (5, 1, "gallery", b"same"),  # not trained on
            "n": (0, 1, "train", b"sand"),  # nobody, not trained on
            "j": (5, 1, "train", b"junk"),  # junk there, not ranked
            "t": (6, 1, "train", b"trained there"),  # a training image there, not ranked
        },
    )
    assert shared_images(trained, tested) == 0


def test_an_image_that_is_in_the_test_part_twice_counts_twice(tmp_path: Path) -> None:
    tested = written(
        tmp_path / "tested",
        {
            "q": (1, 1, "query", b"one"),
            "a": (1, 2, "gallery", b"one"),
            "b": (2, 2, "gallery", b"two"),
        },
    )
    trained = written(tmp_path / "trained", {"x": (5, 1, "train", b"one"), "y": (5, 1, "train", b"one")})
    assert shared_images(trained, tested) == 2


def test_what_is_said_names_the_count_or_what_is_not_known() -> None:
    assert "1,234 of its 5,000 query and gallery images are training images" in overlap_said("viper", 1234, 5000)
    assert "not of new data" in overlap_said("viper", 1, 2)
    assert overlap_said("viper", 0, 5000).startswith("viper: none of its 5,000")
    assert "is not known" in overlap_said("viper", 0, 5000)
