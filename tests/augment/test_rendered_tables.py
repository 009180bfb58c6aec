"""Whom a rendered data set shows in which images, by names and counts; and the tables beside the images."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augment import AugmentError
from augment.pedestrians import Pedestrians
from augment.pedestrians.dataset import people, render
from augment.pedestrians.tables import write_tables
from patn.keypoints import JOINTS, keypoint_array, read_keypoints
from reid.data.names import parse_name

ASKED = Pedestrians(
    train_identities=3,
    test_identities=2,
    images_per_identity=5,
    queries_per_identity=2,
    cameras=3,
    distractors=4,
    junk=2,
    seed=6,
)


def test_every_identity_has_its_images_and_test_identities_their_queries() -> None:
    counts = [Counter(split for split, _, _ in person.images) for person in people(ASKED)]
    assert counts[:3] == [Counter(train=5)] * 3
    assert counts[3:5] == [Counter(test=3, query=2)] * 2
    assert counts[5:] == [Counter(test=1)] * 6
    assert [person.botched for person in people(ASKED)] == [False] * 9 + [True] * 2


def test_names_are_unique_and_say_identity_and_camera() -> None:
    names = [name for person in people(ASKED) for _, name, _ in person.images]
    assert len(set(names)) == len(names)
    for number, person in enumerate(people(ASKED)):
        pid = number + 1 if number < 5 else 0 if number < 9 else -1
        for _, name, camera in person.images:
            parsed = parse_name(name)
            assert (parsed.pid, parsed.camid) == (pid, camera)
            assert 1 <= camera <= ASKED.cameras


def test_an_identity_is_seen_by_every_camera_before_one_sees_it_again() -> None:
    for person in people(ASKED)[:5]:
        cameras = [camera for _, _, camera in person.images]
        assert sorted(cameras[:3]) == [1, 2, 3]
        assert cameras[3:] == cameras[:2]


def test_other_identities_come_before_the_same_cameras() -> None:
    moved = people(Pedestrians(**{**ASKED.as_dict(), "first_identity": 100}))  # type: ignore[arg-type]
    for person, other in zip(people(ASKED), moved, strict=True):
        assert other.identity == person.identity + 100
        assert [split for split, _, _ in other.images] == [split for split, _, _ in person.images]
    assert len({person.identity for person in [*people(ASKED), *moved]}) == 2 * len(moved)


@pytest.mark.parametrize("change", [{"seed": 7}, {"cameras": 2}, {"width": 32}])
def test_a_folder_begun_with_other_settings_is_refused(tmp_path: Path, change: dict[str, int]) -> None:
    (tmp_path / "pedestrians.begun.json").write_text(json.dumps(ASKED.as_dict()))
    other = Pedestrians(**{**ASKED.as_dict(), **change})  # type: ignore[arg-type]
    (name, value) = next(iter(change.items()))
    with pytest.raises(AugmentError, match=rf"pedestrians.begun.json says {name} = .* and {value} was asked for"):
        render(tmp_path, other, jobs=1, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["pedestrians.begun.json"]


def test_notes_become_tables_sorted_by_name(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "keypoints").mkdir()
    images = {"b.jpg": "train", "a.jpg": "train", "d.jpg": "test", "c.jpg": "query"}
    points = {name: rng.integers(0, 64, (18, 2)) for name in images}
    seen = {name: rng.integers(0, 2, 18) for name in images}
    heads = {name: 10.5 + number for number, name in enumerate(images)}
    for file, names in {"1.json": ["b.jpg", "a.jpg"], "2.json": ["d.jpg", "c.jpg"]}.items():
        notes = {name: [points[name].tolist(), seen[name].tolist(), heads[name]] for name in names}
        (tmp_path / file).write_text(json.dumps(notes))
    entries = [(split, tmp_path / ("1.json" if split == "train" else "2.json"), name) for name, split in images.items()]
    write_tables(tmp_path, entries)
    for split, names in {"train": ["a.jpg", "b.jpg"], "test": ["d.jpg"], "query": ["c.jpg"]}.items():
        table = read_keypoints(tmp_path / "keypoints" / f"{split}.csv")
        assert table.index.tolist() == names
        assert np.array_equal(keypoint_array(table, names), np.stack([points[name] for name in names]))
    visible = pd.read_csv(tmp_path / "keypoints" / "visible.csv", index_col="name")
    assert visible.columns.tolist() == list(JOINTS)
    assert visible.to_numpy().tolist() == [seen[name].tolist() for name in sorted(images)]
    sizes = pd.read_csv(tmp_path / "keypoints" / "head_size.csv", index_col="name")
    assert sizes["head_size"].to_dict() == heads
