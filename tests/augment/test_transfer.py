import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import augment.poses.estimation
from augment.artefacts.artefact import fingerprint
from augment.cli import augment as command_line
from augment.datasets.dataset import Dataset
from augment.inference.plan_images import SplitGenerator
from augment.inference.transfer import grid
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.checkpoints import load_generator, save_generator
from patn.keypoints import write_keypoints
from tests.conftest import invoke, run


@pytest.fixture
def names(people: Path) -> list[str]:
    """Training images with key points."""
    return [str(name) for name in Workspace.find(people).keypoints("train").index]


def test_one_image_in_one_pose_is_what_generate_draws(
    people: Path, trained: Path, names: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "one.png"
    result = run(people, "transfer", names[0], "--pose", names[9], "-o", str(out), "--generator", str(trained))
    drawn = SplitGenerator(Dataset.of(Workspace.find(people)), trained, Runtime(device="cpu"))([names[0]], [names[9]])
    assert np.array_equal(np.asarray(Image.open(out)), drawn[0])
    assert (result["images"], result["poses"], result["keypoints"]) == (1, 1, ["workspace"])


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_picture_says_that_it_is_generated(
    people: Path, trained: Path, names: list[str], tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"one.{ending}"
    run(people, "transfer", names[0], "--pose", names[9], "-o", str(out), "--generator", str(trained))
    with Image.open(out) as image:
        assert image.size == (64, 128)
        assert image.format == {"jpg": "JPEG", "png": "PNG"}[ending]
        exif = image.getexif()
    assert exif[0x010E] == f"generated image; source {names[0]}; pose {names[9]}; generator {fingerprint(trained)}"
    assert exif[0x0131] == "augment"


def test_many_poses_make_a_grid_with_sources_at_the_left_and_skeletons_above(
    people: Path, trained: Path, names: list[str], tmp_path: Path
) -> None:
    csv, out, one = tmp_path / "poses.csv", tmp_path / "grid.png", tmp_path / "one.png"
    write_keypoints(Workspace.find(people).keypoints("train").loc[names[5:8]], csv)
    base = ("--generator", str(trained))
    people_shown = (names[0], names[20])
    result = run(people, "transfer", *people_shown, "--pose", str(csv), "-o", str(out), "--columns", "2", *base)
    assert (result["images"], result["poses"]) == (2, 3)
    picture = np.asarray(Image.open(out))

    def tile(row: int, column: int) -> Array:
        return picture[row * 132 : row * 132 + 128, column * 68 : column * 68 + 64]

    assert picture.shape == (6 * 132 - 4, 3 * 68 - 4, 3)  # two lines of skeletons and two people
    data = Workspace.find(people).data / "bounding_box_train"
    for row, name in ((1, names[0]), (2, names[20]), (4, names[0]), (5, names[20])):
        assert np.array_equal(tile(row, 0), np.asarray(Image.open(data / name)))
    assert (tile(0, 0) == 255).all()
    assert (tile(3, 2) == 255).all()  # no fourth pose
    run(people, "transfer", names[20], "--pose", names[7], "-o", str(one), *base)
    assert np.array_equal(tile(5, 1), np.asarray(Image.open(one)))
    with Image.open(out) as image:
        assert image.getexif()[0x010E].startswith("grid of generated images")


def test_a_folder_gets_one_picture_a_pose_and_the_grid(
    people: Path, trained: Path, names: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    poses = ("--pose", names[3], "--pose", names[4])
    result = run(people, "transfer", names[0], *poses, "-o", str(out), "--generator", str(trained))
    expected = [f"{Path(names[0]).stem}_as_{Path(pose).stem}.jpg" for pose in names[3:5]]
    assert {path.name for path in out.iterdir()} == {*expected, "grid.png"}
    assert [Path(file).name for file in result["files"]] == [*expected, "grid.png"]


def test_outside_a_workspace_the_generators_file_says_the_size(
    people: Path, trained: Path, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.find(people)
    csv = tmp_path / "poses.csv"
    write_keypoints(workspace.keypoints("train").loc[names], csv)
    photo = tmp_path / names[0]
    with Image.open(workspace.data / "bounding_box_train" / names[0]) as image:
        image.resize((96, 160)).save(photo, quality=100)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    line = [
        "--json",
        "--quiet",
        "transfer",
        str(photo),
        "--pose",
        str(csv),
        "--source-pose",
        str(csv),
        "--csv-size",
        "128",
        "64",
        "--generator",
        str(trained),
    ]
    result = CliRunner().invoke(command_line, [*line, "-o", "own.png"])
    assert result.exit_code == 0, result.output
    assert '"size": [64, 32]' in result.stdout  # the trained generator's
    result = CliRunner().invoke(command_line, [*line, "-o", "large.png", "--size", "128", "64"])
    assert result.exit_code == 0, result.output
    assert '"size": [128, 64]' in result.stdout


def test_a_generator_that_does_not_say_its_size_works_at_the_wanted_one(
    people: Path, trained: Path, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = tmp_path / "silent.safetensors"
    save_generator(silent, load_generator(trained), "patn")
    out = str(tmp_path / "one.png")
    result = run(people, "transfer", names[0], "--pose", names[1], "-o", out, "--generator", str(silent))
    assert result["generator_size"] == [128, 64]
    monkeypatch.chdir(tmp_path)
    line = ["transfer", "a.png", "--pose", "a.png", "-o", out, "--generator", str(silent)]
    assert "give --size HEIGHT WIDTH" in CliRunner().invoke(command_line, line).stderr


def test_poses_in_which_nobody_is_found_are_left_out_and_named(
    people: Path, trained: Path, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        augment.poses.estimation, "_estimator", lambda name: lambda images: np.full((len(images), 18, 2), -1.0)
    )
    empty = tmp_path / "empty.png"
    Image.new("RGB", (64, 128)).save(empty)
    base = ("-o", str(tmp_path / "one.png"), "--generator", str(trained))
    result = run(people, "transfer", names[0], "--pose", str(empty), "--pose", names[1], *base)
    assert (result["poses"], result["skipped"]) == (1, ["empty.png"])
    for line in ((names[0], "--pose", str(empty)), (str(empty), "--pose", names[0])):
        failed = invoke(people, "transfer", *line, *base)
        assert failed.exit_code == 1
        assert "empty.png: no person was found" in failed.stderr


def test_another_ending_is_refused_before_anything_is_read(people: Path, tmp_path: Path) -> None:
    result = invoke(people, "transfer", "a", "--pose", "b", "-o", str(tmp_path / "a.gif"))
    assert result.exit_code == 2
    assert "pictures end in .jpg, .jpeg, .png" in result.stderr


@pytest.mark.parametrize("verb", ["transfer", "attention"])
@pytest.mark.parametrize("which", [0, 9])
def test_no_picture_is_written_over_an_image_that_it_is_made_from(
    rendered: Path, trained: Path, names: list[str], tmp_path: Path, verb: str, which: int
) -> None:
    own = shutil.copytree(rendered, tmp_path / "own")  # what fails here would spoil the data of other tests
    people = Workspace.create(tmp_path / "copied", {"data": str(own), "size": [128, 64], "seed": 0}).root
    image = own / "bounding_box_train" / names[which]
    before = image.read_bytes()
    refused = invoke(people, verb, names[0], "--pose", names[9], "--generator", str(trained), "-o", str(image))
    assert refused.exit_code == 1
    assert f"{names[which]}: is read itself and would be lost; choose another place with -o" in refused.stderr
    assert image.read_bytes() == before


def test_a_picture_of_a_folder_is_not_written_over_a_pose_of_its_name(
    people: Path, trained: Path, names: list[str], tmp_path: Path
) -> None:
    own = tmp_path / f"{Path(names[0]).stem}_as_{Path(names[9]).stem}.jpg"
    shutil.copy(Workspace.find(people).data / "bounding_box_train" / names[3], own)
    before = own.read_bytes()
    base = ("--pose", names[9], "--generator", str(trained), "-o", str(tmp_path))
    refused = invoke(people, "transfer", names[0], "--source-pose", str(own), *base)
    assert refused.exit_code == 1
    assert f"{own.name}: is read itself" in refused.stderr
    assert own.read_bytes() == before


def test_a_grid_has_a_column_a_pose() -> None:
    images = [np.full((128, 64, 3), value, np.uint8) for value in (10, 20, 30)]
    picture = grid(images[:1], images[1:], [np.stack(images[1:])])
    assert picture.shape == (260, 3 * 68 - 4, 3)
    assert [int(picture[200, column, 0]) for column in (5, 75, 145)] == [10, 20, 30]
    assert [int(picture[5, column, 0]) for column in (5, 75, 145)] == [255, 20, 30]


def test_the_manifest_of_metadata_names_every_pose(
    people: Path, trained: Path, names: list[str], tmp_path: Path
) -> None:
    csv = tmp_path / "many.csv"
    table = Workspace.find(people).keypoints("train").loc[names[:25]]
    write_keypoints(table, csv)
    out = tmp_path / "grid.jpg"
    result = run(people, "transfer", names[0], "--pose", str(csv), "-o", str(out), "--generator", str(trained))
    assert result["poses"] == 25
    with Image.open(out) as image:
        assert "and 5 more" in image.getexif()[0x010E]
