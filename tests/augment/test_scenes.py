"""Scenes: whose background an image gets, in which colours, and that a killed run ends with the same images."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augment.datasets.dataset import Dataset
from augment.generation.plan import Sampling
from augment.generation.planned_set import plan_set
from augment.generation.prepared_set import set_name
from augment.generation.scenes import FEW, Scenes
from augment.images import read_image
from augment.workspace import Workspace
from reid.data.names import parse_name
from tests.augment.test_generation import digests
from tests.conftest import run


@pytest.fixture
def workspace(people: Path) -> Workspace:
    return Workspace.find(people)


def scenes_of(workspace: Workspace, portion: float = 0.5) -> tuple[Scenes, pd.DataFrame]:
    planned = plan_set(Dataset.of(workspace), workspace.reduced_csv(portion, 0), portion, 0, Sampling(scenes=True))
    assert planned.scenes is not None
    return planned.scenes, planned.plan


def test_a_scene_is_a_kept_image_of_somebody_else_by_the_camera_of_the_removed_one(workspace: Workspace) -> None:
    scenes, plan = scenes_of(workspace)
    kept = set(pd.read_csv(workspace.root / "reduced" / "p0.5-s0.csv")["name"])
    by_camera = {parse_name(name).camid for name in scenes.table["name"]}
    assert set(plan["scene"]) <= kept
    for row in plan.itertuples():
        scene, output = parse_name(str(row.scene)), parse_name(str(row.output))
        assert scene.pid != row.pid
        assert scene.camid == output.camid or output.camid not in by_camera


def test_a_rows_scene_does_not_depend_on_the_other_rows(workspace: Workspace) -> None:
    scenes, plan = scenes_of(workspace)
    backwards = plan.iloc[::-1].reset_index(drop=True)
    assert scenes.choose(backwards) == plan["scene"].tolist()[::-1]


def test_the_person_is_generated_and_the_background_the_scenes(workspace: Workspace) -> None:
    scenes, plan = scenes_of(workspace)
    rows = plan.head(6)
    white = np.full((6, *workspace.size, 3), 255, np.uint8)
    plain = scenes.place(white, rows.assign(source=rows["scene"]))  # of the scene's camera: no change of colours
    share = scenes.person(rows["pose"].tolist()).numpy()[..., None]
    backgrounds = np.stack([read_image(scenes.paths[name], workspace.size) for name in rows["scene"]])
    assert np.abs(plain - (share * 255 + (1 - share) * backgrounds)).max() <= 0.51
    assert (share.min(), share.max()) == (0, 1)
    assert all(0.05 < alpha.mean() < 0.8 for alpha in share)


def test_colours_go_from_one_camera_to_the_other(workspace: Workspace) -> None:
    """All pixels of a camera's images, recoloured for another, have that camera's mean and deviation."""
    scenes, _ = scenes_of(workspace)
    names = scenes.table.groupby("camid")["name"].apply(list)
    first, second = names.index[:2]
    pixels = {
        camera: np.stack([read_image(scenes.paths[name], workspace.size) for name in names[camera]]).astype(float)
        for camera in names.index
    }
    moments = {camera: (all_of.mean((0, 1, 2)), (all_of**2).mean((0, 1, 2))) for camera, all_of in pixels.items()}
    average = np.mean([np.stack(each) for each in moments.values()], axis=0)
    for camera in (first, second):
        share = len(names[camera]) / (len(names[camera]) + FEW)
        mean, square = share * np.stack(moments[camera]) + (1 - share) * average
        np.testing.assert_allclose(scenes.colours[camera], [mean, np.sqrt(square - mean**2)], rtol=1e-9)
    image = read_image(scenes.paths[names[first][0]], workspace.size)
    moved = scenes.recoloured(image, names[first][0], names[second][0])
    (old_mean, old_std), (new_mean, new_std) = scenes.colours[first], scenes.colours[second]
    np.testing.assert_allclose(moved, (image - old_mean) / old_std * new_std + new_mean, rtol=1e-4, atol=1e-3)


def test_without_anybody_else_and_without_a_pose_there_is_no_scene(workspace: Workspace) -> None:
    scenes, plan = scenes_of(workspace)
    own = scenes.table.loc[scenes.table["pid"] == plan["pid"].iloc[0], "name"].tolist()
    alone = Scenes(Dataset.of(workspace), own, workspace.keypoints("train"), 0)
    rows = plan.head(1).assign(scene=alone.choose(plan.head(1)))
    assert rows["scene"].tolist() == [""]
    image = np.full((1, *workspace.size, 3), 7, np.uint8)
    assert (alone.place(image, rows) == image).all()
    assert scenes.choose(plan.head(1).assign(how="copy", pose="")) == [""]


def test_a_set_in_scenes_says_so_and_is_made_again_to_the_same_bytes(people: Path, trained: Path) -> None:
    generate = ("generate", "--portion", "0.3", "--generator", str(trained))
    run(people, *generate)
    run(people, *generate, "--scenes")
    plain, placed = (people / "generated" / f"{name}-p0.3-s0" for name in ("ours", "ours-scenes"))
    manifest = pd.read_csv(placed / "manifest.csv").query("kind == 'generated'")
    assert (manifest["scene"] != "").all()
    without = pd.read_csv(plain / "manifest.csv").query("kind == 'generated'")
    assert manifest[["name", "source", "pose"]].equals(without[["name", "source", "pose"]])
    before = digests(placed / "bounding_box_train")
    unplaced = digests(plain / "bounding_box_train")
    assert all(before[name] != unplaced[name] for name in manifest["name"])
    (placed / "run.json").unlink()
    for name in manifest["name"].iloc[::3]:
        (placed / "bounding_box_train" / name).unlink()
    run(people, *generate, "--scenes")
    assert digests(placed / "bounding_box_train") == before


def test_a_filtered_sets_other_tries_have_scenes_too(people: Path, trained: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    generate = ("generate", "--portion", "0.5", "--generator", str(trained), "--scenes", "--name", "f")
    run(people, *generate, "--filter", "0.3", "--filter-by", "pose")
    manifest = pd.read_csv(people / "generated" / "f-p0.5-s0" / "manifest.csv").query("kind == 'generated'")
    assert manifest["scene"].notna().all()


def test_the_name_and_the_plan_say_scenes(people: Path) -> None:
    assert set_name(Sampling(scenes=True)) == "ours-scenes"
    shown = run(people, "generate", "--portion", "0.5", "--scenes", "--dry-run")
    assert all(row["scene"] for row in shown["plan"])
