"""Every file below --data is taken or passed over with a reason, and what would be a guess is refused."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.datasets.create import Made, TakenFiles, init_real, init_text
from augment.workspace import Workspace
from reid import DataError
from reid.data.market1501 import read_market1501
from tests.fashion_tree import make_tree

SIZE = (8, 16)
MARKET = [
    *(f"bounding_box_train/{pid:04d}_c{camera}s1_000000_00" for pid in (1, 2) for camera in (1, 2)),
    *(f"bounding_box_test/0003_c{camera}s1_000000_00" for camera in (2, 3)),
    "query/0003_c1s1_000000_00",
]


def images(folder: Path, names: Iterable[str], ending: str = ".jpg") -> Path:
    """Tiny images, each of another grey, below a folder."""
    for number, name in enumerate(names):
        path = folder / f"{name}{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", SIZE, 5 * number % 256).save(path)
    return folder


def people(folder: Path, *names: str, shots: Iterable[str] = ("a", "b", "c")) -> Path:
    return images(folder, [f"{name}/{shot}" for name in names for shot in shots])


def init(tmp_path: Path, folder: Path, **options: object) -> Made:
    return init_real(tmp_path / "w", folder, **options)  # type: ignore[arg-type]


def said(result: Made) -> str:
    return "\n".join(result.decisions)


def test_files_that_are_no_image_of_a_person_are_counted_with_their_reason(tmp_path: Path) -> None:
    data = people(tmp_path / "in", "anna", "bert")
    for file in ("anna/.a.jpg", "anna/Thumbs.db", ".git/HEAD", "__MACOSX/anna/._a.jpg", "bert/.DS_Store"):
        (data / file).parent.mkdir(parents=True, exist_ok=True)
        (data / file).write_bytes(b"?")
    (data / "anna" / "empty.jpg").touch()
    (data / "anna" / "notes, and more.txt").write_text("?")
    (data / "anna" / "gone.jpg").symlink_to(data / "nowhere.jpg")
    (data / "bert" / "again").symlink_to(data, target_is_directory=True)
    images(data, ["loose", "-1/a", "0000/a"])
    result = init(tmp_path, data)
    passed = {
        "hidden, or of the system": 5,
        "not readable as an image": 1,
        "of no image type that is read": 1,
        "a link that leads to no file, or no file": 1,
        "in no identity's folder": 1,
        "in a folder -1 or 0, which is junk and background, not a person (rename it if it is one)": 2,
    }
    assert result.files == TakenFiles(6, passed)
    assert "6 of 17 files were taken; passed_over.csv lists the others" in init_text(result)
    listed = pd.read_csv(tmp_path / "w" / "passed_over.csv")
    assert listed["reason"].value_counts().to_dict() == passed
    assert "anna/notes, and more.txt" in set(listed["file"])
    assert sum(result.images.values()) == 6


def test_where_all_is_taken_there_is_no_list(tmp_path: Path) -> None:
    result = init(tmp_path, people(tmp_path / "in", "anna", "bert"))
    assert result.files == TakenFiles(6, {})
    assert "passed over" not in said(result)
    assert not (tmp_path / "w" / "passed_over.csv").exists()


def test_sub_folders_of_a_person_are_the_persons_and_are_named(tmp_path: Path) -> None:
    data = people(tmp_path / "in", "anna", "bert", shots=("1", "2", "summer/3", "summer/late/4"))
    result = init(tmp_path, data)
    assert sum(result.images.values()) == result.files.taken == 8
    assert "4 images in sub-folders (anna/summer, anna/summer/late, bert/summer, bert/summer/late)" in said(result)
    sources = pd.read_csv(tmp_path / "w" / "data" / "sources.csv")
    assert sources["identity"].value_counts().to_dict() == {"anna": 4, "bert": 4}


def test_two_persons_linked_into_each_other_end(tmp_path: Path) -> None:
    data = people(tmp_path / "in", "anna", "bert")
    (data / "anna" / "friend").symlink_to(data / "bert")
    (data / "bert" / "friend").symlink_to(data / "anna")
    assert init(tmp_path, data).files.taken == 12


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["train/0001_c1", "train/0002_c1", "test/0003_c1"], "test: is named for a part of a data set"),
        (["first/0001_c1", "first/0002_c1"], "first: the names of its images are of 2 identities"),
        (["train/anna/1", "val/anna/2"], r"train: is named for a part .*; give folder .*train"),
        (["image_query/a", "image_train/b"], "image_query: is named for a part of a data set"),
        (["Testing/a", "anna/a"], "Testing: is named for a part"),
        (["cam_a/a", "cam_b/b"], "named for cameras"),
        (["c1/a", "Camera 2/b"], "named for cameras"),
        (["images/anna/1", "images/bert/1"], "images: holds no image itself, they lie deeper, in anna"),
        (["anna/1", "old/bert/1"], "old: holds no image itself"),
        (["fashion/fashionMENDenimid0000008001_1front", "fashion/fashionMENDenimid0000009001_1front"], "DeepFashion's"),
    ],
)
def test_folders_that_are_perhaps_no_people_are_refused_unless_they_are_said_to_be(
    tmp_path: Path, names: list[str], sentence: str
) -> None:
    data = images(tmp_path / "in", names)
    with pytest.raises(AugmentError, match=sentence) as error:
        init(tmp_path, data)
    assert "layout folders" in str(error.value)
    assert not (tmp_path / "w").exists()
    assert init(tmp_path, data, layout="folders").files.taken == len(names)


@pytest.mark.parametrize("name", ["tester", "Valerie", "training-anna", "camille", "c", "contest"])
def test_people_whose_names_are_like_those_of_parts_are_people(tmp_path: Path, name: str) -> None:
    assert init(tmp_path, people(tmp_path / "in", name, "anna")).files.taken == 6


def test_images_without_sub_folders_are_told_where_they_belong(tmp_path: Path) -> None:
    data = images(tmp_path / "m", MARKET)
    with pytest.raises(AugmentError, match="is one part of a Market-1501 folder; give the folder around it"):
        init(tmp_path, data / "bounding_box_train")
    with pytest.raises(AugmentError, match="have Market-1501 names; put them into bounding_box_train"):
        init(tmp_path, (data / "bounding_box_train").rename(tmp_path / "flat"))
    with pytest.raises(AugmentError, match="sort the images into one sub-folder per identity"):
        init(tmp_path, images(tmp_path / "loose", ["a", "b"]))


def test_market1501_below_other_folders_is_found_and_two_of_them_are_a_question(tmp_path: Path) -> None:
    data = images(tmp_path / "in" / "sets" / "market1501" / "v2", MARKET)
    result = init(tmp_path, tmp_path / "in")
    assert result.data == str(data)
    assert "the images are those of sets/market1501/v2" in said(result)
    images(tmp_path / "in" / "duke", MARKET)
    with pytest.raises(AugmentError, match=r"holds several data sets: duke, sets/market1501/v2; give one of them"):
        init_real(tmp_path / "v", tmp_path / "in")


def test_market1501_images_elsewhere_than_the_layout_has_them_are_named(tmp_path: Path) -> None:
    data = images(tmp_path / "in", [*MARKET, "bounding_box_train/0001/0001_c3", "gt_bbox/0001_c1", "gt_bbox/0002_c1"])
    (data / "readme.txt").write_text("?")
    result = init(tmp_path, data)
    assert result.files.taken == len(MARKET) == sum(result.images.values())
    assert "1 file passed over: images deeper than the layout has them: move them up, such as" in said(result)
    assert "images outside bounding_box_train, bounding_box_test, query, such as gt_bbox/0001_c1.jpg" in said(result)
    assert list(result.files.passed_over.values()) == [2, 1, 1]
    for image in (data / "bounding_box_train").glob("*.jpg"):
        image.rename(data / "bounding_box_train" / "0001" / image.name)
    shutil.rmtree(data / "bounding_box_test")
    shutil.rmtree(data / "query")
    with pytest.raises(AugmentError, match="where all images have to be; folders in these are not searched"):
        init_real(tmp_path / "v", data)


@pytest.mark.parametrize("ending", [".png", ".bmp", ".webp", ".tif", ".TIFF", ".JPG", ".jpg.jpg"])
def test_every_image_type_is_read_under_market1501_names(tmp_path: Path, ending: str) -> None:
    result = init(tmp_path, images(tmp_path / "in", MARKET, ending))
    assert result.images == {"train": 4, "query": 1, "gallery": 2}
    assert ("do not end in .jpg" in said(result)) == (not ending.endswith(".jpg"))


def test_identities_that_market1501_takes_for_nobody_are_named(tmp_path: Path) -> None:
    data = images(tmp_path / "in", [*MARKET, "bounding_box_train/0000_c1", "query/-1_c1"])
    (data / "bounding_box_train" / "0001_c9.jpg").touch()
    result = init(tmp_path, data)
    assert "1 file is empty, such as 0001_c9.jpg" in said(result)
    assert "1 training image, which is not trained on, is of identity 0 or -1" in said(result)
    assert "1 query is of identity 0 or -1" in said(result)


@pytest.mark.parametrize(
    ("cameras", "numbers", "sentence"),
    [
        (("cam0", "cam1", "cam10"), {1, 2, 3}, "0, 1, 10, numbered from 1 here"),
        (("c001", "c2", "c0010"), {1, 2, 10}, "1, 2, 10"),
        (("c1001", "c2001"), {1001, 2001}, "1001, 2001"),
        (("cam_a/1", "cam_b/1", "cam_b/2"), {1, 2}, "a, b, numbered from 1 here"),
        (("camera-0/1", "camera-1/1"), {1, 2}, "0, 1, numbered from 1 here"),
    ],
)
def test_every_camera_number_is_a_camera(
    tmp_path: Path, cameras: tuple[str, ...], numbers: set[int], sentence: str
) -> None:
    result = init(tmp_path, people(tmp_path / "in", "anna", "bert", shots=cameras))
    assert f"cameras were read from the names: {sentence}" in result.decisions
    assert set(read_market1501(tmp_path / "w" / "data")["camid"]) == numbers


def test_a_camera_of_too_many_digits_is_refused_as_in_market1501_names(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"anna/c1234567890123456\.jpg: the camera 1234567890123456 has more than 15"):
        init(tmp_path, people(tmp_path / "in", "anna", "bert", shots=("c1", "c1234567890123456")))


def test_one_name_without_a_camera_is_named(tmp_path: Path) -> None:
    data = images(people(tmp_path / "in", "anna", "bert", shots=("c1", "c2")), ["bert/portrait"])
    assert "1 of 5 do not, such as bert/portrait.jpg" in said(init(tmp_path, data))


def test_names_that_differ_in_little_are_different_people_and_said_to_be(tmp_path: Path) -> None:
    result = init(tmp_path, people(tmp_path / "in", "anna", "Anna", "7", "007", "Ze\u0301", "Zé", "bert"))
    sentence = next(each for each in result.decisions if "nearly the same name" in each)
    assert set(sentence.partition(": ")[2].split(", ")) == {"anna", "Anna", "7", "007", "Ze\u0301", "Zé"}
    assert read_market1501(tmp_path / "w" / "data")["pid"].nunique() == 7


def test_files_that_differ_in_their_ending_only_are_said_to_count_each(tmp_path: Path) -> None:
    data = images(people(tmp_path / "in", "anna", "bert", shots=("one", "two")), ["anna/three", "bert/three"])
    (data / "anna" / "one.png").write_bytes((data / "anna" / "one.jpg").read_bytes())
    sentence = next(each for each in init(tmp_path, data).decisions if "ending only" in each)
    assert sentence.startswith("anna/one.jpg and anna/one.png differ in their ending only and count as images of their")


def test_empty_folders_are_no_people_and_named(tmp_path: Path) -> None:
    data = people(tmp_path / "in", "anna", "bert")
    (data / "carl" / "session").mkdir(parents=True)
    (data / "dora").mkdir()
    (data / "dora" / "Thumbs.db").touch()
    assert "2 folders without an image make no identity: carl, dora" in said(init(tmp_path, data))


def test_a_name_of_bytes_that_are_no_text_is_passed_over(tmp_path: Path) -> None:
    data = people(tmp_path / "in", "anna", "bert")
    shutil.copy(os.fsencode(data / "anna" / "a.jpg"), os.fsencode(data / "anna") + b"/\xff.jpg")
    shutil.copy(data / "anna" / "a.jpg", data / "anna" / "a\nb.jpg")
    result = init(tmp_path, data)
    assert result.files.passed_over == {"their names hold bytes or signs that are no text": 2}
    assert set(pd.read_csv(tmp_path / "w" / "passed_over.csv")["file"]) == {r"anna/\udcff.jpg", r"anna/a\nb.jpg"}
    assert init(tmp_path, data) == result


def test_deepfashion_images_of_other_names_and_other_files_are_counted(rendered: Path, tmp_path: Path) -> None:
    tree = make_tree(rendered, tmp_path / "deep" / "er")
    images(tree.img, ["MEN/Denim/id_00000001/front"])
    result = init(tmp_path, tmp_path / "deep", progress=False)
    assert result.layout == "deepfashion"
    assert result.files.passed_over == {
        "of no image type that is read": len([*(tmp_path / "deep").rglob("*.csv")]),
        "images that are not named as the benchmark's": 1,
    }
    assert result.files.taken == sum(result.images.values())


def test_moved_photographs_are_named_and_the_advice_works(tmp_path: Path) -> None:
    data = people(tmp_path / "photos", "anna", "bert")
    init(tmp_path, data)
    moved = data.rename(tmp_path / "moved")
    with pytest.raises(AugmentError, match=r"link to .*photos/anna/a\.jpg, where no file is.*; put them back, or"):
        Workspace.find(tmp_path / "w").images()
    shutil.rmtree(tmp_path / "w" / "data")
    assert init(tmp_path, moved).files.taken == 6
    assert all(
        os.path.realpath(path).startswith(str(moved)) for path in Workspace.find(tmp_path / "w").images()["path"]
    )


def test_cameras_of_market1501_names_are_numbers_whatever_their_zeros(tmp_path: Path) -> None:
    names = ["bounding_box_train/1_c01", "bounding_box_train/0001_c0001_2", "bounding_box_train/0001_c12"]
    init(tmp_path, images(tmp_path / "in", names))
    table = read_market1501(tmp_path / "in", ("train",))
    assert sorted(table["camid"]) == [1, 1, 12]
    assert set(table["pid"]) == {1}
