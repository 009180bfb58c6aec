"""docs/how-to/from-python.md is true: its code runs as it stands, and the packages export what they say."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import augment
import reid.training
from augment.workspace import Workspace
from patn.keypoints import keypoint_array, read_keypoints, write_keypoints
from reid.evaluation.ranking import evaluate
from tests.conftest import run
from tests.test_docs import HOW_TO, README, blocks

PAGE = HOW_TO / "from-python.md"
QUIET = augment.Runtime(device="cpu", precision="fp32", threads=1, progress=False)
PACKAGES = ("augment", "patn", "reid")


@pytest.fixture(scope="module")
def notebook(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All names after the page's code ran, in a folder with the two files that it speaks of."""
    folder = tmp_path_factory.mktemp("notebook")
    write_table(rendered, folder)
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        small = replace(reid.training.PRESETS["demo"], epochs=1, batch=8)
        patch.setitem(reid.training.PRESETS, "demo", small)
        torch.set_num_threads(1)
        for code in blocks("python", PAGE):
            exec(compile(code, PAGE.name, "exec"), names)
    return names


def write_table(rendered: Path, folder: Path) -> pd.DataFrame:
    """images.csv of all rendered images but background and junk, and keypoints.csv; returns the table."""
    images = Workspace(folder, {"data": str(rendered)}).images()
    images = images[images["pid"] > 0].rename(columns={"pid": "identity", "camid": "camera"})
    table = images[["path", "identity", "camera", "split"]]
    table.to_csv(folder / "images.csv", index=False)
    poses = [read_keypoints(rendered / "keypoints" / f"{name}.csv") for name in ("train", "query", "test")]
    write_keypoints(pd.concat(poses).loc[images["name"]], folder / "keypoints.csv")
    return table


def test_a_workspace_from_a_table_has_its_images_identities_cameras_and_splits(
    notebook: dict[str, Any], rendered: Path
) -> None:
    made, given = notebook["workspace"].images(), Workspace(rendered, {"data": str(rendered)}).images()
    given = given[given["pid"] > 0]
    columns = ["pid", "camid", "split"]
    made, given = (table.assign(path=table["path"].map(Path).map(Path.resolve)) for table in (made, given))
    assert made.set_index("path")[columns].sort_index().equals(given.set_index("path")[columns].sort_index())


def test_its_key_points_are_those_of_the_file(notebook: dict[str, Any], rendered: Path) -> None:
    workspace = notebook["workspace"]
    train = workspace.images().query("split == 'train'")
    originals = [Path(path).resolve().name for path in train["path"]]
    given = keypoint_array(read_keypoints(rendered / "keypoints" / "train.csv"), originals)
    assert np.array_equal(keypoint_array(workspace.keypoints("train"), train["name"].tolist()), given)


def test_the_set_keeps_its_share_and_fills_it_up(notebook: dict[str, Any]) -> None:
    kinds = notebook["manifest"]["kind"].value_counts()
    assert (kinds["real"], kinds["generated"]) == (24, 24)  # of 8 identities x 6 images
    assert len(list((notebook["folder"] / "bounding_box_train").glob("*.jpg"))) == 48


def test_single_images_are_those_that_transfer_writes(notebook: dict[str, Any], tmp_path: Path) -> None:
    workspace, (first, second) = notebook["workspace"], notebook["pairs"]
    assert notebook["pictures"].shape == (2, 128, 64, 3)
    for number, (image, pose) in enumerate((first, second)):
        out = tmp_path / f"{number}.png"
        run(
            workspace.root, "transfer", image, "--pose", pose, "-o", str(out), "--generator", str(notebook["generator"])
        )
        assert np.array_equal(notebook["pictures"][number], np.asarray(Image.open(out)))


def test_key_points_can_be_given_as_an_array(notebook: dict[str, Any]) -> None:
    workspace, ((image, pose), _) = notebook["workspace"], notebook["pairs"]
    points = keypoint_array(workspace.keypoints("train"), [pose])[0]
    (made,) = augment.generate_images(notebook["generator"], [(image, points)], workspace=workspace, runtime=QUIET)
    assert np.array_equal(made, notebook["pictures"][0])
    with pytest.raises(augment.AugmentError, match="a pose is a list; give the name or file of an image, or an array"):
        augment.generate_images(
            notebook["generator"],
            [(image, points.tolist())],
            workspace=workspace,
            runtime=QUIET,
        )


