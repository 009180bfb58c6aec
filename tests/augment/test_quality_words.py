"""Figures of image quality: their means over batches, what a killed run keeps, whose they are, and their table."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from augment import AugmentError
from augment.evaluation.image_quality import (
    ImageQuality,
    as_in_the_paper,
    generator_home,
    generator_name,
    missing_lines,
    summary,
)
from augment.evaluation.metrics import (
    COPY,
    GENERATED,
    MEAN_IMAGE,
    MeanMetric,
    Metric,
    Panels,
    padded,
    restore,
    state_of,
)
from augment.workspace import Workspace

RESULT = ImageQuality(
    folder="patn/mine/eval-paper-test-9-s0",
    generator="mine",
    protocol="paper",
    split="test",
    pairs=9,
    size=(128, 64),
    rows={"generated": {"ssim": 0.312345, "fid": 12.3456}, "real": {"is": 3.0}},
    missing={},
    notes={},
    identity_model=None,
)


class Plain(MeanMetric):
    """A metric whose figures are added by hand."""

    def update(self, panels: Panels) -> None:
        """Not used."""


def test_a_mean_is_that_of_all_images_whatever_their_batches() -> None:
    metric = Plain()
    metric.add("generated", "ssim", torch.tensor([1.0, 2.0, 6.0]))
    metric.add("generated", "ssim", torch.tensor([3.0]))
    metric.add("generated", "l1", torch.tensor([0.5]))
    metric.add("copy", "ssim", torch.tensor([0.25]))
    assert metric.rows() == {"generated": {"ssim": 3.0, "l1": 0.5}, "copy": {"ssim": 0.25}}
    assert Plain().rows() == {}


def test_a_killed_run_goes_on_from_its_sums() -> None:
    killed, other = Plain(), Plain()
    killed.add("generated", "ssim", torch.tensor([1.0, 2.0]))
    other.add("real", "ds", torch.tensor([0.5]))
    before: dict[str, Metric] = {"similarity": killed, "detection": other}
    state = {name: value.clone() for name, value in state_of(before).items()}
    assert {name.rpartition("//")[0] for name in state} == {"similarity//generated/ssim", "detection//real/ds"}
    resumed: dict[str, Metric] = {"similarity": Plain(), "detection": Plain()}
    restore(resumed, state)
    for metrics in (before, resumed):
        similarity = metrics["similarity"]
        assert isinstance(similarity, MeanMetric)
        similarity.add("generated", "ssim", torch.tensor([6.0]))
    assert resumed["similarity"].rows() == before["similarity"].rows() == {"generated": {"ssim": 3.0}}
    assert resumed["detection"].rows() == {"real": {"ds": 0.5}}


def pair(size: tuple[int, int] = (8, 4), mean: torch.Tensor | None = None) -> Panels:
    image = torch.zeros(1, 3, *size, dtype=torch.uint8)
    return Panels(image, image + 1, image + 2, torch.full((1, 18, 2), -1.0), ["a"], ["b"], mean)


def test_the_mean_image_is_compared_where_there_is_one() -> None:
    assert [name for name, _ in pair().candidates()] == [GENERATED, COPY]
    mean = torch.full((1, 3, 8, 4), 7, dtype=torch.uint8)
    found = dict(pair(mean=mean).candidates())
    assert list(found) == [GENERATED, COPY, MEAN_IMAGE]
    assert [int(found[name].float().mean()) for name in found] == [1, 2, 7]


def test_a_target_without_joints_has_an_empty_mask() -> None:
    masks = pair().masks
    assert (masks.shape, masks.dtype) == ((1, 1, 8, 4), torch.uint8)
    assert not masks.any()


def test_only_deepfashions_size_is_padded() -> None:
    other = torch.zeros(1, 3, 256, 128, dtype=torch.uint8)
    assert padded(other) is other
    wide = padded(torch.zeros(2, 3, 256, 176, dtype=torch.uint8))
    assert wide.shape == (2, 3, 256, 256)
    assert (wide[..., :40] == 255).all()
    assert not wide[..., 40:216].any()
    assert (wide[..., 216:] == 255).all()


def test_evaluations_lie_beside_a_generator_of_the_workspace_and_in_a_folder_of_their_own_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.create(tmp_path / "w", {"data": "data"})
    own = workspace.generator_file("table1/a")
    assert generator_home(workspace, own) == own.parent
    assert generator_name(workspace, own.parent) == "table1/a"
    elsewhere = tmp_path / "other place" / "theirs.safetensors"
    home = generator_home(workspace, elsewhere)
    assert home == workspace.patn_dir("theirs")
    assert generator_name(workspace, home) == "theirs"
    (tmp_path / "link").symlink_to(workspace.root)
    linked = Workspace(tmp_path / "link", workspace.settings)
    assert generator_name(linked, own.parent) == "table1/a"
    monkeypatch.chdir(workspace.root)
    assert generator_home(workspace, Path("patn/table1/a/generator.safetensors")) == own.parent


def test_what_lacks_the_same_is_said_once() -> None:
    assert missing_lines({}) == []
    assert missing_lines({"is": "no file", "ds": "no model", "fid": "no file"}) == [
        "is, fid: not measured; no file",
        "ds: not measured; no model",
    ]


def test_the_papers_ssim_of_deepfashion_is_the_padded_one_and_nothing_else_changes() -> None:
    values = {"ssim": 0.6, "ssim_256_padded": 0.7, "is": 3.0}
    assert as_in_the_paper(values) == {**values, "ssim": 0.7}
    assert values["ssim"] == 0.6
    assert as_in_the_paper({}) == {}


def test_a_summary_is_a_table_with_what_is_missing_and_has_to_be_known() -> None:
    full = replace(RESULT, missing={"ds": "no model", "lpips": "no model"}, notes={"pckh": "by MoveNet"})
    lines = summary(full).splitlines()
    assert lines[0] == "patn/mine/eval-paper-test-9-s0: 9 test pairs, 128 x 64 pixels, protocol paper"
    assert [line.split() for line in lines[1:4]] == [
        ["ssim", "fid", "is"],
        ["generated", "0.3123", "12.35", "-"],
        ["real", "-", "-", "3"],
    ]
    assert lines[4:] == ["pckh: by MoveNet", "ds, lpips: not measured; no model"]
    assert len(summary(replace(RESULT, rows={})).splitlines()) == 1


def test_a_result_comes_back_from_its_record_and_names_what_it_lacks() -> None:
    again = ImageQuality.of({**RESULT.as_dict(), "of another version": 1})
    assert again == RESULT
    record = {name: value for name, value in RESULT.as_dict().items() if name != "pairs"}
    with pytest.raises(AugmentError, match="says nothing of pairs; make it again with force"):
        ImageQuality.of(record)
