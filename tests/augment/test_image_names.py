"""Images by the names that other people's files give them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from augment import AugmentError
from augment.datasets.image_names import ImageNames
from augment.layouts.identity_folders import SOURCES
from tests.augment.tables import Row, dataset, image_table

ROWS: list[Row] = [
    ("0001_c1.jpg", 1, 1, "train"),
    ("0001_c2.png", 1, 2, "train"),
    ("0002_c1.jpg", 2, 1, "query"),
    ("0002_c1.jpg", 2, 1, "gallery"),
]


def names(folder: Path, sources: Sequence[tuple[str, str]] = ()) -> ImageNames:
    """Those of four images in `folder`, made from photographs if some are given."""
    if sources:
        table = pd.DataFrame([(image, source, "linked") for image, source in sources])
        table.to_csv(folder / SOURCES, header=["image", "source", "how"], index=False)
    return ImageNames(dataset(image_table(ROWS, folder), folder))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("0001_c1.jpg", "0001_c1.jpg"),
        ("0001_c1.png", "0001_c1.jpg"),  # no image has that suffix
        ("0001_c2.jpg", "0001_c2.png"),
        ("train/0001_c1.jpg", "0001_c1.jpg"),
        ("elsewhere\\train\\0001_c1.jpg", "0001_c1.jpg"),
        ("./0001_c1.jpg", "0001_c1.jpg"),
        ("gallery/0001_c1.jpg", None),  # the folder is not the image's
        ("../train/0001_c1.jpg", None),
        ("0001_c3.jpg", None),
        ("", None),
        ("0002_c1.jpg", "0002_c1.jpg"),  # of two splits, one image
    ],
)
def test_a_name_is_an_images_by_name_folder_and_stem(tmp_path: Path, given: str, found: str | None) -> None:
    assert names(tmp_path).match([given]) == ({} if found is None else {given: found})


PHOTOS = [
    ("train/0001_c1.jpg", "/photos/anna/cam1/1.png"),
    ("train/0001_c2.png", "/photos/anna/cam2/1.png"),
    ("query/0002_c1.jpg", "/photos/bert/cam1/2.png"),
]


def test_photographs_names_give_the_images_made_of_them(tmp_path: Path) -> None:
    found = names(tmp_path, PHOTOS)
    assert found.match(["anna/cam2/1.png", "2.jpg", "x.png"]) == {
        "anna/cam2/1.png": "0001_c2.png",
        "2.jpg": "0002_c1.jpg",
    }
    assert found.example() == f"0001_c1.jpg, or 1.png of the photographs, see {SOURCES}"


def test_a_name_of_several_photographs_needs_its_folders(tmp_path: Path) -> None:
    found = names(tmp_path, PHOTOS)
    with pytest.raises(AugmentError, match=r"^1\.png: several photographs have that name, such as cam1/1.png and cam2"):
        found.match(["1.png"])
    assert found.match(["cam1/1.png"]) == {"cam1/1.png": "0001_c1.jpg"}


def test_deeper_folders_decide_between_photographs_of_one_folder_name(tmp_path: Path) -> None:
    found = names(tmp_path, [*PHOTOS, ("gallery/0002_c1.jpg", "/photos/bert/cam2/1.png")])
    assert found.match(["anna/cam2/1.png"]) == {"anna/cam2/1.png": "0001_c2.png"}
    assert found.match(["bert/cam2/1.png"]) == {"bert/cam2/1.png": "0002_c1.jpg"}
    with pytest.raises(AugmentError, match="several photographs"):
        found.match(["cam2/1.png"])


def test_names_are_all_the_workspaces_or_all_the_photographs(tmp_path: Path) -> None:
    found = names(tmp_path, PHOTOS)
    assert found.match(["0001_c1.jpg", "0001_c2.png", "2.png"]) == {
        "0001_c1.jpg": "0001_c1.jpg",
        "0001_c2.png": "0001_c2.png",
    }
    assert found.match(["0001_c1.jpg", "2.png", "anna/cam1/1.png"]) == {
        "2.png": "0002_c1.jpg",
        "anna/cam1/1.png": "0001_c1.jpg",
    }


def test_names_that_are_as_many_images_as_photographs_are_refused(tmp_path: Path) -> None:
    crossed = [("train/0001_c1.jpg", "/p/0001_c2.png"), ("train/0001_c2.png", "/p/0001_c1.jpg")]
    with pytest.raises(
        AugmentError, match=r"^0001_c1\.jpg: is an image of the workspace and a photograph that another"
    ):
        names(tmp_path, crossed).match(["0001_c1.jpg", "0001_c2.png"])


def test_without_photographs_the_example_is_an_image(tmp_path: Path) -> None:
    assert names(tmp_path).example() == "0001_c1.jpg"


def test_an_unreadable_list_of_photographs_is_named(tmp_path: Path) -> None:
    (tmp_path / SOURCES).write_text("image,how\na,b\n")
    with pytest.raises(AugmentError, match=r"sources\.csv: cannot be read .* make the workspace again"):
        names(tmp_path)
