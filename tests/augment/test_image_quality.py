"""Measuring a generator: what is compared with what, what is missing, and going on after a kill."""

import json
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
import torch
from PIL import Image

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.evaluation import measurement
from augment.evaluation import registry as quality_families
from augment.evaluation.image_quality import evaluate_generator, summary
from augment.evaluation.metrics import (
    Detection,
    Panels,
    Similarity,
)
from augment.evaluation.pose_metric import PoseMetric
from augment.evaluation.protocol import Evaluation
from augment.poses import estimators
from augment.poses.estimators import SCORING
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.metrics.ssim import ssim
from tests.conftest import invoke, run

QUIET = Runtime(device="cpu", precision="fp32", progress=False)
QUICK = ("ssim", "mask-ssim", "l1")


@pytest.fixture
def ready(people: Path, trained: Path) -> Workspace:
    """A workspace with a generator named patn."""
    folder = people / "patn" / "patn"
    folder.mkdir(parents=True)
    (folder / trained.name).write_bytes(trained.read_bytes())
    return Workspace.find(people)


def test_evaluation_compares_the_generators_images_with_the_targets(ready: Workspace) -> None:
    clean = evaluate_generator(ready, Evaluation(QUICK, protocol="clean", pairs=5), runtime=QUIET)
    paper = evaluate_generator(ready, Evaluation(QUICK, pairs=5), runtime=QUIET)
    assert clean.rows["generated"] != paper.rows["generated"]
    assert set(paper.rows) == {"generated", "copy", "mean image"}
    assert (paper.folder, paper.pairs) == ("patn/patn/eval-paper-test-5-s0", 5)
    names = [line.split(",") for line in (ready.root / paper.folder / "pairs.csv").read_text().splitlines()[1:]]
    assert names == sorted(names)
    images = ready.images().set_index("name")["path"]
    values = [[np.asarray(Image.open(images[name])) for name in pair] for pair in names]
    pair = [torch.from_numpy(np.stack(side)).permute(0, 3, 1, 2) for side in zip(*values, strict=True)]
    expected = float(ssim(pair[1], pair[0], 255.0, taps=11).mean())
    assert clean.rows["copy"]["ssim"] == pytest.approx(expected, abs=1e-6)


def test_a_killed_evaluation_goes_on_to_the_same_figures(ready: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "BATCH", 2)
    monkeypatch.setattr(measurement, "SAVE_EVERY", 0.0)
    evaluation = Evaluation(QUICK, pairs=6)
    unbroken = evaluate_generator(ready, evaluation, runtime=QUIET)
    real = Similarity.update
    calls = []

    def dies(self: Similarity, batch: Panels) -> None:
        calls.append(len(batch.targets))
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(self, batch)

    monkeypatch.setattr(Similarity, "update", dies)
    with pytest.raises(KeyboardInterrupt):
        evaluate_generator(ready, evaluation, runtime=replace(QUIET, force=True))
    seen: list[int] = []

    def counts(self: Similarity, batch: Panels) -> None:
        seen.append(1)
        real(self, batch)

    monkeypatch.setattr(Similarity, "update", counts)
    assert evaluate_generator(ready, evaluation, runtime=QUIET) == unbroken
    assert len(seen) == 1  # only the last of three batches
    assert not (ready.root / unbroken.folder / "partial.safetensors").exists()


