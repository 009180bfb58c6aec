"""The folder of rendered pedestrians: layout, determinism, resuming, and what a pose estimator thinks of it."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.pedestrians import Pedestrians, render
from patn.keypoints import keypoint_array, read_keypoints

TINY = Pedestrians(
    train_identities=2,
    test_identities=2,
    images_per_identity=4,
    queries_per_identity=1,
    cameras=3,
    distractors=2,
    junk=2,
    seed=11,
)
FOLDERS = {"train": "bounding_box_train", "test": "bounding_box_test", "query": "query"}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "data"
    render(folder, TINY, jobs=1, progress=False)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def images(folder: Path, split: str) -> list[str]:
    return sorted(path.name for path in (folder / FOLDERS[split]).iterdir())


def test_names_counts_and_identities_are_those_of_market_1501(tiny: Path) -> None:
    found = {split: images(tiny, split) for split in FOLDERS}
    names = [name for split in found.values() for name in split]
    assert all(re.fullmatch(r"(-1|\d{4})_c[1-6]s\d_\d{6}_\d\d\.jpg", name) for name in names)
    assert len(set(names)) == len(names)
    pids = {split: {name.split("_")[0] for name in found[split]} for split in FOLDERS}
    assert pids["train"] == {"0001", "0002"}
    assert pids["query"] == {"0003", "0004"}
    assert pids["test"] == {"0003", "0004", "0000", "-1"}
    assert [len(found[split]) for split in FOLDERS] == [8, 6 + 2 + 2, 2]


def test_images_are_jpegs_of_the_size_asked_for(tiny: Path) -> None:
    for split in FOLDERS:
        for name in images(tiny, split):
            with Image.open(tiny / FOLDERS[split] / name) as image:
                assert (image.format, image.size, image.mode) == ("JPEG", (64, 128), "RGB")


def test_every_image_has_key_points_visibility_and_a_head_size(tiny: Path) -> None:
    visible = pd.read_csv(tiny / "keypoints" / "visible.csv", index_col="name")
    head = pd.read_csv(tiny / "keypoints" / "head_size.csv", index_col="name")["head_size"]
    for split in FOLDERS:
        table = read_keypoints(tiny / "keypoints" / f"{split}.csv")
        names = images(tiny, split)
        assert sorted(table.index) == names
        points, seen = keypoint_array(table, names), visible.loc[names].to_numpy()
        missing = points[..., 0] == -1
        assert (missing == (points[..., 1] == -1)).all()
        assert (points[~missing] >= 0).all()
        assert (points[~missing] < (128, 64)).all()
        assert set(np.unique(seen)) <= {0, 1}
        assert not (seen.astype(bool) & missing).any()
        assert head[names].between(8, 40).all()


def test_the_files_do_not_depend_on_the_number_of_processes(tiny: Path, tmp_path: Path) -> None:
    render(tmp_path / "other", TINY, jobs=2, progress=False)
    assert contents(tmp_path / "other") == contents(tiny)


def test_deleted_images_come_back_the_same_and_a_finished_folder_is_left_alone(tiny: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny, tmp_path / "copy")
    assert render(copy, TINY, jobs=1, progress=False)["drawn"] == 0
    (copy / "query" / images(copy, "query")[0]).unlink()
    (copy / "bounding_box_train" / images(copy, "train")[3]).unlink()
    assert 0 < render(copy, TINY, jobs=1, progress=False)["drawn"] <= 8
    assert contents(copy) == contents(tiny)


def test_deleted_key_points_come_back_the_same(tiny: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny, tmp_path / "copy")
    (copy / "keypoints" / "test.csv").unlink()
    render(copy, TINY, jobs=1, progress=False)
    assert contents(copy) == contents(tiny)


def test_an_interrupted_rendering_goes_on(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, saved, calls = tmp_path / "cut", Image.Image.save, []

    def stop_after_nine(*args: object, **options: object) -> None:
        calls.append(1)
        if len(calls) > 9:
            raise KeyboardInterrupt
        saved(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Image.Image, "save", stop_after_nine)
    with pytest.raises(KeyboardInterrupt):
        render(folder, TINY, jobs=1, progress=False)
    monkeypatch.undo()
    assert not (folder / "pedestrians.json").exists()
    render(folder, TINY, jobs=1, progress=False)
    assert contents(folder) == contents(tiny)


def test_another_configuration_is_refused_with_the_first_difference(tiny: Path) -> None:
    with pytest.raises(AugmentError, match="seed = 11"):
        render(tiny, Pedestrians(**{**TINY.as_dict(), "seed": 12}), jobs=1, progress=False)  # type: ignore[arg-type]
    assert json.loads((tiny / "pedestrians.json").read_text()) == TINY.as_dict()


def test_an_offset_gives_the_people_after_those(tiny: Path, tmp_path: Path) -> None:
    shifted = Pedestrians(**{**TINY.as_dict(), "first_identity": 2, "distractors": 0, "junk": 0})  # type: ignore[arg-type]
    render(tmp_path / "next", shifted, jobs=1, progress=False)
    pixels = {
        folder: sorted(path.read_bytes() for sub in FOLDERS.values() for path in (folder / sub).glob(pattern))
        for folder, pattern in ((tiny, "000[34]*"), (tmp_path / "next", "000[12]*"))
    }
    assert pixels[tiny] == pixels[tmp_path / "next"]


def test_a_colour_histogram_does_not_solve_the_data(rendered: Path) -> None:
    from augment.images import load_images
    from reid.data.market1501 import drop_junk, read_market1501
    from reid.evaluation.histogram import hsv_histograms
    from reid.evaluation.ranking import evaluate

    table = drop_junk(read_market1501(rendered))
    query, gallery = (table[table.split == split] for split in ("query", "gallery"))
    queries, others = (hsv_histograms(load_images(list(part.path), (64, 32)), stripes=6) for part in (query, gallery))
    ranking = evaluate(queries, others, query.pid, gallery.pid, query.camid, gallery.camid)
    assert ranking.mAP < 0.6  # five people in the gallery; guessing gives about 0.25


def test_a_pose_estimator_finds_the_people_and_agrees_with_their_joints(tmp_path: Path) -> None:
    """movenet, trained on photographs, on 42 images of 14 people before all six cameras."""
    pytest.importorskip("ai_edge_litert")
    from augment.poses.estimators import build_estimator
    from patn.metrics.pckh import pckh_by_head_size

    settings = Pedestrians(
        train_identities=13,
        test_identities=1,
        images_per_identity=3,
        queries_per_identity=1,
        cameras=6,
        distractors=0,
        junk=0,
        seed=21,
    )
    render(tmp_path / "data", settings, jobs=1, progress=False)
    names = images(tmp_path / "data", "train")
    pictures = [np.asarray(Image.open(tmp_path / "data" / "bounding_box_train" / name)) for name in names]
    found = build_estimator("movenet")(pictures)
    exact = keypoint_array(read_keypoints(tmp_path / "data" / "keypoints" / "train.csv"), names)
    head = pd.read_csv(tmp_path / "data" / "keypoints" / "head_size.csv", index_col="name")["head_size"]
    detected = (found[..., 0] >= 0).any(axis=1)
    assert detected.mean() >= 0.95
    assert pckh_by_head_size(exact, found, head[names].to_numpy()).score >= 0.80
