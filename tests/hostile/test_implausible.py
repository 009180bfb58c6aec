"""Key points that cannot be those of the images, whoever made them, and pairs that cannot be pairs."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from augment.cli import augment
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import MIRROR, MISSING, keypoint_array, keypoint_table, read_keypoints, write_keypoints
from tests.conftest import invoke, run

SIZE = np.array([128, 64])
COCO = (0, 15, 14, 17, 16, 5, 2, 6, 3, 7, 4, 11, 8, 12, 9, 13, 10, 1)
"""Where COCO's seventeen joints, and the neck behind them, are among the authors' eighteen."""


def exact(root: Path) -> tuple[list[str], Array]:
    """Names and exact joints of all images."""
    workspace = Workspace.find(root)
    tables = [workspace.keypoints(split) for split in ("train", "query", "gallery")]
    names = [name for table in tables for name in table.index]
    return names, np.concatenate([keypoint_array(table, table.index) for table in tables])


def written(root: Path, names: list[str], points: Array) -> Path:
    """An annotation file, with fractions where there are some."""
    lines = ["name:keypoints_y:keypoints_x"]
    lines += [f"{n}: {json.dumps(p[:, 0].tolist())}: {json.dumps(p[:, 1].tolist())}" for n, p in zip(names, points)]  # noqa: B905
    (root / "given.csv").write_text("\n".join(lines) + "\n")
    return root / "given.csv"


def moved(change: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A change of the joints that are there."""
    return lambda points: np.where(points == MISSING, MISSING, change(points.astype(np.float64)))


