"""What a generated set holds: its manifest, its links, its counts, and whether it is still what was made."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from augment import Different
from augment.datasets.dataset import Dataset
from augment.generation.augmented_set import AugmentedSet, Counts, summary
from augment.generation.integrity import refuse_altered, set_contents
from augment.generation.links import link_real
from augment.generation.manifest import MANIFEST, make_manifest, with_scores
from augment.generation.plan import Sampling
from augment.runtime import Place
from tests.augment.tables import dataset

PLAN = pd.DataFrame(
    [
        ("b_gen.jpg", 1, "a.jpg", "b.jpg", "transfer"),
        ("d.jpg", 2, "c.jpg", "x.jpg", "other pose"),
        ("e.jpg", 3, "f.jpg", "e.jpg", "copy"),
    ],
    columns=["output", "pid", "source", "pose", "how"],
)


def test_the_manifest_says_of_each_file_what_it_is_from() -> None:
    found = make_manifest(PLAN, ["f.jpg", "a.jpg"], "mark").to_dict("records")
    assert [tuple(row.values()) for row in found] == [
        ("a.jpg", "real", "a.jpg", "", ""),
        ("b_gen.jpg", "generated", "a.jpg", "b.jpg", "mark"),
        ("d.jpg", "generated", "c.jpg", "x.jpg", "mark"),
        ("e.jpg", "copy", "f.jpg", "e.jpg", ""),
        ("f.jpg", "real", "f.jpg", "", ""),
    ]


def test_scenes_and_the_filters_scores_stand_beside_generated_files() -> None:
    plan = PLAN.assign(scene=["s.jpg", "", ""], identity_score=[0.5, 0.25, 1.0])
    found = make_manifest(plan, ["a.jpg"], "mark").set_index("name")
    assert found.loc["b_gen.jpg", "scene"] == "s.jpg"
    assert found["identity_score"].drop("a.jpg").to_dict() == {"b_gen.jpg": 0.5, "d.jpg": 0.25, "e.jpg": 1.0}
    assert found["identity_score"].isna().tolist() == [True, False, False, False]
    assert "pose_score" not in found


def test_each_file_has_its_own_sharpness(tmp_path: Path) -> None:
    """Stripes of one pixel have half the differences of a chequerboard, and a flat image none."""
    rows, columns = np.indices((16, 8))
    patterns = {"a.png": rows * 0, "b.png": rows % 2, "c.png": (rows + columns) % 2}
    (tmp_path / "bounding_box_train").mkdir()
    for name, pattern in patterns.items():
        pixels = np.repeat((255 * pattern).astype(np.uint8)[..., None], 3, axis=2)
        Image.fromarray(pixels).save(tmp_path / "bounding_box_train" / name)
    manifest = pd.DataFrame({"name": ["c.png", "a.png", "b.png"]})
    assert with_scores(manifest, tmp_path, (16, 8))["sharpness"].tolist() == [1.0, 0.0, 0.5]
    assert with_scores(manifest[:0], tmp_path, (16, 8))["sharpness"].tolist() == []


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """Three training images and a gallery, within the workspace's folder."""
    for path in ("bounding_box_train/a.jpg", "bounding_box_train/b.jpg", "bounding_box_test/g.jpg"):
        (tmp_path / "data" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / path).write_text(path)
    rows = [("a.jpg", 1, "train"), ("b.jpg", 1, "train"), ("g.jpg", 2, "gallery")]
    table = pd.DataFrame(rows, columns=["name", "pid", "split"]).assign(camid=1)
    folder = {"train": "bounding_box_train", "gallery": "bounding_box_test"}
    table["path"] = [f"{tmp_path}/data/{folder[split]}/{name}" for name, _, split in rows]
    made = dataset(table, tmp_path)
    return Dataset(**{**vars(made), "folder": tmp_path / "data"})


def test_links_are_relative_to_kept_images_and_to_the_folders_that_are_there(data: Dataset) -> None:
    target = data.root / "generated" / "set"
    target.mkdir(parents=True)
    link_real(data, ["b.jpg"], target)
    link_real(data, ["b.jpg"], target)  # again: they are there
    assert sorted(path.name for path in target.rglob("*")) == ["b.jpg", "bounding_box_test", "bounding_box_train"]
    assert os.readlink(target / "bounding_box_train" / "b.jpg") == "../../../data/bounding_box_train/b.jpg"
    assert os.readlink(target / "bounding_box_test") == "../../data/bounding_box_test"
    assert (target / "bounding_box_test" / "g.jpg").read_text() == "bounding_box_test/g.jpg"


