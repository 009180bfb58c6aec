"""What computes which metrics, and what a missing file costs: that metric alone, with the sentence that says why."""

import hashlib
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.evaluation import registry
from augment.evaluation.metrics import Similarity
from augment.evaluation.protocol import METRICS, PROTOCOLS, Evaluation
from augment.evaluation.registry import FAMILIES, Setting, build_metrics, pose_note
from augment.poses.estimators import SCORING
from augment.workspace import Workspace
from tests.augment.tables import dataset, image_table

IMAGES = image_table([("a.jpg", 1, 1, "gallery"), ("b.jpg", 1, 2, "gallery")])


@pytest.fixture(autouse=True)
def nothing_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weight file anywhere."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    workspace = Workspace.create(tmp_path / "w", {"data": "data"})
    data: Dataset = dataset(IMAGES, workspace.root)
    return Setting(workspace, data, Evaluation(weights_dir=tmp_path), 5, torch.device("cpu"), ExitStack())


def test_every_metric_has_one_family() -> None:
    names = [name for names, _ in FAMILIES.values() for name in names]
    assert sorted(names) == sorted(METRICS)


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
def test_similarity_needs_nothing_and_follows_the_protocol(tmp_path: Path, protocol: str) -> None:
    evaluation = Evaluation(protocol=protocol)
    workspace = Workspace.create(tmp_path / "w", {"data": "data"})
    setting = Setting(workspace, dataset(IMAGES), evaluation, 5, torch.device("cpu"), ExitStack())
    found, missing = build_metrics(setting, ["l1", "ssim"])
    assert (list(found), missing, setting.notes) == (["similarity"], {}, {})
    similarity = found["similarity"]
    assert isinstance(similarity, Similarity)
    asked = PROTOCOLS[protocol]
    assert (similarity.data_range, similarity.taps) == (asked.data_range, asked.taps)
    assert sorted(similarity.metrics) == ["l1", "ssim"]


@pytest.mark.parametrize(
    ("asked", "file"),
    [
        (("is", "fid"), "weights-inception-2015-12-05-6726825d.pth"),
        (("ds",), "ssd300_vgg16_coco-b556d3b4.pth"),
        (("identity",), "no model trained on all real images"),
    ],
)
def test_what_lacks_its_file_is_left_out_and_said_once(
    setting: Setting, asked: tuple[str, ...], file: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found, missing = build_metrics(setting, ["ssim", *asked])
    assert list(found) == ["similarity"]
    assert set(missing) == set(asked)
    assert all(file in sentence for sentence in missing.values())
    assert len(caplog.records) == 1
    assert caplog.messages[0].startswith(f"{', '.join(asked)}: not measured; ")
    assert setting.notes == {}


def test_lpips_says_which_package_it_needs(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_linear", lambda: None)
    _, missing = build_metrics(setting, ["lpips", "mask-lpips"])
    assert set(missing) == {"lpips", "mask-lpips"}
    assert "pip install augment-reid[metrics]" in missing["lpips"]


def test_a_damaged_file_is_not_measured_with(setting: Setting, tmp_path: Path) -> None:
    name = "ssd300_vgg16_coco-b556d3b4.pth"
    (tmp_path / name).write_bytes(b"half of it")
    _, missing = build_metrics(setting, ["ds"])
    begins = hashlib.sha256(b"half of it").hexdigest()[:8]
    assert f"its SHA-256 begins with {begins}, not b556d3b4" in missing["ds"]


def poses(setting: Setting, monkeypatch: pytest.MonkeyPatch, *, own: bool, jobs: int = 1) -> dict[str, Any]:
    """What PCKh's metric is built with, by an estimator that is never asked."""
    built: dict[str, Any] = {"calls": []}

    def estimate(images: list[object], estimator: str) -> None:
        built["calls"].append((len(images), estimator))

    def metric(*parts: object) -> str:
        built["parts"] = parts
        return "metric"

    monkeypatch.setattr(registry, "estimated_by", lambda *_: own)
    monkeypatch.setattr(registry, "estimate_arrays", estimate)
    monkeypatch.setattr(registry, "PoseMetric", metric)
    found, missing = build_metrics(setting, ["pckh"])
    assert (found, missing) == ({"poses": "metric"}, {})
    return built


def test_joints_that_the_estimator_found_before_are_not_looked_for_again(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = poses(setting, monkeypatch, own=True)
    assert built["calls"] == [(0, SCORING)]  # whether it is installed is told before the first image
    assert built["parts"][2] is None
    assert setting.notes == {"pckh": pose_note()}
    assert SCORING in pose_note()


def test_other_joints_are_replaced_by_those_of_the_estimator(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(registry, "read_image", lambda path, size: read.append((path, size)))
    built = poses(setting, monkeypatch, own=False)
    built["parts"][2](["b.jpg", "a.jpg"])
    assert read == [(str(path), (128, 64)) for path in reversed(IMAGES["path"].tolist())]


def test_an_unknown_metric_protocol_or_split_is_refused() -> None:
    for wrong, said in (
        ({"metrics": ("ssim", "psnr")}, "psnr: no such metric; choose from ssim"),
        ({"protocol": "mine"}, "must be paper or clean"),
        ({"split": "query"}, "test or train"),
    ):
        with pytest.raises(AugmentError, match=said):
            Evaluation(**wrong)
