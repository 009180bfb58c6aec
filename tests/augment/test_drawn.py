"""What is drawn and said of generated images: skeletons, sheets, masks in colours, films, and the words with them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment import AugmentError
from augment.inference import video
from augment.inference.animation import Animation, animation_text
from augment.inference.attention import Masks, MaskView, Strip, attention_text, paint, span
from augment.inference.request import Transferred
from augment.inference.sheets import COLOURS, GAP, LINE, draw_skeleton, sheet, write_sheet
from augment.inference.transfer import Pictures, grid, transfer_text
from augment.inference.video import film_ending, require_ffmpeg, write_video
from augment.poses.comparison import Comparison, JointAgreement, comparison_text
from numerics.arrays import Array
from patn.keypoints import JOINTS, LIMBS, MISSING

WHITE = 255


def tile(value: int, size: tuple[int, int] = (128, 64)) -> Array:
    return np.full((*size, 3), value, np.uint8)


def pose(**places: tuple[float, float]) -> Array:
    points = np.full((18, 2), MISSING, np.float64)
    for name, place in places.items():
        points[JOINTS.index(name)] = place
    return points


def test_a_limb_is_drawn_between_joints_that_are_there() -> None:
    first, second = LIMBS[0]
    points = np.full((18, 2), MISSING, np.float64)
    points[first], points[second] = (40, 32), (200, 32)
    drawn = draw_skeleton(points, (256, 128))
    assert drawn.shape == (256, 128, 3)
    assert np.abs(drawn[120, 32].astype(int) - COLOURS[0]).max() <= 8  # it is drawn larger and made smaller
    assert not drawn[:, 40:].any()
    assert not drawn[210:].any()
    points[second] = MISSING
    assert not draw_skeleton(points, (64, 32)).any()
    assert not draw_skeleton(pose(), (65, 31)).any()


def test_a_joint_left_of_the_picture_still_has_its_limb() -> None:
    first, second = LIMBS[0]
    points = np.full((18, 2), MISSING, np.float64)
    points[first], points[second] = (20, -6), (20, 12)
    assert draw_skeleton(points, (64, 32))[20, 2].any()


def test_a_sheet_is_tiles_with_white_between_them() -> None:
    made = sheet([[tile(10), tile(20)], [tile(30), tile(40)]])
    assert made.shape == (2 * 128 + GAP, 2 * 64 + GAP, 3)
    assert made[0, 0, 0] == 10
    assert made[0, 64 + GAP, 0] == 20
    assert made[-1, 0, 0] == 30
    assert made[-1, -1, 0] == 40
    assert (made[128 : 128 + GAP] == WHITE).all()
    assert (made[:, 64 : 64 + GAP] == WHITE).all()


@pytest.mark.parametrize(
    ("size", "least", "scale"), [((64, 32), 128, 2), ((64, 32), 64, 1), ((48, 48), 128, 3), ((300, 9), 128, 1)]
)
def test_small_images_are_enlarged_by_whole_numbers(size: tuple[int, int], least: int, scale: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    np.testing.assert_array_equal(sheet([[pixels]], least=least), pixels.repeat(scale, axis=0).repeat(scale, axis=1))


def test_headings_stand_above_and_long_ones_take_several_lines() -> None:
    plain = sheet([[tile(0), tile(0)]])
    one = sheet([[tile(0), tile(0)]], ["short", "two"])
    three = sheet([[tile(0), tile(0)]], ["short", "words that take three lines of it"])
    assert one.shape[0] == plain.shape[0] + LINE + GAP
    assert three.shape[0] == plain.shape[0] + 4 * LINE + GAP
    assert (one[:LINE] < 128).any()  # letters
    assert not one[LINE + GAP :, :64].any()


def test_a_sheet_is_written_as_png_where_there_is_no_folder_yet(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "sheet.png"
    write_sheet([[tile(7)]], path, ["a"])
    with Image.open(path) as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image), sheet([[tile(7)]], ["a"]))
    assert len(list(path.parent.iterdir())) == 1


def test_poses_beyond_the_columns_go_on_below_with_all_sources_again() -> None:
    skeletons = [tile(100 + n) for n in range(3)]
    generated = [np.stack([tile(10 * s + n) for n in range(3)]) for s in (1, 2)]
    made = grid([tile(1), tile(2)], skeletons, generated, columns=2)
    values = made[64 :: 128 + GAP, 32 :: 64 + GAP, 0]
    assert values.tolist() == [
        [255, 100, 101],
        [1, 10, 11],
        [2, 20, 21],
        [255, 102, 255],
        [1, 12, 255],
        [2, 22, 255],
    ]


def test_colours_span_0_to_1_or_the_bulk_of_the_maps() -> None:
    maps = np.linspace(0.2, 0.4, 201)
    assert span(maps, stretch=False) == (0, 1)
    assert span(maps, stretch=True) == (0.202, 0.398)
    low, high = span(np.full(9, 0.5), stretch=True)
    assert (low, high) == (0.5, 0.5001)  # maps of one value have colours too


def test_masks_are_grey_from_black_to_white_and_cut_off_at_the_ends() -> None:
    mask = np.array([[0.0, 1.0]], np.float32)
    painted = paint(mask, (1, 2), (0.0, 1.0), "grey")
    assert painted.tolist() == [[[0, 0, 0], [255, 255, 255]]]
    assert paint(mask, (1, 2), (0.5, 0.6), "grey").tolist() == painted.tolist()
    assert paint(np.full((2, 1), 0.5, np.float32), (4, 2), (0.25, 1.25), "grey")[0, 0].tolist() == [64, 64, 64]
    blue, red = paint(mask, (1, 2), (0, 1), "colour")[0]
    assert blue[2] > blue[0]
    assert red[0] > red[2]
    with pytest.raises(AugmentError, match="colours is 'green'; it must be one of colour, grey"):
        MaskView(colours="green")


def transferred(images: int = 1, poses: int = 2, skipped: int = 0) -> Transferred:
    return Transferred(
        images=images,
        poses=poses,
        skipped=tuple(f"{n}.jpg" for n in range(skipped)),
        keypoints=("csv", "movenet"),
        size=(9, 7),
        generator_size=(64, 32),
        generator="f00d",
    )


def test_a_transfer_is_told_in_words_with_at_most_five_names_left_out() -> None:
    def said(images: int, poses: int, skipped: int) -> list[str]:
        return transfer_text(Pictures("out", (), transferred(images, poses, skipped))).splitlines()

    assert said(1, 1, 0) == ["out: 1 person in 1 pose, 9 x 7 pixels; key points: csv, movenet"]
    assert said(2, 3, 0) == ["out: 2 people in 3 poses, 9 x 7 pixels; key points: csv, movenet"]
    assert said(1, 1, 5)[1] == "Left out, nobody was found in them: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg"
    assert said(1, 1, 7)[1] == "Left out, nobody was found in them: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg and 2 more"


@pytest.mark.parametrize(
    ("channels", "strips", "said"),
    [
        ("mean", 1, "m.png: masks (mean over channels); their means by block: 2: 0.250, 3: 0.500"),
        (7, 1, "m.png: masks (channel 7); their means by block: 2: 0.250, 3: 0.500"),
        (0, 3, "m.png: masks (channel 0); their means by block of the first of 3 pairs: 2: 0.250, 3: 0.500"),
    ],
)
def test_masks_are_told_by_their_means(channels: int | str, strips: int, said: str) -> None:
    shown = (Strip("a", "b", (0.25, 0.5)), *(Strip("a", "c", (0.1, 0.1)) for _ in range(strips - 1)))
    assert attention_text(Masks("m.png", (2, 3), channels, (0.0, 1.0), shown, transferred())) == said


def test_an_animation_is_told_by_its_frames_and_what_was_filled_in() -> None:
    made = Animation("walk.mp4", transferred(), 56, 12.5, 3, 7, 2.345, 0.5)
    assert animation_text(made).splitlines() == [
        "walk.mp4: 1 person, 56 frames at 12.5 a second",
        "Joints: 7 bridged, nobody found in 3 frames; jerk 2.35 pixels, after smoothing 0.50",
    ]


def test_a_comparison_is_told_with_dashes_for_what_is_not_known() -> None:
    joints = {"nose": JointAgreement(4, 0.75, 0.5, 1.26), "neck": JointAgreement(0, None, None, None)}
    lines = comparison_text("mine", Comparison(9, 1.0, 0.5, 0.25, None, None, None, joints)).splitlines()
    assert lines[0].startswith("9 training images: the file has somebody in 100.0 %, mine in 50.0 %, both in 25.0 %")
    assert lines[1] == ("PCKh@0.5 - %, median distance - pixels, left and right exchanged in - % of the images")
    assert [line.split() for line in lines[3:]] == [["nose", "4", "75.0", "50.0", "1.3"], ["neck", "0", "-", "-", "-"]]


def frames(count: int) -> list[Array]:
    return [tile(20 * n, (6, 4)) for n in range(count)]


@pytest.mark.parametrize(("fps", "milliseconds"), [(12.0, 80), (25.0, 40), (1000.0, 20), (1.0, 1000)])
def test_a_gif_has_its_frames_in_hundredths_of_a_second(tmp_path: Path, fps: float, milliseconds: int) -> None:
    path = tmp_path / "new folder" / "a.gif"
    write_video(iter(frames(3)), path, fps, "from a; " + "x" * 300)
    with Image.open(path) as film:
        assert film.size == (4, 6)
        assert getattr(film, "n_frames", 1) == 3
        assert film.info["duration"] == milliseconds
        assert film.info["loop"] == 0
        assert film.info["comment"] == b"from a; " + b"x" * 247
        film.seek(2)
        assert film.convert("RGB").getpixel((0, 0)) == (40, 40, 40)
    assert len(list(path.parent.iterdir())) == 1


def test_a_film_that_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AugmentError, match=r"a\.gif: cannot be written \(.+\); choose another place"):
        write_video(frames(1), tmp_path / "file" / "a.gif", 12, "")

    def broken() -> Array:
        raise OSError("the camera is gone")

    with pytest.raises(AugmentError, match=r"b\.gif: cannot be written \(the camera is gone\)"):
        write_video((broken() for _ in range(1)), tmp_path / "b.gif", 12, "")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_without_the_package_films_are_gifs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "require_ffmpeg", lambda: "ffmpeg")
    assert film_ending() == ".mp4"
    monkeypatch.undo()
    monkeypatch.setattr(video, "find_spec", lambda name: None)
    assert film_ending() == ".gif"
    with pytest.raises(AugmentError, match=r"pip install augment-reid\[video\]"):
        require_ffmpeg()
