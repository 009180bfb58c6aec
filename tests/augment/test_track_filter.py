"""Which boxes of a track become images, of which camera and how they are cut, from boxes written here."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augment import AugmentError
from augment.images import read_image
from augment.layouts import tracks
from augment.layouts.registry import Layout
from augment.layouts.tracks import TrackFilter, tracks_layout
from numerics.arrays import Array

HEIGHT, WIDTH = 100, 60
ANY = TrackFilter(margin=0, visibility=0, height=1, spacing=1)


class Walk:
    """A sequence of frames whose red says the row and whose green the column."""

    def __init__(self, boxes: pd.DataFrame, name: str = "walk", frames: int = 1_000) -> None:
        self.boxes, self.name, self.frames = boxes, name, frames

    def read_boxes(self) -> pd.DataFrame:
        return self.boxes

    def read_frames(self, wanted: set[int]) -> Iterator[tuple[int, Array]]:
        rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.uint8)
        for number in sorted(wanted):
            if number <= self.frames:
                yield number, np.stack([rows, columns, np.zeros_like(rows)], axis=2)


def boxes(*rows: tuple[int, int, float, float, bool], left: float = 0.0, top: float = 0.0) -> pd.DataFrame:
    """Boxes of (frame, track, height, visibility, whether of a person), 10 wide."""
    table = pd.DataFrame(rows, columns=["frame", "track", "height", "visibility", "person"])
    return table.assign(left=left, top=top, width=10.0)


def layout(patch: pytest.MonkeyPatch, folder: Path, filtering: TrackFilter, *walks: Walk) -> Layout:
    patch.setattr(tracks, "find_sequences", lambda _: list(walks))
    return tracks_layout(folder, folder / "data", filtering=filtering, size=(64, 32), test_share=0.0)


def crops(made: Layout) -> pd.DataFrame:
    """Track, frame and camera of each image."""
    table = pd.read_csv(made.data / "sources.csv")
    source = [Path(path) for path in table["source"]]
    numbers = {"track": [int(path.parent.name) for path in source], "frame": [int(path.stem) for path in source]}
    return table.assign(**numbers).sort_values(["identity", "frame"], ignore_index=True)


@pytest.mark.parametrize(
    "wrong", [{"margin": -0.1}, {"margin": 1.1}, {"visibility": 2.0}, {"height": 0}, {"spacing": 0}]
)
def test_a_filter_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(AugmentError, match="margin and visibility are from 0 to 1, height and spacing at least 1"):
        TrackFilter(**wrong)  # type: ignore[arg-type]


def test_a_filters_name_tells_it_from_others() -> None:
    assert TrackFilter().key == "m0.05-v0.5-h64-s10"
    assert TrackFilter(0, 1, 128, 1).key == "m0-v1-h128-s1"


def test_a_box_is_left_out_for_the_first_reason_that_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = boxes(
        (1, 1, 64, 0.5, True),
        (2, 1, 64, 1, True),  # too soon
        (11, 1, 64, 1, True),
        (11, 1, 90, 1, True),  # a second one of the frame
        (21, 1, 63.9, 1, True),
        (31, 1, 64, 0.49, True),
        (41, 1, 0, 0.1, True),
        (51, 1, 64, 0.1, False),
        (61, 1, 64, 0.1, False),
        (71, 1, 64, 1, True),  # there is no such frame
    )
    made = layout(monkeypatch, tmp_path, TrackFilter(), Walk(table, frames=70))
    assert crops(made)["frame"].tolist() == [1, 11]
    assert sorted(said for said in made.decisions if "left out" in said) == [
        "1 box was left out: a second box of the same track on the same frame",
        "1 box was left out: less than 10 frames after the one before",
        "1 box was left out: less than 50 % visible",
        "1 box was left out: lower than 64 pixels",
        "1 box was left out: of width or height 0 or less",
        "1 box was left out: on a frame that is not there, or outside of it",
        "2 boxes were left out: no pedestrian's",
    ]


@pytest.mark.parametrize(("count", "halves"), [(1, [0]), (2, [0, 1]), (3, [0, 0, 1]), (5, [0, 0, 0, 1, 1])])
def test_a_tracks_second_half_is_of_another_camera(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, halves: list[int]
) -> None:
    table = boxes(*((10 * frame, track, 70, 1, True) for frame in range(1, count + 1) for track in (2, 7)))
    made = layout(monkeypatch, tmp_path, TrackFilter(), Walk(table, "a"), Walk(table, "b b"))
    found = crops(made)
    assert found["identity"].unique().tolist() == ["a 2", "a 7", "b b 2", "b b 7"]
    cameras = [half + 1 for half in halves]
    assert found["camid"].tolist() == [*cameras * 2, *(camera + 2 for camera in cameras * 2)]
    many = "2" if count == 1 else "4"
    assert f"one camera sees a track, so its halves count as of two cameras, {many} in all" in made.decisions
    assert any(said.endswith("tracks of 2 sequences were split by seed 0") for said in made.decisions)


def test_frames_are_spaced_from_the_last_one_that_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = boxes(*((frame, 1, 70, 1, True) for frame in (3, 9, 12, 13, 23, 31)))
    made = layout(monkeypatch, tmp_path, TrackFilter(), Walk(table))
    assert crops(made)["frame"].tolist() == [3, 13, 23]


@pytest.mark.parametrize(
    ("left", "top", "margin", "rows", "columns"),
    [
        (20, 30, 0.0, (30, 70), (20, 30)),
        (20, 30, 0.5, (10, 90), (15, 35)),
        (-4, -10, 0.0, (0, 30), (0, 6)),
        (55, 80, 0.0, (80, 100), (55, 60)),
        (2, 1, 0.5, (0, 61), (0, 17)),
    ],
)
def test_a_crop_is_its_box_with_the_margin_as_far_as_the_frame_goes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    left: float,
    top: float,
    margin: float,
    rows: tuple[int, int],
    columns: tuple[int, int],
) -> None:
    table = boxes((1, 1, 40, 1, True), (1, 2, 40, 1, True), left=left, top=top)
    filtering = TrackFilter(margin=margin, visibility=0, height=1, spacing=1)
    made = layout(monkeypatch, tmp_path, filtering, Walk(table))
    pixels = read_image(crops(made)["source"][0])
    assert pixels.shape[:2] == (rows[1] - rows[0], columns[1] - columns[0])
    for corner, place in ((pixels[0, 0], (rows[0], columns[0])), (pixels[-1, -1], (rows[1] - 1, columns[1] - 1))):
        assert np.abs(corner[:2].astype(int) - place).max() <= 6  # as near as a JPEG is


def test_where_no_box_is_left_it_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = boxes((1, 1, 40, 1, True), left=60.0)
    with pytest.raises(AugmentError, match=r"no box is left of 1: 1 on a frame that is not there, or outside"):
        layout(monkeypatch, tmp_path, ANY, Walk(outside))
    small = boxes((1, 1, 40, 1, True), (2, 1, 40, 1, False))
    with pytest.raises(AugmentError, match=r"of 2: 1 no pedestrian's, 1 lower than 64 pixels; ask for less"):
        layout(monkeypatch, tmp_path, TrackFilter(), Walk(small))
    assert not (tmp_path / "data").exists()