def test_a_trained_model_is_evaluated_to_the_same_figures(notebook: dict[str, Any]) -> None:
    assert notebook["again"] == notebook["ours"]
    assert notebook["ours"].folder == notebook["workspace"].root / "reid" / "small-ours-p0.5-s0-updates"
    assert 0 < notebook["none"].mAP <= 100


def test_features_are_ranked_as_by_reid_itself(notebook: dict[str, Any]) -> None:
    test, features = notebook["test"], notebook["features"]
    query, gallery = (test["split"] == split for split in ("query", "gallery"))
    sides = [test.loc[side, column] for column in ("pid", "camid") for side in (query, gallery)]
    found = augment.rank_features(notebook["workspace"], features)
    assert found.mAP == pytest.approx(100 * evaluate(features[query], features[gallery], *sides).mAP, abs=1e-3)
    assert (found.queries, found.folder) == (int(query.sum()), None)
    with pytest.raises(augment.AugmentError, match=rf"give {len(test)} rows, one a test image"):
        augment.rank_features(notebook["workspace"], features[1:])


def test_the_readmes_code_runs_as_it_stands(
    trained: Path, people: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = augment.open_workspace(people)
    (workspace.root / "patn" / "patn").mkdir(parents=True)
    (workspace.root / "patn" / "patn" / trained.name).symlink_to(trained)
    monkeypatch.chdir(people)
    small = replace(reid.training.PRESETS["demo"], epochs=1, batch=8)
    monkeypatch.setitem(reid.training.PRESETS, "demo", small)
    (code,) = blocks("python", README)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith(str(people / "generated" / "ours-p0.3-s0"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda table: table.drop(columns="identity"), "has no column identity"),
        (lambda table: table[:0], "has no row"),
        (lambda table: table.assign(path=["away.jpg", *table["path"][1:]]), "row 1 .* path is 'away.jpg'"),
        (
            lambda table: table.assign(identity=[-1, *table["identity"][1:]]),
            "identity is '-1', which is none",
        ),
        (lambda table: table.assign(split=["test", *table["split"][1:]]), "row 1 .* split is 'test'"),
        (lambda table: table.assign(split=[None, *table["split"][1:]]), "row 1 .* has no split"),
        (lambda table: pd.concat([table, table[:1]]), "is in the table twice"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_and_leaves_nothing(
    rendered: Path, tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], sentence: str
) -> None:
    table = change(write_table(rendered, tmp_path))
    with pytest.raises(augment.AugmentError, match=sentence):
        augment.make_workspace(tmp_path / "w", table)
    assert not (tmp_path / "w").exists()


def test_without_splits_and_cameras_half_of_the_identities_are_for_testing(rendered: Path, tmp_path: Path) -> None:
    table = write_table(rendered, tmp_path)[["path", "identity"]]
    images = augment.make_workspace(tmp_path / "w", table, seed=3).images()
    assert len(images) == len(table)
    tested = set(images.loc[images["split"] == "query", "pid"])
    assert len(tested) == 6  # half of 13, rounded down
    assert tested.isdisjoint(images.loc[images["split"] == "train", "pid"])
    again = augment.make_workspace(tmp_path / "w", table, seed=3)
    assert again.images().equals(images)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_exported_name_is_there_and_documented(package: str) -> None:
    module = import_module(package)
    assert len(set(module.__all__)) == len(module.__all__)
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:
        assert getattr(module, name).__doc__, f"{package}.{name} has no docstring"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        module.nothing  # noqa: B018


@pytest.mark.parametrize("package", PACKAGES)
def test_every_exported_name_is_in_the_reference(package: str) -> None:
    text = (HOW_TO.parent / "reference" / "python.md").read_text(encoding="utf-8")
    for name in import_module(package).__all__:
        module = getattr(import_module(package), name).__module__
        whole, _, members = text.partition(f"::: {module}\n")[2].partition("\n")[0].partition("members: ")
        listed = re.findall(r"\w+", members)
        shown = f"::: {module}.{name}\n" in text or (whole and not listed) or name in listed
        assert shown or f"{package}.{name}" in text or issubclass(getattr(import_module(package), name), Exception)


def test_importing_the_packages_imports_nothing_heavy() -> None:
    code = (
        f"import sys, {', '.join(PACKAGES)}; print([n for n in ('torch', 'pandas', 'torchreid') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
