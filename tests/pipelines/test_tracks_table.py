"""A sequence of people who walk past each other, from its frames and boxes to Table 5."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from augment.workspace import Workspace
from tests.conftest import invoke, run
from tests.pipelines.toy import few_epochs
from tests.walkers import Scene, walking_people, write_frames, write_truth

SPACING = 5
ASKED = ("table5", "--portions", "0.4", "--rows", "none,ours", "--seeds", "1", "--lengths", "updates", "--threads", "1")


@pytest.fixture(scope="module")
def scene() -> Scene:
    return walking_people(people=6, frames=50)


@pytest.fixture(scope="module")
def root(scene: Scene, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of the sequence with key points by movenet and a generator that was trained elsewhere."""
    pytest.importorskip("ai_edge_litert")
    folder = tmp_path_factory.mktemp("tracks")
    write_frames(scene, folder / "walk")
    write_truth(scene, folder / "walk")
    asked = ("--layout", "mot", "--spacing", str(SPACING), "--size", "128", "64")
    assert invoke(folder, "init", str(folder / "w"), "--data", str(folder / "walk"), *asked).exit_code == 0
    found = run(folder / "w", "poses")
    assert found["no_torso"] < 0.2 * found["images"]
    shutil.copytree(trained.parent, Workspace.find(folder / "w").patn_dir("patn"))
    return folder / "w"


def test_a_rendered_sequence_goes_through_to_table5(scene: Scene, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_epochs(monkeypatch)
    crops = pd.read_csv(root / "data" / "sources.csv")
    hidden = {(track, number) for number, track, *_, visibility in scene.boxes if visibility < 0.5}
    taken = {(int(Path(source).parent.name), int(Path(source).stem)) for source in crops["source"]}
    assert len(hidden) > 10
    assert taken
    assert not taken & hidden
    made = run(root, "generate", "--portion", "0.4")
    result = run(root, "--device", "cpu", *ASKED)
    train = Workspace.find(root).images().query("split == 'train'")
    none, ours = (line for line in result["table"])
    assert (none["row"], ours["row"]) == ("none", "ours")
    assert ours["images"] == len(train) == made["real"] + made["generated"]
    assert none["images"] == made["real"] < len(train)
    assert none["updates"] == ours["updates"]
    (figure,) = ours["by_seed"].values()
    cell = "small-demo-ours-p0.4-updates-plain-s0"
    assert run(root, "--device", "cpu", "reid-eval", cell)["mAP"] == pytest.approx(figure)
    assert ours["gain_mean"] == pytest.approx(figure - none["mAP_mean"])
    assert "Ours" in (root / "tables" / "table5" / "index.html").read_text()


def test_a_generated_set_of_tracks_is_a_folder_of_the_same_people(root: Path) -> None:
    made = run(root, "generate", "--portion", "0.4")
    images = Workspace.find(root).images()
    pids = {f"{pid:04d}" for pid in images.loc[images["split"] == "train", "pid"]}
    names = [path.name for path in (root / made["folder"] / "bounding_box_train").iterdir()]
    assert {name[:4] for name in names} == pids
    assert sum("_gen" in name for name in names) == made["generated"]
    assert len(pids) == 3
