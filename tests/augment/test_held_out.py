"""What a re-ID training is given, and the held-out pairs of a sample sheet: lengths, classes, sides."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.runtime import Runtime
from augment.training import samples
from augment.training.reid import build_objective, choose_weights, labels_of, with_length
from augment.training.reid_data import TrainingSet
from augment.training.samples import SHEET_PAIRS, SampleSheet, held_out_pairs
from numerics.arrays import Array
from patn.keypoints import MISSING, keypoint_array, keypoint_table
from reid.training import ReidTraining
from tests.augment.tables import Row, dataset, image_table
from tests.augment.test_plausibility import crowd

SMALL = ReidTraining(backbone="small", height=32, width=16, batch=4, epochs=3, crop="none")


@pytest.mark.parametrize(("full", "updates"), [(3, 3), (4, 3), (7, 3), (8, 6), (11, 6), (103, 75)])
def test_equal_updates_are_those_of_whole_batches_of_the_full_set(full: int, updates: int) -> None:
    assert with_length(SMALL, TrainingSet(portion=0.5, length="updates"), full).updates == updates


def test_equal_epochs_leave_the_configuration() -> None:
    assert with_length(SMALL, TrainingSet(portion=0.5, length="epochs"), 103) is SMALL


def test_an_identity_without_an_image_left_has_a_class_of_its_own() -> None:
    everyone = image_table([(f"{pid}", pid, 1, "train") for pid in (9, 2, 5, 9, 11)])
    labels, pids = labels_of(everyone[everyone["pid"].isin([9, 11])], everyone)
    assert pids == [2, 5, 9, 11]
    assert labels.tolist() == [2, 2, 3]


def saved(folder: Path, rows: list[Row], size: tuple[int, int] = (32, 16)) -> Dataset:
    """A data set of pictures of which number n is grey of 10 n, all of whose joints are somewhere else."""
    table = image_table(rows, folder)
    for number, path in enumerate(map(Path, table["path"])):
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (size[1], size[0]), (10 * number,) * 3).save(path)
    names = table.loc[table["split"] == "gallery", "name"].tolist()
    poses = {"gallery": keypoint_table(names, crowd(len(names)))}
    return dataset(table, folder, size=(128, 64), keypoints=poses)


def test_each_image_comes_with_its_own_class_camera_and_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def objective(training: ReidTraining, images: torch.Tensor, labels: torch.Tensor, **options: Any) -> None:
        given.update(images=images, labels=labels, **options)

    monkeypatch.setattr("reid.objective.ReidObjective", objective)
    data = saved(tmp_path, [("a.png", 7, 2, "train"), ("b.png", 3, 1, "train"), ("c.png", 7, 3, "train")])
    table = data.train.iloc[[2, 1]].assign(generated=[True, False])
    _, pids = build_objective(data, SMALL, table, 5, None, Runtime("cpu", threads=1, progress=False))
    assert pids == [3, 7]
    assert (given["classes"], given["seed"], given["weights"]) == (2, 5, None)
    assert given["images"][:, 0, 0, 0].tolist() == [20, 10]
    assert given["images"].shape[2:] == (32, 16)
    assert given["labels"].tolist() == [1, 0]
    assert given["generated"].tolist() == [True, False]
    assert given["cameras"].tolist() == [3, 1]


def test_weights_are_refused_where_a_network_starts_from_none(tmp_path: Path) -> None:
    assert choose_weights("small", False, None, None) is None
    assert choose_weights("resnet50", True, None, None) is None
    assert choose_weights("resnet50", False, tmp_path / "w.pth", None) == tmp_path / "w.pth"
    with pytest.raises(AugmentError, match=r"small is trained from scratch always and starts from no file"):
        choose_weights("small", False, tmp_path / "w.pth", None)
    with pytest.raises(AugmentError, match=r"resnet50 is trained from scratch here and starts from no file"):
        choose_weights("resnet50", True, tmp_path / "w.pth", None)


GALLERY: list[Row] = [(f"{pid}_{number}.png", pid, number + 1, "gallery") for pid in (4, 6) for number in range(3)]


def test_held_out_pairs_are_of_one_identity_with_the_joints_of_each_side(tmp_path: Path) -> None:
    others: list[Row] = [(f"d{number}.png", 0, number, "gallery") for number in range(5)]
    data = saved(tmp_path, [*GALLERY, *others, ("t.png", 4, 1, "train")])
    found = held_out_pairs(data, (64, 16))
    assert found is not None
    assert len(found.source) == SHEET_PAIRS
    table = data.images.set_index("name")
    joints = {name: keypoint_array(data.keypoints("gallery"), [name])[0] for name, *_ in GALLERY}
    pairs = []
    for side in ("source", "target"):
        images, poses = getattr(found, side), getattr(found, f"{side}_keypoints")
        numbers = (images[:, 0, 0, 0] // 10).tolist()
        assert images.shape[1:] == (3, 64, 16)
        pairs.append([GALLERY[number][0] for number in numbers])  # no distractor among them
        expected = np.stack([joints[name] for name in pairs[-1]])
        np.testing.assert_allclose(poses.numpy(), expected * [0.5, 0.25], atol=1)
    assert all(one != other for one, other in zip(*pairs, strict=True))
    assert table.loc[pairs[0], "pid"].tolist() == table.loc[pairs[1], "pid"].tolist()
    assert len(set(zip(*pairs, strict=True))) == SHEET_PAIRS


def test_without_two_images_with_a_torso_there_is_no_pair(tmp_path: Path) -> None:
    data = saved(tmp_path, GALLERY[:2])
    torn = crowd(2)
    torn[0, 8] = MISSING
    poses = keypoint_table([name for name, *_ in GALLERY[:2]], torn)
    assert held_out_pairs(Dataset(**{**vars(data), "keypoints": lambda split: poses}), (64, 16)) is None
    found = held_out_pairs(data, (64, 16))
    assert found is not None
    assert len(found.source) == 2  # both ways
    assert held_out_pairs(dataset(data.images, tmp_path), (64, 16)) is None


def test_a_sheet_shows_source_pose_generated_and_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = held_out_pairs(saved(tmp_path, GALLERY), (64, 32))
    assert found is not None
    seen: list[list[list[int]]] = []
    given: list[torch.Tensor] = []

    class Negative(torch.nn.Module):
        """The negative of the image; notes its poses, and that it is not training."""

        def forward(self, image: torch.Tensor, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            assert not self.training
            given.extend([source, target])
            return -image

    def write(lines: list[list[Array]], path: Path, titles: list[str]) -> None:
        assert titles == ["source", "target pose", "generated", "target"]
        seen.append([[int(tile[0, 0, 0]) for tile in (line[0], line[2], line[3])] for line in lines])

    monkeypatch.setattr(samples, "write_sheet", write)
    network = Negative()
    SampleSheet(network, torch.device("cpu"), found)(tmp_path / "sheet.png")
    SampleSheet(network, torch.device("cpu"), None)(tmp_path / "none.png")
    sources, targets = found.source[:, 0, 0, 0].tolist(), found.target[:, 0, 0, 0].tolist()
    assert seen == [[[s, 255 - s, t] for s, t in zip(sources, targets, strict=True)]]
    assert network.training
    assert torch.equal(given[0], found.source_keypoints)
    assert torch.equal(given[1], found.target_keypoints)
