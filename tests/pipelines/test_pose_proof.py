"""Whether rendered people look like persons: measured once for each sample, and passed over without the estimator."""

import logging
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from augment.poses.agreement import Agreement, SampleAgreement
from augment.poses.estimators import DEFAULT, build_estimator
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.measurements import pose_proof as module
from pipelines.measurements.pose_proof import PoseProof, pose_proof

QUIET = Runtime(device="cpu", progress=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    folder = tmp_path / "data" / "bounding_box_train"
    folder.mkdir(parents=True)
    for name in ("0001_c1s1_000001_00.jpg", "0002_c2s1_000001_00.jpg"):
        (folder / name).write_text(name)
    return Workspace.create(tmp_path, {"data": "data", "seed": 3})


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was asked of the estimator, which finds nine of ten people."""
    asked: list[dict[str, Any]] = []

    def sample(_: object, **given: Any) -> SampleAgreement:
        asked.append(given)
        return SampleAgreement(DEFAULT, Agreement(given["count"], 0.9, 0.75, (None,) * 18))

    monkeypatch.setattr(module, "sample_agreement", sample)
    monkeypatch.setattr(module, "build_estimator", lambda _: object())
    monkeypatch.setattr(module, "Choice", lambda _: SimpleNamespace(inputs={"model": "m"}))
    return asked


def test_a_sample_is_measured_once_and_again_where_anything_differs(
    workspace: Workspace, measured: list[dict[str, Any]]
) -> None:
    proof = pose_proof(workspace, 20, 2, QUIET)
    assert proof == PoseProof(estimator=DEFAULT, found=0.9, pckh=0.75)
    assert pose_proof(workspace, 20, 1, QUIET) == proof
    assert measured == [{"estimator": DEFAULT, "count": 20, "seed": 3, "jobs": 2}]
    pose_proof(workspace, 30, 2, QUIET)
    pose_proof(workspace, 30, 2, Runtime(device="cpu", force=True))
    assert [asked["count"] for asked in measured] == [20, 30, 30]
    Path(workspace.images()["path"].iloc[0]).write_text("another image")
    pose_proof(Workspace.find(workspace.root), 30, 2, QUIET)
    assert len(measured) == 4


def test_without_the_estimator_it_is_said_and_nothing_is_written(
    workspace: Workspace,
    measured: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "build_estimator", build_estimator)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with caplog.at_level(logging.INFO):
        assert pose_proof(workspace, 20, 1, QUIET) is None
    assert "the joints are not checked: LiteRT cannot be imported" in caplog.text
    assert "pip install augment-reid[poses]" in caplog.text
    assert (measured, workspace.table_dir("poses").exists()) == ([], False)
