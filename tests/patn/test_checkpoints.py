import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from patn import WeightsError
from patn.checkpoints import load_generator, read_metadata, save_generator
from patn.models.patn import Patn

OPTIONS = {"blocks": 2, "width": 2, "norm": "instance", "dropout": False, "sigma": 3.0}


def inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.rand(2, 3, 16, 8) * 2 - 1, torch.rand(2, 18, 2) * 8, torch.rand(2, 18, 2) * 8


@pytest.mark.parametrize("options", [OPTIONS, {"blocks": 1, "width": 2}])
def test_a_saved_generator_draws_the_same_images(options: dict[str, Any], tmp_path: Path) -> None:
    generator = Patn(**options).to(memory_format=torch.channels_last)
    generator(*inputs())  # moves the running statistics of batch norm
    path = tmp_path / "new folder" / "generator.safetensors"
    save_generator(path, generator, "patn", {"seed": 3})
    loaded = load_generator(path)
    assert not loaded.training
    with torch.no_grad():
        assert torch.equal(loaded(*inputs()), generator.eval()(*inputs()))
    assert [file.name for file in path.parent.iterdir()] == ["generator.safetensors"]


def test_metadata_rebuilds_the_generator_and_keeps_what_was_given(tmp_path: Path) -> None:
    extra = {"training": {"lr": 1e-3}, "size": [64, 32]}
    save_generator(tmp_path / "g", Patn(**OPTIONS), "patn", extra)
    metadata = read_metadata(tmp_path / "g")
    assert metadata.generator == "patn"
    assert metadata.extra == extra
    assert OPTIONS.items() <= metadata.options.items()


def test_loading_leaves_the_global_generator_alone(tmp_path: Path) -> None:
    save_generator(tmp_path / "g", Patn(**OPTIONS), "patn")
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    load_generator(tmp_path / "g")
    assert torch.equal(torch.rand(3), expected)


def test_a_foreign_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    weights = Patn(**OPTIONS).state_dict()
    about = {"generator": "patn", "options": OPTIONS, "extra": {}}
    key = "patn generator 1"
    save_file(weights, tmp_path / "bare")
    save_file(weights, tmp_path / "broken", metadata={key: "{"})
    save_file(weights, tmp_path / "unknown", metadata={key: json.dumps({**about, "generator": "nobody"})})
    save_file(weights, tmp_path / "deeper", metadata={key: json.dumps({**about, "options": {**OPTIONS, "blocks": 3}})})
    torch.save(weights, tmp_path / "pickle")
    (tmp_path / "text").write_text("not weights")
    (tmp_path / "empty").touch()
    for name in ("missing", "bare", "broken", "unknown", "deeper", "pickle", "text", "empty"):
        with pytest.raises(WeightsError, match=f"{name} ") as refusal:
            load_generator(tmp_path / name)
        assert "\n" not in str(refusal.value)
