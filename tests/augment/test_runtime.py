"""Where and how work runs, what it was made with, and the names of what it makes."""

import platform
from importlib import metadata
from pathlib import Path

import pytest
import torch

from augment import AugmentError, versions
from augment.runtime import Place, Runtime
from augment.versions import VERSIONED, processor
from augment.workspace import Workspace, row_name, slug


def gpus(patch: pytest.MonkeyPatch, count: int, bf16: bool = True) -> None:
    """A machine of so many GPUs."""
    patch.setattr(torch.cuda, "is_available", lambda: count > 0)
    patch.setattr(torch.cuda, "device_count", lambda: count)
    patch.setattr(torch.cuda, "is_bf16_supported", lambda: bf16)


@pytest.mark.parametrize(
    ("asked", "count", "device"),
    [
        ("auto", 0, "cpu"),
        ("auto", 2, "cuda"),
        ("cpu", 2, "cpu"),
        ("cuda", 1, "cuda"),
        ("cuda:1", 2, "cuda:1"),
    ],
)
def test_a_gpu_is_taken_where_there_is_one_and_none_other_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, asked: str, count: int, device: str
) -> None:
    gpus(monkeypatch, count)
    assert str(Runtime(device=asked).torch_device()) == device


@pytest.mark.parametrize(
    ("asked", "count", "said"),
    [
        ("cuda", 0, "device cuda: no CUDA device is visible; use device cpu or auto"),
        ("cuda:0", 0, "device cuda:0: no CUDA device is visible"),
        ("cuda:2", 2, r"device cuda:2: only 2 CUDA device\(s\) are visible"),
    ],
)
def test_a_gpu_that_is_not_there_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, asked: str, count: int, said: str
) -> None:
    gpus(monkeypatch, count)
    with pytest.raises(AugmentError, match=said):
        Runtime(device=asked).torch_device()


@pytest.mark.parametrize(
    ("precision", "device", "hardware", "trains", "generates"),
    [
        ("fp32", "cuda", True, "fp32", "fp32"),
        ("bf16", "cpu", False, "bf16", "bf16"),
        ("auto", "cuda", True, "bf16", "fp32"),  # figures of images do not change of its own accord
        ("auto", "cuda", False, "fp32", "fp32"),
        ("auto", "cpu", True, "bf16", "fp32"),
        ("auto", "cpu", False, "fp32", "fp32"),
    ],
)
def test_training_is_in_bf16_where_the_hardware_computes_it_and_generating_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, precision: str, device: str, hardware: bool, trains: str, generates: str
) -> None:
    gpus(monkeypatch, 1, bf16=hardware)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: hardware)
    runtime = Runtime(device=device, precision=precision)
    assert runtime.precision_name() == trains
    assert runtime.training_dtype() == (None if trains == "fp32" else torch.bfloat16)
    assert (runtime.generating_precision, runtime.generates_bf16) == (generates, generates == "bf16")


def test_the_record_has_the_kind_of_device_and_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 2)
    assert Runtime(device="cuda:1", threads=3).place() == Place("cuda", 3)
    assert Runtime(device="cpu").place() == Place("cpu", torch.get_num_threads())
    assert Place("cpu", 2).as_dict() == {"device": "cpu", "threads": 2}


def test_threads_are_set_where_a_number_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", given.append)
    Runtime(threads=2).prepare()
    Runtime().prepare()
    assert given == [2]


def test_versions_are_those_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    versions._versions.cache_clear()
    monkeypatch.setattr(versions, "_commit", lambda: "")

    def version(name: str) -> str:
        if name == "mediapipe":
            raise metadata.PackageNotFoundError(name)
        return f"1.0 of {name}"

    monkeypatch.setattr(metadata, "version", version)
    found = versions.versions()
    versions._versions.cache_clear()
    expected = {name: f"1.0 of {name}" for name in VERSIONED if name != "mediapipe"}
    assert found == {"python": platform.python_version(), **expected}


def test_a_record_of_versions_is_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_versions", lambda: {"python": "3"})
    versions.versions()["torch"] = "changed"
    assert versions.versions() == {"python": "3"}


