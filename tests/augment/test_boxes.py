"""Sequences in MOTChallenge's form: which boxes are of people, which frame is which, which files are taken."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment import AugmentError
from augment.layouts.track_files import Sequence, find_sequences, images_in

TRUTH = """\
1,7,10,20,30,60,1,1,0.5
1,8,10,20,30,60,0,1,1
2,7,12,21.5,30,60,1,3,0.25

2,9,0,0,5,5,1,7,1
"""


def sequence(folder: Path, boxes: str, *frames: str) -> Sequence:
    """A sequence of boxes and of frames, of which frame number n is grey of 10 n."""
    (folder / "img1").mkdir(parents=True, exist_ok=True)
    for frame in frames:
        level = 10 * int(frame) if frame.isdigit() else 0
        Image.new("RGB", (4, 6), (level,) * 3).save(folder / "img1" / f"{frame}.png")
    (folder / "boxes.txt").write_text(boxes)
    return Sequence(folder.name, folder / "img1", folder / "boxes.txt")


def test_in_ground_truth_people_are_boxes_with_a_flag_of_class_1(tmp_path: Path) -> None:
    boxes = sequence(tmp_path, TRUTH).read_boxes()
    assert boxes["track"].tolist() == [7, 8, 7, 9]
    assert boxes["person"].tolist() == [True, False, False, False]
    assert boxes["visibility"].tolist() == [0.5, 1.0, 0.25, 1.0]
    assert boxes.iloc[2][["frame", "left", "top", "width", "height"]].tolist() == [2, 12, 21.5, 30, 60]


@pytest.mark.parametrize("columns", ["", ",0.9", ",0.9,-1,-1,-1"])
def test_of_a_trackers_output_every_box_is_of_a_person_in_full_view(tmp_path: Path, columns: str) -> None:
    boxes = sequence(tmp_path, f"1,7,10,20,30,60{columns}\n3,2,1,1,9,9{columns}\n").read_boxes()
    assert boxes["person"].all()
    assert boxes["visibility"].tolist() == [1.0, 1.0]
    assert boxes["frame"].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        ("1,7,10,20,30\n", "columns frame, track, left"),
        ("1,7,10,20,30,inf\n", "columns frame"),
        ("1,-1,10,20,30,60\n", "has track -1, boxes that no tracker has joined"),
        (
            "1,7,1,1,9,9\n\n1.5,7,1,1,9,9\n2.5,7,1,1,9,9\n",
            r"line 3: frame 1\.5 is no whole number \(1 more line alike\)",
        ),
        ("1,7.5,1,1,9,9\n", r"line 1: track 7\.5 is no whole number; "),
        ("1,7,1,1,9,9\n0,7,1,1,9,9\n", "line 2: frame 0, but the first frame is 1; count frames from 1"),
        ("1,1e10,1,1,9,9\n", "line 1: track 1e.10 is no whole number"),
        ("frame,track\n", r"boxes\.txt: is .* file of boxes"),
    ],
)
def test_a_file_of_another_form_is_refused_with_its_line(tmp_path: Path, boxes: str, said: str) -> None:
    with pytest.raises(AugmentError, match=said):
        sequence(tmp_path, boxes, "000001").read_boxes()


def test_frames_count_from_0_where_a_file_is_named_so(tmp_path: Path) -> None:
    from_zero = sequence(tmp_path / "a", "0,7,1,1,9,9\n", "000000", "000001")
    assert from_zero.first_frame == 0
    assert from_zero.read_boxes()["frame"].tolist() == [0]
    assert sequence(tmp_path / "b", "", "000001", "000002").first_frame == 1
    assert Sequence("film", tmp_path / "film.mp4", tmp_path).first_frame == 1


def test_a_frame_has_the_number_of_its_name_else_of_its_place(tmp_path: Path) -> None:
    numbered = sequence(tmp_path / "a", "", "9", "10", "12")
    found = {number: int(frame[0, 0, 0]) for number, frame in numbered.read_frames({10, 11, 12})}
    assert found == {10: 100, 12: 120}
    named = sequence(tmp_path / "b", "", "frame10", "frame2")
    assert [number for number, _ in named.read_frames({1, 2, 3})] == [1, 2]
    assert [path.stem for path in images_in(named.frames)] == ["frame2", "frame10"]


def test_a_films_frames_count_from_1(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    film = cv2.VideoWriter(str(tmp_path / "walk.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 5, (32, 32))
    for level in (0, 100, 200):
        film.write(np.full((32, 32, 3), (level, 0, 0), dtype=np.uint8))  # blue
    film.release()
    found = dict(Sequence("walk", tmp_path / "walk.avi", tmp_path).read_frames({2, 3, 9}))
    assert list(found) == [2, 3]
    assert found[2][..., 2].mean() == pytest.approx(100, abs=12)
    assert found[3][..., 2].mean() == pytest.approx(200, abs=12)
    assert found[3][..., 0].mean() < 30
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    with pytest.raises(AugmentError, match=r"broken\.mp4: is .*readable video"):
        list(Sequence("x", tmp_path / "broken.mp4", tmp_path).read_frames({1}))


def test_a_folder_is_a_sequence_or_holds_some_in_natural_order(tmp_path: Path) -> None:
    for name in ("s10", "s2"):
        sequence(tmp_path / name, "")
    (tmp_path / "other").mkdir()
    assert [found.name for found in find_sequences(tmp_path)] == ["s2", "s10"]
    (own,) = find_sequences(tmp_path / "s2")
    assert own.boxes.name == "boxes.txt"
    with pytest.raises(AugmentError, match="no sequence is in it; expected are img1/ or a video"):
        find_sequences(tmp_path / "other")


def test_ground_truth_goes_before_a_trackers_file_and_that_before_detections(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    sequence(folder, "")
    for part in ("gt", "det"):
        (folder / part).mkdir()
        (folder / part / f"{part}.txt").write_text("")
    chosen = []
    for path in (folder / "gt" / "gt.txt", folder / "boxes.txt", folder / "det" / "det.txt"):
        chosen.append(find_sequences(folder)[0].boxes == path)
        path.unlink()
    assert chosen == [True, True, True]


def test_the_frames_folder_is_the_one_that_seqinfo_names(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    sequence(folder, "")
    (folder / "frames").mkdir()
    (folder / "seqinfo.ini").write_text("[Sequence]\nname=s\nimDir=frames\n")
    assert find_sequences(folder)[0].frames == folder / "frames"
    (folder / "seqinfo.ini").write_text("imDir=frames\n")
    with pytest.raises(AugmentError, match=r"seqinfo\.ini: cannot be read"):
        find_sequences(folder)
