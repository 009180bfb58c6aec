"""The data sets that torchreid reads, as workspaces: each in miniature as its owners ship it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from torchreid.reid.data import datasets

from augment import AugmentError
from augment.cli import augment
from augment.datasets.views import init_set
from augment.layouts.torchreid_sets import SETS, UNFIT, SetChoice
from augment.workspace import Workspace
from tests.conftest import run
from tests.set_trees import TREES, SetTree, files, make_set


def view(tree: SetTree, root: Path) -> pd.DataFrame:
    """The workspace's images beside what the data set says of their sources."""
    sources = pd.read_csv(root / "data" / "sources.csv", dtype=str)
    images = Workspace.find(root).images()
    by_name = {Path(image).name: source for image, source in zip(sources["image"], sources["source"], strict=True)}
    images["file"] = [str(Path(by_name[name]).relative_to(tree.folder)) for name in images["name"]]
    images["who"], images["camera"] = zip(*(tree.images[file] for file in images["file"]), strict=True)
    return images


def test_every_image_data_set_of_torchreids_is_there_or_says_why_not() -> None:
    known = vars(datasets)["__image_datasets"]
    assert set(known) == {*SETS, *UNFIT}
    for name, entry in SETS.items():
        assert Path(known[name].dataset_dir).parts[0] == entry.folder
    with pytest.raises(AugmentError, match="university1652 cannot be used here: its images are of buildings"):
        SetChoice("university1652")


@pytest.mark.parametrize("name", TREES)
def test_a_data_set_becomes_a_view_with_its_identities_cameras_and_splits(
    name: str, rendered: Path, tmp_path: Path
) -> None:
    tree, entry = make_set(name, rendered, tmp_path / "set"), SETS[name]
    before = list(files(tree.folder))
    result = init_set(tmp_path / "w", tree.folder, SetChoice(name))
    assert list(files(tree.folder)) == before
    images = view(tree, tmp_path / "w")
    assert (images["camid"] == images["camera"]).all()
    assert images.groupby("who")["pid"].nunique().eq(1).all()
    assert images.groupby("pid")["who"].nunique().eq(1).all()
    assert ((images["pid"] == 0) == (images["who"] == 0)).all()
    halves = images["split"].eq("train")
    assert set(images.loc[halves, "who"]).isdisjoint(images.loc[~halves, "who"])
    if tree.splits:
        assert dict(zip(images["file"], images["split"], strict=True)) == tree.splits
        assert result.files.taken == len(tree.splits)
    else:
        assert abs(images.loc[halves, "who"].nunique() - images.loc[images["split"] == "query", "who"].nunique()) <= 1
    assert halves.any() == entry.trains
    assert {"query", "gallery"} <= set(images["split"]) or not entry.tests
    assert init_set(tmp_path / "w", tree.folder, SetChoice(name)) == result


def test_another_split_is_another_view_and_the_same_seed_the_same(rendered: Path, tmp_path: Path) -> None:
    tree = make_set("viper", rendered, tmp_path / "viper" / "viper")
    for root, split, seed in (("a", 0, 1), ("b", 0, 1), ("c", 2, 1), ("d", 1, 1)):
        init_set(tmp_path / root, tree.folder.parent, SetChoice("viper", split), seed=seed)
    of = {root: dict(view(tree, tmp_path / root)[["file", "split"]].to_numpy().tolist()) for root in "abcd"}
    assert of["a"] == of["b"]
    assert of["a"] != of["c"]
    swapped = {"train": "train", "query": "gallery", "gallery": "query"}
    assert of["d"] == {file: swapped[split] for file, split in of["a"].items()}  # torchreid's odd splits swap cameras


def test_check_compares_with_the_published_counts(rendered: Path, tmp_path: Path) -> None:
    tree = make_set("sensereid", rendered, tmp_path / "sensereid")
    command = ["--json", "init", str(tmp_path / "w"), "--data", str(tree.folder), "--dataset", "sensereid"]
    made = CliRunner().invoke(augment, command)
    assert made.exit_code == 0, made.output
    assert any("test images alone" in said for said in json.loads(made.stdout)["decisions"])
    report = run(tmp_path / "w", "check")
    assert report["dataset"]["differences"]["gallery"] == [3, 3_388]
    assert report["ok"]
    assert "query identities: 3 where sensereid has 522, as torchreid states" in report["notes"]


def invoke(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(augment, [str(argument) for argument in arguments])
    return result.exit_code, result.stderr


def test_what_cannot_be_read_is_one_sentence_and_leaves_nothing(rendered: Path, tmp_path: Path) -> None:
    tree, root = make_set("viper", rendered, tmp_path / "viper"), tmp_path / "w"
    viper = ("init", root, "--data", tree.folder, "--dataset")
    cases = [
        ((*viper, "viper", "--split", 20), 2, "viper has no split 20; the splits are 0 to 19"),
        ((*viper, "grid"), 1, "has no underground_reid/probe; what is expected"),
        ((*viper, "university1652"), 2, "is not one of"),
        ((*viper, "viper", "--labeled"), 2, "viper has one version"),
        ((*viper, "viper", "--layout", "folders"), 2, "--layout has no effect with --dataset"),
        (("init", root, "--data", tree.folder, "--split", 1), 2, "--split has no effect without --dataset"),
    ]
    for arguments, status, sentence in cases:
        code, said = invoke(*arguments)
        assert (code, sentence in said) == (status, True), said
        assert not root.exists()


def test_a_split_that_names_images_that_are_gone_and_a_broken_file_are_one_sentence(
    rendered: Path, tmp_path: Path
) -> None:
    ilids = make_set("ilids", rendered, tmp_path / "ilids")
    gone = ilids.folder / next(iter(ilids.images))
    gone.unlink()
    with pytest.raises(AugmentError, match="is named by a list or split of ilids and is not there"):
        init_set(tmp_path / "w", ilids.folder, SetChoice("ilids"))
    cuhk03 = make_set("cuhk03", rendered, tmp_path / "cuhk03")
    (cuhk03.folder / "splits_new_detected.json").unlink()
    with pytest.raises(AugmentError, match=r"torchreid (reads cuhk03 with|cannot read it as)"):
        init_set(tmp_path / "w", cuhk03.folder, SetChoice("cuhk03"))
    assert not (tmp_path / "w").exists()
