"""What a folder of images is taken for: parts of data sets, Market-1501 folders, working sizes, tracks; by hand."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.layouts.detection import detect_layout, find_market1501, is_part
from augment.layouts.identity_folders import choose_queries, split_identities
from augment.layouts.inventory import Inventory
from augment.layouts.kinds import DataLayout
from augment.layouts.photographs import Photo
from augment.layouts.registry import Layout, common_size, describe, market1501_layout
from numerics.seeds import Stream, random_stream


@pytest.mark.parametrize("name", ["train", "bbox_test", "image_query", "val2", "Gallery", "bounding_box_trainval"])
def test_folders_of_parts_are_told_by_their_words(name: str) -> None:
    assert is_part(name)


@pytest.mark.parametrize("name", ["trainer", "query_anna", "images", "0001", "testa", "", "validus", "box_7"])
def test_a_name_with_another_word_is_no_part(name: str) -> None:
    assert not is_part(name)


def train_folder(folder: Path) -> Path:
    (folder / "bounding_box_train").mkdir(parents=True)
    return folder


def test_market1501_is_the_folder_itself_else_the_downloaded_one_in_it_else_the_only_one_below(tmp_path: Path) -> None:
    assert find_market1501(tmp_path) is None
    train_folder(tmp_path / "a" / "b" / "c" / "d")  # deeper than is searched
    assert find_market1501(tmp_path) is None
    below = train_folder(tmp_path / "x" / "y")
    assert find_market1501(tmp_path) == below
    (tmp_path / "link").symlink_to(below)  # the same folder
    found = find_market1501(tmp_path)
    assert found is not None
    assert found.resolve() == below.resolve()
    train_folder(tmp_path / "z")
    (tmp_path / "link").unlink()
    with pytest.raises(AugmentError, match=r"holds several data sets: z, x/y; give one of them with folder"):
        find_market1501(tmp_path)
    downloaded = train_folder(tmp_path / "Market-1501-v15.09.15")
    assert find_market1501(tmp_path) == downloaded
    train_folder(tmp_path)
    assert find_market1501(tmp_path) == tmp_path
    assert detect_layout(tmp_path) is DataLayout.MARKET1501


def test_a_folder_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match="missing: there is no such folder; give the folder of your images"):
        detect_layout(tmp_path / "missing")
    with pytest.raises(AugmentError, match=r"there is no folder bounding_box_train in it; .* layout folders"):
        market1501_layout(tmp_path)


def pictures(folder: Path, *sizes: tuple[int, int]) -> list[Path]:
    """Files of these (height, width)."""
    paths = [folder / f"{number}.png" for number in range(len(sizes))]
    for path, (height, width) in zip(paths, sizes, strict=True):
        Image.new("L", (width, height)).save(path)
    return paths


@pytest.mark.parametrize(
    ("sizes", "size", "said"),
    [
        ([(64, 32)], (64, 32), "1 of 1 image is 64 x 32, the working size"),
        (
            [(64, 32), (8, 8)],
            (64, 32),
            "1 of 2 images are 64 x 32, the working size; the others are",
        ),
        (
            [(64, 32), (8, 8), (9, 9)],
            (128, 64),
            "images are resized to 128 x 64 when loaded (at most 1 of 3",
        ),
        ([(50, 27)], (48, 28), "1 of 1 image is 50 x 27; the working size is 48 x 28, multiples of 4"),
        ([(512, 1)], (512, 4), "1 of 1 image is 512 x 1; the working size is 512 x 4"),
        ([(513, 64)], (128, 64), "images are resized to 128 x 64 when loaded (at most 1 of 1 image is 513 x 64)"),
        ([], (128, 64), "no image could be read; the working size is 128 x 64"),
    ],
)
def test_the_working_size_is_that_of_half_of_the_images_in_multiples_of_4(
    tmp_path: Path, sizes: list[tuple[int, int]], size: tuple[int, int], said: str
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_text("no image")
    found, sentence = common_size([*pictures(tmp_path, *sizes), broken, tmp_path / "gone.png"])
    assert found == size
    assert sentence.startswith(said)


@pytest.mark.parametrize("size", [(0, 64), (128, 66), (2, 4), (-4, 4)])
def test_other_sizes_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(AugmentError, match=rf"size {size[0]} x {size[1]}: height and width must be multiples of 4"):
        Layout(tmp_path, DataLayout.FOLDERS, size, (), Inventory(0, {}))


def test_identities_are_counted_by_split_without_junk_and_distractors() -> None:
    rows = [(1, "train"), (1, "train"), (0, "train"), (5, "query"), (5, "gallery"), (-1, "gallery"), (0, "gallery")]
    table = pd.DataFrame(rows * 400, columns=["pid", "split"])
    assert describe(table) == (
        "1,200 training images of 1 identity, 400 query images of 1 identity, 1,200 gallery images of 1 identity"
    )
    assert describe(table[table["split"] == "query"]).startswith("0 training images of 0 identities, 400 query")


def photo(identity: str, camera: str | None, number: int = 0) -> Photo:
    return Photo(f"{identity}/{number}.jpg", Path(f"{identity}/{number}.jpg"), identity, camera, True)


@pytest.mark.parametrize(("share", "tested"), [(0.0, 0), (0.4, 2), (1.0, 4)])
def test_a_share_of_those_who_can_be_tested_on_is(share: float, tested: int) -> None:
    photos = [photo(str(pid), str(camera), camera) for pid in range(5) for camera in (1, 2, 3)]
    photos += [photo("one camera", "1", number) for number in range(3)] if share < 1 else []
    parted = split_identities(photos, share, random_stream(0, Stream.FOLDER_SPLIT))
    assert [each.file for each in parted] == [each.file for each in photos]
    splits: dict[str, Counter[str]] = {}
    for each in parted:
        splits.setdefault(each.identity, Counter())[each.split] += 1
    held = [counts for counts in splits.values() if "train" not in counts]
    assert len(held) == tested  # one identity at least trains
    assert all(counts == Counter(query=2, gallery=1) for counts in held)
    assert all(set(counts) == {"train"} for counts in splits.values() if counts not in held)


def test_a_single_identity_and_identities_of_one_image_train() -> None:
    for photos in ([photo("a", None, n) for n in range(4)], [photo(name, None) for name in "abcd"]):
        parted = split_identities(photos, 1.0, random_stream(0, Stream.FOLDER_SPLIT))
        assert {each.split for each in parted} == {"train"}


@pytest.mark.parametrize("seed", range(12))
def test_queries_are_two_of_different_cameras_where_that_can_be(seed: int) -> None:
    rng = random_stream(seed, Stream.FOLDER_SPLIT)
    cameras = [1, 1, 1, 2, 2, 2]
    first, second = choose_queries(cameras, rng)
    assert cameras[first] != cameras[second]
    found = choose_queries([1, 1, 1, 2], rng)
    assert found == [3] or (len(found) == 2 and 3 not in found)  # beside image 3 another would have no match
    assert choose_queries([1, 1, 1], rng) == choose_queries([1], rng) == choose_queries([], rng) == []
