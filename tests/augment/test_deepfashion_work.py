"""Work on DeepFashion: check, key points, pairs, and a generator trained on mapped images."""

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest
import torch

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import evaluation_pairs, pairable, pairs_among
from augment.images import load_images, load_or_map, read_image
from augment.workspace import Workspace
from patn.keypoints import keypoint_array, read_keypoints
from patn.training.configuration import PRESETS
from tests.conftest import invoke, run
from tests.fashion_tree import FashionTree, write_lists, write_pair_file


def test_check_speaks_of_the_authors_counts_and_not_of_queries(fashion: Path) -> None:
    report = run(fashion, "check")
    assert report["ok"]
    assert report["deepfashion"]["train"] == [16, 48_674]
    assert report["pairs"] == {"train": 4 * 4 * 3, "gallery": 2 * 4 * 3, "given": []}
    assert any("no cameras" in note for note in report["notes"])


def test_annotations_of_uncropped_images_are_cropped_not_scaled(tree: FashionTree, fashion: Path) -> None:
    before = Workspace.find(fashion).keypoints("train")
    files = [word for path in tree.uncropped.values() for word in ("--csv", str(path))]
    run(fashion, "poses", *files, "--csv-size", "256", "256", "--force")
    assert Workspace.find(fashion).keypoints("train").equals(before)


def test_joints_outside_the_crop_are_kept_and_those_at_minus_one_are_missing(tree: FashionTree, fashion: Path) -> None:
    name = tree.names["train"][0]
    exact = read_keypoints(tree.cropped["train"])
    exact.loc[name, ["x4", "x7", "x2"]] = [-12, 190, -1]
    from patn.keypoints import write_keypoints

    write_keypoints(exact, fashion / "edited.csv")
    run(fashion, "poses", "--csv", str(fashion / "edited.csv"), "--force")
    workspace = Workspace.find(fashion)
    assert list(workspace.keypoints("train").loc[name, ["x4", "x7", "x2"]]) == [-12, 190, -1]
    assert name not in pairable(Dataset.of(workspace), tree.names["train"])  # a shoulder is missing by accident


def test_pairs_share_clothes(tree: FashionTree, fashion: Path) -> None:
    workspace = Workspace.find(fashion)
    pairs = evaluation_pairs(Dataset.of(workspace))
    expected = {(a, b) for a, b in permutations(tree.names["test"], 2) if a.rpartition("_")[0] == b.rpartition("_")[0]}
    assert set(pairs.itertuples(index=False, name=None)) == expected
    assert evaluation_pairs(Dataset.of(workspace), 5).equals(evaluation_pairs(Dataset.of(workspace), 5))


def test_given_pairs_are_used_as_they_are(tree: FashionTree, tmp_path: Path) -> None:
    train, test = tree.names["train"], tree.names["test"]
    other = "fashionMENDenimid0000999901_1front.jpg"
    files = [
        write_pair_file([(train[1], train[0]), (train[2], train[3]), (train[0], other)], tmp_path / "train.csv"),
        write_pair_file([(test[0], test[1])], tmp_path / "test.csv"),
    ]
    lists = write_lists(tree, tmp_path / "lists")
    options = [word for path in files for word in ("--pairs", str(path))]
    root = tmp_path / "w"
    result = run(tmp_path, "init", str(root), "--data", str(tree.img), "--lists", str(lists), *options)
    assert "2 training and 1 test pair were taken over; 1 pair" in result["decisions"][-1]
    run(root, "poses", *(word for path in tree.cropped.values() for word in ("--csv", str(path))))
    workspace = Workspace.find(root)
    names = pairable(Dataset.of(workspace), train)
    assert names == sorted([train[0], train[1], train[2], train[3]])
    array = keypoint_array(workspace.keypoints("train"), names)
    pairs = pairs_among(Dataset.of(workspace), names, [1, 1, 1, 1], array)
    assert pairs.to_numpy().tolist() == [[train[1], train[0]], [train[2], train[3]]]
    assert evaluation_pairs(Dataset.of(workspace)).to_numpy().tolist() == [[test[0], test[1]]]
    assert run(root, "check")["pairs"]["given"] == ["train", "gallery"]


