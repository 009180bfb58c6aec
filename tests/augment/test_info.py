"""What `augment info` prints."""

import json
import os
from importlib import metadata
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from augment.cli import augment
from augment.weights import WEIGHTS
from augment.workers import available_cores


def test_info_is_one_json_object_with_versions_device_and_weights() -> None:
    result = CliRunner().invoke(augment, ["--json", "--device", "cpu", "--precision", "fp32", "info"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["versions"]["torch"] == metadata.version("torch")
    assert (report["device"], report["precision"]) == ("cpu", "fp32")
    assert len(report["gpus"]) == torch.cuda.device_count()
    assert {record["network"] for record in report["weights"]} == set(WEIGHTS)
    assert isinstance(report["cpu"]["bf16"], bool)


def test_info_in_words_says_where_missing_weights_belong(tmp_path: object) -> None:
    result = CliRunner().invoke(augment, ["info"], env={"TORCH_HOME": str(tmp_path)})
    assert result.exit_code == 0
    assert f"put it into {tmp_path}" in result.stdout
    assert f"{available_cores()} cores" in result.stdout


def test_info_says_what_it_can_beside_a_workspace_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "augment.toml").write_text("data =")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(augment, ["--json", "info"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["identity_models"] == {}


def test_cores_are_those_this_process_may_use() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
