import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import augment.poses.estimation
from augment import AugmentError
from augment.poses.estimators import DEFAULT
from augment.poses.readers import PoseReader, find_image, with_a_person
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import keypoint_array, keypoint_table, write_keypoints


@pytest.fixture
def workspace(people: Path) -> Workspace:
    return Workspace.find(people)


@pytest.fixture
def estimator(monkeypatch: pytest.MonkeyPatch) -> None:
    """An estimator that finds the nose in the middle of every image, and nobody in a uniform one."""

    def estimate(images: list[Array]) -> Array:
        points = np.full((len(images), 18, 2), -1, np.float32)
        for row, image in zip(points, images, strict=True):
            if image.std() > 0:
                row[0] = (image.shape[0] - 1) / 2, (image.shape[1] - 1) / 2
        return points

    monkeypatch.setattr(augment.poses.estimation, "_estimator", lambda name: estimate)


def test_an_image_of_the_workspace_has_its_key_points_by_name_by_path_and_by_link(
    workspace: Workspace, tmp_path: Path
) -> None:
    name = workspace.keypoints("train").index[3]
    path = workspace.data / "bounding_box_train" / name
    link = tmp_path / "link.jpg"
    link.symlink_to(path)
    expected = (keypoint_array(workspace.keypoints("train"), [name])[0] + 0.5) / 2 - 0.5
    expected[keypoint_array(workspace.keypoints("train"), [name])[0] == -1] = -1
    for source in (str(name), str(path), str(link)):
        (pose,) = PoseReader((64, 32), workspace=workspace).read(source)
        assert pose.origin == "workspace"
        np.testing.assert_allclose(pose.keypoints, expected, atol=1e-5)


@pytest.mark.usefixtures("estimator")
def test_any_other_image_is_estimated_at_its_own_size(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.effect_noise((301, 501), 50).save(path)
    (pose,) = PoseReader((64, 32), workspace=workspace).read(str(path))
    assert pose.origin == DEFAULT
    np.testing.assert_allclose(pose.keypoints[0], [31.5, 15.5], atol=1e-4)
    assert (pose.keypoints[1:] == -1).all()


@pytest.mark.usefixtures("estimator")
def test_a_folder_is_read_in_the_order_of_names_each_image_by_its_own_way(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "poses"
    folder.mkdir()
    name = workspace.keypoints("query").index[0]
    (folder / "b.jpg").symlink_to(workspace.data / "query" / name)
    Image.effect_noise((20, 40), 50).save(folder / "a.png")
    Image.new("RGB", (20, 40)).save(folder / "c.png")
    (folder / "notes.txt").write_text("no image")
    poses = PoseReader((64, 32), workspace=workspace).read(str(folder))
    assert [(pose.name, pose.origin) for pose in poses] == [
        ("a.png", DEFAULT),
        ("b.jpg", "workspace"),
        ("c.png", DEFAULT),
    ]
    assert [pose.name for pose in with_a_person(poses, "pose")] == ["a.png", "b.jpg"]
    with pytest.raises(AugmentError, match=r"c\.png: no person was found"):
        with_a_person(poses[2:], "pose")


def test_a_csv_is_read_row_by_row_in_the_pixels_it_is_for(tmp_path: Path) -> None:
    array = np.full((2, 18, 2), -1)
    array[:, 0], array[1, 1] = (40, 20), (127, 63)
    path = tmp_path / "poses.csv"
    write_keypoints(keypoint_table(["x.jpg", "y.jpg"], array), path)
    poses = PoseReader((64, 32), csv_size=(128, 64)).read(str(path))
    assert [pose.name for pose in poses] == ["x.jpg", "y.jpg"]
    np.testing.assert_allclose(poses[1].keypoints[:2], [[19.75, 9.75], [63.25, 31.25]])
    assert (poses[0].keypoints[1:] == -1).all()
    with pytest.raises(AugmentError, match=r"joints of y\.jpg lie outside 64 x 32 pixels; say with csv_size"):
        PoseReader((64, 32)).read(str(path))


def test_a_sources_key_points_are_those_of_its_row_in_its_own_pixels(tmp_path: Path) -> None:
    image = tmp_path / "photo.png"
    Image.new("RGB", (100, 200)).save(image)
    array = np.full((2, 18, 2), -1)
    array[0, 0], array[1, 0] = (10, 10), (99, 49)
    both, one = tmp_path / "both.csv", tmp_path / "one.csv"
    write_keypoints(keypoint_table(["else.png", "photo.png"], array), both)
    write_keypoints(keypoint_table(["else.png"], array[:1]), one)
    reader = PoseReader((128, 64))
    (pose,) = reader.of_sources([image], str(both))
    np.testing.assert_allclose(pose.keypoints[0], [99.5 * 128 / 200 - 0.5, 49.5 * 64 / 100 - 0.5], atol=1e-4)
    assert (pose.path, pose.origin) == (image, "csv")
    (alone,) = reader.of_sources([image], str(one))
    np.testing.assert_allclose(alone.keypoints[0], [10.5 * 0.64 - 0.5] * 2, atol=1e-4)
    with pytest.raises(AugmentError, match=r"has no row of b\.png"):
        reader.of_sources([Path(shutil.copy(image, tmp_path / "b.png"))], str(both))


def test_what_is_neither_a_file_nor_a_name_is_said(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match="neither a file nor the name of an image below"):
        find_image("nobody.jpg", workspace)
    with pytest.raises(AugmentError, match="there is no such image"):
        find_image("nobody.jpg", None)
    with pytest.raises(AugmentError, match="there is no image in it"):
        PoseReader((64, 32)).read(str(tmp_path))


def test_without_the_estimator_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    augment.poses.estimation._estimator.cache_clear()
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(AugmentError, match=r"LiteRT cannot be imported .* `pip install augment-reid\[poses\]"):
        PoseReader((64, 32)).read(str(tmp_path / "a.png"))


@pytest.mark.usefixtures("estimator")
def test_the_images_of_a_folder_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    order = ["-1.jpg", "cam2 frame9.png", "cam10 frame1.JPG", "frame1.jpg", "frame02.jpg", "frame2.jpg", "frame10.jpg"]
    for name in reversed(order):
        Image.effect_noise((8, 16), 50).save(tmp_path / name)
    (tmp_path / "frame3.jpg").mkdir()
    (tmp_path / "._frame4.jpg").write_bytes(b"resource fork")
    assert [pose.name for pose in PoseReader((16, 8)).read(str(tmp_path))] == order


def test_a_folder_without_images_says_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "clip" / "frames").mkdir(parents=True)
    with pytest.raises(AugmentError, match="there is no image in it; give"):
        PoseReader((16, 8)).read(str(tmp_path / "clip"))
    Image.new("L", (8, 16)).save(tmp_path / "clip" / "frames" / "1.png")
    with pytest.raises(AugmentError, match=r"there is no image in it, only below it, in .*frames; give"):
        PoseReader((16, 8)).read(str(tmp_path / "clip"))
