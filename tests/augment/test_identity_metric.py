"""Identity score: centres and cosines against one image and one identity at a time; which model may judge."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from augment import AugmentError
from augment.artefacts.files import write_json
from augment.datasets.dataset import Dataset
from augment.evaluation import identity_metric
from augment.evaluation.identity_metric import Embedding, IdentityCentres, IdentityMetric, full_model
from augment.evaluation.metrics import Panels
from augment.images import load_images
from augment.workspace import Workspace
from numerics.arrays import Array
from reid.data.transforms import normalise
from reid.models.backbones import build_model

SIZE = (64, 32)
PIDS = (3, 1, 3, 7, 1, 3, 7, 7)
NAMES = [f"{pid:04d}_c{number % 2 + 1}s1_{number:06d}_00.jpg" for number, pid in enumerate(PIDS)]
NOBODY = ["0000_c1s1_000100_00.jpg", "-1_c1s1_000101_00.jpg"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Noise in the files of three identities, of a distractor and of junk, the same in every split."""
    rng = np.random.default_rng(0)
    for folder in ("bounding_box_train", "bounding_box_test", "query"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    for name in (*NAMES, *NOBODY):
        pixels = rng.integers(0, 256, (8, 4, 3), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
        for folder in ("bounding_box_train", "bounding_box_test", "query"):
            Image.fromarray(pixels).save(tmp_path / "data" / folder / name)
    return Workspace.create(tmp_path / "w", {"data": str(tmp_path / "data"), "size": list(SIZE)})


@pytest.fixture
def embed() -> Embedding:
    torch.manual_seed(0)
    return Embedding(build_model("small", classes=3, features=0), SIZE, "pooled", torch.device("cpu"))


def unit(embed: Embedding, path: Path) -> Array:
    """One image's unit feature, by the network's own layers."""
    pixels = torch.from_numpy(np.asarray(Image.open(path)).copy()).permute(2, 0, 1)[None]
    with torch.inference_mode():
        feature = embed.model.eval().embed(normalise(pixels))[0].double().numpy()
    return np.divide(feature, np.linalg.norm(feature))


def centre(embed: Embedding, folder: Path, pid: int, names: Sequence[str] = NAMES) -> Array:
    middle = np.mean([unit(embed, folder / name) for name in names if int(name[:4]) == pid], axis=0)
    return np.asarray(middle / np.linalg.norm(middle))


@pytest.mark.parametrize("chunk", [3, 512])
def test_a_centre_is_the_mean_unit_feature_of_an_identity(
    chunk: int, workspace: Workspace, embed: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_metric, "CHUNK", chunk)
    folder = workspace.data / "query"
    images = pd.DataFrame({"path": [folder / name for name in NAMES], "pid": PIDS})
    centres = IdentityCentres.of(embed, images, SIZE)
    assert centres.pids.tolist() == [1, 3, 7]
    assert centres.rows([7, 1, 1, 3]).tolist() == [2, 0, 0, 1]
    for pid, vector in zip((1, 3, 7), centres.vectors.numpy(), strict=True):
        np.testing.assert_allclose(vector, centre(embed, folder, pid), atol=1e-5)


def test_figures_are_those_of_one_image_at_a_time(workspace: Workspace, embed: Embedding) -> None:
    folder = workspace.data / "bounding_box_test"
    metric = IdentityMetric(Dataset.of(workspace), "gallery", embed)
    centres = {pid: centre(embed, folder, pid) for pid in set(PIDS)}
    units = {name: unit(embed, folder / name) for name in NAMES}
    shown = {"generated": NAMES[::-1], "copy": NAMES, "real": [*NAMES[4:], *NAMES[:4]]}
    for part in (slice(0, 3), slice(3, 8)):
        images = {row: load_images([folder / name for name in names[part]], SIZE) for row, names in shown.items()}
        joints = torch.full((len(NAMES[part]), 18, 2), -1.0)
        target, generated, copied = images["real"], images["generated"], images["copy"]
        metric.update(Panels(target, generated, copied, joints, NAMES[part], shown["real"][part]))
    for row, names in shown.items():
        cosines = [{pid: units[name] @ vector for pid, vector in centres.items()} for name in names]
        right = [max(of, key=lambda pid: of[pid]) == pid for of, pid in zip(cosines, PIDS, strict=True)]
        found = metric.rows()[row]
        assert found["identity"] == pytest.approx(np.mean(right))
        own = np.mean([of[pid] for of, pid in zip(cosines, PIDS, strict=True)])
        assert found["identity_cosine"] == pytest.approx(own, abs=1e-5)
    assert 0 < metric.rows()["generated"]["identity"] < metric.rows()["copy"]["identity"]


def trained(workspace: Workspace, name: str, m_ap: float, portion: float = 1.0, augmentation: str = "none") -> Path:
    """What a training of that name leaves, its network an empty file."""
    file = workspace.model_file(name)
    options = {"portion": portion, "augmentation": augmentation}
    write_json(file.parent / "run.json", {"seed": 0, "options": options, "inputs": {}, "result": {"mAP": m_ap}})
    file.touch()
    return file


def test_the_best_model_of_all_real_images_judges_unless_one_is_named(workspace: Workspace) -> None:
    part, more = (
        trained(workspace, "part", 90.0, portion=0.5),
        trained(workspace, "more", 95.0, augmentation="ours"),
    )
    with pytest.raises(AugmentError, match="no model trained on all real images; run `augment reid-train --portion 1`"):
        full_model(workspace, None)
    trained(workspace, "worse", 20.0)
    better = trained(workspace, "better", 30.0)
    trained(workspace, "a", 25.0)
    assert full_model(workspace, None) == better
    assert full_model(workspace, "part") == part
    assert full_model(workspace, str(more)) == more
    with pytest.raises(AugmentError, match="no such model; trained ones: a, better, more, part, worse"):
        full_model(workspace, "other")