CORNER = r"several joints at \(0, 0\)"
IMPOSSIBLE = {
    "shares": (moved(lambda points: (points + 0.5) / SIZE), "coordinates are from 0 to 1"),
    "far": (moved(lambda points: points - 700), "lie far outside 128 x 64 pixels"),
    "negative": (moved(lambda points: points - 60), "lie outside 128 x 64 pixels; say with --csv-size"),
    "twice the size": (moved(lambda points: points * 2 + 0.5), "lie outside 128 x 64 pixels; say with --csv-size"),
    "half the size": (moved(lambda points: points // 2), "upper left quarter of 128 x 64 pixels: the key points are f"),
    "zeros for missing": (lambda points: np.where(np.arange(18)[:, None] > 13, 0, points), CORNER),
    "all zero": (lambda points: points * 0, CORNER),
    "one place": (lambda points: points * 0 + 30, "all joints at one place"),
    "x and y changed over": (lambda points: points[..., ::-1] // [[1, 2]], "lie on their side: y and x are ch"),
    "y from below": (moved(lambda points: points * [-1, 1] + [127, 0]), "hips above their shoulders: y is count"),
    "COCO's order": (lambda points: points[:, list(COCO)], "is below the hips .* another order than the authors'"),
}


@pytest.mark.parametrize("kind", IMPOSSIBLE)
def test_impossible_key_points_are_refused_by_poses_and_by_check(people: Path, kind: str) -> None:
    change, sentence = IMPOSSIBLE[kind]
    names, points = exact(people)
    csv = written(people, names, change(points))
    refused = invoke(people, "poses", "--csv", str(csv))
    said = click.unstyle(refused.output)
    assert refused.exit_code == 1, said
    assert re.search(rf"given\.csv: .*{sentence}", said), said
    assert not (people / "poses" / "train.csv").exists()
    if kind != "shares":  # which become whole numbers of pixels there
        put_in_use(people, names, np.rint(change(points)))
        result = invoke(people, "check")
        assert result.exit_code == 1
        assert any(re.search(sentence, problem) for problem in json.loads(result.stdout)["problems"]), result.stdout


def put_in_use(root: Path, names: list[str], points: Array) -> None:
    """Write key points where `augment poses` has them, as another program or version of it might."""
    run(root, "poses", "--csv", str(written(root, *exact(root))))
    table = keypoint_table(names, points)
    for file in (root / "poses").glob("*.csv"):
        write_keypoints(table.loc[read_keypoints(file).index], file)


def facing(*, exchanged: bool) -> Callable[[Array], Array]:
    """All people as seen from the front, or as in a file whose left and right are changed over."""

    def change(points: Array) -> Array:
        fits = (points[:, 2, 1] > points[:, 5, 1]) == exchanged
        return np.where(fits[:, None, None], points, points[:, list(MIRROR)])

    return change


LEFT_IS_RIGHT = r"in nearly all of \d+ poses with a face the right shoulder lies right of the left one: look whether"
BESIDE = r"people stand at 3\d% of the images' width on average, not in the middle: look whether the key points are for"


@pytest.mark.parametrize(
    ("change", "notes"),
    [
        (moved(lambda points: points), []),
        (moved(lambda points: points * 0.9), []),
        (facing(exchanged=False), []),
        (facing(exchanged=True), [LEFT_IS_RIGHT]),
        (moved(lambda points: points * 0.7), [BESIDE]),
    ],
)
def test_possible_key_points_are_taken_as_they_are(
    people: Path, change: Callable[[Array], Array], notes: list[str]
) -> None:
    names, points = exact(people)
    given = np.rint(change(points))
    result = run(people, "poses", "--csv", str(written(people, names, given)))
    assert len(result["notes"]) == len(notes)
    for said, sentence in zip(result["notes"], notes, strict=True):
        assert re.match(sentence, said)
    taken = dict(zip(*exact(people), strict=True))
    assert all((taken[name] == row).all() for name, row in zip(names, given, strict=True))
    assert run(people, "check")["keypoints"]["impossible"] == []


def test_one_pose_of_all_and_one_line_far_outside_are_notes(people: Path) -> None:
    names, points = exact(people)
    same = np.broadcast_to(points[0], points.shape)
    assert (
        f"{len(names)} of {len(names)} images have one and the same pose"
        in run(people, "poses", "--csv", str(written(people, names, same)))["notes"]
    )
    odd = points.copy()
    odd[3, 4] = 900, 20
    result = run(people, "poses", "--force", "--csv", str(written(people, names, odd)))
    assert result["notes"] == [f"1 of {len(names)} images ({names[3]}) have joints far outside 128 x 64 pixels"]


@pytest.mark.parametrize(
    ("factor", "count", "code", "sentence"),
    [
        (
            0.5,
            20,
            1,
            "nearly all images lie in the upper left quarter of 128 x 64 pixels: the key points are for smaller",
        ),
        (0.5, 1, 0, "look whether the key points are for smaller images; say for which with --csv-size"),
        (2, 20, 1, "lie outside 128 x 64 pixels; say with --csv-size"),
        (2, 1, 1, "many joints of .* lie outside 128 x 64 pixels; say with --csv-size"),
        (1, 1, 0, ""),
    ],
)
def test_a_pose_file_of_another_scale_is_said(
    people: Path, trained: Path, factor: float, count: int, code: int, sentence: str
) -> None:
    names, points = exact(people)
    csv = written(people, names[:count], moved(lambda joints: joints * factor)(points)[:count])
    asked = ("--portion", "0.5", "--target-poses", "file", "--pose-file", str(csv), "--generator", str(trained))
    result = CliRunner().invoke(augment, ["--workspace", str(people), "generate", *asked, "--dry-run"])
    assert result.exit_code == code, result.output
    said = click.unstyle(result.stderr)
    assert re.search(sentence, said) if sentence else not said, said


def test_that_nobody_has_a_pose_is_wrong(people: Path) -> None:
    names, points = exact(people)
    run(people, "poses", "--csv", str(written(people, names, np.full_like(points, MISSING))))
    result = invoke(people, "check")
    assert result.exit_code == 1
    assert "no image has a joint: no generator can be trained" in result.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("generate", "--portion", "0.5", "--target-poses", "file", "--pose-file"),
        ("transfer", "NAME", "-o", "out.png", "--pose"),
        ("transfer", "NAME", "-o", "out.png", "--pose", "NAME", "--source-pose"),
        ("animate", "NAME", "-o", "out.gif", "--poses"),
    ],
)
def test_every_command_that_reads_key_points_refuses_impossible_ones(
    people: Path, trained: Path, command: tuple[str, ...]
) -> None:
    shutil.copytree(trained.parent, people / "patn" / "patn")
    names, points = exact(people)
    csv = written(people, names, moved(lambda joints: (joints + 0.5) / SIZE)(points))
    result = invoke(people, *(names[0] if word == "NAME" else word for word in command), str(csv))
    assert result.exit_code == 1
    assert "given.csv: coordinates are from 0 to 1" in result.output


def test_key_points_in_each_images_own_pixels_are_asked_about_and_scaled(people: Path, tmp_path: Path) -> None:
    data = shutil.copytree(Workspace.find(people).data, tmp_path / "sizes")
    names, points = exact(people)
    own = points.copy()
    for path in sorted(data.glob("bounding_box_train/*.jpg"))[::3]:
        Image.open(path).resize((32, 64)).save(path)
        row = own[names.index(path.name)]
        row[...] = np.where(row == MISSING, MISSING, row // 2)
    root = Workspace.create(tmp_path / "own", {"data": str(data), "size": [128, 64], "seed": 0}).root
    csv = written(root, names, own)
    refused = invoke(root, "poses", "--csv", str(csv))
    assert refused.exit_code == 1
    assert re.search(r"16 images .* may be in an image's own pixels; say so with --own-pixels", refused.output)
    run(root, "poses", "--csv", str(csv), "--own-pixels")
    found = dict(zip(*exact(root), strict=True))
    assert max(np.abs(found[name] - row).max() for name, row in zip(names, points, strict=True)) <= 1
    run(root, "poses", "--force", "--csv", str(written(root, names, points)))  # half of them beyond the small images


def folders(people: Path, tmp_path: Path, name: Callable[[str, int], str]) -> tuple[Path, dict[str, Array]]:
    """A workspace on one sub-folder an identity, its photographs named by `name`; the joints by their path."""
    names, points = exact(people)
    joints: dict[str, Array] = {}
    for path in sorted(Workspace.find(people).data.glob("bounding_box_train/*.jpg")):
        place = f"p{path.name[:4]}/{name(path.name, len(joints))}"
        (tmp_path / "photos" / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "photos" / place)
        joints[place] = points[names.index(path.name)]
    run(tmp_path, "init", str(tmp_path / "w"), "--data", str(tmp_path / "photos"))
    return tmp_path / "w", joints


NAMED = {
    "by name": (lambda name, number: f"{name[:4]}_{number}.jpg", lambda place: place.rpartition("/")[2]),
    "with folders": (lambda name, number: f"{name[5:]}", lambda place: place),
    "from Windows": (lambda name, number: f"{number}.jpg", lambda place: "photos\\" + place.replace("/", "\\")),
    "another suffix": (lambda name, number: f"{number}.jpg", lambda place: place.replace(".jpg", ".png")),
}


@pytest.mark.parametrize("kind", NAMED)
def test_rows_are_found_by_the_photographs_names(people: Path, tmp_path: Path, kind: str) -> None:
    name, as_given = NAMED[kind]
    root, joints = folders(people, tmp_path, name)
    result = run(
        root, "poses", "--csv", str(written(root, [as_given(p) for p in joints], np.stack([*joints.values()])))
    )
    assert (result["no_row"], result["rows_of_no_image"]) == (0, 0)
    sources = {Path(line.split(",")[0]).name: line for line in (root / "data" / "sources.csv").read_text().splitlines()}
    for image, row in zip(*exact(root), strict=True):
        (place,) = (place for place in joints if f"photos/{place}," in sources[image])
        np.testing.assert_array_equal(row, joints[place])


def test_a_name_of_two_photographs_needs_its_folder(people: Path, tmp_path: Path) -> None:
    root, joints = folders(people, tmp_path, lambda name, number: f"{number % 6}.jpg")
    result = invoke(root, "poses", "--csv", str(written(root, ["0.jpg"], np.stack([*joints.values()])[:1])))
    assert result.exit_code == 1
    assert (
        "0.jpg: several photographs have that name, such as p0001/0.jpg and p0002/0.jpg; write it so" in result.output
    )
    elsewhere = invoke(root, "poses", "--csv", str(written(root, ["p9/0.jpg"], np.stack([*joints.values()])[:1])))
    assert "no row is of an image of this workspace" in elsewhere.output
    assert "see sources.csv" in elsewhere.output


PAIRS = {
    "two identities": (0, 6, "pair 1 is of two identities, 1 .* and 2 "),
    "itself": (0, 0, "pair 1 is of .* with itself"),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_pairs_that_cannot_be_are_refused_when_given_and_when_used(people: Path, tmp_path: Path, kind: str) -> None:
    first, second, sentence = PAIRS[kind]
    data = Workspace.find(people).data
    names = sorted(path.name for path in (data / "bounding_box_train").iterdir())
    pairs = people / "pairs" / "train.csv"
    pairs.parent.mkdir()
    pairs.write_text(f"from,to\n{names[first]},{names[second]}\n")
    refused = invoke(tmp_path, "init", str(tmp_path / "other"), "--data", str(data), "--pairs", str(pairs))
    used = invoke(people, "patn-train", "--preset", "demo", "--steps", "1", "--perceptual", "none")
    for result in (refused, used):
        assert result.exit_code == 1
        assert re.search(rf"train\.csv: {sentence}", result.output), result.output
    assert not (tmp_path / "other").exists()


def test_junk_makes_no_pair_and_pairs_of_two_parts_are_counted(people: Path, tmp_path: Path) -> None:
    data = Workspace.find(people).data
    train, test, query = (
        sorted(path.name for path in (data / part).iterdir())
        for part in ("bounding_box_train", "bounding_box_test", "query")
    )
    junk = [name for name in test if name.startswith("-1_")]
    file = tmp_path / "pairs.csv"
    file.write_text(f"from,to\n{junk[0]},{junk[1]}\n")
    refused = invoke(tmp_path, "init", str(tmp_path / "w"), "--data", str(data), "--pairs", str(file))
    assert "of junk or distractors, which are nobody" in refused.output
    mate = next(name for name in test if name[:4] == query[0][:4])
    file.write_text(f"from,to\r\n{train[0]} , {train[1]}\r\n{query[0]},{mate}\r\n{train[0]},gone.jpg\r\n", "utf-8-sig")
    said = run(tmp_path, "init", str(tmp_path / "w"), "--data", str(data), "--pairs", str(file))["decisions"][-1]
    assert said == (
        "1 training and 0 test pairs were taken over; 1 pair of images that are not there was left out; 1 pair of "
        "images of two parts, or of queries, was left out"
    )
