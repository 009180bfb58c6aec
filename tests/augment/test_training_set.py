"""Which images a re-ID model is trained on: repeated sets, and folders of other methods."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.datasets.reduced_set import reduced_set, training_images
from augment.training.reid_data import TrainingSet, repeated
from augment.workspace import Workspace
from tests.conftest import invoke, run

REID = ("reid-train", "--preset", "demo", "--epochs", "1", "--batch", "8")


def real_images(root: Path) -> pd.DataFrame:
    return training_images(Workspace.find(root).images())


def opened(root: Path) -> tuple[Workspace, Dataset]:
    workspace = Workspace.find(root)
    return workspace, Dataset.of(workspace)


def kept(root: Path, portion: float) -> list[str]:
    return reduced_set(Workspace.find(root).images(), portion, 0)


def ready_made(root: Path, folder: Path, names: list[str], suffix: str = "_other") -> Path:
    """A flat folder of copies of real images under names of generated ones; an empty suffix keeps their own."""
    folder.mkdir(parents=True)
    paths = real_images(root).set_index("name")["path"]
    for name in names:
        shutil.copy(paths[name], folder / f"{Path(name).stem}{suffix}.jpg")
    return folder


def test_images_are_repeated_evenly_to_the_full_number() -> None:
    index = repeated(7, 24, 0)
    assert len(index) == 24
    assert sorted(np.bincount(index).tolist()) == [3, 3, 3, 3, 4, 4, 4]
    assert (repeated(7, 24, 0) == index).all()
    assert any((repeated(7, 24, seed) != index).any() for seed in range(1, 4))
    assert repeated(5, 5, 0).tolist() == [0, 1, 2, 3, 4]


def test_a_repeated_set_has_the_full_sets_updates(people: Path) -> None:
    result = run(people, *REID, "--portion", "0.3", "--repeat")
    assert (result["images"], result["real"], result["distinct"]) == (48, 48, 14)
    assert result["updates"] == 48 // 8
    assert result["folder"] == "reid/small-none-repeated-p0.3-s0"
    rows = TrainingSet(0.3, repeat=True).table(*opened(people))
    assert set(rows["name"]) == set(kept(people, 0.3))


def test_only_real_images_are_repeated(people: Path) -> None:
    result = invoke(people, *REID, "--augmentation", "ours", "--repeat")
    assert result.exit_code == 2
    assert "--repeat" in result.stderr


def test_generated_images_of_a_folder_join_the_kept_real_ones(people: Path, tmp_path: Path) -> None:
    names = real_images(people)["name"].tolist()
    folder = ready_made(people, tmp_path / "others", names[:10])
    result = run(people, *REID, "--portion", "0.5", "--augmentation", str(folder))
    assert (result["images"], result["real"]) == (24 + 10, 24)
    assert result["folder"] == "reid/small-others-p0.5-s0"
    rows = TrainingSet(0.5, folder).table(*opened(people))
    assert set(rows.loc[~rows["generated"], "name"]) == set(kept(people, 0.5))
    assert all(name.endswith("_other.jpg") for name in rows.loc[rows["generated"], "name"])


def test_a_folder_with_real_images_is_taken_as_it_is(people: Path, tmp_path: Path) -> None:
    names = kept(people, 0.5)[:6]
    folder = ready_made(people, tmp_path / "set" / "bounding_box_train", names, suffix="")
    shutil.copy(folder / names[0], folder / "0001_c1s1_900000_00.jpg")
    rows = TrainingSet(0.5, tmp_path / "set").table(*opened(people))
    assert len(rows) == 7
    assert rows.loc[rows["generated"], "name"].tolist() == ["0001_c1s1_900000_00.jpg"]


def test_removed_real_images_in_a_folder_are_refused(people: Path, tmp_path: Path) -> None:
    names = real_images(people)["name"].tolist()
    removed = sorted(set(names) - set(kept(people, 0.5)))
    folder = ready_made(people, tmp_path / "leak", [removed[0], *kept(people, 0.5)], suffix="")
    result = invoke(people, *REID, "--portion", "0.5", "--augmentation", str(folder))
    assert result.exit_code == 1
    assert removed[0] in result.stderr
    assert "removed at --portion 0.5" in result.stderr
    assert len(TrainingSet(1.0, folder).table(*opened(people))) == 25


def test_a_manifest_says_which_images_are_generated(people: Path, tmp_path: Path) -> None:
    names = real_images(people)["name"].tolist()
    removed = sorted(set(names) - set(kept(people, 0.5)))
    folder = ready_made(people, tmp_path / "set", removed, suffix="")
    (folder / "manifest.csv").write_text("\n".join(["name,kind", *(f"{name},generated" for name in removed)]))
    rows = TrainingSet(0.5, folder).table(*opened(people))
    assert set(rows.loc[rows["generated"], "name"]) == set(removed)
    assert set(rows.loc[~rows["generated"], "name"]) == set(kept(people, 0.5))
    (folder / "manifest.csv").write_text("file\n")
    with pytest.raises(AugmentError, match=r"manifest\.csv: is not a table with columns name and kind"):
        TrainingSet(0.5, folder).table(*opened(people))


def fakes(root: Path, folder: Path, count: int) -> list[str]:
    """Other images under the names of real ones; returns the names."""
    names = real_images(root)["name"].tolist()[:count]
    folder.mkdir(parents=True)
    for name in names:
        Image.new("RGB", (64, 128), "red").save(folder / name)
    return names


@pytest.mark.parametrize("portion", [0.5, 1.0])
def test_other_images_under_the_names_of_real_ones_are_a_question(people: Path, tmp_path: Path, portion: float) -> None:
    names = fakes(people, tmp_path / "fake", 5)
    with pytest.raises(AugmentError, match=rf"5 images, such as {names[0]}, have the names of real .* and are others"):
        TrainingSet(portion, tmp_path / "fake").table(*opened(people))


def test_a_manifest_answers_that_question(people: Path, tmp_path: Path) -> None:
    names = fakes(people, tmp_path / "fake", 5)
    lines = ["name,kind,by", *(f"{name}, generated,SPGAN" for name in names)]
    (tmp_path / "fake" / "manifest.csv").write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    rows = TrainingSet(1.0, tmp_path / "fake").table(*opened(people))
    assert rows.loc[rows["generated"], "name"].tolist() == names
    assert rows.loc[~rows["generated"], "name"].tolist() == real_images(people)["name"].tolist()


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("{0},fake\n", "is of kind 'fake'; the kinds are real, generated, copy"),
        ("{0},\n", "is of kind ''"),
        ("{0},real\n{0},generated\n", "is there with two kinds"),
        ("bounding_box_train/{0},generated\n", "names bounding_box_train/{0} and none of the images"),
    ],
)
def test_a_manifest_that_says_nothing_sure_is_refused(people: Path, tmp_path: Path, lines: str, sentence: str) -> None:
    name, *_ = fakes(people, tmp_path / "fake", 1)
    (tmp_path / "fake" / "manifest.csv").write_text("name,kind\n" + lines.format(name))
    with pytest.raises(AugmentError, match=re.escape(sentence.format(name))):
        TrainingSet(1.0, tmp_path / "fake").table(*opened(people))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("0000_c1_gen.jpg", "1 image is of identity 0 or -1"), ("0001/0001_c1_gen.jpg", "1 image is in sub-folders")],
)
def test_images_that_would_be_left_out_are_refused(people: Path, tmp_path: Path, name: str, sentence: str) -> None:
    folder = ready_made(people, tmp_path / "set", real_images(people)["name"].tolist()[:2])
    (folder / name).parent.mkdir(exist_ok=True)
    shutil.copy(next(folder.glob("*.jpg")), folder / name)
    with pytest.raises(AugmentError, match=sentence):
        TrainingSet(1.0, folder).table(*opened(people))


def test_a_strangers_image_is_refused(people: Path, tmp_path: Path) -> None:
    folder = ready_made(people, tmp_path / "set", real_images(people)["name"].tolist()[:1])
    shutil.copy(next(folder.iterdir()), folder / "0900_c1s1_000000_00.jpg")
    with pytest.raises(AugmentError, match=r"0900_c1s1_000000_00\.jpg: is of an identity without training images"):
        TrainingSet(1.0, folder).table(*opened(people))


def test_a_folder_is_recorded_by_what_is_in_it(people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ready_made(people, tmp_path / "set", real_images(people)["name"].tolist()[:4])
    arguments = (*REID, "--portion", "0.3", "--augmentation")
    first = run(people, *arguments, str(folder))
    moved = folder.rename(tmp_path / "elsewhere")
    folder = moved.rename(people / "set")
    monkeypatch.chdir(people)
    assert run(people, *arguments, "set") == first  # another path, the same images: finished work is skipped
    record = json.loads((people / first["folder"] / "run.json").read_text())
    assert record["options"]["augmentation"] == "set/"
    next(folder.iterdir()).unlink()
    assert "was made from other input" in invoke(people, *arguments, "set").stderr


@pytest.mark.parametrize("wrong", ["no/such/folder", ".hidden", "a:b"])
def test_what_is_neither_a_name_nor_a_folder_is_a_usage_error(people: Path, wrong: str) -> None:
    result = invoke(people, *REID, "--augmentation", wrong)
    assert result.exit_code == 2
    assert "--augmentation" in result.stderr


def test_generated_options_change_the_training(people: Path, tmp_path: Path) -> None:
    folder = ready_made(people, tmp_path / "set", real_images(people)["name"].tolist())
    arguments = (*REID, "--portion", "0.3", "--augmentation", str(folder))
    run(people, *arguments, "--name", "plain")
    run(people, *arguments, "--name", "smooth", "--generated-smoothing", "1", "--generated-weight", "0.5")
    models = [(people / "reid" / name / "model.safetensors").read_bytes() for name in ("plain", "smooth")]
    assert models[0] != models[1]
    record = json.loads((people / "reid" / "smooth" / "run.json").read_text())
    assert (record["options"]["generated_smoothing"], record["options"]["generated_weight"]) == (1, 0.5)


def test_a_generated_set_named_as_a_folder_keeps_its_portion_and_seed(people: Path, trained: Path) -> None:
    made = run(people, "--seed", "1", "generate", "--portion", "0.5", "--generator", str(trained))
    folder = str(people / made["folder"])
    for given, said in (
        (("--seed", "1", *REID, "--portion", "0.75"), "not --portion 0.75 and seed 1"),
        (("--seed", "1", *REID), "not --portion 1.0 and seed 1"),
        ((*REID, "--portion", "0.5"), "not --portion 0.5 and seed 0"),
    ):
        result = invoke(people, *given, "--augmentation", folder)
        assert result.exit_code == 1
        assert f"ours-p0.5-s1: was made with --portion 0.5 and seed 1, {said}" in result.stderr
        assert "train with `augment --seed 1 reid-train --portion 0.5`" in result.stderr
    record = run(people, "--seed", "1", *REID, "--portion", "0.5", "--augmentation", folder)
    assert (record["portion"], record["real"]) == (0.5, made["real"])
