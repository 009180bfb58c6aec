"""What the report measures without a network: colour histograms; and the small pictures that it shows."""

import colorsys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.images import read_image
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import MISSING
from pipelines.measurements.histogram_baseline import histogram_baseline
from pipelines.report.tiles import Tiles


def histogram(image: Array) -> Array:
    """Shares of an image's pixels in 8 x 8 x 8 bins of hue, saturation and value, by the standard library."""
    counts = np.zeros((8, 8, 8))
    colours, sizes = np.unique(image.reshape(-1, 3), axis=0, return_counts=True)
    for colour, size in zip(colours, sizes, strict=True):
        place = [min(int(8 * part + 1e-9), 7) for part in colorsys.rgb_to_hsv(*(colour / 256))]
        counts[tuple(place)] += size
    flat: Array = counts.ravel() / counts.sum()
    return flat


def centred(image: Array) -> Array:
    """Roots of the histograms of six stripes of the image's middle."""
    height, width = image.shape[:2]
    middle = image[height // 16 : height - height // 16, 5 * width // 16 : 11 * width // 16]
    rows = np.arange(len(middle)) * 6 // len(middle)
    stripes = [histogram(middle[rows == stripe]) * (rows == stripe).mean() for stripe in range(6)]
    roots: Array = np.sqrt(np.concatenate(stripes))
    return roots


def mean_precision(features: list[Array], splits: list[str], pids: list[int], cameras: list[int]) -> float:
    """mAP in percent by scikit-learn."""
    found = []
    for query in [index for index, split in enumerate(splits) if split == "query"]:
        ranked = [
            index
            for index, split in enumerate(splits)
            if split == "gallery" and (pids[index], cameras[index]) != (pids[query], cameras[query])
        ]
        right = [pids[index] == pids[query] for index in ranked]
        near = [-float(((features[index] - features[query]) ** 2).sum()) for index in ranked]
        if any(right):
            found.append(average_precision_score(right, near))
    return 100 * float(np.mean(found))


def test_histograms_rank_as_by_the_standard_librarys_colours(rendered: Path, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w", {"data": str(rendered), "size": [32, 16], "seed": 0})
    histogram_baseline(workspace, Runtime("cpu", threads=1, progress=False))
    run = read_run(workspace.table_dir("histogram"))
    assert run is not None
    test = Dataset.of(workspace).images.query("split in ['query', 'gallery'] and pid >= 0")
    images = [read_image(path, workspace.size) for path in test["path"]]
    about = [test[column].tolist() for column in ("split", "pid", "camid")]
    whole = mean_precision([histogram(image) for image in images], *about)
    assert run.result["mAP"] == pytest.approx(whole, abs=0.001)
    stripes = mean_precision([centred(image) for image in images], *about)
    assert run.result["centred"]["mAP"] == pytest.approx(stripes, abs=0.001)
    assert abs(whole - stripes) > 2


def test_tiles_are_of_their_split_and_what_is_not_there_is_left_out(people: Path) -> None:
    workspace = Workspace.find(people)
    tiles = Tiles(workspace, "gallery")
    gallery, train = (Dataset.of(workspace).split(split) for split in ("gallery", "train"))
    first, second = gallery.index[0], gallery.index[-1]
    assert tiles.identity(first) == gallery.loc[first, "pid"]
    pair = tiles.pair(first, second)
    np.testing.assert_array_equal(pair["condition"], read_image(gallery.loc[first, "path"]))
    np.testing.assert_array_equal(pair["target"], read_image(gallery.loc[second, "path"]))
    skeleton = tiles.skeleton(second)
    assert skeleton is not None
    np.testing.assert_array_equal(pair["pose"], skeleton)
    stranger = train.index[0]
    assert (tiles.identity(stranger), tiles.pixels(stranger), tiles.skeleton(stranger)) == (None, None, None)
    assert list(tiles.pair(stranger, second)) == ["pose", "target"]
    assert tiles.file(people / "nothing.png") is None


def test_a_pose_is_shown_where_its_joints_are(people: Path) -> None:
    workspace = Workspace.find(people)
    tiles = Tiles(workspace, "gallery")
    table = workspace.keypoints("gallery")
    name = table.index[0]
    drawn = tiles.skeleton(name)
    assert drawn is not None
    lit = drawn.max(axis=2) != np.median(drawn.max(axis=2))
    points = np.stack([table.loc[name, [f"{axis}{joint}" for joint in range(18)]].to_numpy() for axis in "yx"], axis=1)
    for y, x in points[(points != MISSING).all(axis=1)]:
        assert lit[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4].any()


def test_without_key_points_tiles_have_no_pose(people: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = tmp_path / "bare"
    data.mkdir()
    for part in ("bounding_box_train", "bounding_box_test", "query"):
        (data / part).symlink_to(Workspace.find(people).data / part)
    workspace = Workspace.create(tmp_path / "w", {"data": str(data), "size": [128, 64], "seed": 0})
    tiles = Tiles(workspace, "gallery")
    name = Dataset.of(workspace).split("gallery").index[0]
    assert tiles.skeleton(name) is None
    assert list(tiles.pair(name, name)) == ["condition", "target"]