def test_the_processor_is_named_as_the_system_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Path, **_: str) -> str:
        assert str(path) == "/proc/cpuinfo"
        return text

    monkeypatch.setattr(Path, "read_text", read)
    text = "model name\t: Fast: One\ncpu family\t: 6\nmodel\t\t: 143\n\nmodel name\t: Other\n"
    assert processor() == "Fast: One (family 6, model 143)"
    text = "model name : Slow\n"
    assert processor() == "Slow"
    text = ""
    assert processor() == platform.machine()


@pytest.mark.parametrize(
    ("name", "row", "folder"),
    [
        ("ours", "ours", "ours"),
        ("ours-random", "ours*", "ours-star"),
        ("ours*", "ours*", "ours-star"),
        ("ours-random+scenes", "ours*+scenes", "ours-star+scenes"),
        ("ours-random-2", "ours*-2", "ours-star-2"),
        ("ours-randomly", "ours-randomly", "ours-randomly"),
        ("my-ours-random", "my-ours-random", "my-ours-random"),
        ("filtered:0.2", "filtered:0.2", "filtered-0.2"),
        ("table1/größe 1", "table1/größe 1", "table1/größe 1"),
    ],
)
def test_a_rows_name_is_the_papers_and_its_folder_one_that_shells_leave_alone(name: str, row: str, folder: str) -> None:
    assert row_name(name) == row
    assert slug(name) == folder


def test_settings_that_are_left_out_are_market_1501s(tmp_path: Path) -> None:
    bare = Workspace(tmp_path, {"data": "data"})
    assert (bare.size, bare.seed, bare.dataset) == ((128, 64), 0, None)
    assert bare.layout.value == "market1501"
    bare.require_reid("reid-train")
    fashion = Workspace(tmp_path, {"data": "data", "layout": "deepfashion", "dataset": "viper", "seed": 7})
    assert (fashion.seed, fashion.dataset) == (7, "viper")
    assert dict(fashion.folders) == {"train": "train", "gallery": "test"}
    with pytest.raises(AugmentError, match="`augment reid-train` is for re-ID, and DeepFashion has neither cameras"):
        fashion.require_reid("reid-train")


def test_key_points_are_those_made_last_else_the_exact_ones_else_asked_for(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"data": "data"})
    assert workspace.keypoints_source() is None
    with pytest.raises(AugmentError, match=r"poses/test\.csv: no key points yet; run `augment poses`"):
        workspace.keypoints_file("gallery")
    for split in ("train", "gallery"):
        exact = workspace.exact_keypoints_file(split)
        exact.parent.mkdir(parents=True, exist_ok=True)
        exact.touch()
    assert workspace.keypoints_source() == "exact"
    assert workspace.keypoints_file("gallery") == tmp_path / "data" / "keypoints" / "test.csv"
    workspace.poses_dir.mkdir()
    (workspace.poses_dir / "train.csv").touch()
    assert workspace.keypoints_file("train") == workspace.exact_keypoints_file("train")  # not finished yet
    record = '{"seed": 0, "options": {"estimator": "movenet"}, "inputs": {}, "result": {}}'
    (workspace.poses_dir / "run.json").write_text(record)
    assert workspace.keypoints_source() == "movenet"
    assert workspace.keypoints_file("train") == workspace.poses_dir / "train.csv"
    assert workspace.keypoints_file("gallery") == workspace.exact_keypoints_file("gallery")


def test_trainings_of_both_kinds_and_answered_studies_are_listed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"data": "data"})
    assert workspace.trainings("log") == workspace.studies() == []
    files = [workspace.patn_dir("b") / "log", workspace.patn_dir("a") / "log", workspace.reid_dir("m") / "log"]
    files += [
        workspace.patn_dir("c") / "other",
        workspace.study_dir("s") / "answers.sqlite",
        workspace.study_dir("t") / "x",
    ]
    for file in files:
        file.parent.mkdir(parents=True)
        file.touch()
    assert [path.name for path in workspace.trainings("log")] == ["a", "b", "m"]
    assert [path.name for path in workspace.studies()] == ["s"]
