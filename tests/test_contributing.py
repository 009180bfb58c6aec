"""CONTRIBUTING.md: what it shows how to add works as it stands on the page."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from PIL import Image

from augment.poses import estimators
from augment.poses.estimation import estimate_files
from augment.poses.estimators import ESTIMATORS
from augment.workspace import Workspace
from patn.checkpoints import load_generator
from patn.generators import GENERATORS
from reid.models.backbones import BACKBONES, build_model
from tests.conftest import run

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"<!-- ([a-z ]+) -->\n```python\n(.*?)```", PAGE, flags=re.DOTALL))


def defined(*names: str) -> dict[str, Any]:
    """What the page's blocks of these names define, run one after the other."""
    definitions: dict[str, Any] = {"__name__": "contributed"}
    for name in names:
        exec(compile(BLOCKS[name], f"CONTRIBUTING.md, {name}", "exec"), definitions)
    return definitions


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """What a block adds to a registry goes after the test."""
    with patch.dict(GENERATORS), patch.dict(BACKBONES):
        yield


def test_every_example_has_at_most_ten_lines_beside_imports() -> None:
    assert set(BLOCKS) == {"generator", "generator training", "layout", "estimator", "backbone"}
    assert PAGE.count("```python") == len(BLOCKS)
    for name, block in BLOCKS.items():
        lines = [line for line in block.splitlines() if line and not line.startswith(("from ", "import "))]
        assert len(lines) <= 10, name


def test_a_generator_is_trained_by_the_command_and_read_from_its_file(people: Path) -> None:
    defined("generator", "generator training")
    options = ("--generator", "plain", "--batch", "2", "--steps", "3", "--perceptual", "none")
    result = run(people, "patn-train", *options)
    assert result["steps"] == 3
    assert 0 < result["losses"]["l1"] < 2
    network = load_generator(people / result["folder"] / "generator.safetensors")
    assert network.options == {"width": 8}
    image, keypoints = torch.zeros(2, 3, 128, 64), torch.full((2, 18, 2), 20.0)
    assert network(image, keypoints, keypoints).shape == image.shape


def test_a_layout_gives_every_image_its_person_and_camera(tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for number, (person, camera) in enumerate([(3, 1), (3, 2), (8, 1)]):
        Image.new("RGB", (32, 64), (person, camera, 0)).save(flat / f"{person}-{camera}-{number}.jpg", quality=100)
    layout = defined("layout")["flat_layout"](flat, tmp_path / "data")
    assert layout.size == (64, 32)
    table = Workspace.create(tmp_path / "w", {"data": str(layout.data), "size": list(layout.size)}).images()
    assert sorted(zip(table["pid"], table["camid"], strict=True)) == [(3, 1), (3, 2), (8, 1)]


def test_an_estimator_finds_the_joints_of_every_image(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upright = defined("estimator")["Upright"]
    monkeypatch.setattr(estimators, "ESTIMATORS", {**ESTIMATORS, "upright": lambda model: upright()})
    paths = Workspace.find(people).images()["path"].tolist()
    points = estimate_files(paths, "upright", (256, 128))
    assert points.shape == (len(paths), 18, 2)
    nose, right_hip, right_ankle = points[:, 0], points[:, 8], points[:, 10]
    assert np.allclose(nose, [0.12 * 256, 0.5 * 128], atol=1)
    assert (nose[:, 0] < right_hip[:, 0]).all()
    assert (right_hip[:, 0] < right_ankle[:, 0]).all()


def test_a_backbone_becomes_a_model_that_learns() -> None:
    defined("backbone")
    torch.manual_seed(0)
    model = build_model("shallow", classes=4, features=0, dropout=0.0)
    assert model.size == (64, 32)
    images, labels = torch.randn(8, 3, 64, 32), torch.arange(8) % 4
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(10):
        losses.append(torch.nn.functional.cross_entropy(model(images), labels))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < losses[0] / 2
