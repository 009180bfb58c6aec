"""A workspace small enough to be copied for every malformed input."""

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.workspace import Workspace
from patn.keypoints import keypoint_table, write_keypoints

SIZE = (64, 32)
TRAIN = [f"{pid:04d}_c{camera}s1_{pid:02d}{camera:04d}_01.jpg" for pid in (1, 2, 3) for camera in (1, 2, 3, 4)]
QUERY = ["0004_c1s1_040001_00.jpg", "0005_c1s1_050001_00.jpg"]
GALLERY = [f"{pid:04d}_c{camera}s1_{pid:02d}{camera:04d}_01.jpg" for pid in (4, 5) for camera in (2, 3)]


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which every verb works: images, key points, a generator `g` and a re-ID model `m`."""
    from patn.checkpoints import save_generator
    from patn.models.patn import Patn
    from reid.checkpoints import save_model
    from reid.models.backbones import build_model
    from reid.training import PRESETS

    root = tmp_path_factory.mktemp("sound") / "w"
    rng = np.random.default_rng(0)
    for folder, file, names in (
        ("bounding_box_train", "train", TRAIN),
        ("query", "query", QUERY),
        ("bounding_box_test", "test", GALLERY),
    ):
        (root / "data" / folder).mkdir(parents=True)
        for name in names:
            Image.fromarray(rng.integers(0, 255, (*SIZE, 3), np.uint8)).save(root / "data" / folder / name)
        points = rng.integers(1, SIZE[1] - 1, (len(names), 18, 2))
        write_keypoints(keypoint_table(names, points), root / "data" / "keypoints" / f"{file}.csv")
    Workspace.create(root, {"data": "data", "size": list(SIZE), "seed": 0})
    save_generator(
        root / "patn" / "g" / "generator.safetensors", Patn(width=2, blocks=1, norm="instance"), "patn", {"size": SIZE}
    )
    model = build_model("small", classes=3)
    save_model(root / "reid" / "m" / "model.safetensors", model, {"training": asdict(PRESETS["demo"]), "pids": [1]})
    return root


@pytest.fixture
def root(sound: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoiled."""
    return Path(shutil.copytree(sound, tmp_path / "w"))
