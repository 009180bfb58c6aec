"""What `augment info` prints."""

import json
import os
from importlib import metadata

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


def test_cores_are_those_this_process_may_use() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
