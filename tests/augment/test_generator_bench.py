"""`augment patn-bench`: what is measured, and that it needs no workspace."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from augment import AugmentError
from augment.cli import augment
from augment.inference.benchmark import bench, candidates
from augment.runtime import Runtime
from augment.workspace import Workspace
from patn.checkpoints import load_generator, save_generator
from patn.complexity import complexity
from patn.generators import GENERATORS, build_generator
from tests.conftest import run


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A narrow generator's file that does not say its size."""
    network = build_generator("patn", {"width": 4, "blocks": 1})
    save_generator(tmp_path / "narrow.safetensors", network, "patn")
    return tmp_path / "narrow.safetensors"


def test_every_generator_is_counted_outside_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(augment, ["--json", "patn-bench", "--no-speed"])
    assert result.exit_code == 0, result.output
    records = {(line["generator"], line["size"]): line for line in json.loads(result.stdout)["generators"]}
    assert set(records) == {(name, size) for name in GENERATORS for size in ("128x64", "256x176")}
    market, deepfashion = records["patn", "128x64"], records["patn", "256x176"]
    assert (market["parameters"], deepfashion["parameters"]) == (41_365_763, 41_358_019)
    assert (round(market["gflop"], 2), round(deepfashion["gflop"], 1)) == (45.04, 247.7)
    for record in records.values():
        assert record["transfer_parameters"] <= record["parameters"] <= record["paper_parameters"]
        assert "images_per_second" not in record
    text = CliRunner().invoke(augment, ["patn-bench", "--no-speed", "--generator", "patn"]).stdout
    assert "41,358,019" in text


def test_a_workspaces_generators_are_counted_at_their_own_size(people: Path, trained: Path) -> None:
    place = people / "patn" / "mine" / "generator.safetensors"
    place.parent.mkdir(parents=True)
    place.write_bytes(trained.read_bytes())
    (record,) = run(people, "patn-bench", "--no-speed", "--generator", "mine")["generators"]
    assert record["size"] == "64x32"
    assert record["parameters"] == sum(weights.numel() for weights in load_generator(trained).parameters())
    labels = [candidate.label for candidate in candidates((), ((32, 16),), Workspace.find(people))]
    assert labels == [*GENERATORS, "mine"]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_speed_and_memory_are_measured_and_this_process_is_left_alone(saved: Path, precision: str) -> None:
    import torch

    threads = torch.get_num_threads()
    (candidate,) = candidates((str(saved),), ((32, 16),), None)
    (record,) = bench([candidate], Runtime("cpu", precision, threads=threads + 1), batch=2, seconds=0.01)
    assert torch.get_num_threads() == threads
    assert record.images_per_second is not None
    assert record.images_per_second > 0
    gflop = complexity("patn", {"width": 4, "blocks": 1}, (32, 16)).gflop
    assert gflop
    assert record.gflop_per_second == pytest.approx(gflop * record.images_per_second, abs=0.1)
    assert record.peak_mib is None or record.peak_mib > 50


def test_size_without_a_word_about_it_is_market_1501s(saved: Path) -> None:
    assert [candidate.size for candidate in candidates((str(saved),), (), None)] == [(128, 64)]


def test_what_is_no_generator_is_refused() -> None:
    with pytest.raises(AugmentError, match="neither one of correspondence, deform, patn"):
        candidates(("patm",), (), None)


def test_a_size_the_networks_cannot_have_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(augment, ["patn-bench", "--no-speed", "--size", "130", "64"])
    assert result.exit_code == 1
    assert "divisible by 4" in result.stderr
