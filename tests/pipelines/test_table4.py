"""Table 4: its rows are the ablations, its files hold ours beside the paper's, finished rows are skipped."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from augment import AugmentError
from augment.runtime import Runtime
from augment.workspace import Workspace
from patn.generators import build_generator
from patn.training.configuration import PRESETS
from pipelines import paper
from pipelines.tables.ablations import ROWS, Table4
from pipelines.tables.table4 import Ablation, Ablations, markdown, run_table4, states, table_lines, terminal
from tests.conftest import run

RUNTIME = Runtime("cpu", "fp32", progress=False)


@pytest.mark.parametrize(
    ("row", "generator", "appearance"),
    [
        ("resnet5", 6_773_635, 3_930_368),
        ("resnet9", 11_496_323, 3_930_368),
        ("resnet13", 16_219_011, 3_930_368),
        ("patn5", 22_483_203, 3_930_368),
        ("patn9", 41_365_763, 3_930_368),
        ("patn13", 60_248_323, 3_930_368),
        ("no-add", 41_365_763, 3_930_368),
        ("no-cat", 22_487_299, 3_930_368),
        ("no-resd", 41_365_763, 388_352 + 2_305),
        ("no-resd-literal", 41_365_763, 388_352),
        ("resnet9-wide", 44_020_483, 3_930_368),
    ],
)
def test_rows_are_the_networks_of_the_ablation(row: str, generator: int, appearance: int) -> None:
    from patn.models.discriminator import Discriminator

    training = Table4().training(row)
    with torch.device("meta"):
        networks = (
            build_generator(training.generator, training.generator_options()),
            Discriminator(in_channels=6, **training.discriminator_options()),
        )
    assert [sum(weights.numel() for weights in network.parameters()) for network in networks] == [generator, appearance]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_row_changes_the_network_and_nothing_else_of_the_recipe(preset: str) -> None:
    changed = {"generator", "blocks", "fusion", "add", "cat", "d_blocks", "d_head"}
    for row in ROWS:
        own, recipe = (training.as_dict() for training in (Table4(preset=preset).training(row), PRESETS[preset]))
        assert {name for name in {*own, *recipe} if own.get(name) != recipe.get(name)} <= changed


def test_the_papers_nine_rows_are_asked_for_unless_others_are() -> None:
    assert len(Table4().rows) == 9
    assert len(Table4(rows=("all",)).rows) == 13
    assert Table4(rows=("no-cat", "paper")).rows[0] == "no-cat"
    with pytest.raises(AugmentError, match=r"^rows patn7: no such row"):
        Table4(rows=("patn7",))


def test_metrics_are_the_papers() -> None:
    assert Table4().metrics == ("SSIM", "IS", "mask-SSIM", "mask-IS", "DS", "PCKh")
    assert Table4(preset="deepfashion", metrics=("pckh", "SSIM")).metrics == ("PCKh", "SSIM")
    with pytest.raises(AugmentError, match=r"^metrics mask-IS: not in Table 4"):
        Table4(preset="deepfashion", metrics=("mask-IS",))


def test_other_lengths_presets_and_seeds_are_other_generators() -> None:
    tables = [Table4(), Table4(steps=10), Table4(preset="demo"), Table4(seed=1)]
    assert len({table.generator(row) for table in tables for row in ROWS}) == len(tables) * len(ROWS)


@pytest.fixture
def toy(people: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    torch.set_num_threads(1)
    narrow = replace(PRESETS["demo"].of_steps(2), width=2, d_width=2, batch=2, lambda_perceptual=0.0)
    monkeypatch.setitem(PRESETS, "demo", narrow)
    return Workspace.find(people)


def test_rows_are_trained_measured_and_printed_beside_the_papers(
    toy: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))  # without weight files
    table = Table4(rows=("resnet5", "no-cat", "no-resd-literal"), preset="demo", pairs=3, metrics=("ssim", "IS"))
    assert list(states(toy, table).values()) == [False] * 3
    result = run_table4(toy, table, RUNTIME)
    assert list(states(toy, table).values()) == [True] * 3
    written = pd.read_csv(toy.table_dir("table4") / "demo-2-s0.csv")
    assert written["row"].tolist() == ["resnet5", "no-cat", "no-resd-literal"]
    assert written["SSIM"].between(-1, 1).all()
    assert "IS" not in written
    assert "inception" in result.missing["IS"]
    assert written["SSIM (paper)"].tolist()[:2] == [0.297, 0.306]
    text = (toy.table_dir("table4") / "demo-2-s0.md").read_text()
    assert text.count("| Resnet generator (5 blocks) |") == 1
    assert "half of the weights" in text
    assert json.loads(json.dumps(result.as_dict())) == result.as_dict()
    checkpoints = sorted(path.stat().st_mtime_ns for path in toy.root.glob("patn/table4/*/generator.safetensors"))
    assert run_table4(toy, table, RUNTIME) == result
    assert (
        sorted(path.stat().st_mtime_ns for path in toy.root.glob("patn/table4/*/generator.safetensors")) == checkpoints
    )


def test_the_workspaces_own_generator_stays_its_only_one(toy: Workspace, no_builtin: Path) -> None:
    from augment.inference.generators import find_generator

    run_table4(toy, Table4(rows=("resnet5",), preset="demo", pairs=2, metrics=("SSIM",)), RUNTIME)
    with pytest.raises(AugmentError, match="no trained generator"):
        find_generator(toy, None)
    assert find_generator(toy, Table4(preset="demo").generator("resnet5")).is_file()


def test_the_command_lists_rows_without_training(people: Path) -> None:
    result = run(people, "table4", "--preset", "demo", "--rows", "patn5,no-cat", "--dry-run")
    assert result == {"rows": {"patn5": False, "no-cat": False}}
    assert not (people / "patn").exists()


def test_metrics_without_a_figure_are_dashes_and_say_why() -> None:
    papers = {("patn9", metric): value for metric, value in paper.table4("patn9", "deepfashion").items()}
    row = Ablation("patn9", ROWS["patn9"].title, 41_358_019, 9, "vgg19")
    table = Table4(rows=("patn9",), preset="deepfashion")
    made = Ablations([row], {("patn9", "SSIM"): 0.5}, papers, {"IS": "a file is missing"}, "tables/table4")
    assert table_lines(made, "deepfashion")[1][1:] == [
        "41.36",
        "0.500",
        "0.773",
        "-",
        "3.209",
        "-",
        "0.976",
        "-",
        "0.960",
    ]
    for text in (markdown(made, table), terminal(made, table)):
        assert "IS: not measured; a file" in text