@pytest.mark.parametrize("command", [["generate"], ["reid-train"], ["reid-eval", "m"], ["table5", "--dry-run"]])
def test_verbs_of_reid_say_that_deepfashion_has_no_cameras(command: list[str], fashion: Path) -> None:
    result = invoke(fashion, *command)
    assert result.exit_code == 1
    assert "DeepFashion has neither cameras nor queries" in result.output


def test_mapped_images_are_those_in_memory_and_made_once(tree: FashionTree, fashion: Path, tmp_path: Path) -> None:
    paths = Workspace.find(fashion).images()["path"].tolist()
    plain = load_images(paths, (32, 24))
    mapped = load_or_map(paths, (32, 24), tmp_path / "cache", "key", most=0)
    assert torch.equal(mapped, plain)
    assert mapped.contiguous(memory_format=torch.channels_last).data_ptr() == mapped.data_ptr()  # nothing is copied
    (file,) = (tmp_path / "cache").iterdir()
    assert file.stat().st_size == plain.numel()
    mapped[0] = 0
    before = file.stat().st_mtime_ns
    again = load_or_map(["not read again"] * len(paths), (32, 24), tmp_path / "cache", "key", most=0)
    assert torch.equal(again, plain)
    assert file.stat().st_mtime_ns == before
    assert torch.equal(load_or_map(paths, (32, 24), tmp_path / "none", "key"), plain)
    assert not (tmp_path / "none").exists()


def test_a_generator_trained_from_mapped_images_is_the_same_and_draws(
    tree: FashionTree, fashion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(PRESETS["deepfashion"], blocks=1, width=4, d_blocks=1, d_width=4)
    monkeypatch.setitem(PRESETS, "deepfashion", small)
    command = ["patn-train", "--preset", "deepfashion", "--steps", "2", "--batch", "2", "--perceptual", "none"]
    result = run(fashion, *command)
    assert (result["images"], result["pairs"]) == (16, 48)
    monkeypatch.setattr("augment.images.IN_MEMORY", 0)
    assert run(fashion, *command, "--name", "mapped")["losses"]["l1"] == result["losses"]["l1"]
    assert len(list((fashion / "cache").iterdir())) == 1
    weights = [(fashion / "patn" / name / "generator.safetensors").read_bytes() for name in ("patn", "mapped")]
    assert weights[0] == weights[1]
    sheet = read_image(sorted((fashion / "patn" / "patn" / "samples").iterdir())[-1])
    assert sheet.shape[0] >= 8 * 256  # eight held-out pairs
    source, target = (tree.names["test"][place] for place in (0, 1))
    drawn = run(fashion, "transfer", source, "--pose", target, "--generator", "patn", "-o", str(fashion / "drawn.png"))
    assert drawn["keypoints"] == ["workspace"]
    assert read_image(fashion / "drawn.png").shape == (256, 176, 3)
    page = Path(run(fashion, "report", "--people", "2")["report"]).read_text(encoding="utf-8")
    assert page.count('alt="generated by patn"') == page.count('alt="generated by mapped"') == 4
    options = json.loads((fashion / "patn" / "patn" / "run.json").read_text())["options"]
    assert (options["norm"], options["pose_maps"], options["height"], options["width_px"]) == (
        "instance",
        "onehot",
        256,
        176,
    )


def test_images_table_of_another_kind_is_refused(fashion: Path) -> None:
    pd.DataFrame({"name": ["a"], "split": ["nowhere"], "pid": [1], "camid": [1]}).to_csv(
        fashion / "data" / "images.csv", index=False
    )
    with pytest.raises(AugmentError, match=r"images\.csv: no table of images"):
        Workspace.find(fashion).images()