def test_metrics_without_their_file_say_so_and_the_others_run(
    ready: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    evaluation = Evaluation(("ssim", "is", "fid", "ds", "lpips", "identity"), pairs=3)
    result = evaluate_generator(ready, evaluation, runtime=QUIET)
    assert set(result.rows["generated"]) == {"ssim"}
    assert set(result.missing) == {"is", "fid", "ds", "lpips", "identity"}
    assert "weights-inception-2015-12-05-6726825d.pth" in result.missing["is"]
    file = "ssd300_vgg16_coco-b556d3b4.pth (torchvision's ssd300_vgg16, SHA-256 b556d3b4...)"
    assert f"{file} was not found; put it into {tmp_path}" in result.missing["ds"]
    assert "augment reid-train --portion 1" in result.missing["identity"]
    assert "is, fid: not measured; " in summary(result)


def test_metrics_that_come_later_join_those_that_are_there(ready: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = evaluate_generator(ready, Evaluation(("ssim",), pairs=3), runtime=QUIET)

    def build(setting: quality_families.Setting, metrics: list[str]) -> Detection:
        return Detection(lambda images: [{"labels": torch.tensor([1]), "scores": torch.tensor([0.5])} for _ in images])

    families = {**quality_families.FAMILIES, "detection": (("ds",), build)}
    families["similarity"] = (("ssim",), lambda *_: pytest.fail("measured again"))
    monkeypatch.setattr(quality_families, "FAMILIES", families)
    second = evaluate_generator(ready, Evaluation(("ssim", "ds"), pairs=3), runtime=QUIET)
    assert second.rows["generated"] == {**first.rows["generated"], "ds": 0.5}


def test_pckh_of_another_estimator_or_one_that_works_otherwise_by_now_is_measured_anew_and_ssim_is_not(
    ready: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def estimate(images: list[Array], **_: str) -> Array:
        asked.append(len(images))
        return np.arange(18 * 2, dtype=np.float32).reshape(1, 18, 2).repeat(len(images), axis=0)

    monkeypatch.setattr(quality_families, "estimate_arrays", estimate)
    wanted = Evaluation(("ssim", "pckh"), pairs=3, jobs=1)
    with monkeypatch.context() as earlier:
        earlier.setattr(quality_families, "SCORING", "mediapipe")
        before = evaluate_generator(ready, wanted, runtime=QUIET)
    assert "by mediapipe, its landmark network" in before.notes["pckh"]
    families = {**quality_families.FAMILIES, "similarity": (("ssim",), lambda *_: pytest.fail("measured again"))}
    monkeypatch.setattr(quality_families, "FAMILIES", families)
    asked.clear()
    first = evaluate_generator(ready, wanted, runtime=QUIET)
    assert sum(asked) > 0
    assert "by movenet-lightning" in first.notes["pckh"]
    asked.clear()
    assert evaluate_generator(ready, wanted, runtime=QUIET) == first
    assert asked == []
    monkeypatch.setattr(estimators, "METHODS", {SCORING: "movenet, some other way"})
    assert "some other way" in evaluate_generator(ready, wanted, runtime=QUIET).notes["pckh"]
    assert sum(asked) > 0


def test_pose_estimator_of_the_workspaces_own_key_points_is_not_asked_about_targets(ready: Workspace) -> None:
    pytest.importorskip("ai_edge_litert")
    with ExitStack() as stack:
        setting = quality_families.Setting(ready, Dataset.of(ready), Evaluation(), 1, torch.device("cpu"), stack)
        (meter,) = quality_families.build_metrics(setting, ["pckh"])[0].values()
    assert isinstance(meter, PoseMetric)
    assert meter.real is not None  # this workspace's key points are exact
    (image,) = meter.real([ready.images().query("split == 'gallery'")["name"].iloc[0]])
    assert image.shape == (128, 64, 3)


def test_identity_is_judged_by_the_model_of_all_real_images(ready: Workspace) -> None:
    trained = run(
        ready.root,
        "reid-train",
        "--backbone",
        "small",
        "--preset",
        "demo",
        "--epochs",
        "1",
        "--batch",
        "8",
        "--portion",
        "1",
    )
    result = run(ready.root, "patn-eval", "--pairs", "4", "--metrics", "identity", "--protocol", "clean")
    assert result["notes"]["identity"].endswith(Path(trained["folder"]).name)
    rows = result["rows"]
    assert set(rows) == {"generated", "copy", "real"}
    for figures in rows.values():
        assert 0 <= figures["identity"] <= 1
        assert -1 <= figures["identity_cosine"] <= 1
    named = run(
        ready.root,
        "patn-eval",
        "--pairs",
        "4",
        "--metrics",
        "identity",
        "--protocol",
        "clean",
        "--reid-model",
        Path(trained["folder"]).name,
    )
    assert named == result


def test_train_pairs_and_files_elsewhere_can_be_measured(ready: Workspace, trained: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "mine.safetensors"
    elsewhere.write_bytes(trained.read_bytes())
    result = run(
        ready.root, "patn-eval", "--generator", str(elsewhere), "--split", "train", "--pairs", "2", "--metrics", "ssim"
    )
    assert result["folder"] == "patn/mine/eval-paper-train-2-s0"
    record = json.loads((ready.root / result["folder"] / "run.json").read_text())
    assert record["result"] == result


def test_unknown_metric_is_one_sentence(people: Path) -> None:
    result = invoke(people, "patn-eval", "--metrics", "psnr")
    assert result.exit_code == 2
    assert "--metrics psnr: no such metric; choose from ssim, mask-ssim" in result.output
    with pytest.raises(AugmentError, match="paper or clean"):
        Evaluation(protocol="mine")


def test_help_names_every_metric() -> None:
    from augment.commands.patn_eval import command
    from augment.evaluation.protocol import METRICS

    option = next(parameter for parameter in command.params if parameter.name == "metrics")
    assert isinstance(option, click.Option)
    assert (option.help or "").removesuffix(".").split(", ") == list(METRICS)
    assert {name for names, _ in quality_families.FAMILIES.values() for name in names} == set(METRICS)
