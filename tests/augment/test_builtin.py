"""The generator that comes with the tool: where it is used, that it is said, what is wrong where it is not there."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from augment import AugmentError
from augment.artefacts.artefact import fingerprint
from augment.cli import augment
from augment.inference.generators import builtin_generator, builtin_generators, find_generator, generator_label
from augment.workspace import Workspace
from patn.keypoints import write_keypoints
from tests.conftest import invoke, run


def test_a_workspace_without_a_generator_takes_it_and_says_so(people: Path, builtin: Path, tmp_path: Path) -> None:
    names = [str(name) for name in Workspace.find(people).keypoints("train").index]
    line = ["--workspace", str(people), "transfer", names[0], "--pose", names[1], "-o"]
    unasked = CliRunner().invoke(augment, ["--json", *line, str(tmp_path / "one.png")])
    assert json.loads(unasked.stdout)["generator"] == fingerprint(builtin)
    assert "no trained generator; the built-in generator is used, patn-64x32.safetensors" in unasked.stderr
    run(people, "attention", names[0], "--pose", names[1], "-o", str(tmp_path / "masks.png"))
    run(people, "animate", names[0], "--frames", "2", "-o", str(tmp_path / "walk.gif"))
    asked = CliRunner().invoke(augment, [*line, str(tmp_path / "two.png"), "--generator", "builtin"])
    assert asked.exit_code == 0
    assert "built-in" not in asked.stderr
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_outside_a_workspace_an_image_a_pose_and_a_name_are_enough(
    people: Path, builtin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.find(people)
    names = [str(name) for name in workspace.keypoints("train").index[:2]]
    csv, photo = tmp_path / "poses.csv", tmp_path / names[0]
    write_keypoints(workspace.keypoints("train").loc[names], csv)
    shutil.copy(workspace.data / "bounding_box_train" / names[0], photo)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    points = ["--pose", str(csv), "--source-pose", str(csv), "--csv-size", "128", "64"]
    result = CliRunner().invoke(augment, ["transfer", str(photo), *points, "-o", "out.png"])
    assert result.exit_code == 0, result.output
    assert "no workspace here or above; the built-in generator is used" in result.stderr
    assert "built-in" not in result.stdout
    with Image.open("out.png") as picture:
        assert fingerprint(builtin) in picture.getexif()[0x010E]
    builtin.unlink()
    result = CliRunner().invoke(augment, ["transfer", str(photo), *points, "-o", "out.png"])
    assert result.exit_code == 1
    assert "no workspace here or above; name a generator's file with --generator PATH" in result.stderr


def test_a_set_is_recorded_as_the_built_in_ones_and_refused_when_that_changes(
    people: Path, builtin: Path, trained: Path
) -> None:
    made = run(people, "generate", "--portion", "0.3")
    assert made["generator"] == "builtin"
    assert run(people, "generate", "--portion", "0.3", "--generator", "builtin") == made
    record = json.loads((people / made["folder"] / "run.json").read_text())
    assert record["inputs"]["generator"] == fingerprint(builtin)
    builtin.write_bytes(trained.with_name("last.safetensors").read_bytes())
    line = ("reid-train", "--preset", "demo", "--portion", "0.3", "--augmentation", "ours", "--epochs", "1")
    assert "was made from other generator" in invoke(people, *line).stderr


def test_a_generator_of_the_workspace_comes_first(people: Path, builtin: Path, trained: Path) -> None:
    workspace = Workspace.find(people)
    shutil.copytree(trained.parent, workspace.patn_dir("mine"))
    assert find_generator(workspace, None) == workspace.patn_dir("mine") / "generator.safetensors"
    assert find_generator(workspace, "builtin") == builtin


def test_of_several_the_smallest_has_the_name_and_others_their_size_behind_it(people: Path, builtin: Path) -> None:
    tall = Path(shutil.copy(builtin, builtin.with_name("patn-128x64.safetensors")))
    assert builtin_generators() == {"builtin": builtin, "builtin-128x64": tall}
    workspace = Workspace.find(people)
    assert find_generator(workspace, None) == find_generator(None, "builtin") == builtin
    assert find_generator(workspace, "builtin-128x64") == find_generator(None, None) == tall
    assert [generator_label(path) for path in (builtin, tall)] == ["builtin", "builtin-128x64"]
    with pytest.raises(AugmentError, match=r"builtin-256x128: no built-in .*; there are builtin, builtin-128x64"):
        find_generator(workspace, "builtin-256x128")


def test_a_set_by_the_larger_one_is_recorded_as_such(people: Path, builtin: Path) -> None:
    tall = Path(shutil.copy(builtin, builtin.with_name("patn-128x64.safetensors")))
    made = run(people, "generate", "--portion", "0.3", "--generator", "builtin-128x64")
    assert made["generator"] == "builtin-128x64"
    line = ("reid-train", "--preset", "demo", "--portion", "0.3", "--augmentation", "ours", "--epochs", "1")
    run(people, *line)
    tall.write_bytes(b"another")
    assert "was made from other generator" in invoke(people, *line, "--name", "again").stderr


def test_an_installation_without_it_is_one_sentence(people: Path, no_builtin: Path) -> None:
    with pytest.raises(AugmentError, match="this installation has no built-in generator; name a generator's file"):
        builtin_generator()
    for line in (("generate", "--generator", "builtin"), ("patn-train", "--init", "builtin")):
        result = invoke(people, *line)
        assert result.exit_code == 1
        assert "this installation has no built-in generator" in result.stderr
    assert "no trained generator; run `augment patn-train`" in invoke(people, "generate").stderr