def test_links_out_of_the_workspace_are_absolute(data: Dataset) -> None:
    inner = Dataset(**{**vars(data), "root": data.root / "inner"})
    (inner.root / "set").mkdir(parents=True)
    link_real(inner, ["a.jpg"], inner.root / "set")
    assert os.readlink(inner.root / "set" / "bounding_box_train" / "a.jpg") == str(
        data.root / "data" / "bounding_box_train" / "a.jpg"
    )


def made_set(folder: Path) -> Path:
    """A set of two images."""
    (folder / "bounding_box_train").mkdir(parents=True)
    (folder / MANIFEST).write_text("name\n")
    for name in ("a.jpg", "b.jpg"):
        (folder / "bounding_box_train" / name).write_text(name)
    return folder


def test_contents_change_with_names_images_and_manifest_and_with_nothing_else(tmp_path: Path) -> None:
    folder = made_set(tmp_path / "one")
    before = set_contents(folder)
    assert set_contents(made_set(tmp_path / "two")) == before
    (folder / "run.json").write_text("{}")
    (folder / "query").mkdir()
    train = folder / "bounding_box_train"
    (train / ".DS_Store").write_text("what a file manager left")
    assert set_contents(folder) == before
    seen = {before}
    for change in (
        lambda: (train / "a.jpg").rename(train / "aa.jpg"),
        lambda: (train / "aa.jpg").write_text("b.jpg"),
        lambda: (folder / MANIFEST).write_text("name\na.jpg\n"),
        lambda: (train / "b.jpg").unlink(),
        lambda: (train / "c.jpg").write_text(""),
    ):
        change()
        assert set_contents(folder) not in seen
        seen.add(set_contents(folder))


def test_a_set_is_refused_where_its_contents_were_recorded_and_differ(tmp_path: Path) -> None:
    folder = made_set(tmp_path / "one")
    refuse_altered(folder, set_contents(folder))
    refuse_altered(folder, None)
    with pytest.raises(Different, match=r"its images or its manifest\.csv were changed after they were made"):
        refuse_altered(folder, "another")


def test_counts_are_those_of_the_plan_and_dropped_ones_of_replacing_alone() -> None:
    longer = pd.concat([PLAN, PLAN[:2], PLAN[:1], PLAN[2:]])  # 3 transfers, 2 other poses, 2 copies
    counts = Counts.count(longer, Sampling(), kept=4, real=13)
    assert counts == Counts(real=4, generated=7, replaced_pose=2, copied=2, dropped=2)
    assert "filtered" not in counts.as_dict()
    assert Counts.count(PLAN, Sampling(per_identity=5), kept=4, real=9).dropped == 0
    assert Counts.count(PLAN, Sampling(ratio=2), kept=9, real=9).dropped == 0
    judged = Counts.count(PLAN.assign(judged=["replaced", "kept", ""]), Sampling(), kept=4, real=7)
    assert (judged.filtered, judged.not_bettered, judged.dropped) == (1, 1, 0)


def made(counts: Counts, portion: float = 0.3, share: float = 0.3) -> AugmentedSet:
    """A set of some counts."""
    return AugmentedSet("sets/x", Place("cpu", 1), portion, share, "builtin", "0", counts)


def test_the_summary_says_only_what_is_so() -> None:
    assert summary(made(Counts(4, 3, 0, 0, 0))) == "sets/x: 4 real and 3 generated images"
    said = summary(made(Counts(4, 9, 1, 2, 3, filtered=5, not_bettered=2), share=0.5)).splitlines()
    assert said == [
        "sets/x: 4 real and 9 generated images",
        "--portion 0.3 keeps 50 % of the training images: every identity keeps at least one image",
        "1 removed image had no pose: another image's pose was taken",
        "2 could not be generated (no kept image with a pose): a real image was copied",
        "the 7 worst were generated again: 5 replaced by better ones, the rest kept",
        "3 removed images without a pose were left out",
    ]
