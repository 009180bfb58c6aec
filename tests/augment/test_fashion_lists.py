"""DeepFashion's parts: where the benchmark lies, its images and lists, and both splits, on empty files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.layouts.deepfashion import find_root, identity_of, image_table, item_of, read_images
from augment.layouts.deepfashion_folder import (
    describe,
    find_images,
    find_lists,
    read_list,
    split_by_lists,
    split_by_seed,
    write_crops,
)

PANTS = "fashionMENPantsid0000030002_1front.jpg"
POLO = "fashionMENShirts_Polosid0000001101_2side.jpg"
OTHER_POLO = "fashionMENShirts_Polosid0000001102_2side.jpg"
SKIRT = "fashionWOMENSkirtsid0000629004_3back.jpg"
FILES = {
    PANTS: "MEN/Pants/id_00000300/02_1_front.jpg",
    POLO: "MEN/Shirts_Polos/id_00000011/01_2_side.jpg",
    SKIRT: "WOMEN/Skirts/id_00006290/04_3_back.jpg",
}


def make(root: Path) -> dict[str, Path]:
    for file in FILES.values():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return {name: root / file for name, file in FILES.items()}


def test_an_identity_is_an_item_in_one_set_of_clothes() -> None:
    assert identity_of(POLO) == "fashionMENShirts_Polosid0000001101"
    assert item_of(POLO) == item_of(OTHER_POLO) == "fashionMENShirts_Polosid00000011"
    assert identity_of(POLO) != identity_of(OTHER_POLO)


@pytest.mark.parametrize("place", ["", "img", "Img/img", "fashion", "some where/else"])
def test_the_benchmark_is_found_in_its_usual_folders_and_below_others(tmp_path: Path, place: str) -> None:
    make(tmp_path / place)
    assert find_root(tmp_path) == tmp_path / place


def test_folders_named_men_without_items_are_no_benchmark(tmp_path: Path) -> None:
    (tmp_path / "MEN" / "Pants" / "003").mkdir(parents=True)
    (tmp_path / "WOMEN").touch()
    assert find_root(tmp_path) is None
    make(tmp_path / "a" / "b" / "c" / "d")  # deeper than is searched
    assert find_root(tmp_path) is None


def test_images_are_listed_by_flat_name_and_files_of_other_names_are_passed_over(tmp_path: Path) -> None:
    expected = make(tmp_path)
    (tmp_path / "MEN/Pants/id_00000300/readme.txt").touch()
    (tmp_path / "MEN/Pants/loose.jpg").touch()
    found = find_images(tmp_path)
    assert list(found.items()) == sorted(expected.items())


def test_two_files_of_one_flat_name_and_no_file_at_all_are_refused(tmp_path: Path) -> None:
    (tmp_path / "WOMEN").mkdir()
    with pytest.raises(AugmentError, match="no image MEN"):
        find_images(tmp_path)
    make(tmp_path)
    (tmp_path / "MEN/Pants/id_00000300/02_1_front.JPEG").touch()
    with pytest.raises(AugmentError, match=rf"is named {PANTS} here, as is .*; remove one of them"):
        find_images(tmp_path)


@pytest.mark.parametrize("place", [".", "fashion_data", "..", "../fashion_data", "../..", "../../fashion_data"])
def test_lists_are_looked_for_beside_the_images_and_up_to_two_folders_above(tmp_path: Path, place: str) -> None:
    root = tmp_path / "a" / "b" / "img"
    make(root)
    folder = (root / place).resolve()
    folder.mkdir(exist_ok=True)
    assert find_lists(root, None) is None
    for name in ("train.lst", "test.lst"):
        (folder / name).touch()
    lists = find_lists(root, None)
    assert lists is not None
    assert {split: path.resolve() for split, path in lists.items()} == {
        "train": folder / "train.lst",
        "gallery": folder / "test.lst",
    }


def test_one_list_alone_and_a_given_folder_without_lists_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "img"
    make(root)
    with pytest.raises(AugmentError, match=r"given/train\.lst: is not there; put train\.lst and test\.lst into one"):
        find_lists(root, tmp_path / "given")
    (root / "train.lst").touch()
    with pytest.raises(AugmentError, match=r"test\.lst: is not there"):
        find_lists(root, None)


def test_a_list_is_read_in_its_order_each_name_once(tmp_path: Path) -> None:
    path = tmp_path / "train.lst"
    path.write_bytes(f"\ufeff{SKIRT}\r\n\r\n  {PANTS}\n{SKIRT}\n".encode())
    assert read_list(path) == [SKIRT, PANTS]
    path.write_text("")
    assert read_list(path) == []


def test_a_list_of_something_else_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "train.lst"
    path.write_text(f"{SKIRT}\n\n0001_c1.jpg\n")  # the empty line counts
    with pytest.raises(AugmentError, match=r"train\.lst, line 3: '0001_c1\.jpg' is no name such as fashion"):
        read_list(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AugmentError, match=r"train\.lst: cannot be read \(.*\); give the authors' list"):
        read_list(path)
    with pytest.raises(AugmentError, match=r"gone\.lst: cannot be read"):
        read_list(tmp_path / "gone.lst")


def test_listed_images_that_are_there_get_the_split_of_their_list() -> None:
    splits, said = split_by_lists([PANTS, POLO], {"train": [POLO], "gallery": [PANTS]})
    assert splits == {PANTS: "gallery", POLO: "train"}
    assert said == []


def test_unlisted_and_missing_images_are_counted() -> None:
    splits, said = split_by_lists([PANTS, POLO], {"train": [SKIRT, OTHER_POLO], "gallery": [PANTS]})
    assert splits == {PANTS: "gallery"}
    assert said == [
        "1 image is in neither list and left out",
        f"2 listed images are not there, such as {OTHER_POLO}",
    ]


def test_an_image_in_both_lists_and_lists_of_other_images_are_refused() -> None:
    with pytest.raises(AugmentError, match=rf"{POLO}: is in train.lst and in test.lst"):
        split_by_lists([PANTS, POLO], {"train": [SKIRT, POLO], "gallery": [POLO]})
    with pytest.raises(AugmentError, match=rf"none of 2 images, such as {PANTS}, is in train.lst or test.lst"):
        split_by_lists([POLO, PANTS], {"train": [SKIRT], "gallery": []})


@pytest.mark.parametrize(("share", "tested"), [(0.0, 0), (0.01, 1), (0.5, 5), (0.94, 9), (1.0, 9)])
def test_a_seeded_split_tests_a_share_of_the_items_with_all_their_clothes(share: float, tested: int) -> None:
    names = [f"fashionMENPantsid{item:08d}{clothes:02d}_1front.jpg" for item in range(10) for clothes in (1, 2)]
    splits = split_by_seed(names, share, 3)
    assert set(splits) == set(names)
    items = {split: {item_of(name) for name in names if splits[name] == split} for split in ("train", "gallery")}
    assert not items["train"] & items["gallery"]
    assert len(items["gallery"]) == tested
    assert split_by_seed(reversed(names), share, 3) == splits


def test_a_single_item_trains() -> None:
    assert split_by_seed([POLO, OTHER_POLO], 1.0, 0) == {POLO: "train", OTHER_POLO: "train"}


def test_the_table_numbers_identities_by_name_and_has_training_images_first(tmp_path: Path) -> None:
    names = {SKIRT: "train", PANTS: "gallery", POLO: "train", OTHER_POLO: "gallery"}
    table = image_table(names, {name: tmp_path / name for name in names})
    assert table[["name", "split", "pid", "camid"]].to_numpy().tolist() == [
        [POLO, "train", 2, 1],
        [SKIRT, "train", 4, 1],
        [PANTS, "gallery", 1, 1],
        [OTHER_POLO, "gallery", 3, 1],
    ]
    assert table["source"].tolist() == [str(tmp_path / name) for name in (POLO, SKIRT, PANTS, OTHER_POLO)]
    assert describe(table) == "2 training images of 2 identities and 2 test images of 2 identities, none in both"
    both = table.assign(pid=[1, 2, 1, 1])
    assert describe(both) == "2 training images of 2 identities and 2 test images of 1 identity, 1 of them in both"


def test_the_table_is_read_back_with_the_crops_paths(tmp_path: Path) -> None:
    table = image_table({POLO: "train", PANTS: "gallery"}, {POLO: Path("a"), PANTS: Path("b")})
    table.to_csv(tmp_path / "images.csv", index=False)
    read = read_images(tmp_path)
    assert list(read) == ["name", "path", "pid", "camid", "split"]
    assert read["path"].tolist() == [str(tmp_path / "train" / POLO), str(tmp_path / "test" / PANTS)]
    pd.DataFrame({"name": [POLO], "split": ["query"], "pid": [1], "camid": [1]}).to_csv(tmp_path / "images.csv")
    with pytest.raises(AugmentError, match=r"images\.csv: no table of images .* make the workspace again"):
        read_images(tmp_path)


def test_crops_that_are_there_are_kept_and_the_others_made(tmp_path: Path) -> None:
    pixels = np.zeros((256, 256, 3), np.uint8)
    pixels[:, 40:216] = 200
    Image.fromarray(pixels).save(tmp_path / "source.png")
    table = image_table({POLO: "train", PANTS: "gallery"}, dict.fromkeys((POLO, PANTS), tmp_path / "source.png"))
    kept = tmp_path / "data" / "train" / POLO
    kept.parent.mkdir(parents=True)
    kept.write_text("a crop of before")
    write_crops(table, tmp_path / "data", jobs=1, progress=False)
    assert kept.read_text() == "a crop of before"
    with Image.open(tmp_path / "data" / "test" / PANTS) as made:
        assert (made.size, made.format) == ((176, 256), "JPEG")
        assert np.abs(np.asarray(made).astype(int) - 200).max() <= 1
