"""Examples of generated sets show the files that the manifest names."""

import base64
import io
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from augment.images import read_image
from augment.workspace import Workspace
from numerics.arrays import Array
from pipelines.report.examples import GAP, SHOWN, Example, generated_sets
from pipelines.table5.cells import Cell
from pipelines.table5.results import declare
from pipelines.table5.stages import Model
from tests.conftest import run


@pytest.fixture(scope="module")
def filled(rendered: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with sets of two seeds of Ours, one of Ours*, and one in extra images."""
    root = Workspace.create(tmp_path_factory.mktemp("filled") / "w", {"data": str(rendered)}).root
    for seed in ("1", "0"):
        run(root, "--seed", seed, "generate", "--portion", "0.4", "--generator", str(trained))
    run(root, "--seed", "0", "generate", "--portion", "0.4", "--target-poses", "reduced", "--generator", str(trained))
    run(root, "--seed", "0", "generate", "--portion", "1", "--ratio", "2", "--generator", str(trained))
    return Workspace.find(root)


def tiles_of(example: Example) -> dict[str, Array]:
    """An example's tiles as float arrays, in their order."""
    kind, data = example.picture.removeprefix("data:image/").split(";base64,")
    assert kind == "webp"
    strip = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(float)
    width = (strip.shape[1] + GAP) // len(example.tiles)
    return {name: strip[:, i * width : i * width + width - GAP] for i, name in enumerate(example.tiles)}


def near(tile: Array, path: Path) -> bool:
    """Whether a tile shows a file, but for its compression."""
    return bool(np.abs(tile - read_image(path).astype(float)).mean() < 8)


def test_sets_are_listed_once_a_row_and_portion_with_the_first_seed(filled: Workspace) -> None:
    assert [(made.title, made.column, made.seed) for made in generated_sets(filled)] == [
        ("Ours", "p = 0.4", 0),
        ("Ours*", "p = 0.4", 0),
        ("Ours", "ratio 2", 0),
    ]


def test_sets_of_the_tables_cells_have_their_rows_title(filled: Workspace) -> None:
    declare(filled, [Cell("filtered:0.3", portion=0.4), Cell("weighted", portion=0.4), Cell("patn", portion=0.4)])
    (need,) = Model(Cell("filtered:0.3", portion=0.4)).needs
    others = need.folder(filled), filled.generated_dir("x", 0.4, 0)
    for folder in others:
        folder.symlink_to(filled.generated_dir("ours", 0.4, 0))
    titles = [made.title for made in generated_sets(filled)]
    for folder in others:
        folder.unlink()
    assert titles == ["Ours", "Ours*", "Ours, filtered 30 %", "x", "Ours"]


def test_a_row_of_ready_made_images_shows_them_beside_what_they_replace(filled: Workspace, tmp_path: Path) -> None:
    ours = filled.generated_dir("ours", 0.4, 0) / "bounding_box_train"
    for seed in (0, 1):
        (tmp_path / f"theirs-{seed}").mkdir()
    generated = sorted(path for path in ours.iterdir() if "_gen." in path.name)[:3]
    for path in generated[:2]:
        (tmp_path / "theirs-0" / path.name).write_bytes(path.read_bytes())
    odd = tmp_path / "theirs-0" / f"{generated[2].name.partition('_')[0]}_c1s1_000001_00.jpg"
    odd.write_bytes(generated[2].read_bytes())
    declare(filled, [Cell(f"theirs={tmp_path}/theirs-{{s}}", portion=0.4, seed=seed) for seed in (0, 1)])
    declare(filled, [Cell(f"gone={tmp_path}/gone", portion=0.4)])
    made = {found.title: found for found in generated_sets(filled)}
    assert "gone" not in made
    assert (made["theirs"].column, made["theirs"].seed, made["theirs"].generated) == ("p = 0.4", 0, 3)
    assert {example.name: example.tiles for example in made["theirs"].examples} == {
        generated[0].name: ("generated", "removed"),
        generated[1].name: ("generated", "removed"),
        odd.name: ("generated",),
    }
    first = next(tiles_of(each) for each in made["theirs"].examples if each.name == generated[0].name)
    assert near(first["generated"], generated[0])
    assert near(first["removed"], filled.data / "bounding_box_train" / generated[0].name.replace("_gen", ""))
    for seed in (0, 1):
        shutil.rmtree(tmp_path / f"theirs-{seed}")
    assert "theirs" not in {found.title for found in generated_sets(filled)}


def test_counts_are_the_manifests(filled: Workspace) -> None:
    first = generated_sets(filled)[0]
    kinds = pd.read_csv(filled.generated_dir("ours", 0.4, 0) / "manifest.csv")["kind"].value_counts()
    assert (first.real, first.generated) == (kinds["real"], kinds["generated"])


def test_tiles_show_source_generated_and_withheld_image(filled: Workspace) -> None:
    folder = filled.generated_dir("ours", 0.4, 0)
    manifest = pd.read_csv(folder / "manifest.csv").set_index("name")
    train = filled.data / "bounding_box_train"
    shown = generated_sets(filled)[0].examples
    assert len(shown) == SHOWN == len({example.name for example in shown})
    for example in shown:
        tiles = tiles_of(example)
        assert list(tiles) == ["source", "pose", "generated", "removed"]
        assert near(tiles["source"], train / str(manifest.at[example.name, "source"]))
        assert near(tiles["generated"], folder / "bounding_box_train" / example.name)
        assert near(tiles["removed"], train / example.name.replace("_gen", ""))
        assert not near(tiles["source"], train / example.name.replace("_gen", ""))


def test_sets_of_one_portion_show_the_same_withheld_images(filled: Workspace) -> None:
    ours, star, _ = generated_sets(filled)
    assert [example.name for example in ours.examples] == [example.name for example in star.examples]


def test_extra_images_withhold_nothing(filled: Workspace) -> None:
    assert all(example.tiles == ("source", "pose", "generated") for example in generated_sets(filled)[2].examples)


def test_a_file_that_is_gone_is_left_out(filled: Workspace) -> None:
    example = generated_sets(filled)[0].examples[0]
    path = filled.generated_dir("ours", 0.4, 0) / "bounding_box_train" / example.name
    path.rename(path.with_suffix(".away"))
    left = [each.name for each in generated_sets(filled)[0].examples]
    path.with_suffix(".away").rename(path)
    assert example.name not in left
    assert len(left) == SHOWN - 1


def test_without_key_points_there_is_no_pose(filled: Workspace, tmp_path: Path) -> None:
    for folder in ("bounding_box_train", "bounding_box_test", "query"):
        (tmp_path / folder).symlink_to(filled.data / folder)
    example = generated_sets(Workspace(filled.root, {"data": str(tmp_path)}))[0].examples[0]
    assert example.tiles == ("source", "generated", "removed")
