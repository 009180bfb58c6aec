"""DeepFashion: the authors' names, crops and lists."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment import AugmentError
from augment.datasets.create import init_real
from augment.images import read_image
from augment.layouts import deepfashion_folder as folder_module
from augment.layouts.deepfashion import crop_keypoints, flat_name, identity_of, item_of
from augment.layouts.deepfashion_folder import crop, split_by_seed
from augment.layouts.detection import detect_layout
from augment.workspace import Workspace
from tests.conftest import invoke, run
from tests.fashion_tree import FashionTree, make_tree, write_lists


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("WOMEN/Skirts/id_00006290/04_3_back.jpg", "fashionWOMENSkirtsid0000629004_3back.jpg"),
        ("fashion/MEN/Shirts_Polos/id_00001802/02_4_full.jpg", "fashionMENShirts_Polosid0000180202_4full.jpg"),
        ("MEN/Pants/id_00001611/01_1_front.jpg", "fashionMENPantsid0000161101_1front.jpg"),
        ("img/WOMEN/Tees_Tanks/id_00007838/05_7_additional.jpg", "fashionWOMENTees_Tanksid0000783805_7additional.jpg"),
    ],
)
def test_names_are_the_authors(path: str, name: str) -> None:
    assert flat_name(path) == name


@pytest.mark.parametrize("path", ["WOMEN/Skirts/id_00006290/cover.jpg", "id_00006290/04_3_back.jpg", "a/b/c/d.jpg"])
def test_other_paths_have_no_name(path: str) -> None:
    with pytest.raises(AugmentError, match="give the benchmark's img folder"):
        flat_name(path)


def test_identity_is_person_and_clothes_even_in_a_category_with_an_underscore() -> None:
    first = identity_of("fashionMENShirts_Polosid0000180202_4full.jpg")
    assert first == identity_of("fashionMENShirts_Polosid0000180202_1front.jpg")
    assert first != identity_of("fashionMENShirts_Polosid0000180203_4full.jpg")
    assert first != identity_of("fashionMENShirts_Polosid0000180302_4full.jpg")
    assert item_of("fashionMENShirts_Polosid0000180203_4full.jpg") == "fashionMENShirts_Polosid00001802"


def test_crop_is_columns_40_to_215_of_a_square_of_256() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(crop(Image.fromarray(pixels))), pixels[:, 40:216])


@pytest.mark.parametrize("size", [(1101, 750), (512, 512), (128, 128)])
def test_other_sizes_are_scaled_to_the_square_first(size: tuple[int, int]) -> None:
    height, width = size
    rows = np.linspace(0, 200, height).astype(np.uint8)[:, None].repeat(width, 1)
    cropped = np.asarray(crop(Image.fromarray(rows).convert("RGB"))).astype(float)
    assert cropped.shape == (256, 176, 3)
    assert np.abs(cropped[:, 88, 0] - np.linspace(0, 200, 256)).max() < 3
    assert (cropped[:, 0].min() == 255) == (width < height)  # beside a narrow picture there is white


def test_shifted_key_points_keep_joints_outside_and_lose_none_at_column_39() -> None:
    points = np.array([[10, 39], [10, 40], [-1, -1], [5, 3], [7, 250], [200, -1]], dtype=np.float32)
    expected = [[10, -2], [10, 0], [-1, -1], [5, -37], [7, 210], [200, -1]]
    assert crop_keypoints(points).tolist() == expected


def test_workspace_has_crops_names_and_lists_of_the_authors(tree: FashionTree, fashion: Path) -> None:
    workspace = Workspace.find(fashion)
    assert workspace.size == (256, 176)
    table = workspace.images()
    assert list(table.columns) == ["name", "path", "pid", "camid", "split"]
    assert table.loc[table["split"] == "train", "name"].tolist() == tree.names["train"]
    assert table.loc[table["split"] == "gallery", "name"].tolist() == tree.names["test"]
    assert (table.groupby("pid").size() == 4).all()
    assert table["pid"].nunique() == 6
    row = table[table["name"] == "fashionWOMENSkirtsid0000629004_3back.jpg"].iloc[0]
    square = read_image(tree.img / "WOMEN/Skirts/id_00006290/04_3_back.jpg")
    pixels = read_image(row["path"])
    assert np.abs(pixels.astype(int) - square[:, 40:216]).mean() < 2  # a JPEG of a JPEG
    saved = io.BytesIO()
    Image.fromarray(square).crop((40, 0, 216, 256)).save(saved, "JPEG")  # as the authors do: Pillow's defaults
    assert np.array_equal(pixels, np.asarray(Image.open(saved)))
    assert Path(row["path"]) == workspace.data / "train" / row["name"]
    for split, names in tree.names.items():
        assert (workspace.data / f"{split}.lst").read_text().split() == names


def test_lists_are_found_beside_the_data(rendered: Path, tmp_path: Path) -> None:
    tree = make_tree(rendered, tmp_path / "data")
    write_lists(tree, tmp_path / "data" / "fashion_data")
    assert detect_layout(tmp_path / "data") == "deepfashion"
    result = init_real(tmp_path / "w", tmp_path / "data", progress=False)
    assert result.images == {"train": 16, "query": 0, "gallery": 8}
    assert "none in both" in result.decisions[0]


def test_without_lists_items_are_parted_by_seed_and_it_is_said(tree: FashionTree, tmp_path: Path) -> None:
    first = run(tmp_path, "init", str(tmp_path / "a"), "--data", str(tree.img), "--test-share", "0.4", "--seed", "3")
    assert first["layout"] == "deepfashion"
    assert any("seed 3" in sentence for sentence in first["decisions"])
    init_real(tmp_path / "b", tree.img, test_share=0.4, seed=3, progress=False)
    tables = [Workspace.find(tmp_path / side).images() for side in "ab"]
    assert tables[0].drop(columns="path").equals(tables[1].drop(columns="path"))
    items = tables[0].assign(item=tables[0]["name"].map(item_of)).groupby("item")["split"]
    assert items.nunique().eq(1).all()
    assert items.first().eq("gallery").sum() == 2  # of 5 items


def test_seeded_split_always_leaves_an_item_to_train() -> None:
    names = ["fashionMENPantsid0000000101_1front.jpg", "fashionMENPantsid0000000102_1front.jpg"]
    assert set(split_by_seed(names, 1.0, 0).values()) == {"train"}


@pytest.mark.parametrize(
    ("lists", "sentence"),
    [
        ({"train": [], "test": ["nobody.jpg"]}, "test.lst, line 1: 'nobody.jpg' is no name"),
        ({"train": ["fashionMENPantsid0000000101_1front.jpg"]}, "test.lst: is not there"),
        ({"train": ["fashionMENPantsid0000000101_1front.jpg"], "test": []}, "none of 24 images"),
        (
            {
                "train": ["fashionMENPantsid0000000101_1front.jpg"] * 2,
                "test": ["fashionMENPantsid0000000101_1front.jpg"],
            },
            "is in train.lst and in test.lst",
        ),
    ],
)
def test_lists_that_do_not_fit_are_refused(
    lists: dict[str, list[str]], sentence: str, tree: FashionTree, tmp_path: Path
) -> None:
    for part, names in lists.items():
        (tmp_path / f"{part}.lst").write_text("\n".join(names))
    result = invoke(tmp_path, "init", str(tmp_path / "w"), "--data", str(tree.img), "--lists", str(tmp_path))
    assert result.exit_code == 1
    assert sentence in result.output


def test_an_interrupted_init_goes_on_with_the_crops_it_has(
    tree: FashionTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = folder_module._write_crop
    made: list[str] = []
    room = 5

    def counted(source: Path, target: Path) -> None:
        if len(made) == room:
            raise AugmentError("the disk is full")
        made.append(target.name)
        write(source, target)

    monkeypatch.setattr(folder_module, "_write_crop", counted)
    with pytest.raises(AugmentError, match="full"):
        init_real(tmp_path / "w", tree.img, progress=False)
    assert not (tmp_path / "w" / "data").exists()
    first = made.copy()
    made.clear()
    room = 100
    init_real(tmp_path / "w", tree.img, progress=False)
    assert len(made) == 24 - 5
    assert not set(made) & set(first)
    init_real(tmp_path / "whole", tree.img, progress=False)
    for path in (tmp_path / "whole" / "data").rglob("*.jpg"):
        again = tmp_path / "w" / "data" / path.relative_to(tmp_path / "whole" / "data")
        assert again.read_bytes() == path.read_bytes()
