"""Key points: the authors' annotation files, the table, scaling."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from numerics.arrays import Array
from patn import KeypointError
from patn.keypoints import (
    COLUMNS,
    HEADER,
    JOINTS,
    LIMBS,
    MIRROR,
    has_torso,
    joints_present,
    keypoint_array,
    keypoint_table,
    mirror_keypoints,
    read_keypoints,
    scale_keypoints,
    write_keypoints,
)

Y = list(range(10, 28))
X = [*range(30, 47), -1]
ROW = f"0002_c1s1_000451_03.jpg: {Y}: {X}"


def written(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_reads_a_row_as_the_authors_tool_writes_it(tmp_path: Path) -> None:
    table = read_keypoints(written(tmp_path / "a.csv", ROW))
    assert table.index.tolist() == ["0002_c1s1_000451_03.jpg"]
    assert table.index.name == "name"
    assert tuple(table.columns) == COLUMNS
    assert list(table.loc["0002_c1s1_000451_03.jpg", ["y0", "y17", "x0", "x17"]]) == [10, 27, 30, -1]
    assert all(kind == np.int64 for kind in table.dtypes)


@pytest.mark.parametrize("row", [f"a.jpg:{Y}:{X}", f" a.jpg : {Y} : {X} ", f"a.jpg:{Y}:{X}".replace(" ", "")])
def test_spaces_around_fields_do_not_matter(tmp_path: Path, row: str) -> None:
    table = read_keypoints(written(tmp_path / "a.csv", row, "", header="name: keypoints_y: keypoints_x"))
    assert list(table.loc["a.jpg"]) == Y + X


def test_a_joint_with_one_coordinate_missing_is_read_as_it_is_but_is_not_present(tmp_path: Path) -> None:
    xs = list(range(30, 48))
    xs[8] = -1
    table = read_keypoints(written(tmp_path / "a.csv", f"a.jpg: {Y}: {xs}", f"b.jpg: {Y}: {list(range(30, 48))}"))
    points = keypoint_array(table, ["a.jpg", "b.jpg"])
    assert points[0, 8].tolist() == [18, -1]
    assert has_torso(points).tolist() == [False, True]


@pytest.mark.parametrize("joint", range(18))
def test_a_torso_is_both_shoulders_and_both_hips(joint: int) -> None:
    points = np.full((1, 18, 2), 5.0)
    points[0, joint] = -1
    assert has_torso(points)[0] == (JOINTS[joint].split("_")[-1] not in ("shoulder", "hip"))


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (f"a.jpg: {Y[:17]}: {X}", "17 y values where 18"),
        (f"a.jpg: {Y}: {[*X, 3]}", "19 x values where 18"),
        (f"a.jpg: {Y}: {X}".replace("10", '"ten"'), "not a list of numbers"),
        (f"a.jpg: {Y}: {X}".replace("10", "np.int64(10)"), "not a list of numbers"),
        (f"a.jpg: {Y}: {X}".replace("10", "NaN"), "not a list of numbers"),
        (f"a.jpg: {Y}: {X}".replace("10", "true"), "not a list of numbers"),
        (f"a.jpg: {Y}: {X}".replace("10", "1" * 40), "not a list of numbers"),
        (f"a.jpg: {Y}: 7", "not a list of numbers"),
        (f"a.jpg: {Y}", "two `:`"),
        (f": {Y}: {X}", "two `:`"),
        (ROW, "already given in line 2"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(tmp_path: Path, row: str, complaint: str) -> None:
    path = written(tmp_path / "bad.csv", ROW, row)
    with pytest.raises(KeypointError, match=rf"bad\.csv, line 3: .*{complaint}"):
        read_keypoints(path)


@pytest.mark.parametrize("header", ["", "name,keypoints_y,keypoints_x", ROW, "name:keypoints_x:keypoints_y"])
def test_a_missing_header_is_an_error(tmp_path: Path, header: str) -> None:
    with pytest.raises(KeypointError, match=r"a\.csv, line 1: the header"):
        read_keypoints(written(tmp_path / "a.csv", ROW, header=header))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "image.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "empty.csv").write_bytes(b"")
    for name in ("absent.csv", "image.jpg", "empty.csv"):
        with pytest.raises(KeypointError, match=name):
            read_keypoints(tmp_path / name)


points_and_gaps = arrays(np.int64, (3, 18, 2), elements=st.one_of(st.just(-1), st.integers(-300, 300)))


@settings(deadline=None)
@given(points=points_and_gaps)
def test_whole_coordinates_survive_a_file(points: Array, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("keypoints") / "new folder" / "a.csv"
    names = ["b.jpg", "a.jpg", "-1_c1s1_0.jpg.jpg"]
    table = keypoint_table(names, points)
    write_keypoints(table, path)
    again = read_keypoints(path)
    pd.testing.assert_frame_equal(again, table)
    assert np.array_equal(keypoint_array(again, names), points)
    assert [other.name for other in path.parent.iterdir()] == ["a.csv"]


@settings(deadline=None)
@given(points=arrays(np.float64, (2, 18, 2), elements=st.floats(-3, 130)))
def test_rounding_moves_less_than_a_pixel_and_loses_no_joint(points: Array) -> None:
    again = keypoint_array(keypoint_table(["a", "b"], points), ["a", "b"])
    assert np.abs(again - points).max() <= 1
    assert np.array_equal(joints_present(again), joints_present(points))


def test_the_written_file_is_the_authors_format_with_rounded_integers(tmp_path: Path) -> None:
    points = np.full((1, 18, 2), -1.0)
    points[0, 0] = (10.6, 20.4)
    write_keypoints(keypoint_table(["a.jpg"], points), tmp_path / "a.csv")
    gaps = ", ".join(["-1"] * 17)
    assert (tmp_path / "a.csv").read_text() == f"{HEADER}\na.jpg: [11, {gaps}]: [20, {gaps}]\n"


def test_a_table_of_another_kind_of_numbers_is_written_rounded(tmp_path: Path) -> None:
    table = keypoint_table(["a.jpg"], np.full((1, 18, 2), 3)).astype(np.float32) + 0.25
    write_keypoints(table, tmp_path / "a.csv")
    assert (keypoint_array(read_keypoints(tmp_path / "a.csv"), ["a.jpg"]) == 3).all()


@pytest.mark.parametrize("name", ["a:b.jpg", "", " a.jpg", "a\nb.jpg"])
def test_a_name_that_the_format_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeypointError, match="rename it"):
        write_keypoints(keypoint_table([name], np.zeros((1, 18, 2))), tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(2, 17, 2), (1, 18, 2), (2, 18, 3), (2, 36)])
def test_a_table_needs_eighteen_joints_for_each_name(shape: tuple[int, ...]) -> None:
    with pytest.raises(KeypointError, match=r"need \(2, 18, 2\)"):
        keypoint_table(["a", "b"], np.zeros(shape))


def test_a_table_refuses_nan_and_names_given_twice() -> None:
    points = np.zeros((2, 18, 2))
    with pytest.raises(KeypointError, match="given twice"):
        keypoint_table(["a", "a"], points)
    points[1, 3, 0] = np.nan
    with pytest.raises(KeypointError, match="key points of b"):
        keypoint_table(["a", "b"], points)


def test_the_array_follows_the_asked_names() -> None:
    points = np.arange(3 * 36).reshape(3, 18, 2)
    table = keypoint_table(["a", "b", "c"], points)
    asked = keypoint_array(table, ["c", "a", "c"])
    assert asked.dtype == np.float32
    assert np.array_equal(asked, points[[2, 0, 2]])
    assert keypoint_array(table, []).shape == (0, 18, 2)
    with pytest.raises(KeypointError, match=r"d: no key points \(1 of 2"):
        keypoint_array(table, ["a", "d"])
    with pytest.raises(KeypointError, match="a were given twice"):
        keypoint_array(pd.concat([table, table]), ["a"])


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_scaling_keeps_pixel_centres_and_missing_joints(kind: Callable[[Array], Any]) -> None:
    points = np.full((1, 18, 2), -1.0, dtype=np.float32)
    points[0, 0] = (0, 0)  # the centre of the first pixel of 64 x 32 covers pixels 0 and 1 of 128 x 64
    points[0, 1] = (63, 31)
    points[0, 2] = (-1, 7)
    given_points = kind(points)
    scaled = scale_keypoints(given_points, (64, 32), (128, 64))
    assert type(scaled) is type(given_points)
    assert scaled[0, :3].tolist() == [[0.5, 0.5], [126.5, 62.5], [-1, 14.5]]
    assert bool((scaled[0, 3:] == -1).all())
    assert np.array_equal(np.asarray(given_points), points)


@settings(deadline=None)
@given(points=points_and_gaps, height=st.integers(16, 256), width=st.integers(16, 256))
def test_scaling_there_and_back_changes_nothing(points: Array, height: int, width: int) -> None:
    there = scale_keypoints(points, (128, 64), (height, width))
    back = scale_keypoints(there, (height, width), (128, 64))
    present = (points != -1) & (there != -1)
    assert np.allclose(back[present], points[present])
    assert np.array_equal(scale_keypoints(points, (128, 64), (128, 64)), points)


def test_mirroring_swaps_left_and_right_and_limbs_join_known_joints() -> None:
    assert len(JOINTS) == 18
    assert len(set(LIMBS)) == len(LIMBS) == 23
    for joint, other in enumerate(MIRROR):
        swapped = JOINTS[joint].replace("left", "L").replace("right", "left").replace("L", "right")
        assert JOINTS[other] == swapped
    limbs = {frozenset(limb) for limb in LIMBS}
    assert limbs == {frozenset(MIRROR[joint] for joint in limb) for limb in limbs}
    assert set().union(*limbs) == set(range(18))
    assert frozenset((1, 16)) in limbs
    assert frozenset((2, 16)) not in limbs


def test_a_mirrored_pose_is_that_of_the_mirrored_image() -> None:
    points = np.full((2, 18, 2), -1.0)
    points[0, 4], points[0, 7], points[0, 0] = (30.0, 5.0), (40.0, 60.0), (10.0, 31.5)
    mirrored = mirror_keypoints(points, 64)
    assert {tuple(point) for point in mirrored[0]} == {(40.0, 3.0), (30.0, 58.0), (10.0, 31.5), (-1.0, -1.0)}
    assert (mirrored[0, 4] == (40.0, 3.0)).all()  # the left wrist is now the right one
    assert (mirrored[1] == -1).all()
    assert np.array_equal(mirror_keypoints(mirrored, 64), points)
    assert np.array_equal(mirror_keypoints(torch.from_numpy(points), 64).numpy(), mirrored)


def test_a_market_sized_file_is_read_and_written_within_two_seconds(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = keypoint_table([f"{number:08d}.jpg" for number in range(20_000)], rng.integers(-1, 128, (20_000, 18, 2)))
    began = time.process_time()
    write_keypoints(table, tmp_path / "a.csv")
    again = read_keypoints(tmp_path / "a.csv")
    assert time.process_time() - began < 2
    pd.testing.assert_frame_equal(again, table)
