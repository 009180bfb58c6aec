"""`augment init` killed before any file operation goes on with the same command; another one is refused."""

import signal
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.datasets.create import init_real, init_rendered
from augment.datasets.pairs import import_pairs
from augment.pedestrians import Pedestrians
from augment.workspace import Workspace
from tests.fashion_tree import make_tree, write_lists, write_pair_file
from tests.torture.contents import contents, differences
from tests.torture.processes import Process

FEW = {"images_per_identity": 2, "queries_per_identity": 1, "distractors": 1, "junk": 0, "height": 32, "width": 16}
Init = Callable[[Path], object]


@pytest.fixture(scope="module")
def inits(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Init]:
    """A call that makes a workspace of each kind."""
    folder = tmp_path_factory.mktemp("init")
    for path in sorted((rendered / "bounding_box_train").iterdir())[:10]:
        (folder / "people" / path.name[:4]).mkdir(parents=True, exist_ok=True)
        (folder / "people" / path.name[:4] / path.name).write_bytes(path.read_bytes())
    tree = make_tree(rendered, folder / "fashion")
    lists, names = write_lists(tree, folder / "lists"), tree.names["train"]
    pairs = [write_pair_file([(names[0], names[1])], folder / "pairs.csv")]
    few = Pedestrians(train_identities=1, test_identities=1, **FEW)
    return {
        "market1501": lambda root: init_real(root, rendered),
        "folders": lambda root: init_real(root, folder / "people", seed=3),
        "deepfashion": lambda root: init_real(root, tree.img, lists=lists, pairs=pairs, progress=False),
        "rendered": lambda root: init_rendered(root, few),
    }


@pytest.mark.parametrize("kind", ["market1501", "folders", "deepfashion", "rendered"])
def test_killed_before_any_file_operation_it_goes_on(kind: str, inits: dict[str, Init], tmp_path: Path) -> None:
    whole = Process(lambda: inits[kind](tmp_path / "whole"), tmp_path / "said.txt").end()
    assert whole.status == 0, whole.said
    expected = contents(tmp_path / "whole")
    for number in range(1, whole.files + 1, max(1, whole.files // 10)):
        root = tmp_path / str(number)
        killed = Process(lambda: inits[kind](root), tmp_path / "said.txt", die_at=number).end()  # noqa: B023
        assert killed.status == -signal.SIGKILL
        inits[kind](root)
        assert differences(root, expected) == [], f"killed before file operation {number}"


@pytest.mark.parametrize("kind", ["market1501", "folders", "deepfashion", "rendered"])
def test_of_a_workspace_that_is_whole_nothing_changes(kind: str, inits: dict[str, Init], tmp_path: Path) -> None:
    first = inits[kind](tmp_path / "w")
    times = {path: path.lstat().st_mtime_ns for path in (tmp_path / "w" / "data").rglob("*")}
    (tmp_path / "w" / "augment.toml").write_text(
        (tmp_path / "w" / "augment.toml").read_text() + "\n[check]\njobs = 1\n"
    )
    assert inits[kind](tmp_path / "w") == first
    assert {path: path.lstat().st_mtime_ns for path in (tmp_path / "w" / "data").rglob("*")} == times
    assert Workspace.find(tmp_path / "w").settings["check"] == {"jobs": 1}


@pytest.mark.parametrize("whole", [True, False])
def test_another_kind_is_refused(whole: bool, inits: dict[str, Init], tmp_path: Path) -> None:
    inits["folders"](tmp_path / "w")
    if not whole:
        (tmp_path / "w" / "augment.toml").unlink()
    before = contents(tmp_path / "w")
    for kind in ("deepfashion", "rendered"):
        with pytest.raises(AugmentError, match="is already there"):
            inits[kind](tmp_path / "w")
    assert contents(tmp_path / "w") == before


def test_another_split_and_other_pairs_are_refused(inits: dict[str, Init], tmp_path: Path) -> None:
    inits["folders"](tmp_path / "w")
    (tmp_path / "w" / "augment.toml").unlink()
    source = Path(pd.read_csv(tmp_path / "w" / "data" / "sources.csv")["source"][0]).parents[1]
    with pytest.raises(AugmentError, match="data: is there already, of other images or another split; remove it"):
        init_real(tmp_path / "w", source, test_share=0)
    inits["deepfashion"](tmp_path / "v")
    held = pd.read_csv(tmp_path / "v" / "pairs" / "train.csv")
    other = write_pair_file([(held["to"][0], held["from"][0])], tmp_path / "other.csv")
    with pytest.raises(AugmentError, match=r"pairs/train\.csv: holds other pairs already; remove it"):
        import_pairs(Workspace.find(tmp_path / "v"), [other])


def test_identities_in_both_parts_are_said(tmp_path: Path) -> None:
    names = {
        "bounding_box_train": ["0001_c1s1_000001_01", "0001_c2s1_000002_01", "0002_c1s1_000003_01"],
        "query": ["0002_c1s1_000004_00", "0003_c1s1_000005_00"],
        "bounding_box_test": ["0002_c2s1_000006_01", "0003_c2s1_000007_01", "0000_c2s1_000008_01"],
    }
    for folder, images in names.items():
        (tmp_path / "data" / folder).mkdir(parents=True)
        for name in images:
            Image.new("RGB", (16, 32), "gray").save(tmp_path / "data" / folder / f"{name}.jpg")
    said = [each for each in init_real(tmp_path / "w", tmp_path / "data").decisions if "both" in each]
    assert [each.partition(";")[0] for each in said] == ["identities in both the training and the test part: 1"]
    for image in (tmp_path / "data" / "bounding_box_train").glob("0002*"):
        image.rename(image.with_name(image.name.replace("0002", "0004")))
    assert not [each for each in init_real(tmp_path / "v", tmp_path / "data").decisions if "both" in each]
